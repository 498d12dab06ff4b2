//! What the tests do in one line.

use std::{collections::BTreeMap, time::Duration};

use bangfu::client::{Client, date, request_id};
use bangfu_proto::{
    followup::v1::{
        Channel, Contact, ContactResult, Duty, DutyState, ListDutiesRequest, RecordContactRequest, RunSweepRequest,
        TownshipSweep,
    },
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, sample};

/// Registers sample people who are UNEMPLOYED since a day, and waits until they are followed. Their ids.
pub(crate) async fn unemployed(city: &City, people: std::ops::Range<u32>, since: &str) -> Vec<String> {
    let clerk = city.clerk(DADONG);
    let mut ids = Vec::new();
    for n in people {
        let request = sample::person_who_is(n, EmploymentStatus::Unemployed, since);
        ids.push(clerk.people().register_person(request).await.expect("registered").into_inner().person_id);
    }
    city.settle().await;
    ids
}

/// Sweeps all townships as of today; what it did in DADONG.
pub(crate) async fn sweep(city: &City) -> TownshipSweep {
    let request = RunSweepRequest { request_id: request_id(), ..Default::default() };
    let swept = city.bureau().followup().run_sweep(request).await.expect("swept").into_inner();
    swept.townships.into_iter().find(|sweep| sweep.township == DADONG).expect("DADONG was swept")
}

/// An effective contact by phone today.
pub(crate) fn contact(city: &City, person_id: &str) -> RecordContactRequest {
    RecordContactRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        on: date(city.clock.today()),
        channel: Channel::Phone.into(),
        result: ContactResult::ReachedSelf.into(),
        answered_by: "本人".to_owned(),
        ..Default::default()
    }
}

pub(crate) async fn record(client: &Client, request: RecordContactRequest) -> Contact {
    client.followup().record_contact(request).await.expect("recorded").into_inner()
}

/// All duties of DADONG, by due day.
pub(crate) async fn duties(city: &City) -> Vec<Duty> {
    duties_of(&city.clerk(DADONG), ListDutiesRequest::default()).await
}

/// All pages of a list of duties.
pub(crate) async fn duties_of(client: &Client, mut request: ListDutiesRequest) -> Vec<Duty> {
    let mut duties = Vec::new();
    loop {
        let page = client.followup().list_duties(request.clone()).await.expect("listed").into_inner();
        duties.extend(page.duties);
        if page.next_page_token.is_empty() {
            return duties;
        }
        request.page_token = page.next_page_token;
    }
}

/// How many duties stand in which state, by rule: "131.job_referral OPEN" → 3.
pub(crate) fn standing(duties: &[Duty]) -> BTreeMap<String, usize> {
    let mut standing = BTreeMap::new();
    for duty in duties {
        *standing.entry(format!("{} {}", duty.rule, state(duty))).or_default() += 1;
    }
    standing
}

/// "OPEN"
pub(crate) fn state(duty: &Duty) -> &'static str {
    duty.state().as_str_name().trim_start_matches("DUTY_STATE_")
}

/// The one duty of a rule for the period that begins on a day.
pub(crate) fn the<'d>(duties: &'d [Duty], rule: &str, period_start: &str) -> &'d Duty {
    let period_start = date(period_start.parse().expect("a date"));
    let mut found = duties.iter().filter(|duty| duty.rule == rule && duty.period_start == period_start);
    let duty = found.next().expect("there is one");
    assert!(found.next().is_none(), "there is only one");
    duty
}

/// Duties of somebody registered as unemployed since January.
pub(crate) const EACH: usize = 8;

/// How they stand when all are open.
pub(crate) fn of_january() -> BTreeMap<String, usize> {
    [
        ("131.career_guidance OPEN", 1),
        ("131.job_referral OPEN", 3),
        ("131.skills_training OPEN", 1),
        ("follow_up.unemployed OPEN", 1),
        ("policy_publicity OPEN", 1),
        ("unemployment_benefit OPEN", 1),
    ]
    .map(|(key, count)| (key.to_owned(), count))
    .into()
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never happened: {what}");
}

/// Duties in a state, for filters.
pub(crate) fn only(states: &[DutyState]) -> ListDutiesRequest {
    ListDutiesRequest { states: states.iter().map(|&state| state.into()).collect(), ..Default::default() }
}
