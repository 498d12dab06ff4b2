//! The change feed through the wire: dense, resumable, and silent about names and numbers.

use std::time::Duration;

use bangfu::client::{Client, request_id};
use bangfu_proto::{
    common::v1::Cursor,
    people::v1::{
        EmploymentFact, EmploymentStatus, PersonEvent, PersonEventKind, RecordEmploymentRequest, WatchPeopleRequest,
        person_event::Change, watch_people_response::Item,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Code, Status};

/// The events up to the first bookmark, and where that stands.
pub(crate) async fn until_bookmark(
    client: &Client,
    request: WatchPeopleRequest,
) -> Result<(Vec<PersonEvent>, Vec<Cursor>), Status> {
    let mut stream = client.people().watch_people(request).await?.into_inner();
    let (mut events, mut bookmarks) = (Vec::new(), Vec::new());
    loop {
        let next =
            tokio::time::timeout(Duration::from_secs(if bookmarks.is_empty() { 10 } else { 1 }), stream.message());
        match next.await {
            Ok(Ok(Some(response))) => match response.item.expect("an item") {
                Item::Event(event) => events.push(event),
                Item::Bookmark(bookmark) => bookmarks.extend(bookmark.cursor),
            },
            Ok(Ok(None)) => panic!("a watch does not end"),
            Ok(Err(status)) => return Err(status),
            Err(_quiet) => return Ok((events, bookmarks)),
        }
    }
}

fn cursor(event: &PersonEvent) -> Cursor {
    event.cursor.clone().expect("a cursor")
}

async fn town(city: &City) {
    let clerk = city.clerk(DADONG);
    let request = sample::person_who_is(1, EmploymentStatus::Unemployed, "2026-01-01");
    let person = clerk.people().register_person(request).await.expect("registered").into_inner();
    let record = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person.person_id,
        employment: Some(sample::employment(EmploymentStatus::Flexible, "2026-01-02")),
        ..Default::default()
    };
    clerk.people().record_employment(record).await.expect("recorded");
}

#[tokio::test]
async fn from_zero_every_change_comes_in_order_and_tells_no_name() {
    let city = City::new().await;
    town(&city).await;
    let (events, bookmarks) =
        until_bookmark(&city.clerk(DADONG), WatchPeopleRequest::default()).await.expect("a watch");
    let told =
        events.iter().map(|event| (cursor(event).seq, event.change.as_ref().expect("a change"))).collect::<Vec<_>>();
    let [
        (1, Change::TownshipChanged(township)),
        (2, Change::Registered(registered)),
        (3, Change::EmploymentRecorded(recorded)),
    ] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(township.name, "大东镇");
    assert_eq!((registered.village.as_str(), registered.memberships.len()), ("双溪村", 1));
    assert_eq!(registered.employment.as_ref().map(EmploymentFact::status), Some(EmploymentStatus::Unemployed));
    assert_eq!(recorded.employment.as_ref().map(EmploymentFact::status), Some(EmploymentStatus::Flexible));
    assert_eq!(bookmarks.last(), Some(&cursor(&events[2])));
    let text = format!("{events:?}");
    for secret in [sample::name(1), sample::id_number(1), sample::phone(1)] {
        assert!(!text.contains(&secret));
    }
    city.close().await;
}

#[tokio::test]
async fn a_cursor_goes_on_where_it_stands_and_kinds_leave_out_the_rest() {
    let city = City::new().await;
    town(&city).await;
    let clerk = city.clerk(DADONG);
    let (all, _) = until_bookmark(&clerk, WatchPeopleRequest::default()).await.expect("a watch");

    let from_two = WatchPeopleRequest { cursors: vec![cursor(&all[1])], ..Default::default() };
    let (rest, _) = until_bookmark(&clerk, from_two).await.expect("a watch");
    assert_eq!(rest, all[2..]);

    let kinds = vec![PersonEventKind::Registered.into()];
    let (some, bookmarks) =
        until_bookmark(&clerk, WatchPeopleRequest { kinds, ..Default::default() }).await.expect("a watch");
    assert_eq!(some, all[1..2]);
    assert_eq!(bookmarks.last(), Some(&cursor(&all[2])), "what was left out is covered");

    let (city_wide, _) = until_bookmark(&city.bureau(), WatchPeopleRequest::default()).await.expect("a watch");
    assert_eq!(city_wide.len(), all.len() + 1, "the other township's entry is told too");
    let one = WatchPeopleRequest { townships: vec![LIBAO.to_owned()], ..Default::default() };
    assert_eq!(until_bookmark(&city.bureau(), one).await.expect("a watch").0.len(), 1);
    city.close().await;
}

#[tokio::test]
async fn a_wrong_cursor_kind_or_township_is_an_error_of_the_call() {
    let city = City::new().await;
    town(&city).await;
    let clerk = city.clerk(DADONG);
    let (all, _) = until_bookmark(&clerk, WatchPeopleRequest::default()).await.expect("a watch");
    let last = cursor(&all[2]);
    let with = |cursors| WatchPeopleRequest { cursors, ..Default::default() };
    let foreign = Cursor { epoch: request_id(), ..last.clone() };
    for (what, request, code, told) in [
        ("ahead", with(vec![Cursor { seq: 4, ..last.clone() }]), Code::InvalidArgument, "CURSOR_INVALID"),
        ("twice", with(vec![last.clone(), last.clone()]), Code::InvalidArgument, "CURSOR_INVALID"),
        (
            "another township",
            with(vec![Cursor { township: LIBAO.to_owned(), ..last.clone() }]),
            Code::InvalidArgument,
            "CURSOR_INVALID",
        ),
        ("another epoch", with(vec![foreign]), Code::Aborted, "FEED_EPOCH_CHANGED"),
        (
            "no such kind",
            WatchPeopleRequest { kinds: vec![99], ..Default::default() },
            Code::InvalidArgument,
            "FIELD_INVALID",
        ),
        (
            "not ours",
            WatchPeopleRequest { townships: vec![LIBAO.to_owned()], ..Default::default() },
            Code::NotFound,
            "NOT_FOUND",
        ),
    ] {
        let refused = until_bookmark(&clerk, request).await.expect_err(what);
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, told), "{what}");
    }
    city.close().await;
}
