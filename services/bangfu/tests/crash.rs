//! kill -9 in the middle of an import, a sweep and a feed delivery: nothing is lost, nothing is doubled.

use std::{collections::BTreeSet, time::Duration};

use bangfu::client::{self, Client, date, request_id};
use bangfu_proto::{
    common::v1::Cursor,
    followup::v1::{Channel, ContactResult, ListDutiesRequest, RecordContactRequest, StatusLearned},
    people::v1::{
        CommitDataMatchRequest, DataMatchDecision, DataMatchKind, DataMatchStart, DataMatchState,
        DecideDataMatchRowsRequest, Department, EmploymentStatus, ListPeopleRequest, ListedRow, RosterRow, RosterStart,
        WatchPeopleRequest, person_event::Change, watch_people_response::Item,
    },
};
use bangfu_testkit::sample;

use crate::process::Process;

const TOWNSHIP: &str = "320685102";
const ROWS: u32 = 2_000;

fn rows() -> Vec<RosterRow> {
    (0..ROWS).map(|n| sample::row(n, i32::try_from(n).expect("few") + 2)).collect()
}

async fn people(client: &Client) -> usize {
    client::people::everybody(client, ListPeopleRequest::default()).await.expect("people").len()
}

/// Every event of the township from the first: the numbers are dense, every registered person stands there once.
async fn registered_in_feed(client: &Client) -> BTreeSet<String> {
    let request = WatchPeopleRequest::default();
    let mut stream = client.people().watch_people(request).await.expect("a watch").into_inner();
    let (mut seq, mut registered) = (0, BTreeSet::new());
    loop {
        match stream.message().await.expect("the stream").and_then(|message| message.item) {
            Some(Item::Event(event)) => {
                let cursor: Cursor = event.cursor.expect("a cursor");
                assert_eq!(cursor.seq, seq + 1, "a gap in the feed");
                seq = cursor.seq;
                if let Some(Change::Registered(_)) = event.change {
                    assert!(registered.insert(event.person_id), "registered twice");
                }
            }
            Some(Item::Bookmark(_)) => return registered,
            None => panic!("the watch ended"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_killed_is_there_whole_or_not_at_all_and_a_repeat_completes_it() {
    let mut process = Process::start();
    let request_id = request_id();
    let start = RosterStart { request_id, ..Default::default() };
    let mut outcomes = BTreeSet::new();
    for delay in [30, 120, 250, 400, 700] {
        let clerk = process.client("clerk", Some(TOWNSHIP)).await;
        let import = tokio::spawn({
            let start = start.clone();
            async move { client::people::send(&clerk, start, rows()).await }
        });
        tokio::time::sleep(Duration::from_millis(delay)).await;
        process.kill();
        let acknowledged = import.await.expect("not panicked").is_ok();
        process.start_again();
        let there = people(&process.client("clerk", Some(TOWNSHIP)).await).await;
        assert!(there == 0 || there == ROWS as usize, "{there} of {ROWS} people are there");
        assert!(!acknowledged || there == ROWS as usize, "acknowledged, and not there");
        outcomes.insert(there);
    }
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    let first = client::people::send(&clerk, start.clone(), rows()).await.expect("the repeat");
    let again = client::people::send(&clerk, start, rows()).await.expect("another repeat");
    assert_eq!(first.import_id, again.import_id);
    assert_eq!(first.accepted, i32::try_from(ROWS).expect("few"));
    assert_eq!(people(&clerk).await, ROWS as usize);
    assert_eq!(registered_in_feed(&clerk).await.len(), ROWS as usize);
    assert!(outcomes.contains(&0), "no kill came in time: the test has not tested anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_and_a_delivery_that_are_killed_lose_and_double_nothing() {
    let mut process = Process::start();
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    client::people::send(&clerk, start, rows()).await.expect("imported");

    // Killed while the feed is being followed and the sweep is writing.
    for delay in [0, 60, 150, 300, 500] {
        let bureau = process.client("bureau", None).await;
        let sweep = tokio::spawn(async move { client::sweeps::run(&bureau, None).await });
        tokio::time::sleep(Duration::from_millis(delay)).await;
        process.kill();
        drop(sweep.await);
        process.start_again();
    }
    let duties = swept(&process).await;
    let follow_ups = duties.iter().filter(|duty| duty.rule == "follow_up.unemployed").count();
    let identities = duties
        .iter()
        .map(|duty| (duty.person_id.clone(), duty.rule.clone(), duty.period_start, duty.slot))
        .map(|(person, rule, start, slot)| format!("{person} {rule} {start:?} {slot}"))
        .collect::<BTreeSet<_>>();
    assert_eq!(identities.len(), duties.len(), "a duty stands there twice");
    let expected = usize::from(days_left_in_month() >= 10) * ROWS as usize;
    assert_eq!(follow_ups, expected, "a follow-up for everybody (or for nobody, late in a month)");

    // A status learned in a contact reaches the registry once, whatever dies in between.
    let coordinator = process.client("coordinator", Some(TOWNSHIP)).await;
    let taught = duties.iter().map(|duty| duty.person_id.clone()).collect::<BTreeSet<_>>();
    let taught = taught.into_iter().take(20).collect::<Vec<_>>();
    for person_id in &taught {
        coordinator.followup().record_contact(found_work(person_id)).await.expect("recorded");
    }
    process.kill();
    process.start_again();
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    for _ in 0..300 {
        let arrived = flexible(&clerk, &taught).await;
        if arrived == taught.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(flexible(&clerk, &taught).await, taught.len(), "a learned status is lost");
    assert_eq!(employment_events(&clerk, &taught).await, taught.len(), "a learned status arrived twice");

    let (code, took) = process.terminate();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(25), "stopped after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_of_a_list_that_is_killed_goes_on_where_it_stopped_and_writes_every_row_once() {
    let mut process = Process::start();
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    let listed = |n: u32| ListedRow {
        cells: Some(RosterRow { groups: String::new(), ..sample::row(n, i32::try_from(n).expect("few") + 2) }),
        ..Default::default()
    };
    let start = DataMatchStart {
        request_id: request_id(),
        department: Department::VeteransAffairs.into(),
        list_name: "退役名单".to_owned(),
        list_on: date(bangfu_kernel::Clock::system().today()),
        group: 0,
    };
    let started = client::matches::send(&clerk, start.clone(), (0..ROWS).map(listed).collect()).await.expect("held");
    let decision = DecideDataMatchRowsRequest {
        request_id: request_id(),
        match_id: started.match_id.clone(),
        decision: DataMatchDecision::Apply.into(),
        row_kind: DataMatchKind::New.into(),
        ..Default::default()
    };
    clerk.people().decide_data_match_rows(decision).await.expect("decided");

    let request = CommitDataMatchRequest { request_id: request_id(), match_id: started.match_id };
    // Each commit is given a little more time than the one before, until one of them has come to its end.
    let mut there = BTreeSet::from([0]);
    for delay in (1..).map(|round| Duration::from_millis(round * 60)) {
        let clerk = process.client("clerk", Some(TOWNSHIP)).await;
        let commit = tokio::spawn({
            let request = request.clone();
            async move { clerk.people().commit_data_match(request).await }
        });
        tokio::time::sleep(delay).await;
        process.kill();
        drop(commit.await);
        process.start_again();
        let now = people(&process.client("clerk", Some(TOWNSHIP)).await).await;
        assert!(there.last() <= Some(&now), "{now} people are there, and there were {there:?}");
        assert_eq!(now % 500, 0, "half a batch is there");
        there.insert(now);
        if now == ROWS as usize {
            break;
        }
    }
    assert!(there.len() > 2, "no kill came in the middle: the test has not tested anything: {there:?}");
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    let done = clerk.people().commit_data_match(request.clone()).await.expect("the repeat").into_inner();
    assert_eq!(done.state(), DataMatchState::Committed);
    assert_eq!(people(&clerk).await, ROWS as usize);
    assert_eq!(registered_in_feed(&clerk).await.len(), ROWS as usize);
    let again = client::matches::send(&clerk, start, (0..ROWS).map(listed).collect()).await.expect("the same list");
    assert_eq!(again.match_id, done.match_id);
    println!("people there after each kill: {there:?}");
}

/// Sweeps until everybody has been heard of and reviewed; all duties.
async fn swept(process: &Process) -> Vec<bangfu_proto::followup::v1::Duty> {
    let bureau = process.client("bureau", None).await;
    let mut last = None;
    for _ in 0..300 {
        client::sweeps::run(&bureau, None).await.expect("a sweep");
        let request = ListDutiesRequest { township: TOWNSHIP.to_owned(), ..Default::default() };
        let duties = client::duties::all(&bureau, request).await.expect("duties");
        let served = duties.iter().map(|duty| &duty.person_id).collect::<BTreeSet<_>>().len();
        if served == ROWS as usize {
            return duties;
        }
        last = Some(served);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("duties for {last:?} of {ROWS} people only");
}

fn days_left_in_month() -> u32 {
    use chrono::Datelike as _;
    let today = bangfu_kernel::Clock::system().today();
    let first = today.with_day(1).expect("a first");
    let last = (first + chrono::Months::new(1)).pred_opt().expect("a last");
    last.day() - today.day() + 1
}

fn found_work(person_id: &str) -> RecordContactRequest {
    let today = date(bangfu_kernel::Clock::system().today());
    RecordContactRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        on: today,
        channel: Channel::Phone.into(),
        result: ContactResult::ReachedSelf.into(),
        status_learned: Some(StatusLearned {
            status: EmploymentStatus::Flexible.into(),
            effective_on: today,
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn flexible(clerk: &Client, taught: &[String]) -> usize {
    let everybody = client::people::everybody(clerk, ListPeopleRequest::default()).await.expect("people");
    everybody
        .iter()
        .filter(|person| taught.contains(&person.person_id))
        .filter(|person| person.employment.as_ref().is_some_and(|record| record.status() == EmploymentStatus::Flexible))
        .count()
}

async fn employment_events(clerk: &Client, taught: &[String]) -> usize {
    let mut stream = clerk.people().watch_people(WatchPeopleRequest::default()).await.expect("a watch").into_inner();
    let mut recorded = 0;
    loop {
        match stream.message().await.expect("the stream").and_then(|message| message.item) {
            Some(Item::Event(event)) => {
                let taught = taught.contains(&event.person_id);
                recorded += usize::from(taught && matches!(event.change, Some(Change::EmploymentRecorded(_))));
            }
            Some(Item::Bookmark(_)) => return recorded,
            None => panic!("the watch ended"),
        }
    }
}
