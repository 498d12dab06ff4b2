//! What the journeys do in one line.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use bangfu::client::{Client, date, request_id};
use bangfu_proto::{
    common::v1::CalendarDate,
    followup::v1::{
        Channel, Contact, ContactResult, Duty, ListDutiesRequest, RecordContactRequest, RunSweepRequest, StatusLearned,
        TownshipSweep,
    },
    people::v1::{AcceptTransferRequest, EmploymentStatus, OfferTransferRequest, RecordEmploymentRequest},
};
use bangfu_testkit::{City, sample};

/// A date of a message.
pub fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

/// Registers sample people of a township who are UNEMPLOYED since a day, and waits until they are followed. Their ids.
pub async fn unemployed(city: &City, township: &str, people: Range<u32>, since: &str) -> Vec<String> {
    let clerk = city.clerk(township);
    let mut ids = Vec::new();
    for n in people {
        let request = sample::person_who_is(n, EmploymentStatus::Unemployed, since);
        ids.push(clerk.people().register_person(request).await.expect("registered").into_inner().person_id);
    }
    city.settle().await;
    ids
}

/// Enters somebody's status, known today, and waits until follow-up knows.
pub async fn becomes(city: &City, township: &str, person_id: &str, status: EmploymentStatus, since: &str) {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, since)),
        ..Default::default()
    };
    city.clerk(township).people().record_employment(request).await.expect("recorded");
    city.settle().await;
}

/// Sweeps all townships as of today.
pub async fn sweep(city: &City) -> Vec<TownshipSweep> {
    let request = RunSweepRequest { request_id: request_id(), ..Default::default() };
    city.bureau().followup().run_sweep(request).await.expect("swept").into_inner().townships
}

/// Turns the clock to a day and sweeps.
pub async fn sweep_on(city: &City, day: &str) -> Vec<TownshipSweep> {
    city.turn_to(day);
    sweep(city).await
}

/// Moves somebody from one township to another, from a day on, and waits until follow-up knows.
pub async fn moves(city: &City, person_id: &str, from: &str, to: &str, effective_on: Option<&str>) {
    let request = OfferTransferRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        to_township: to.to_owned(),
        reason: "户籍迁移".to_owned(),
        ..Default::default()
    };
    let offered = city.clerk(from).people().offer_transfer(request).await.expect("offered").into_inner();
    accepts(city, to, &offered.transfer_id, effective_on).await;
}

/// Accepts a transfer, and waits until follow-up knows.
pub async fn accepts(city: &City, township: &str, transfer_id: &str, effective_on: Option<&str>) {
    let request = AcceptTransferRequest {
        request_id: request_id(),
        transfer_id: transfer_id.to_owned(),
        village: "新村".to_owned(),
        coordinator: "协理员丙".to_owned(),
        effective_on: effective_on.and_then(on),
    };
    city.clerk(township).people().accept_transfer(request).await.expect("accepted");
    city.settle().await;
}

/// An effective contact by phone today.
pub fn contact(city: &City, person_id: &str) -> RecordContactRequest {
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

/// A status learned.
pub fn learned(status: EmploymentStatus, since: &str) -> Option<StatusLearned> {
    Some(StatusLearned { status: status.into(), effective_on: on(since), ..Default::default() })
}

/// Enters a contact.
pub async fn record(client: &Client, request: RecordContactRequest) -> Contact {
    client.followup().record_contact(request).await.expect("recorded").into_inner()
}

/// All pages of a list of duties.
pub async fn duties(client: &Client, mut request: ListDutiesRequest) -> Vec<Duty> {
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

/// "OPEN"
pub fn state(duty: &Duty) -> &'static str {
    duty.state().as_str_name().trim_start_matches("DUTY_STATE_")
}

/// A ledger in a few lines: "131.job_referral 2026-01-01 OPEN" → 3.
pub fn standing(duties: &[Duty]) -> BTreeMap<String, usize> {
    let mut standing = BTreeMap::new();
    for duty in duties {
        let period = bangfu::client::day(duty.period_start.as_ref());
        *standing.entry(format!("{} {period} {}", duty.rule, state(duty))).or_default() += 1;
    }
    standing
}

/// What [`standing`] should be, written as lines with a count at the end where it is not one.
pub fn lines(lines: &[&str]) -> BTreeMap<String, usize> {
    lines
        .iter()
        .map(|line| match line.split_once(" x") {
            Some((line, count)) => (line.to_owned(), count.parse().expect("a count")),
            None => ((*line).to_owned(), 1),
        })
        .collect()
}

/// Waits until something holds: half a minute at most, for slow machines.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never happened: {what}");
}
