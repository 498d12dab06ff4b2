//! Transfers: one identity, one history, one township at a time; each step is one side's, and what is refused changes
//! nothing.

use bangfu::client::{Client, date, request_id};
use bangfu_people::model::audit::verify;
use bangfu_proto::{
    common::v1::CalendarDate,
    people::v1::{
        AcceptTransferRequest, BatchGetPeopleRequest, EmploymentStatus as S, GetEmploymentHistoryRequest,
        GetRegistrationsRequest, GetTransferRequest, Group, JoinGroupRequest, ListPeopleRequest, ListSurveysRequest,
        ListTransfersRequest, OfferTransferRequest, PersonEvent, RecordEmploymentRequest, RecordSurveyRequest,
        RegisterEmploymentRequest, RegisterPersonRequest, RegisterUnemploymentRequest, RegisteredBy,
        RejectTransferRequest, RevealPersonRequest, Source, Transfer, TransferDirection, TransferState, WantsWork,
        WatchPeopleRequest, WithdrawTransferRequest, person_event::Change,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Response, Status};

use crate::{audit::trail, walls::get, watch::until_bookmark};

/// A third township: 曲塘镇.
pub(crate) const QUTANG: &str = "320685104";

#[expect(clippy::unnecessary_wraps, reason = "every message field is an option")]
fn on(day: &str) -> Option<CalendarDate> {
    Some(date(day.parse().expect("a date")).expect("a date"))
}

pub(crate) async fn offer(client: &Client, person_id: &str, to: &str) -> Result<Transfer, Status> {
    let request = OfferTransferRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        to_township: to.to_owned(),
        reason: "户籍迁移".to_owned(),
        transfer_id: String::new(),
    };
    client.people().offer_transfer(request).await.map(Response::into_inner)
}

pub(crate) fn acceptance(transfer_id: &str) -> AcceptTransferRequest {
    AcceptTransferRequest {
        request_id: request_id(),
        transfer_id: transfer_id.to_owned(),
        village: "新村".to_owned(),
        coordinator: "协理员丙".to_owned(),
        effective_on: None,
    }
}

pub(crate) async fn accept(client: &Client, transfer_id: &str) -> Result<Transfer, Status> {
    client.people().accept_transfer(acceptance(transfer_id)).await.map(Response::into_inner)
}

pub(crate) async fn reject(client: &Client, transfer_id: &str) -> Result<Transfer, Status> {
    let (request_id, transfer_id, reason) = (request_id(), transfer_id.to_owned(), "查无此人".to_owned());
    let request = RejectTransferRequest { request_id, transfer_id, reason };
    client.people().reject_transfer(request).await.map(Response::into_inner)
}

pub(crate) async fn withdraw(client: &Client, transfer_id: &str) -> Result<Transfer, Status> {
    let (request_id, transfer_id, reason) = (request_id(), transfer_id.to_owned(), "提错了人".to_owned());
    let request = WithdrawTransferRequest { request_id, transfer_id, reason };
    client.people().withdraw_transfer(request).await.map(Response::into_inner)
}

pub(crate) async fn look(client: &Client, transfer_id: &str) -> Result<Transfer, Status> {
    let request = GetTransferRequest { transfer_id: transfer_id.to_owned(), township: String::new() };
    client.people().get_transfer(request).await.map(Response::into_inner)
}

/// The ids of a township's people, as its list shows them.
pub(crate) async fn listed(client: &Client) -> Vec<String> {
    let request = ListPeopleRequest { page_size: 500, ..Default::default() };
    let people = client.people().list_people(request).await.expect("listed").into_inner().people;
    people.into_iter().map(|person| person.person_id).collect()
}

/// Everything that stands about somebody, as their township tells it.
async fn history(client: &Client, person_id: &str) -> Result<String, Status> {
    let (person_id, township) = (person_id.to_owned(), String::new());
    let employment = GetEmploymentHistoryRequest { person_id: person_id.clone(), township: township.clone() };
    let registrations = GetRegistrationsRequest { person_id: person_id.clone(), township: township.clone() };
    let surveys = ListSurveysRequest { person_id: person_id.clone(), township, ..Default::default() };
    let person = get(client, &person_id).await?;
    let reveal = RevealPersonRequest { person_id, reason: "核对档案".to_owned() };
    Ok(format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?} {:?} {:?} {:?} {:?}",
        client.people().get_employment_history(employment).await?.into_inner(),
        client.people().get_registrations(registrations).await?.into_inner(),
        client.people().list_surveys(surveys).await?.into_inner(),
        client.people().reveal_person(reveal).await?.into_inner(),
        (person.person_id, person.name_masked, person.id_number_masked, person.phone_masked),
        (person.sex, person.birth_year, person.education, person.job_wish, person.training_wish),
        person.memberships,
        person.employment,
        (person.level, person.created_at),
    ))
}

/// Somebody about whom everything stands that can stand.
pub(crate) async fn somebody(clerk: &Client, n: u32) -> String {
    let request = RegisterPersonRequest {
        address: "示范路一百零一号".to_owned(),
        remark: "备注里的话".to_owned(),
        ..sample::person_who_is(n, S::Unemployed, "2025-12-01")
    };
    let id = clerk.people().register_person(request).await.expect("registered").into_inner().person_id;
    let join = JoinGroupRequest {
        request_id: request_id(),
        person_id: id.clone(),
        group: Group::Veteran.into(),
        source: Source::SelfApplication.into(),
        evidence: "退役证".to_owned(),
        ..Default::default()
    };
    clerk.people().join_group(join).await.expect("joined");
    let record = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: id.clone(),
        employment: Some(sample::employment(S::UnitEmployed, "2025-12-20")),
        ..Default::default()
    };
    let wrong = clerk.people().record_employment(record.clone()).await.expect("recorded").into_inner().record_id;
    let register = RegisterEmploymentRequest {
        request_id: request_id(),
        person_id: id.clone(),
        record_id: wrong.clone(),
        registered_by: RegisteredBy::Employer.into(),
        ..Default::default()
    };
    clerk.people().register_employment(register).await.expect("registered");
    let corrects = RecordEmploymentRequest {
        request_id: request_id(),
        employment: Some(sample::employment(S::Unemployed, "2025-12-20")),
        corrects_record_id: wrong,
        ..record
    };
    clerk.people().record_employment(corrects).await.expect("corrected");
    let unemployed =
        RegisterUnemploymentRequest { request_id: request_id(), person_id: id.clone(), ..Default::default() };
    clerk.people().register_unemployment(unemployed).await.expect("registered");
    let survey = RecordSurveyRequest {
        request_id: request_id(),
        person_id: id.clone(),
        asked_by: "协理员甲".to_owned(),
        wants_work: WantsWork::Yes.into(),
        note: "家有老人需照顾".to_owned(),
        ..Default::default()
    };
    clerk.people().record_survey(survey).await.expect("recorded");
    id
}

pub(crate) async fn events(client: &Client, person_id: &str) -> Vec<PersonEvent> {
    let (events, _) = until_bookmark(client, WatchPeopleRequest::default()).await.expect("a watch");
    events.into_iter().filter(|event| event.person_id == person_id).collect()
}

#[tokio::test]
async fn an_accepted_offer_moves_the_person_with_one_identity_and_all_of_their_history() {
    let city = City::new().await;
    let (sender, receiver) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = somebody(&sender, 1).await;
    city.turn_to("2026-01-10");
    let offered = offer(&sender, &id, LIBAO).await.expect("offered");
    assert_eq!((offered.state(), offered.direction()), (TransferState::Offered, TransferDirection::Out));
    assert_eq!((&offered.expires_on, offered.counterpart_township.as_str()), (&on("2026-02-09"), LIBAO));
    assert!(get(&receiver, &id).await.is_err(), "offered is not here");

    // The receiver sees them masked, and changes of the meantime go along.
    let seen = look(&receiver, &offered.transfer_id).await.expect("found");
    assert_eq!((seen.direction(), seen.counterpart_township.as_str()), (TransferDirection::In, DADONG));
    let before = get(&sender, &id).await.expect("here");
    assert_eq!((&seen.name_masked, &seen.id_number_masked), (&before.name_masked, &before.id_number_masked));
    let retired = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: id.clone(),
        employment: Some(sample::employment(S::Flexible, "2026-01-09")),
        ..Default::default()
    };
    sender.people().record_employment(retired.clone()).await.expect("still the sender's");

    city.turn_to("2026-01-20");
    let all = history(&sender, &id).await.expect("read");
    let request = AcceptTransferRequest { effective_on: on("2026-01-15"), ..acceptance(&offered.transfer_id) };
    let accepted = receiver.people().accept_transfer(request.clone()).await.expect("accepted").into_inner();
    assert_eq!(receiver.people().accept_transfer(request).await.expect("repeated").into_inner(), accepted);
    assert_eq!((accepted.state(), &accepted.effective_on), (TransferState::Accepted, &on("2026-01-15")));
    assert_eq!(accepted.closed_on, on("2026-01-20"));

    let here = get(&receiver, &id).await.expect("here");
    assert_eq!((here.village.as_str(), here.coordinator.as_str()), ("新村", "协理员丙"));
    assert_eq!((here.township.as_str(), &here.joined_on, &here.left_on), (LIBAO, &on("2026-01-15"), &None));
    assert_eq!(history(&receiver, &id).await.expect("read"), all, "nothing is lost");
    assert_eq!((listed(&sender).await, listed(&receiver).await), (vec![], vec![id.clone()]));

    // The sender reads for thirty days, changes nothing, and finds the number elsewhere.
    let left = get(&sender, &id).await.expect("readable");
    assert_eq!((&left.left_on, &left.joined_on), (&on("2026-01-15"), &on("2026-01-05")));
    assert_eq!(history(&sender, &id).await.expect("readable"), all);
    let change = RecordEmploymentRequest { request_id: request_id(), ..retired.clone() };
    let refused = sender.people().record_employment(change).await;
    assert_eq!(reason(&refused.expect_err("gone")), "PERSON_TRANSFERRED");
    let again = sender.people().register_person(sample::person(1)).await;
    assert_eq!(reason(&again.expect_err("elsewhere")), "PERSON_REGISTERED_ELSEWHERE");
    assert_eq!(reason(&offer(&sender, &id, LIBAO).await.expect_err("gone")), "PERSON_TRANSFERRED");
    city.turn_to("2026-02-19");
    assert_eq!(history(&sender, &id).await.expect("the last day"), all);
    city.turn_to("2026-02-20");
    assert_eq!(reason(&history(&sender, &id).await.expect_err("no more")), "NOT_FOUND");
    let change = RecordEmploymentRequest { request_id: request_id(), ..retired.clone() };
    let refused = sender.people().record_employment(change).await;
    assert_eq!(reason(&refused.expect_err("no more")), "NOT_FOUND");
    let batch = BatchGetPeopleRequest { person_ids: vec![id.clone()], township: String::new() };
    assert!(sender.people().batch_get_people(batch).await.expect("an answer").into_inner().people.is_empty());
    assert_eq!(get(&city.bureau(), &id).await.expect("the city finds them").township, LIBAO);

    // The receiver's register goes on where the sender's stood.
    receiver
        .people()
        .record_employment(RecordEmploymentRequest { request_id: request_id(), ..retired })
        .await
        .expect("ours");
    assert_eq!(trails(&city, DADONG).await, ["OFFER_TRANSFER clerk-1", "ACCEPT_TRANSFER clerk-1@320685103"]);
    assert_eq!(trails(&city, LIBAO).await, ["OFFER_TRANSFER clerk-1@320685102", "ACCEPT_TRANSFER clerk-1"]);
    city.close().await;
}

/// The transfers in a township's trail, which is whole.
async fn trails(city: &City, township: &str) -> Vec<String> {
    let entries = trail(city, township).await;
    assert_eq!(verify(township, &entries), Ok(()));
    let of_transfers = entries.iter().filter(|entry| entry.action.ends_with("_TRANSFER"));
    of_transfers.map(|entry| format!("{} {}", entry.action, entry.actor)).collect()
}

#[tokio::test]
async fn both_feeds_tell_a_move_and_the_receivers_tells_all_of_it() {
    let city = City::new().await;
    let (sender, receiver) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = somebody(&sender, 1).await;
    let offered = offer(&sender, &id, LIBAO).await.expect("offered");
    let quiet = events(&sender, &id).await.len();
    accept(&receiver, &offered.transfer_id).await.expect("accepted");

    let told = events(&sender, &id).await;
    let [event] = &told[quiet..] else { panic!("one event more: {told:?}") };
    let Some(Change::Left(left)) = &event.change else { panic!("left: {event:?}") };
    assert_eq!(
        (&left.left_on, &left.left_known_on, left.to_township.as_str()),
        (&on("2026-01-05"), &on("2026-01-05"), LIBAO)
    );

    let arrived = events(&receiver, &id).await;
    let Some(Change::Arrived(first)) = &arrived[0].change else { panic!("arrived: {arrived:?}") };
    assert_eq!((first.from_township.as_str(), first.village.as_str()), (DADONG, "新村"));
    assert_eq!((first.employment.len(), first.memberships.len()), (3, 2));
    assert!(first.memberships.iter().all(|membership| membership.evidence.is_empty()), "no evidence in events");
    let rest: Vec<_> = arrived[1..].iter().map(|event| event.change.as_ref().expect("a change")).collect();
    assert!(
        matches!(
            rest.as_slice(),
            [Change::UnemploymentRegistered(_), Change::EmploymentRegistered(_), Change::SurveyRecorded(_)]
        ),
        "{rest:?}"
    );
    city.close().await;
}

#[tokio::test]
async fn whoever_comes_back_finds_their_whole_history() {
    let city = City::new().await;
    let (home, away) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = somebody(&home, 1).await;
    let etag = get(&home, &id).await.expect("here").etag;
    city.turn_to("2026-02-01");
    let out = offer(&home, &id, LIBAO).await.expect("offered");
    accept(&away, &out.transfer_id).await.expect("accepted");
    // Away, things change that had begun at home, and new ones begin.
    let leave = bangfu_proto::people::v1::LeaveGroupRequest {
        request_id: request_id(),
        person_id: id.clone(),
        group: Group::Veteran.into(),
        until: None,
        evidence: "证件注销".to_owned(),
    };
    away.people().leave_group(leave).await.expect("left");
    let cancel = bangfu_proto::people::v1::CancelUnemploymentRequest {
        request_id: request_id(),
        person_id: id.clone(),
        cancelled_on: None,
        reason: bangfu_proto::people::v1::CancellationReason::Hired.into(),
        evidence: "劳动合同".to_owned(),
    };
    away.people().cancel_unemployment(cancel).await.expect("cancelled");
    // One stands again, in the place of the one that stood at home.
    let anew = RegisterUnemploymentRequest { request_id: request_id(), person_id: id.clone(), ..Default::default() };
    away.people().register_unemployment(anew).await.expect("registered");
    let record = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: id.clone(),
        employment: Some(sample::employment(S::Startup, "2026-02-01")),
        ..Default::default()
    };
    away.people().record_employment(record).await.expect("recorded");
    let all = history(&away, &id).await.expect("read");

    city.turn_to("2026-03-15");
    assert!(get(&home, &id).await.is_err(), "thirty days are over");
    let back = offer(&away, &id, DADONG).await.expect("offered");
    accept(&home, &back.transfer_id).await.expect("accepted");
    assert_eq!(history(&home, &id).await.expect("read"), all);
    let here = get(&home, &id).await.expect("here again");
    assert_eq!((&here.joined_on, &here.left_on), (&on("2026-03-15"), &None));
    assert!(here.etag.parse::<i64>().expect("a number") > etag.parse::<i64>().expect("a number"));
    assert_eq!((listed(&home).await, listed(&away).await), (vec![id.clone()], vec![]));
    // The stay that ended is kept with the transfer that ended it.
    assert_eq!(look(&home, &out.transfer_id).await.expect("kept").joined_on, on("2026-01-05"));
    assert_eq!(look(&away, &back.transfer_id).await.expect("kept").joined_on, on("2026-02-01"));
    let registered = home.people().register_person(sample::person(1)).await;
    assert_eq!(reason(&registered.expect_err("here")), "PERSON_REGISTERED");
    city.close().await;
}

/// Everything in the people database but the idempotency results, as one text.
async fn all_that_stands(city: &City) -> String {
    let mut look = city.look("people").await;
    let mut text = String::new();
    for table in ["person", "identity", "membership", "employment", "transfer", "audit", "event", "feed_head"] {
        let sql = format!("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') FROM {table} t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut look).await.expect("rows");
        text.push_str(&rows);
    }
    text
}

#[tokio::test]
async fn an_illegal_step_is_refused_with_its_reason_and_changes_nothing() {
    let city = City::new().await;
    city.township(QUTANG, "曲塘镇").await;
    let (sender, receiver, third) = (city.clerk(DADONG), city.clerk(LIBAO), city.clerk(QUTANG));
    let id = somebody(&sender, 1).await;
    let open = offer(&sender, &id, LIBAO).await.expect("offered").transfer_id;

    let refuse = async |what: &str, answer: Result<Transfer, Status>, expected: &str, before: &str| {
        assert_eq!(reason(&answer.expect_err(what)), expected, "{what}");
        assert_eq!(all_that_stands(&city).await, before, "{what} changed something");
    };
    let before = all_that_stands(&city).await;
    refuse("a second offer", offer(&sender, &id, QUTANG).await, "TRANSFER_OPEN", &before).await;
    refuse("the sender accepts", accept(&sender, &open).await, "TRANSFER_OTHERS_TURN", &before).await;
    refuse("the sender rejects", reject(&sender, &open).await, "TRANSFER_OTHERS_TURN", &before).await;
    refuse("the receiver withdraws", withdraw(&receiver, &open).await, "TRANSFER_OTHERS_TURN", &before).await;
    for (what, answer) in [
        ("a third accepts", accept(&third, &open).await),
        ("a third rejects", reject(&third, &open).await),
        ("a third withdraws", withdraw(&third, &open).await),
        ("a third looks", look(&third, &open).await),
        ("nobody's person", offer(&receiver, &id, QUTANG).await),
        ("nobody's township", offer(&receiver, &id, "320685999").await),
    ] {
        refuse(what, answer, "NOT_FOUND", &before).await;
    }
    for day in ["2026-01-04", "2026-01-06"] {
        let request = AcceptTransferRequest { effective_on: on(day), ..acceptance(&open) };
        let answer = receiver.people().accept_transfer(request).await.map(Response::into_inner);
        refuse(day, answer, "FIELD_INVALID", &before).await;
    }
    refuse("to oneself", offer(&sender, &id, DADONG).await, "FIELD_INVALID", &before).await;

    let closed = async |id: &str, state: &str| {
        let before = all_that_stands(&city).await;
        for (what, answer) in [
            ("accept", accept(&receiver, id).await),
            ("reject", reject(&receiver, id).await),
            ("withdraw", withdraw(&sender, id).await),
        ] {
            let refused = answer.expect_err(what);
            let details = tonic_types::StatusExt::get_details_error_info(&refused).expect("info");
            assert_eq!((details.reason.as_str(), details.metadata["state"].as_str()), ("TRANSFER_CLOSED", state));
            assert_eq!(all_that_stands(&city).await, before, "{what} changed something");
        }
    };
    withdraw(&sender, &open).await.expect("withdrawn");
    closed(&open, "WITHDRAWN").await;
    let open = offer(&sender, &id, LIBAO).await.expect("offered").transfer_id;
    let rejected = reject(&receiver, &open).await.expect("rejected");
    assert_eq!((rejected.state(), rejected.name_masked.as_str()), (TransferState::Rejected, ""));
    assert_eq!(look(&sender, &open).await.expect("found").closing_reason, "查无此人");
    closed(&open, "REJECTED").await;
    let open = offer(&sender, &id, LIBAO).await.expect("offered").transfer_id;
    city.turn_to("2026-02-05");
    closed(&open, "EXPIRED").await;
    for client in [&sender, &receiver] {
        assert_eq!(look(client, &open).await.expect("found").state(), TransferState::Expired);
    }
    // What expired makes room, and is written down with it on both sides.
    let open = offer(&sender, &id, QUTANG).await.expect("offered").transfer_id;
    let states: Vec<String> = sqlx::query_scalar("SELECT DISTINCT state FROM transfer WHERE township = $1 ORDER BY 1")
        .bind(LIBAO)
        .fetch_all(&mut city.look("people").await)
        .await
        .expect("states");
    assert_eq!(states, ["EXPIRED", "REJECTED", "WITHDRAWN"]);
    city.turn_to("2026-03-07");
    accept(&third, &open).await.expect("on the last day");
    let before = all_that_stands(&city).await;
    refuse("taking back what was accepted", withdraw(&sender, &open).await, "TRANSFER_CLOSED", &before).await;
    refuse("accepting twice", accept(&third, &open).await, "TRANSFER_CLOSED", &before).await;
    city.close().await;
}

#[tokio::test]
async fn transfers_are_listed_by_side_and_state_a_page_at_a_time() {
    use {TransferDirection as D, TransferState as T};

    let city = City::new().await;
    let (sender, receiver) = (city.clerk(DADONG), city.clerk(LIBAO));
    let mut ids = Vec::new();
    for n in 0..4 {
        let id = sender.people().register_person(sample::person(n)).await.expect("registered").into_inner().person_id;
        ids.push(offer(&sender, &id, LIBAO).await.expect("offered").transfer_id);
    }
    withdraw(&sender, &ids[1]).await.expect("withdrawn");
    let list = async |client: &Client, request: ListTransfersRequest| {
        let (mut request, mut found) = (ListTransfersRequest { page_size: 1, ..request }, Vec::new());
        loop {
            let page = client.people().list_transfers(request.clone()).await.expect("listed").into_inner();
            found.extend(page.transfers.into_iter().map(|transfer| transfer.transfer_id));
            if page.next_page_token.is_empty() {
                return found;
            }
            request.page_token = page.next_page_token;
        }
    };
    ids.reverse();
    assert_eq!(list(&sender, ListTransfersRequest::default()).await, ids);
    let of = |direction: TransferDirection, state: TransferState| ListTransfersRequest {
        direction: direction.into(),
        state: state.into(),
        ..Default::default()
    };
    let open = [ids[0].clone(), ids[1].clone(), ids[3].clone()];
    for (client, direction, state, expected) in [
        (&receiver, D::In, T::Offered, open.as_slice()),
        (&receiver, D::Out, T::Unspecified, &[]),
        (&sender, D::Out, T::Withdrawn, &ids[2..3]),
        (&city.reviewer(LIBAO), D::Unspecified, T::Offered, open.as_slice()),
    ] {
        assert_eq!(list(client, of(direction, state)).await, expected, "{direction:?} {state:?}");
    }
    city.turn_to("2026-02-05");
    assert_eq!(list(&receiver, of(D::In, T::Expired)).await, open);
    assert_eq!(list(&receiver, of(D::In, T::Offered)).await, Vec::<String>::new());
    let refused = list_as(&city.coordinator(LIBAO, &[])).await;
    assert_eq!(reason(&refused.expect_err("a clerk's business")), "ROLE_MISSING");
    let at = ListTransfersRequest { township: LIBAO.to_owned(), ..Default::default() };
    assert_eq!(city.bureau().people().list_transfers(at).await.expect("listed").into_inner().transfers.len(), 4);
    city.close().await;
}

async fn list_as(client: &Client) -> Result<(), Status> {
    client.people().list_transfers(ListTransfersRequest::default()).await.map(drop)
}
