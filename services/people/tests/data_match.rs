//! Data matching through the wire: every kind of row, decisions, one commit however often and whoever calls it, and nothing
//! left of what the list said.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bangfu::client::{Client, date, matches, people::everybody, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    common::v1::CalendarDate,
    people::v1::{
        CommitDataMatchRequest, DataMatch, DataMatchDecision as D, DataMatchKind as K, DataMatchOutcome as O,
        DataMatchRow, DataMatchStart, DataMatchState, DecideDataMatchRowsRequest, Department, EmploymentStatus,
        GetDataMatchRequest, GetEmploymentHistoryRequest, Group, ListAuditRequest, ListDataMatchRowsRequest,
        ListDataMatchesRequest, ListPeopleRequest, ListedRow, ListedRows, Membership, Person, RosterRow, RowCode,
        Source, StartDataMatchRequest, UpdatePersonRequest, WatchPeopleRequest, membership::Details,
        person_event::Change, start_data_match_request::Part, watch_people_response::Item,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::walls::get;

const ORIGIN: &str = "民政局 2026年低保名单 2026-01-04";

fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

pub(crate) fn start() -> DataMatchStart {
    DataMatchStart {
        request_id: request_id(),
        department: Department::CivilAffairs.into(),
        list_name: "2026年低保名单".to_owned(),
        list_on: on("2026-01-04"),
        group: 0,
    }
}

/// The n-th sample person as civil affairs would list them: name and number.
pub(crate) fn listed(n: u32, row: i32) -> ListedRow {
    let cells = RosterRow { row, name: sample::name(n), id_number: sample::id_number(n), ..Default::default() };
    ListedRow { cells: Some(cells), ..Default::default() }
}

fn with(row: ListedRow, change: impl FnOnce(RosterRow) -> RosterRow) -> ListedRow {
    ListedRow { cells: row.cells.map(change), ..row }
}

pub(crate) async fn begins(client: &Client, start: DataMatchStart, rows: Vec<ListedRow>) -> DataMatch {
    matches::send(client, start, rows).await.unwrap_or_else(|problem| panic!("{problem}"))
}

async fn rows_of(client: &Client, of: &DataMatch) -> Vec<DataMatchRow> {
    let request = ListDataMatchRowsRequest { match_id: of.match_id.clone(), ..Default::default() };
    matches::rows(client, request, usize::MAX).await.unwrap_or_else(|problem| panic!("{problem}"))
}

async fn decides(client: &Client, of: &DataMatch, decision: D, kind: K, rows: &[i32]) -> Result<DataMatch, Status> {
    let request = DecideDataMatchRowsRequest {
        request_id: request_id(),
        match_id: of.match_id.clone(),
        decision: decision.into(),
        row_kind: kind.into(),
        rows: rows.to_vec(),
    };
    client.people().decide_data_match_rows(request).await.map(tonic::Response::into_inner)
}

async fn applies(client: &Client, of: &DataMatch) {
    for kind in [K::New, K::Conflicting] {
        decides(client, of, D::Apply, kind, &[]).await.expect("decided");
    }
}

async fn commits(client: &Client, of: &DataMatch) -> Result<DataMatch, Status> {
    let request = CommitDataMatchRequest { request_id: request_id(), match_id: of.match_id.clone() };
    client.people().commit_data_match(request).await.map(tonic::Response::into_inner)
}

async fn read(client: &Client, of: &DataMatch) -> Result<DataMatch, Status> {
    let request = GetDataMatchRequest { match_id: of.match_id.clone(), ..Default::default() };
    client.people().get_data_match(request).await.map(tonic::Response::into_inner)
}

fn kinds(rows: &[DataMatchRow]) -> BTreeMap<i32, K> {
    rows.iter().map(|row| (row.row, row.kind())).collect()
}

fn outcomes(rows: &[DataMatchRow]) -> BTreeMap<i32, O> {
    rows.iter().map(|row| (row.row, row.outcome())).collect()
}

async fn all(client: &Client) -> Vec<Person> {
    everybody(client, ListPeopleRequest::default()).await.unwrap_or_else(|problem| panic!("{problem}"))
}

fn of_group(person: &Person, group: Group) -> Vec<&Membership> {
    person.memberships.iter().filter(|held| held.group() == group).collect()
}

async fn counted(city: &City, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut city.look("people").await).await.expect("a count")
}

/// How many events of each kind the township's feed has.
async fn events(client: &Client) -> BTreeMap<&'static str, usize> {
    let mut stream = client.people().watch_people(WatchPeopleRequest::default()).await.expect("a watch").into_inner();
    let mut events = BTreeMap::new();
    loop {
        match stream.message().await.expect("the stream").and_then(|message| message.item) {
            Some(Item::Event(event)) => {
                let kind = match event.change {
                    Some(Change::Registered(_)) => "registered",
                    Some(Change::MembershipsChanged(_)) => "memberships",
                    Some(Change::EmploymentRecorded(_)) => "employment",
                    Some(Change::AssignmentChanged(_)) => "assignment",
                    _ => "other",
                };
                *events.entry(kind).or_default() += 1;
            }
            Some(Item::Bookmark(_)) => return events,
            None => panic!("the watch ended"),
        }
    }
}

/// A member of RELATIVE_POVERTY, by an earlier list.
async fn poor(clerk: &Client, numbers: std::ops::Range<u32>) {
    let rows = numbers.zip(4..).map(|(n, row)| listed(n, row)).collect();
    let earlier = begins(clerk, DataMatchStart { list_name: "2025年低保名单".to_owned(), ..start() }, rows).await;
    applies(clerk, &earlier).await;
    commits(clerk, &earlier).await.expect("committed");
}

/// Rows of every kind, numbered from 4 on; persons 1 and 2 are members, 3 is registered and no member.
fn every_kind() -> Vec<ListedRow> {
    let poor_and_employed = with(listed(3, 6), |cells| RosterRow {
        phone: "13900000003".to_owned(),
        status: "灵活就业".to_owned(),
        status_since: "2026年1月2日".to_owned(),
        ..cells
    });
    vec![
        listed(1, 4),                                                             // matched
        ListedRow { ended_on: "2026.1.3".to_owned(), ..listed(2, 5) },            // ends
        poor_and_employed,                                                        // joins, and more
        with(listed(1, 7), |cells| RosterRow { phone: "1".to_owned(), ..cells }), // duplicate
        with(listed(4, 8), |cells| RosterRow { id_number: format!("{}?", &cells.id_number[..17]), ..cells }), // invalid
        listed(9, 9),                                                             // elsewhere
        with(listed(5, 10), |cells| RosterRow { village: "河口村".to_owned(), ..cells }), // new
        with(listed(6, 11), |cells| RosterRow { name: "另一人".to_owned(), ..cells }), // another name
        ListedRow { ended_on: "2026-01-03".to_owned(), ..listed(7, 12) },         // ended
        ListedRow { ended_on: "昨天".to_owned(), ..listed(8, 13) },               // invalid
        ListedRow { ended_on: "2026-01-03".to_owned(), ..listed(9, 14) },         // duplicate
    ]
}

async fn scene() -> (City, Client) {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    city.clerk(LIBAO).people().register_person(sample::person(9)).await.expect("registered elsewhere");
    poor(&clerk, 1..3).await;
    for n in [3, 6] {
        clerk.people().register_person(sample::person(n)).await.expect("registered");
    }
    (city, clerk)
}

#[tokio::test]
async fn every_row_is_of_a_kind_and_nobody_is_changed_before_the_commit() {
    let (city, clerk) = scene().await;
    let before = (all(&clerk).await, events(&clerk).await);
    let request = start();
    let found = begins(&clerk, request.clone(), every_kind()).await;
    assert_eq!(begins(&clerk, request.clone(), every_kind()).await, found, "repeated");
    let reused = matches::send(&clerk, request, vec![listed(1, 4)]).await.expect_err("another list under the same id");
    assert_eq!(reused.reason(), "REQUEST_ID_REUSED");
    assert_eq!((found.state(), found.rows, found.undecided), (DataMatchState::Open, 11, 4));
    assert_eq!((found.group(), found.started_by.as_str()), (Group::RelativePoverty, "clerk-1"));
    assert_eq!(found.counts.iter().map(|count| count.rows).sum::<i32>(), 11);

    let rows = rows_of(&clerk, &found).await;
    assert_eq!(
        kinds(&rows).into_values().collect::<Vec<_>>(),
        [
            K::Matched,
            K::Conflicting,
            K::Conflicting,
            K::Duplicate,
            K::Invalid,
            K::Elsewhere,
            K::New,
            K::Conflicting,
            K::Ended,
            K::Invalid,
            K::Duplicate,
        ]
    );
    let differing = |n: usize| rows[n].differing_fields.iter().map(String::as_str).collect::<BTreeSet<_>>();
    assert_eq!(differing(1), ["memberships"].into());
    assert_eq!(differing(2), ["phone", "memberships", "employment"].into());
    assert_eq!(differing(7), ["name"].into(), "nothing else of another's is compared");
    assert_eq!(rows[3].codes, [i32::from(RowCode::DuplicateInFile), i32::from(RowCode::PhoneInvalid)]);
    assert_eq!(rows[4].codes, [i32::from(RowCode::IdCheckDigit)]);
    assert_eq!(rows[9].codes, [i32::from(RowCode::DateUnreadable)]);
    assert!(rows[5].person_id.is_empty() && rows[5].differing_fields.is_empty(), "nothing is told of who is elsewhere");
    assert_eq!(rows[2].name_masked, "李**");
    assert_eq!((rows[2].phone_masked.as_str(), rows[2].status()), ("139****0003", EmploymentStatus::Flexible));
    assert_eq!((rows[1].ended_on, rows[2].status_since), (on("2026-01-03"), on("2026-01-02")));
    assert_eq!(get(&clerk, &rows[2].person_id).await.expect("found").village, "双溪村");

    let page = |kind: K, undecided| ListDataMatchRowsRequest {
        match_id: found.match_id.clone(),
        row_kind: kind.into(),
        undecided,
        ..Default::default()
    };
    let numbers = async |request| {
        let rows = matches::rows(&clerk, request, usize::MAX).await.unwrap_or_else(|problem| panic!("{problem}"));
        rows.into_iter().map(|row| row.row).collect::<Vec<_>>()
    };
    assert_eq!(numbers(page(K::Conflicting, false)).await, [5, 6, 11]);
    assert_eq!(numbers(page(K::Unspecified, true)).await, [5, 6, 10, 11]);
    let mut paged = Vec::new();
    let mut request = ListDataMatchRowsRequest { page_size: 4, ..page(K::Unspecified, false) };
    loop {
        let page = clerk.people().list_data_match_rows(request.clone()).await.expect("a page").into_inner();
        paged.extend(page.rows);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(paged, rows);

    assert_eq!((all(&clerk).await, events(&clerk).await), before, "nobody is changed, nobody hears of it");
    city.close().await;
}

#[tokio::test]
async fn what_is_decided_is_written_once_with_its_source_and_the_list_is_wiped() {
    let (city, clerk) = scene().await;
    let found = begins(&clerk, start(), every_kind()).await;
    let before = events(&clerk).await;
    let undecided = commits(&clerk, &found).await.expect_err("nothing is decided");
    assert_eq!((undecided.code(), reason(&undecided).as_str()), (Code::FailedPrecondition, "MATCH_UNDECIDED"));
    assert_eq!(undecided.get_details_error_info().expect("details").metadata["rows"], "4");

    decides(&clerk, &found, D::Apply, K::Conflicting, &[]).await.expect("decided");
    decides(&clerk, &found, D::Ignore, K::New, &[]).await.expect("decided");
    let decided = decides(&clerk, &found, D::Apply, K::Unspecified, &[10, 10]).await.expect("decided otherwise");
    assert_eq!((decided.undecided, decided.state()), (0, DataMatchState::Open));
    let done = commits(&clerk, &found).await.expect("committed");
    assert_eq!((done.state(), done.committed_by.as_str()), (DataMatchState::Committed, "clerk-1"));
    assert!(done.committed_at.is_some());

    let rows = rows_of(&clerk, &found).await;
    let left = outcomes(&rows);
    assert_eq!((left[&5], left[&6], left[&10], left[&11]), (O::Changed, O::Changed, O::Registered, O::OtherName));
    assert_eq!(left.values().filter(|&&outcome| outcome == O::Unspecified).count(), 7);
    assert!(rows.iter().all(|row| row.name_masked.is_empty() && row.id_number_masked.is_empty()), "the list is wiped");
    assert_eq!(counted(&city, "SELECT count(*) FROM data_match_row WHERE sealed IS NOT NULL").await, 0);

    let people = all(&clerk).await;
    let by_phone = |masked: &str| people.iter().find(|person| person.phone_masked == masked).expect("somebody");
    let third = by_phone("139****0003");
    let [joined] = of_group(third, Group::RelativePoverty)[..] else { panic!("{third:?}") };
    assert_eq!((joined.source(), joined.evidence.as_str(), joined.from), (Source::DataMatch, ORIGIN, on("2026-01-05")));
    let request = GetEmploymentHistoryRequest { person_id: third.person_id.clone(), ..Default::default() };
    let history = clerk.people().get_employment_history(request).await.expect("a history").into_inner();
    let [record] = &history.records[..] else { panic!("{history:?}") };
    assert_eq!((record.status(), record.effective_on), (EmploymentStatus::Flexible, on("2026-01-02")));
    assert_eq!((record.source.as_str(), record.evidence.as_str()), ("DATA_MATCH", ORIGIN));

    let fifth = people.iter().find(|person| person.village == "河口村").expect("the new one");
    let [joined] = of_group(fifth, Group::RelativePoverty)[..] else { panic!("{fifth:?}") };
    assert_eq!((joined.source(), joined.evidence.as_str()), (Source::DataMatch, ORIGIN));
    assert!(fifth.employment.is_none(), "the list says nothing of it");

    let ended: Vec<_> =
        people.iter().flat_map(|person| &person.memberships).filter(|held| held.until.is_some()).collect();
    let [ended] = ended[..] else { panic!("{ended:?}") };
    assert_eq!((ended.until, ended.end_evidence.as_str()), (on("2026-01-05"), ORIGIN), "not before it began");
    assert_eq!(people.len(), 5, "neither the ended nor the invalid ones");

    let after = events(&clerk).await;
    assert_eq!(after["registered"] - before["registered"], 1);
    assert_eq!(after["memberships"] - before.get("memberships").unwrap_or(&0), 2, "one joined, one left");
    assert_eq!(after["employment"] - before.get("employment").unwrap_or(&0), 1);
    assert_eq!(commits(&clerk, &found).await.expect("again"), done);
    assert_eq!((all(&clerk).await, events(&clerk).await), (people, after), "a second commit changes nothing");

    let trail = city.reviewer(DADONG).people().list_audit(ListAuditRequest::default()).await.expect("a trail");
    let trail: Vec<_> = trail.into_inner().entries;
    let told = |action: &str| trail.iter().filter(|entry| entry.action == action).count();
    let of_both = (told("START_DATA_MATCH"), told("DECIDE_DATA_MATCH"), told("COMMIT_DATA_MATCH"));
    assert_eq!(of_both, (2, 5, 2));
    assert!(trail.iter().any(|entry| entry.reason == format!("match {} IGNORE NEW", found.match_id)), "{trail:?}");
    city.close().await;
}

#[tokio::test]
async fn the_same_list_again_is_the_match_that_is_there_and_the_same_rows_elsewhere_are_matched() {
    let (city, clerk) = scene().await;
    let rows = vec![
        listed(1, 4),
        with(listed(3, 5), |cells| RosterRow {
            phone: "13900000003".to_owned(),
            status: "单位就业".to_owned(),
            status_since: "不明".to_owned(),
            contract_months: "12".to_owned(),
            ..cells
        }),
        listed(20, 6),
        ListedRow { ended_on: "2026-01-05".to_owned(), ..listed(2, 7) },
    ];
    let found = begins(&clerk, start(), rows.clone()).await;
    let again = begins(&clerk, start(), rows.clone()).await;
    assert_eq!(again, found, "under another request id, before the commit");
    applies(&clerk, &found).await;
    let done = commits(&clerk, &found).await.expect("committed");
    let people = all(&clerk).await;
    assert_eq!(begins(&city.caller("clerk-2", &[Role::Clerk], Some(DADONG), &[]), start(), rows.clone()).await, done);
    assert_eq!(counted(&city, "SELECT count(*) FROM data_match").await, 2);

    city.turn_to("2026-02-05");
    let other = DataMatchStart { list_name: "2026年低保名单（二）".to_owned(), ..start() };
    let second = begins(&clerk, other, rows).await;
    let rows = rows_of(&clerk, &second).await;
    assert!(rows.iter().all(|row| row.kind() == K::Matched), "{rows:?}");
    assert_eq!(second.undecided, 0);
    commits(&clerk, &second).await.expect("there is nothing to decide");
    assert_eq!(all(&clerk).await, people, "the etags included");
    city.close().await;
}

#[tokio::test]
async fn departments_bring_what_the_office_keeps_of_their_groups() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    clerk.people().register_person(sample::person(1)).await.expect("registered");
    let lists = [
        (
            Department::Education,
            Group::CollegeGraduate,
            ListedRow {
                school: "示范大学".to_owned(),
                ..with(listed(1, 4), |cells| RosterRow { graduated_on: "2025-06-30".to_owned(), ..cells })
            },
        ),
        (
            Department::VeteransAffairs,
            Group::Veteran,
            ListedRow {
                discharge_kind: "自主就业".to_owned(), discharged_on: "2025.12.1".to_owned(), ..listed(1, 4)
            },
        ),
        (
            Department::Agriculture,
            Group::ReturnedMigrant,
            ListedRow { returned_from: "上海".to_owned(), returned_on: "2025-11-30".to_owned(), ..listed(1, 4) },
        ),
    ];
    for (department, group, row) in lists {
        let list = |name: &str| DataMatchStart { department: department.into(), list_name: name.to_owned(), ..start() };
        let found = begins(&clerk, list("名单"), vec![row.clone()]).await;
        assert_eq!(found.group(), group);
        applies(&clerk, &found).await;
        commits(&clerk, &found).await.expect("committed");
        let person = all(&clerk).await.remove(0);
        let [held] = of_group(&person, group)[..] else { panic!("{person:?}") };
        let kept = match held.details.clone().expect("details") {
            Details::Graduation(kept) => format!("{} {:?}", kept.school, kept.graduated_on),
            Details::Discharge(kept) => format!("{} {:?}", kept.kind().as_str_name(), kept.discharged_on),
            Details::Homecoming(kept) => format!("{} {:?}", kept.returned_from, kept.returned_on),
        };
        let expected = match department {
            Department::Education => format!("示范大学 {:?}", on("2025-06-30")),
            Department::VeteransAffairs => format!("DISCHARGE_KIND_OWN_EMPLOYMENT {:?}", on("2025-12-01")),
            _ => format!("上海 {:?}", on("2025-11-30")),
        };
        assert_eq!(kept, expected);

        // Something of it comes to differ later.
        let found = begins(&clerk, list("第二份名单"), vec![row.clone()]).await;
        assert_eq!(rows_of(&clerk, &found).await[0].kind(), K::Matched, "{group:?}");
        let row = ListedRow {
            school: "另一大学".into(),
            discharged_on: "2025.12.2".into(),
            returned_from: "苏州".into(),
            ..row
        };
        let found = begins(&clerk, list("更正名单"), vec![row]).await;
        let row = rows_of(&clerk, &found).await.remove(0);
        assert_eq!(row.kind(), K::Conflicting);
        let field = match department {
            Department::Education => "graduation",
            Department::VeteransAffairs => "discharge",
            _ => "homecoming",
        };
        assert_eq!(row.differing_fields, [field]);
    }
    city.close().await;
}

#[tokio::test]
async fn decisions_are_for_open_matches_and_for_rows_that_can_be_decided_on() {
    let (city, clerk) = scene().await;
    let found = begins(&clerk, start(), every_kind()).await;
    let refused = async |decision, kind, rows: &[i32]| {
        let status = decides(&clerk, &found, decision, kind, rows).await.expect_err("refused");
        let fields = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
        (reason(&status), fields.into_iter().map(|fault| fault.field).collect::<Vec<_>>().join(" "))
    };
    let invalid = |field: &str| ("FIELD_INVALID".to_owned(), field.to_owned());
    for kind in [K::Matched, K::Elsewhere, K::Invalid, K::Duplicate, K::Ended] {
        assert_eq!(refused(D::Apply, kind, &[]).await, invalid("row_kind"), "{kind:?}");
    }
    for rows in [&[4][..], &[10, 8], &[10, 9], &[10, 99], &[7], &[12]] {
        assert_eq!(refused(D::Ignore, K::Unspecified, rows).await, invalid("rows"), "{rows:?}");
    }
    assert_eq!(refused(D::Unspecified, K::New, &[10]).await, invalid("decision rows"));
    assert_eq!(read(&clerk, &found).await.expect("found").undecided, 4, "what is refused decides nothing");

    applies(&clerk, &found).await;
    let done = commits(&clerk, &found).await.expect("committed");
    let late = decides(&clerk, &found, D::Ignore, K::New, &[]).await.expect_err("it is committed");
    assert_eq!(reason(&late), "ILLEGAL_TRANSITION");
    assert_eq!(late.get_details_error_info().expect("details").metadata["state"], "COMMITTED");
    assert_eq!(read(&clerk, &found).await.expect("found"), done);
    city.close().await;
}

#[tokio::test]
async fn rows_are_judged_once_more_by_what_the_register_holds_at_the_commit() {
    let (city, clerk) = scene().await;
    let rows = vec![
        listed(30, 4),
        listed(31, 5),
        with(listed(32, 6), |cells| RosterRow { phone: "13900000032".to_owned(), ..cells }),
        with(listed(6, 7), |cells| RosterRow { name: "另一人".to_owned(), ..cells }),
        with(listed(3, 8), |cells| RosterRow { name: "又一人".to_owned(), ..cells }),
        ListedRow { ended_on: "2026-01-05".to_owned(), ..listed(2, 9) },
    ];
    let found = begins(&clerk, start(), rows).await;
    applies(&clerk, &found).await;
    city.clerk(LIBAO).people().register_person(sample::person(31)).await.expect("registered elsewhere meanwhile");
    clerk.people().register_person(sample::person(32)).await.expect("registered here meanwhile");
    // The register had the name wrong.
    let wrong = rows_of(&clerk, &found).await.remove(3);
    let person = get(&clerk, &wrong.person_id).await.expect("found");
    let corrected = UpdatePersonRequest {
        request_id: request_id(),
        person_id: person.person_id.clone(),
        etag: person.etag,
        update_mask: Some(prost_types::FieldMask { paths: vec!["name".to_owned()] }),
        name: "另一人".to_owned(),
        ..Default::default()
    };
    clerk.people().update_person(corrected).await.expect("corrected");

    commits(&clerk, &found).await.expect("committed");
    let left = outcomes(&rows_of(&clerk, &found).await).into_values().collect::<Vec<_>>();
    assert_eq!(left, [O::Registered, O::Elsewhere, O::Changed, O::Changed, O::OtherName, O::Changed]);
    let person = get(&clerk, &wrong.person_id).await.expect("found");
    assert_eq!(of_group(&person, Group::RelativePoverty).len(), 1);
    city.close().await;
}

#[tokio::test]
async fn whose_membership_ended_is_not_registered_because_they_are_gone_by_the_commit() {
    let (city, clerk) = scene().await;
    let ended = |n, row| ListedRow { ended_on: "2026-01-05".to_owned(), ..listed(n, row) };
    let found = begins(&clerk, start(), vec![ended(1, 4), ended(2, 5)]).await;
    applies(&clerk, &found).await;
    // Their number is nobody's any more.
    let gone = "DELETE FROM identity WHERE person_id = (SELECT min(person_id::text)::uuid FROM person WHERE township = '320685102')";
    sqlx::raw_sql(gone).execute(&mut city.look("people").await).await.expect("gone");
    commits(&clerk, &found).await.expect("committed");
    let left = outcomes(&rows_of(&clerk, &found).await).into_values().collect::<BTreeSet<_>>();
    assert_eq!(left, [O::Ended, O::Changed].into());
    assert_eq!(all(&clerk).await.len(), 4, "nobody came in");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_list_sent_twice_at_once_is_one_match() {
    let city = City::new().await;
    let calls = (0..4).map(|n| {
        let clerk = city.caller(&format!("clerk-{n}"), &[Role::Clerk], Some(DADONG), &[]);
        tokio::spawn(async move { begins(&clerk, start(), many(1, 50)).await })
    });
    let calls = calls.collect::<Vec<_>>();
    let mut found = BTreeSet::new();
    for call in calls {
        found.insert(call.await.expect("no panic").match_id);
    }
    assert_eq!(found.len(), 1);
    assert_eq!(counted(&city, "SELECT count(*) FROM data_match_row").await, 50);
    city.close().await;
}

/// `count` people of whom nobody knows, from the n-th on.
fn many(from: u32, count: u32) -> Vec<ListedRow> {
    (from..from + count).zip(4..).map(|(n, row)| listed(n, row)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_at_once_write_every_row_once() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let found = begins(&clerk, start(), many(1, 1_200)).await;
    applies(&clerk, &found).await;
    let calls = (0..4).map(|_| {
        let (clerk, found) = (city.clerk(DADONG), found.clone());
        tokio::spawn(async move { commits(&clerk, &found).await })
    });
    let calls = calls.collect::<Vec<_>>();
    for call in calls {
        let done = call.await.expect("no panic").expect("committed");
        assert_eq!(done.state(), DataMatchState::Committed);
        assert_eq!(
            done.counts.iter().map(|count| (count.outcome(), count.rows)).collect::<Vec<_>>(),
            [(O::Registered, 1_200)]
        );
    }
    assert_eq!(all(&clerk).await.len(), 1_200);
    assert_eq!(events(&clerk).await["registered"], 1_200);
    assert_eq!(counted(&city, "SELECT count(*) FROM membership").await, 1_200);
    assert_eq!(counted(&city, "SELECT count(*) FROM audit WHERE action = 'COMMIT_DATA_MATCH'").await, 1);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_commit_goes_on_where_it_stopped() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    clerk.people().register_person(sample::person(1_101)).await.expect("registered");
    let found = begins(&clerk, start(), many(1, 1_200)).await;
    applies(&clerk, &found).await;

    // Somebody else holds the person of the third batch: the commit comes so far and no further.
    let mut holder = city.look("people").await;
    sqlx::raw_sql("BEGIN; SELECT person_id FROM person FOR UPDATE").execute(&mut holder).await.expect("held");
    let message = CommitDataMatchRequest { request_id: request_id(), match_id: found.match_id.clone() };
    let mut call = tonic::Request::new(message.clone());
    call.set_timeout(Duration::from_secs(6));
    let cut = clerk.people().commit_data_match(call).await.expect_err("the deadline passes");
    assert_eq!(reason(&cut), "DEADLINE");
    let stopped = read(&clerk, &found).await.expect("found");
    assert_eq!(stopped.state(), DataMatchState::Committing);
    let written =
        stopped.counts.iter().filter(|count| count.outcome() == O::Registered).map(|count| count.rows).sum::<i32>();
    assert_eq!(written, 1_000, "two batches");
    assert_eq!(all(&clerk).await.len(), 1_001);
    let late = decides(&clerk, &found, D::Ignore, K::New, &[]).await.expect_err("it is being committed");
    assert_eq!(reason(&late), "ILLEGAL_TRANSITION");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("let go");

    let done = clerk.people().commit_data_match(message).await.expect("the same call goes on").into_inner();
    assert_eq!(done.state(), DataMatchState::Committed);
    let left = done.counts.iter().map(|count| (count.outcome(), count.rows)).collect::<BTreeMap<_, _>>();
    assert_eq!(left, [(O::Registered, 1_199), (O::Changed, 1)].into());
    assert_eq!(all(&clerk).await.len(), 1_200);
    let events = events(&clerk).await;
    assert_eq!((events["registered"], events["memberships"]), (1_200, 1));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_list_leaves_nothing_and_parts_out_of_order_are_refused() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    all(&clerk).await;
    let whole = start();
    let (sender, receiver) = mpsc::channel(1);
    let mut client = clerk.people();
    let call = tokio::spawn(async move { client.start_data_match(ReceiverStream::new(receiver)).await });
    for part in [Part::Start(whole.clone()), Part::Rows(ListedRows { rows: many(1, 3) })] {
        sender.send(StartDataMatchRequest { part: Some(part) }).await.expect("sent");
    }
    drop(sender.reserve().await.expect("taken"));
    // Now the server has the rows, and waits for more.
    tokio::time::sleep(Duration::from_millis(300)).await;
    call.abort();
    assert!(call.await.expect_err("given up").is_cancelled());
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(counted(&city, "SELECT count(*) FROM data_match").await, 0);
    // The cut stream has claimed nothing: the same request id is good for another list.
    assert_eq!(begins(&clerk, whole, many(10, 5)).await.rows, 5);
    drop(sender);

    let rows = || Part::Rows(ListedRows { rows: many(1, 1) });
    for (what, parts) in [
        ("no start", vec![Some(rows())]),
        ("no rows", vec![Some(Part::Start(start()))]),
        ("nothing", vec![]),
        ("an empty message", vec![Some(Part::Start(start())), None]),
        ("two starts", vec![Some(Part::Start(start())), Some(Part::Start(start())), Some(rows())]),
        ("a row number twice", vec![Some(Part::Start(start())), Some(rows()), Some(rows())]),
        ("too many at once", vec![Some(Part::Start(start())), Some(Part::Rows(ListedRows { rows: many(1, 1_001) }))]),
        (
            "a list of tomorrow",
            vec![Some(Part::Start(DataMatchStart { list_on: on("2026-01-06"), ..start() })), Some(rows())],
        ),
    ] {
        let messages = parts.into_iter().map(|part| StartDataMatchRequest { part }).collect::<Vec<_>>();
        let refused = clerk.people().start_data_match(futures::stream::iter(messages)).await.expect_err(what);
        assert_eq!(reason(&refused), "FIELD_INVALID", "{what}");
    }
    assert_eq!(counted(&city, "SELECT count(*) FROM data_match").await, 1);
    city.close().await;
}

#[tokio::test]
async fn another_township_sees_nothing_and_the_city_reads_only() {
    let (city, clerk) = scene().await;
    let found = begins(&clerk, start(), every_kind()).await;
    let stranger = city.clerk(LIBAO);
    let page = ListDataMatchRowsRequest { match_id: found.match_id.clone(), ..Default::default() };
    for refused in [
        read(&stranger, &found).await.map(drop),
        stranger.people().list_data_match_rows(page.clone()).await.map(drop),
        decides(&stranger, &found, D::Apply, K::New, &[]).await.map(drop),
        commits(&stranger, &found).await.map(drop),
    ] {
        let refused = refused.expect_err("not theirs");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
    let listed = stranger.people().list_data_matches(ListDataMatchesRequest::default()).await.expect("a page");
    assert!(listed.into_inner().matches.is_empty());
    // The same list of another township is another match.
    assert_ne!(begins(&stranger, start(), every_kind()).await.match_id, found.match_id);

    let request = ListDataMatchesRequest { township: DADONG.to_owned(), ..Default::default() };
    let listed = city.bureau().people().list_data_matches(request.clone()).await.expect("a page").into_inner().matches;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0].match_id, listed[0].counts.len()), (&found.match_id, 0));
    let open = ListDataMatchesRequest { state: DataMatchState::Committed.into(), ..request };
    let committed = city.bureau().people().list_data_matches(open).await.expect("a page").into_inner().matches;
    assert_eq!(committed.len(), 1);
    let page = ListDataMatchRowsRequest { township: DADONG.to_owned(), ..page };
    assert_eq!(city.bureau().people().list_data_match_rows(page).await.expect("a page").into_inner().rows.len(), 11);
    for reader in [city.reviewer(DADONG), city.coordinator(DADONG, &["双溪村"])] {
        let refused = commits(&reader, &found).await.expect_err("no clerk");
        assert_eq!(reason(&refused), "ROLE_MISSING");
    }
    assert!(read(&city.reviewer(DADONG), &found).await.is_ok());
    city.close().await;
}

#[tokio::test]
async fn what_is_not_committed_within_thirty_days_is_wiped_and_may_be_sent_anew() {
    let (city, clerk) = scene().await;
    let found = begins(&clerk, start(), every_kind()).await;
    applies(&clerk, &found).await;
    city.turn_to("2026-02-04");
    assert_eq!(read(&clerk, &found).await.expect("found").state(), DataMatchState::Open);
    city.turn_to("2026-02-05");
    let expired = read(&clerk, &found).await.expect("found");
    assert_eq!(expired.state(), DataMatchState::Expired);
    assert_eq!(counted(&city, "SELECT count(*) FROM data_match_row WHERE sealed IS NOT NULL").await, 0);
    let late = commits(&clerk, &found).await.expect_err("too late");
    assert_eq!(reason(&late), "ILLEGAL_TRANSITION");
    assert_eq!(late.get_details_error_info().expect("details").metadata["state"], "EXPIRED");
    assert_eq!(all(&clerk).await.len(), 4, "nobody came in");
    let anew = begins(&clerk, start(), every_kind()).await;
    assert_ne!(anew.match_id, found.match_id);
    assert_eq!(anew.state(), DataMatchState::Open);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_nobody_looks_at_any_more_is_wiped_by_itself() {
    let (mut city, clerk) = scene().await;
    begins(&clerk, start(), every_kind()).await;
    let waiting = "SELECT count(*) FROM data_match_row WHERE sealed IS NOT NULL";
    assert_eq!(counted(&city, waiting).await, 7);
    city.stop().await;
    city.turn_to("2026-02-05");
    let plan = city.plan().await;
    city.start(plan).await;
    for _ in 0..100 {
        if counted(&city, waiting).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(counted(&city, waiting).await, 0);
    city.close().await;
}
