//! Rosters streamed in: every row its outcome, all of it or nothing, once a request id.

use std::collections::BTreeMap;

use bangfu::client::{Client, date, request_id};
use bangfu_proto::people::v1::{
    EmploymentStatus, Group, ImportRosterRequest, ListPeopleRequest, Person, RegisterMatch, RosterImport, RosterRow,
    RosterRows, RosterStart, RowCode, RowOutcome, import_roster_request::Part,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Code, Status};

use crate::walls::get;

fn start() -> RosterStart {
    RosterStart {
        request_id: request_id(),
        ledger_on: date("2026-01-04".parse().expect("a date")),
        ..Default::default()
    }
}

fn dry() -> RosterStart {
    RosterStart { request_id: String::new(), validate_only: true, ..start() }
}

fn rows(numbers: std::ops::Range<u32>) -> Vec<RosterRow> {
    numbers.zip(4..).map(|(n, row)| sample::row(n, row)).collect()
}

async fn send(client: &Client, start: RosterStart, rows: Vec<RosterRow>) -> Result<RosterImport, Status> {
    let chunks = rows.chunks(2).map(|rows| Part::Rows(RosterRows { rows: rows.to_vec() })).collect::<Vec<_>>();
    send_parts(client, std::iter::once(Part::Start(start)).chain(chunks).collect()).await
}

async fn send_parts(client: &Client, parts: Vec<Part>) -> Result<RosterImport, Status> {
    let messages = parts.into_iter().map(|part| ImportRosterRequest { part: Some(part) }).collect::<Vec<_>>();
    let answer = client.people().import_roster(futures::stream::iter(messages)).await;
    answer.map(tonic::Response::into_inner)
}

async fn everybody(client: &Client) -> Vec<Person> {
    client.people().list_people(ListPeopleRequest::default()).await.expect("a page").into_inner().people
}

fn matches(import: &RosterImport) -> Vec<RegisterMatch> {
    import.results.iter().map(bangfu_proto::people::v1::RowResult::r#match).collect()
}

#[tokio::test]
async fn every_row_gets_its_outcome_and_how_it_met_the_register() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    city.clerk(LIBAO).people().register_person(sample::person(9)).await.expect("registered elsewhere");
    clerk.people().register_person(sample::person(2)).await.expect("registered here");

    let roster = vec![
        sample::row(1, 4),
        RosterRow { coordinator: "协理员乙".to_owned(), groups: "返乡农民工".to_owned(), ..sample::row(2, 5) },
        RosterRow { groups: "退役军人".to_owned(), ..sample::row(1, 6) },
        RosterRow { name: String::new(), ..sample::row(3, 7) },
        sample::row(9, 8),
        RosterRow { phone: "12345".to_owned(), ..sample::row(4, 9) },
    ];
    let import = send(&clerk, start(), roster).await.expect("imported");
    assert_eq!((import.accepted, import.merged, import.rejected), (4, 1, 1));
    let outcomes =
        import.results.iter().map(|result| (result.row, result.outcome(), result.r#match())).collect::<Vec<_>>();
    assert_eq!(
        outcomes,
        [
            (4, RowOutcome::Accepted, RegisterMatch::New),
            (5, RowOutcome::Accepted, RegisterMatch::Changed),
            (6, RowOutcome::Merged, RegisterMatch::Unspecified),
            (7, RowOutcome::Rejected, RegisterMatch::Unspecified),
            (8, RowOutcome::Accepted, RegisterMatch::Elsewhere),
            (9, RowOutcome::Accepted, RegisterMatch::New),
        ]
    );
    assert_eq!(import.results[1].changed_fields, ["coordinator", "memberships", "employment"]);
    assert_eq!(import.results[3].codes, [i32::from(RowCode::NameMissing)]);
    assert!(import.results[4].person_id.is_empty(), "nothing is told about somebody elsewhere");
    assert_eq!(import.results[5].codes, [i32::from(RowCode::PhoneInvalid)]);

    let merged = get(&clerk, &import.results[0].person_id).await.expect("found");
    let groups = merged.memberships.iter().map(|membership| membership.group).collect::<Vec<_>>();
    assert_eq!(groups, [i32::from(Group::RegisteredUnemployed), i32::from(Group::Veteran)]);
    assert_eq!(merged.joined_on, date("2026-01-05".parse().expect("a date")), "the day of the import");
    let employment = merged.employment.expect("a record");
    assert_eq!(employment.status(), EmploymentStatus::Unemployed);
    assert_eq!(employment.effective_on, date("2025-11-03".parse().expect("a date")), "the row's date");
    assert_eq!(employment.known_on, merged.joined_on);

    let changed = get(&clerk, &import.results[1].person_id).await.expect("found");
    assert_eq!((changed.coordinator.as_str(), changed.memberships.len()), ("协理员乙", 2));
    assert!(get(&clerk, &import.results[5].person_id).await.expect("found").phone_masked.is_empty());
    city.close().await;
}

#[tokio::test]
async fn the_same_roster_again_is_known_everywhere() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut roster = rows(1..8);
    roster[0].status_since = String::new();
    roster[1].status = "看不懂".to_owned();
    roster[2].phone = String::new();
    let first = send(&clerk, start(), roster.clone()).await.expect("imported");
    assert_eq!(matches(&first), [RegisterMatch::New; 7]);
    let before = everybody(&clerk).await;

    city.turn_to("2026-02-05");
    let ledger_on = date("2026-02-04".parse().expect("a date"));
    let second = send(&clerk, RosterStart { ledger_on, ..start() }, roster).await.expect("imported");
    assert_eq!(matches(&second), [RegisterMatch::Known; 7], "{second:?}");
    let ids = |import: &RosterImport| import.results.iter().map(|result| result.person_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(everybody(&clerk).await, before, "nothing has changed, the etags included");
    city.close().await;
}

#[tokio::test]
async fn a_later_roster_changes_what_it_says_and_erases_nothing() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut row = sample::row(1, 4);
    row.education = "本科".to_owned();
    row.remark = "旧备注".to_owned();
    let person_id = send(&clerk, start(), vec![row]).await.expect("imported").results[0].person_id.clone();

    city.turn_to("2026-02-05");
    let later = RosterRow {
        phone: "13900000001".to_owned(),
        village: String::new(),
        status: "单位就业".to_owned(),
        status_since: "2026-01-20".to_owned(),
        contract_months: "24".to_owned(),
        employer: "示范纺织厂".to_owned(),
        ..sample::row(1, 4)
    };
    let ledger_on = date("2026-02-04".parse().expect("a date"));
    let import = send(&clerk, RosterStart { ledger_on, ..start() }, vec![later]).await.expect("imported");
    assert_eq!(import.results[0].changed_fields, ["phone", "employment"]);
    let person = get(&clerk, &person_id).await.expect("found");
    assert_eq!(person.phone_masked, "139****0001");
    assert_eq!((person.village.as_str(), person.education.as_str()), ("双溪村", "本科"));
    let employment = person.employment.expect("a record");
    assert_eq!((employment.status(), employment.employer.as_str()), (EmploymentStatus::UnitEmployed, "示范纺织厂"));
    assert_eq!(employment.known_on, date("2026-02-05".parse().expect("a date")));
    city.close().await;
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    city.clerk(LIBAO).people().register_person(sample::person(3)).await.expect("registered elsewhere");
    clerk.people().register_person(sample::person(2)).await.expect("registered here");
    let before = everybody(&clerk).await;

    let told = send(&clerk, dry(), rows(1..4)).await.expect("judged");
    assert!(told.validate_only && told.import_id.is_empty());
    assert_eq!(matches(&told), [RegisterMatch::New, RegisterMatch::Changed, RegisterMatch::Elsewhere]);
    assert!(told.results[0].person_id.is_empty() && !told.results[1].person_id.is_empty());
    assert_eq!(everybody(&clerk).await, before);

    let done = send(&clerk, start(), rows(1..4)).await.expect("imported");
    assert_eq!(matches(&done), matches(&told));
    city.close().await;
}

#[tokio::test]
async fn a_cut_stream_leaves_nothing_and_the_repeat_is_whole() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let whole = start();
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    let mut client = clerk.people();
    let call =
        tokio::spawn(async move { client.import_roster(tokio_stream::wrappers::ReceiverStream::new(receiver)).await });
    for part in [Part::Start(whole.clone()), Part::Rows(RosterRows { rows: rows(1..6) })] {
        sender.send(ImportRosterRequest { part: Some(part) }).await.expect("sent");
    }
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    call.abort();
    let _cut = call.await;
    drop(sender);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(everybody(&clerk).await.is_empty());

    let done = send(&clerk, whole.clone(), rows(1..6)).await.expect("imported");
    assert_eq!(done.accepted, 5);
    assert_eq!(send(&clerk, whole.clone(), rows(1..6)).await.expect("repeated"), done);
    let other = send(&clerk, whole, rows(1..7)).await.expect_err("another roster");
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    assert_eq!(everybody(&clerk).await.len(), 5);
    city.close().await;
}

#[tokio::test]
async fn a_stream_of_the_wrong_form_is_refused() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let some = || Part::Rows(RosterRows { rows: rows(1..3) });
    let table: BTreeMap<&str, Vec<Part>> = [
        ("nothing", vec![]),
        ("no start", vec![some()]),
        ("two starts", vec![Part::Start(start()), Part::Start(start())]),
        ("no rows", vec![Part::Start(start())]),
        ("no request id", vec![Part::Start(RosterStart { request_id: String::new(), ..start() }), some()]),
        ("a row number twice", vec![Part::Start(start()), some(), some()]),
        (
            "tomorrow's ledger",
            vec![
                Part::Start(RosterStart { ledger_on: date("2026-01-06".parse().expect("a date")), ..start() }),
                some(),
            ],
        ),
    ]
    .into();
    for (what, parts) in table {
        let refused = send_parts(&clerk, parts).await.expect_err(what);
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"), "{what}");
    }
    assert!(everybody(&clerk).await.is_empty());
    city.close().await;
}

#[tokio::test]
async fn a_long_roster_keeps_its_order_over_many_batches() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let roster = (1..=12_000).map(|n| sample::row(n, i32::try_from(n).expect("small"))).collect::<Vec<_>>();
    let unlike = roster.iter().map(|row| row.id_number.clone()).collect::<std::collections::BTreeSet<_>>().len();
    let parts = std::iter::once(Part::Start(start()))
        .chain(roster.chunks(1_000).map(|rows| Part::Rows(RosterRows { rows: rows.to_vec() })))
        .collect();
    let import = send_parts(&clerk, parts).await.expect("imported");
    assert_eq!(import.results.len(), 12_000);
    assert_eq!(usize::try_from(import.accepted).expect("positive"), unlike);
    let new = import.results.iter().filter(|result| result.r#match() == RegisterMatch::New);
    let ids = new.map(|result| result.person_id.as_str()).collect::<Vec<_>>();
    assert_eq!(ids.len(), unlike);
    assert!(ids.is_sorted(), "the order of registration is the order of the rows");
    city.close().await;
}
