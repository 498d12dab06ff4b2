//! Random histories: late knowledge, corrections of corrections, groups that end, people who come and go, and all kinds
//! of contacts and service records, entered late.

use bangfu_followup::model::{
    channel::Channel,
    contact::ContactResult,
    history::{End, History, MembershipFact, RecognitionFact, Record, RecordKind, StatusFact, Stay, WaiverFact},
    household::SpellFact,
    service::Service,
};
use bangfu_kernel::{EmploymentStatus, Group, Insured};
use chrono::{Days, Months, NaiveDate, TimeDelta};
use proptest::{collection::vec, option, prelude::*, sample::select};
use uuid::Uuid;

const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 1).expect("a date");

/// A day within two years. Often close to a turn of the month, and often one of a few, so that days coincide.
pub(crate) fn day() -> impl Strategy<Value = NaiveDate> {
    prop_oneof![
        2 => (0u64..730).prop_map(|days| FIRST + Days::new(days)),
        2 => (0u32..24, -8i64..9).prop_map(|(months, days)| FIRST + Months::new(months) + TimeDelta::days(days)),
        1 => (0u64..12).prop_map(|n| FIRST + Days::new(n * 61)),
    ]
}

/// A person's, and now and then a household's.
pub(crate) fn history() -> impl Strategy<Value = History> {
    prop_oneof![7 => person(), 1 => household()]
}

fn person() -> impl Strategy<Value = History> {
    let stays = prop_oneof![1 => vec(stay(), 0), 8 => vec(stay(), 1), 3 => vec(stay(), 2)];
    let statuses = prop_oneof![3 => vec(status(), 0..7), 1 => unsettled()];
    let facts = (stays, statuses, vec(membership(), 0..4), vec(recognition(), 0..3));
    (facts, vec(record(), 0..16), vec(waiver(), 0..3)).prop_map(
        |((stays, statuses, groups, recognitions), records, waivers)| {
            let statuses: Vec<_> = statuses.iter().enumerate().map(|(i, status)| status.fact(i)).collect();
            let records = numbered(records);
            History { stays, statuses, groups, recognitions, records, waivers, household: None }
        },
    )
}

fn household() -> impl Strategy<Value = History> {
    let services = prop_oneof![3 => Just(Service::HouseholdClearing), 1 => Just(Service::JobReferral)];
    let offer = (services, record())
        .prop_map(|(service, record)| Record { services: [service].into_iter().collect(), ..record });
    (vec(spell(), 1..4), vec(offer, 0..10), vec(waiver(), 0..2)).prop_map(|(household, records, waivers)| History {
        household: Some(household),
        records: numbered(records),
        waivers,
        ..History::default()
    })
}

fn numbered(records: Vec<Record>) -> Vec<Record> {
    let id = |i: usize| Uuid::from_u128((1000 - i) as u128);
    records.into_iter().enumerate().map(|(i, record)| Record { id: id(i), ..record }).collect()
}

fn spell() -> impl Strategy<Value = SpellFact> {
    (day(), late(), end()).prop_map(|(recognised_on, late, end)| SpellFact {
        recognised_on,
        known_on: known(recognised_on, late),
        cleared: ended(recognised_on, end).map(|end| (end.on, end.known_on)),
    })
}

fn recognition() -> impl Strategy<Value = RecognitionFact> {
    (select(vec!["OLDER_AGE", "DISABLED"]), day(), late(), end()).prop_map(|(kind, from, late, end)| RecognitionFact {
        recognition_id: Uuid::nil(),
        kind: kind.into(),
        from,
        known_on: known(from, late),
        until: ended(from, end),
    })
}

/// Of duties that there often are.
fn waiver() -> impl Strategy<Value = WaiverFact> {
    let monthly = (select(vec!["follow_up.unemployed", "follow_up.unverified", "household_clearing"]), 0u32..24)
        .prop_map(|(rule, months)| (rule, FIRST + Months::new(months), 0));
    let yearly = (select(vec!["131.job_referral", "131.skills_training"]), 0u32..3).prop_map(|(rule, year)| {
        (rule, NaiveDate::from_ymd_opt(2025, 1, 1).expect("a date") + Months::new(12 * year), 1)
    });
    let slot =
        (1u32..4).prop_map(|slot| ("131.job_referral", NaiveDate::from_ymd_opt(2026, 1, 1).expect("a date"), slot));
    (prop_oneof![2 => monthly, 1 => yearly, 2 => slot], day()).prop_map(|((rule, period_start, slot), on)| WaiverFact {
        rule: rule.into(),
        period_start,
        slot,
        on,
    })
}

/// Known some days late, or some days before.
fn known(on: NaiveDate, late: i64) -> NaiveDate {
    on + TimeDelta::days(late)
}

fn late() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0), 3 => 0i64..60, 1 => -20i64..0]
}

fn end() -> impl Strategy<Value = Option<(u64, i64)>> {
    option::of((0u64..400, late()))
}

fn ended(from: NaiveDate, end: Option<(u64, i64)>) -> Option<End> {
    end.map(|(days, late)| {
        let on = from + Days::new(days);
        End { on, known_on: known(on, late) }
    })
}

fn stay() -> impl Strategy<Value = Stay> {
    (0u64..400, late(), option::weighted(0.3, (0u64..400, late()))).prop_map(|(days, late, end)| {
        let joined_on = FIRST + Days::new(days);
        Stay { joined_on, join_known_on: known(joined_on, late), left: ended(joined_on, end) }
    })
}

#[derive(Debug, Clone)]
struct Status {
    kind: EmploymentStatus,
    contract_months: i32,
    insured: Insured,
    effective_on: NaiveDate,
    late: i64,
    corrects: Option<usize>,
}

impl Status {
    fn fact(&self, i: usize) -> StatusFact {
        // Ids run against the order of entry for some, so that "highest id" is no other word for "latest".
        let id = |i: usize| Uuid::from_u128(((i * 5) % 7) as u128 + 1);
        StatusFact {
            record_id: id(i),
            status: self.kind,
            contract_months: self.contract_months,
            insured: self.insured,
            effective_on: self.effective_on,
            known_on: known(self.effective_on, self.late),
            corrects: self.corrects.map(id).filter(|&corrected| corrected != id(i)),
        }
    }
}

fn status() -> impl Strategy<Value = Status> {
    use EmploymentStatus as S;
    let status = prop_oneof![
        4 => Just(S::Unemployed),
        6 => select(vec![S::UnitEmployed, S::Flexible, S::NoIntention, S::Startup, S::Unverified]),
        1 => select(vec![S::Retired, S::InSchool, S::Deceased]),
    ];
    let insured = select(vec![Insured::Unknown, Insured::Yes, Insured::No]);
    let corrects = option::weighted(0.3, 0usize..7);
    (status, select(vec![0, 6, 12]), insured, day(), late(), corrects).prop_map(
        |(kind, contract_months, insured, effective_on, late, corrects)| Status {
            kind,
            contract_months,
            insured,
            effective_on,
            late,
            corrects,
        },
    )
}

/// Out of work and in work again and again within a year: what opens, is released and opens again.
fn unsettled() -> impl Strategy<Value = Vec<Status>> {
    (0u64..200, 10u64..70, late(), 3u64..7).prop_map(|(first, step, late, times)| {
        let status = |i: u64| Status {
            kind: if i.is_multiple_of(2) { EmploymentStatus::Unemployed } else { EmploymentStatus::Startup },
            contract_months: 0,
            insured: Insured::Unknown,
            effective_on: FIRST + Days::new(first + i * step),
            late,
            corrects: None,
        };
        (0..times).map(status).collect()
    })
}

fn membership() -> impl Strategy<Value = MembershipFact> {
    let group = select(vec![
        Group::Veteran,
        Group::RegisteredUnemployed,
        Group::CollegeGraduate,
        Group::EmploymentDifficulty,
        Group::ReturnedMigrant,
    ]);
    (group, day(), late(), end()).prop_map(|(group, from, late, end)| MembershipFact {
        group,
        from,
        known_on: known(from, late),
        until: ended(from, end),
    })
}

fn record() -> impl Strategy<Value = Record> {
    let kind = prop_oneof![
        2 => (select(Channel::ALL.to_vec()), select(ContactResult::ALL.to_vec()))
            .prop_map(|(channel, result)| RecordKind::Contact { channel, result }),
        2 => Just(RecordKind::Contact { channel: Channel::Phone, result: ContactResult::ReachedSelf }),
        3 => Just(RecordKind::Service),
    ];
    let services = prop_oneof![2 => Just(vec![Service::JobReferral]), 3 => vec(select(Service::ALL.to_vec()), 0..4)];
    (day(), prop_oneof![2 => Just(0u64), 1 => 0u64..45], kind, services).prop_map(|(on, late, kind, services)| Record {
        id: Uuid::nil(),
        on,
        entered_on: on + Days::new(late),
        kind,
        services: services.into_iter().collect(),
    })
}
