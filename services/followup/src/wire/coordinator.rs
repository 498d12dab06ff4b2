//! Coordinators, assignments and absences → their messages; and the days they may be entered for.

use bangfu_kernel::{
    error::Violations,
    fields::{self, rule},
};
use bangfu_proto::{common::v1::CalendarDate, followup::v1 as proto};
use chrono::{Months, NaiveDate};

use super::{date, instant};
use crate::store::{
    absence::Absence,
    assignment::Assignment,
    coordinator::{Coordinator, Served, Share},
};

/// Months within which days are believed.
const A_YEAR: Months = Months::new(12);

/// A first day, up to a year before or after today.
pub(crate) fn first_day(
    field: &'static str,
    message: Option<&CalendarDate>,
    today: NaiveDate,
    faults: &mut Violations,
) -> NaiveDate {
    let before = faults.len();
    let day = fields::date(field, message, faults);
    if faults.len() == before && (day < a_year_before(today) || day > a_year_after(today)) {
        faults.add(field, rule("must lie within a year of today", "应在今天前后一年之内"));
    }
    day
}

/// The day of a hand-over: from today up to a year after.
pub(crate) fn hand_over_day(message: Option<&CalendarDate>, today: NaiveDate, faults: &mut Violations) -> NaiveDate {
    let before = faults.len();
    let day = fields::date("on", message, faults);
    if faults.len() == before && (day < today || day > a_year_after(today)) {
        faults.add("on", rule("must lie from today to a year after", "应在今天至一年之内"));
    }
    day
}

/// First and last day of an absence: the last not before the first nor before today, a year at most.
pub(crate) fn days_absent(
    request: &proto::RecordAbsenceRequest,
    today: NaiveDate,
    faults: &mut Violations,
) -> (NaiveDate, NaiveDate) {
    let before = faults.len();
    let from = fields::date("from", request.from.as_ref(), faults);
    let from_is_a_date = faults.len() == before;
    let before = faults.len();
    let to = fields::date("to", request.to.as_ref(), faults);
    if faults.len() > before {
        return (from, to);
    }
    if to < today {
        faults.add("to", rule("must not lie before today", "不得早于今天"));
    }
    if from_is_a_date && to < from {
        faults.add("to", rule("must not lie before from", "不得早于起始日"));
    }
    if from_is_a_date && to > a_year_after(from) {
        faults.add("to", rule("must not lie more than a year after from", "距起始日不得超过一年"));
    }
    (from, to)
}

fn a_year_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_months(A_YEAR).unwrap_or(day)
}

fn a_year_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_months(A_YEAR).unwrap_or(day)
}

/// All coordinators, by name, and the size of the unassigned queue.
pub(crate) fn listed(
    entered: Vec<Coordinator>,
    served: Vec<Served>,
    villages: &[(String, String)],
    absences: &[Absence],
) -> (Vec<proto::Coordinator>, i64) {
    let mut unassigned = 0;
    let mut coordinators: std::collections::BTreeMap<_, _> =
        entered.into_iter().map(|it| (it.name.clone(), coordinator(it, villages, absences))).collect();
    for Served { name, people } in served {
        if name.is_empty() {
            unassigned = people;
        } else {
            let only_registered = || {
                let named = Coordinator { name: name.clone(), account: String::new(), capacity: 0 };
                coordinator(named, villages, absences)
            };
            coordinators.entry(name.clone()).or_insert_with(only_registered).people = people;
        }
    }
    (coordinators.into_values().collect(), unassigned)
}

fn coordinator(it: Coordinator, villages: &[(String, String)], absences: &[Absence]) -> proto::Coordinator {
    let villages = villages.iter().filter(|(name, _)| *name == it.name).map(|(_, village)| village.clone()).collect();
    let absences = absences.iter().filter(|absence| absence.coordinator == it.name).cloned().map(absence).collect();
    proto::Coordinator { name: it.name, account: it.account, capacity: it.capacity, villages, people: 0, absences }
}

/// The message of an absence.
pub(crate) fn absence(absence: Absence) -> proto::Absence {
    proto::Absence {
        absence_id: absence.absence_id.to_string(),
        coordinator: absence.coordinator,
        from: date(absence.from_on),
        to: date(absence.to_on),
        stand_in: absence.stand_in,
    }
}

/// The message of an assignment.
pub(crate) fn assignment(assignment: Assignment) -> proto::Assignment {
    proto::Assignment {
        assignment_id: assignment.assignment_id.to_string(),
        village: assignment.village.unwrap_or_default(),
        person_id: assignment.person_id.map(|id| id.to_string()).unwrap_or_default(),
        coordinator: assignment.coordinator.unwrap_or_default(),
        from: date(assignment.from_on),
        until: assignment.until_on.and_then(date),
        entered_by: assignment.entered_by,
        entered_at: Some(instant(assignment.entered_at)),
        replaced: assignment.until_on == Some(assignment.from_on),
        shares: Vec::new(),
    }
}

/// The message of what somebody serves of a village.
pub(crate) fn share(share: Share) -> proto::VillageShare {
    let Share { coordinator, people, assigned, registered } = share;
    proto::VillageShare { coordinator, people, assigned, registered }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absence_ends_not_before_it_begins_nor_before_today_nor_after_a_year() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let faults = |from: &str, to: &str| {
            let request =
                proto::RecordAbsenceRequest { from: date(day(from)), to: date(day(to)), ..Default::default() };
            let mut faults = Violations::default();
            days_absent(&request, day("2026-02-10"), &mut faults);
            faults.len()
        };
        assert_eq!(faults("2026-02-10", "2026-02-10"), 0, "one day");
        assert_eq!(faults("2025-12-01", "2026-02-10"), 0, "begun before");
        assert_eq!(faults("2026-03-01", "2027-03-01"), 0, "a year");
        assert_eq!(faults("2026-03-01", "2027-03-02"), 1, "longer");
        assert_eq!(faults("2026-02-12", "2026-02-11"), 1, "backwards");
        assert_eq!(faults("2026-02-01", "2026-02-09"), 1, "over");
        assert_eq!(faults("2026-02-11", "2026-02-09"), 2, "over and backwards");
    }

    #[test]
    fn days_of_assignments_lie_within_a_year_of_today() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        for (text, fine, of_a_hand_over) in [
            ("2025-02-10", true, false),
            ("2025-02-09", false, false),
            ("2026-02-09", true, false),
            ("2026-02-10", true, true),
            ("2027-02-10", true, true),
            ("2027-02-11", false, false),
        ] {
            let mut faults = Violations::default();
            first_day("from", date(day(text)).as_ref(), day("2026-02-10"), &mut faults);
            assert_eq!(faults.is_empty(), fine, "{text}");
            let mut faults = Violations::default();
            hand_over_day(date(day(text)).as_ref(), day("2026-02-10"), &mut faults);
            assert_eq!(faults.is_empty(), of_a_hand_over, "{text}");
        }
    }
}
