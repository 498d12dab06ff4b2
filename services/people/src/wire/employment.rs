//! Employment records as messages, and back.

use bangfu_kernel::{
    EmploymentStatus, calendar,
    error::{Rule, Violations},
    fields,
    level::status_of,
};
use bangfu_proto::people::v1 as proto;
use chrono::NaiveDate;

use super::timestamp;
use crate::model::employment::{EmploymentRecord, NewEmployment, StandIn};

/// Longest contract, in months.
const LONGEST_CONTRACT: i32 = 600;

/// The message of a record.
pub(crate) fn message(record: &EmploymentRecord) -> proto::EmploymentRecord {
    proto::EmploymentRecord {
        record_id: record.record_id.to_string(),
        status: proto::EmploymentStatus::from(record.status).into(),
        effective_on: Some(calendar::message(record.effective_on)),
        known_on: Some(calendar::message(record.known_on)),
        employer: record.employer.to_string(),
        credit_code: record.credit_code.to_string(),
        contract_months: record.contract_months,
        insured: proto::Insured::from(record.insured).into(),
        source: record.source.to_string(),
        evidence: record.evidence.to_string(),
        corrects_record_id: record.corrects.map(|id| id.to_string()).unwrap_or_default(),
        level: proto::ServiceLevel::from(record.level()).into(),
        created_at: Some(timestamp(record.created_at)),
    }
}

/// The part of a record that decides what is owed.
pub(crate) fn fact(record: &EmploymentRecord) -> proto::EmploymentFact {
    proto::EmploymentFact {
        record_id: record.record_id.to_string(),
        status: proto::EmploymentStatus::from(record.status).into(),
        contract_months: record.contract_months,
        insured: proto::Insured::from(record.insured).into(),
        effective_on: Some(calendar::message(record.effective_on)),
        known_on: Some(calendar::message(record.known_on)),
        corrects_record_id: record.corrects.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// A record on its way in, in a request's field `employment`. `source` is what it says of itself when it says nothing.
pub(crate) fn decode(
    message: &proto::NewEmployment,
    source: &'static str,
    today: NaiveDate,
    faults: &mut Violations,
) -> NewEmployment {
    let status = proto::EmploymentStatus::try_from(message.status).ok().and_then(status_of).unwrap_or_else(|| {
        faults.add("employment.status", fields::not_given_or_enumerated(message.status));
        EmploymentStatus::Unverified
    });
    let effective_on = fields::date("employment.effective_on", message.effective_on.as_ref(), faults);
    fields::not_after_today("employment.effective_on", effective_on, today, faults);
    let known_on = fields::optional_date("employment.known_on", message.known_on.as_ref(), faults);
    if let Some(known_on) = known_on {
        fields::not_after_today("employment.known_on", known_on, today, faults);
        if effective_on > known_on && !faults.has("employment.effective_on") && !faults.has("employment.known_on") {
            let rule = fields::rule("must not lie after known_on", "不得晚于知晓日期");
            faults.add("employment.effective_on", rule);
        }
    }
    let insured = proto::Insured::try_from(message.insured).unwrap_or_else(|_unknown| {
        faults.add("employment.insured", fields::enumerated());
        proto::Insured::Unspecified
    });
    if !(0..=LONGEST_CONTRACT).contains(&message.contract_months) {
        faults.add("employment.contract_months", fields::range(0, LONGEST_CONTRACT.into()));
    }
    let credit_code = message.credit_code.trim().to_uppercase();
    if !credit_code.is_empty() && !is_credit_code(&credit_code) {
        faults.add("employment.credit_code", credit_code_rule());
    }
    let own = fields::text("employment.source", &message.source, 0, 64, faults);
    NewEmployment {
        status,
        effective_on,
        known_on,
        employer: fields::text("employment.employer", &message.employer, 0, 128, faults).into(),
        credit_code: credit_code.into(),
        contract_months: message.contract_months,
        insured: insured.into(),
        source: if own.is_empty() { source.into() } else { own.into() },
        evidence: fields::text("employment.evidence", &message.evidence, 0, 512, faults).into(),
        stand_in: StandIn::default(),
    }
}

/// GB 32100: 18 digits and capital letters. An unexpected check character does not reject (domain text, section 6).
fn is_credit_code(text: &str) -> bool {
    text.len() == 18 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn credit_code_rule() -> Rule {
    fields::rule("must have 18 digits and letters", "应为18位数字和字母")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        "2026-01-05".parse().expect("a date")
    }

    fn message() -> proto::NewEmployment {
        proto::NewEmployment {
            status: proto::EmploymentStatus::Unemployed.into(),
            effective_on: Some(calendar::message(today())),
            ..Default::default()
        }
    }

    #[test]
    fn every_field_has_its_rule() {
        type Change = fn(&mut proto::NewEmployment);
        let tomorrow = "2026-01-06".parse().map(calendar::message).ok();
        let mut late = message();
        late.effective_on = tomorrow;
        late.known_on = tomorrow;
        let mut faults = Violations::default();
        decode(&late, "", today(), &mut faults);
        assert_eq!(faults.len(), 2);

        let table: [(Change, usize); 12] = [
            (|m| m.known_on = Some(calendar::message("2026-01-04".parse().expect("a date"))), 1),
            (|m| m.known_on = m.effective_on, 0),
            (|_| {}, 0),
            (|m| m.status = 0, 1),
            (|m| m.status = 99, 1),
            (|m| m.effective_on = None, 1),
            (|m| m.insured = 9, 1),
            (|m| m.contract_months = -1, 1),
            (|m| m.contract_months = 601, 1),
            (|m| m.credit_code = "123".to_owned(), 1),
            (|m| m.credit_code = "91320621ma1mx00x0y".to_owned(), 0),
            (|m| m.employer = "厂".repeat(129), 1),
        ];
        for (i, (change, count)) in table.into_iter().enumerate() {
            let (mut message, mut faults) = (message(), Violations::default());
            change(&mut message);
            decode(&message, "", today(), &mut faults);
            assert_eq!(faults.len(), count, "case {i}: {faults}");
        }
    }

    #[test]
    fn a_record_says_where_it_comes_from() {
        let mut faults = Violations::default();
        assert_eq!(decode(&message(), "REGISTRATION", today(), &mut faults).source, "REGISTRATION");
        let contact = proto::NewEmployment { source: "CONTACT".to_owned(), ..message() };
        assert_eq!(decode(&contact, "REGISTRATION", today(), &mut faults).source, "CONTACT");
    }
}
