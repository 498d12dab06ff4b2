//! Reminders: each duty once a stream, as it comes within reach.

use std::{collections::BTreeSet, time::Duration};

use bangfu::client::{Client, date};
use bangfu_proto::{
    common::v1::CalendarDate,
    followup::v1::{Duty, DutyState, WatchRemindersRequest, WatchRemindersResponse, watch_reminders_response::Item},
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::Streaming;

use crate::steps::{contact, duties, record, sweep, unemployed};

type Stream = Streaming<WatchRemindersResponse>;

async fn watching(client: &Client, within_days: i32, after: Option<&str>) -> Stream {
    let after = after.and_then(|day| date(day.parse().expect("a date")));
    let request = WatchRemindersRequest { within_days, townships: Vec::new(), after };
    client.followup().watch_reminders(request).await.expect("a stream").into_inner()
}

async fn next(stream: &mut Stream) -> Item {
    let next = tokio::time::timeout(Duration::from_secs(20), stream.message());
    next.await.expect("in time").expect("a message").expect("no end").item.expect("an item")
}

/// What comes before the next bookmark, and its day.
async fn until_bookmark(stream: &mut Stream) -> (Vec<Duty>, Option<CalendarDate>) {
    let mut duties = Vec::new();
    loop {
        match next(stream).await {
            Item::Duty(duty) => duties.push(duty),
            Item::Bookmark(mark) => return (duties, mark.through),
        }
    }
}

fn ids(duties: &[Duty]) -> BTreeSet<String> {
    let ids: BTreeSet<_> = duties.iter().map(|duty| duty.duty_id.clone()).collect();
    assert_eq!(ids.len(), duties.len(), "nothing twice");
    ids
}

/// The OPEN duties of DADONG that are due by a day.
async fn due_by(city: &City, day: &str) -> BTreeSet<String> {
    let day = date(day.parse().expect("a date")).expect("a date");
    let order = |day: &CalendarDate| (day.year, day.month, day.day);
    let due = |duty: &Duty| duty.due_on.as_ref().is_some_and(|due_on| order(due_on) <= order(&day));
    let owed = duties(city).await;
    owed.into_iter().filter(|duty| duty.state() == DutyState::Open && due(duty)).map(|duty| duty.duty_id).collect()
}

fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_within_reach_comes_once_and_the_turn_of_the_day_brings_more() {
    let city = City::new().await;
    let people = unemployed(&city, 0..3, "2026-01-05").await;
    sweep(&city).await;
    city.turn_to("2026-01-23");
    let clerk = city.clerk(DADONG);
    let mut stream = watching(&clerk, 7, None).await;
    assert_eq!(until_bookmark(&mut stream).await, (vec![], on("2026-01-22")), "31 January is eight days off");

    city.turn_to("2026-01-24");
    let (told, through) = until_bookmark(&mut stream).await;
    let january = due_by(&city, "2026-01-31").await;
    assert_eq!((ids(&told), through), (january.clone(), on("2026-01-23")));
    assert_eq!(told.len(), 3);

    // Opened again by voiding: it was told before. Raised today for somebody new: it was not.
    let done = record(&clerk, contact(&city, &people[0])).await;
    let void = bangfu_proto::followup::v1::VoidContactRequest {
        request_id: bangfu::client::request_id(),
        contact_id: done.contact_id,
        reason: "记错人".to_owned(),
    };
    clerk.followup().void_contact(void).await.expect("voided");
    city.turn_to("2026-02-20");
    sweep(&city).await;
    let (told, _) = until_bookmark(&mut stream).await;
    let february = due_by(&city, "2026-02-27").await;
    assert_eq!(ids(&told), february, "nothing is due within a week");
    city.turn_to("2026-02-21");
    let (told, through) = until_bookmark(&mut stream).await;
    let february = due_by(&city, "2026-02-28").await;
    assert_eq!((ids(&told), through), (february.clone(), on("2026-02-20")));
    assert_eq!(told.len(), 3);
    let somebody = sample::person_who_is(7, EmploymentStatus::Flexible, "2026-01-05");
    clerk.people().register_person(somebody).await.expect("registered");
    city.settle().await;
    city.turn_to("2026-02-28");
    sweep(&city).await;
    let (told, _) = until_bookmark(&mut stream).await;
    assert!(ids(&told).is_disjoint(&february), "what was told is not told again");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_raised_while_the_stream_is_open_comes_at_once() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let mut stream = watching(&city.clerk(DADONG), 92, None).await;
    assert_eq!(until_bookmark(&mut stream).await, (vec![], on("2026-01-04")), "nothing was raised yet");
    sweep(&city).await;
    let within = due_by(&city, "2026-04-07").await;
    assert!(!within.is_empty());
    let mut told = Vec::new();
    while told.len() < within.len() {
        match next(&mut stream).await {
            Item::Duty(duty) => told.push(duty),
            Item::Bookmark(mark) => panic!("the day is not over: {mark:?}"),
        }
    }
    assert_eq!(ids(&told), within);
    let listed = duties(&city).await;
    assert!(told.iter().all(|duty| listed.contains(duty)), "they come whole");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_a_bookmark_without_losing_what_came_since() {
    let city = City::new().await;
    // Later than every other clock of this process: ids are made in order, and tell when.
    city.turn_to("2029-01-05");
    unemployed(&city, 0..2, "2029-01-05").await;
    sweep(&city).await;
    city.turn_to("2029-01-26");
    let clerk = city.clerk(DADONG);
    let (told, _) = until_bookmark(&mut watching(&clerk, 7, None).await).await;
    let first = ids(&told);
    assert_eq!(first.len(), 2);

    let (told, _) = until_bookmark(&mut watching(&clerk, 7, Some("2029-01-26")).await).await;
    assert_eq!(told, [], "all were within reach that day");
    let (told, _) = until_bookmark(&mut watching(&clerk, 7, Some("2029-01-23")).await).await;
    assert_eq!(ids(&told), first, "none was within reach that day");
    // What is raised on the day after the bookmark is not lost, however soon it is due.
    city.turn_to("2029-01-27");
    let late = sample::person_who_is(5, EmploymentStatus::Unemployed, "2029-01-05");
    clerk.people().register_person(late).await.expect("registered");
    city.settle().await;
    sweep(&city).await;
    let (told, _) = until_bookmark(&mut watching(&clerk, 30, Some("2029-01-26")).await).await;
    let before: BTreeSet<_> = told.iter().map(|duty| duty.person_id.clone()).collect();
    assert_eq!(before.len(), 1, "only what came within reach since: {told:?}");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bureau_is_reminded_of_all_townships_or_of_those_it_names() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    let elsewhere = sample::person_who_is(9, EmploymentStatus::Unemployed, "2026-01-05");
    city.clerk(LIBAO).people().register_person(elsewhere).await.expect("registered");
    city.settle().await;
    sweep(&city).await;
    let (told, _) = until_bookmark(&mut watching(&city.bureau(), 92, None).await).await;
    let townships: BTreeSet<_> = told.iter().map(|duty| duty.township.as_str()).collect();
    assert_eq!(townships, BTreeSet::from([DADONG, LIBAO]));
    let only = WatchRemindersRequest { within_days: 92, townships: vec![LIBAO.to_owned()], after: None };
    let mut stream = city.bureau().followup().watch_reminders(only).await.expect("a stream").into_inner();
    let (told, _) = until_bookmark(&mut stream).await;
    assert!(!told.is_empty() && told.iter().all(|duty| duty.township == LIBAO));
    let unknown = WatchRemindersRequest { within_days: 92, townships: vec!["320685999".to_owned()], after: None };
    let refused = city.bureau().followup().watch_reminders(unknown).await.expect_err("no such township");
    assert_eq!(reason(&refused), "NOT_FOUND");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_server_stops() {
    let mut city = City::new().await;
    let mut stream = watching(&city.clerk(DADONG), 7, None).await;
    until_bookmark(&mut stream).await;
    city.stop().await;
    let ended = stream.message().await.expect_err("it says why");
    assert_eq!(reason(&ended), "STOPPING");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_overdue_and_within_its_grace_is_told_first_and_once() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let done = record(&clerk, contact(&city, &people[0])).await;
    city.turn_to("2026-02-03");
    sweep(&city).await;
    let overdue = due_by(&city, "2026-02-02").await;
    assert_eq!(overdue.len(), 1, "of January, within its grace");

    let mut stream = watching(&clerk, 25, None).await;
    let (told, _) = until_bookmark(&mut stream).await;
    assert!(told.len() > overdue.len(), "February is within reach as well");
    assert_eq!(ids(&told), due_by(&city, "2026-02-28").await);
    assert_eq!(ids(&told[..1]), overdue, "most urgent of all");

    // Its day is past when it is opened again.
    let void = bangfu_proto::followup::v1::VoidContactRequest {
        request_id: bangfu::client::request_id(),
        contact_id: done.contact_id,
        reason: "记错人".to_owned(),
    };
    clerk.followup().void_contact(void).await.expect("voided");
    let Item::Duty(reopened) = next(&mut stream).await else { panic!("the day is not over") };
    assert!(!ids(&told).contains(&reopened.duty_id), "it is new to the stream");
    assert!(due_by(&city, "2026-02-02").await.contains(&reopened.duty_id), "and overdue");

    city.turn_to("2026-02-04");
    sweep(&city).await;
    let (more, _) = until_bookmark(&mut stream).await;
    let before: BTreeSet<_> = ids(&told).into_iter().chain([reopened.duty_id]).collect();
    assert!(ids(&more).is_disjoint(&before), "the turn of the day brings nothing twice");
    city.close().await;
}
