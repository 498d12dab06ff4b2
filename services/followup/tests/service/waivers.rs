//! Waivers and appeals: who may ask and decide, what bears them out, and what granting and revoking does to a duty.

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    followup::v1::{
        Channel, ContactResult, DecideWaiverRequest, Duty, GetWaiverRequest, GetWorkloadRequest, ListWaiversRequest,
        RecordContactRequest, RequestWaiverRequest, RevokeWaiverRequest, Service, VoidContactRequest, Waiver,
        WaiverReason, WaiverState, WithdrawWaiverRequest, WorkloadGroup,
    },
    people::v1::MergePeopleRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use tonic::Status;

use crate::steps::{contact, duties, record, state, sweep, the, unemployed};

const FOLLOW_UP: &str = "follow_up.unemployed";

fn asking(duty_id: &str, reason: WaiverReason) -> RequestWaiverRequest {
    RequestWaiverRequest {
        request_id: request_id(),
        duty_id: duty_id.to_owned(),
        reason: reason.into(),
        text: "台风停工".to_owned(),
        evidence_ids: Vec::new(),
    }
}

async fn ask(client: &Client, request: RequestWaiverRequest) -> Result<Waiver, Status> {
    client.followup().request_waiver(request).await.map(tonic::Response::into_inner)
}

async fn decide(client: &Client, waiver: &Waiver, grant: bool) -> Result<Waiver, Status> {
    let request = DecideWaiverRequest {
        request_id: request_id(),
        waiver_id: waiver.waiver_id.clone(),
        grant,
        decision: "已核实".to_owned(),
    };
    client.followup().decide_waiver(request).await.map(tonic::Response::into_inner)
}

async fn withdraw(client: &Client, waiver: &Waiver) -> Result<Waiver, Status> {
    let request = WithdrawWaiverRequest { request_id: request_id(), waiver_id: waiver.waiver_id.clone() };
    client.followup().withdraw_waiver(request).await.map(tonic::Response::into_inner)
}

async fn revoke(client: &Client, waiver: &Waiver) -> Result<Waiver, Status> {
    let request = RevokeWaiverRequest {
        request_id: request_id(),
        waiver_id: waiver.waiver_id.clone(),
        revocation: "证据不实".to_owned(),
    };
    client.followup().revoke_waiver(request).await.map(tonic::Response::into_inner)
}

fn refused(outcome: Result<Waiver, Status>) -> String {
    reason(&outcome.expect_err("refused"))
}

async fn month(city: &City, period_start: &str) -> Duty {
    the(&duties(city).await, FOLLOW_UP, period_start).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_duty_is_let_off_by_somebody_else_and_stands_again_when_that_is_taken_back() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let owed = month(&city, "2026-01-01").await;
    let request = asking(&owed.duty_id, WaiverReason::ForceMajeure);
    let waiver = ask(&clerk, request.clone()).await.expect("asked");
    assert_eq!(ask(&clerk, request).await.expect("the same again"), waiver);
    assert_eq!((waiver.state(), waiver.requested_by.as_str()), (WaiverState::Requested, "clerk-1"));
    assert_eq!((waiver.rule.as_str(), &waiver.person_id), (FOLLOW_UP, &owed.person_id));
    assert_eq!(month(&city, "2026-01-01").await, owed, "asking changes nothing");

    let both = city.caller("clerk-1", &[Role::Clerk, Role::Reviewer], Some(DADONG), &[]);
    assert_eq!(refused(decide(&both, &waiver, true).await), "OWN_ENTRY");
    city.turn_to("2026-01-12");
    let granted = decide(&reviewer, &waiver, true).await.expect("granted");
    assert_eq!((granted.state(), granted.decided_by.as_str()), (WaiverState::Granted, "reviewer-1"));
    let waived = month(&city, "2026-01-01").await;
    assert_eq!((state(&waived), waived.state_on), ("WAIVED", date(city.clock.today())));
    assert_eq!(waived.waiver_id, waiver.waiver_id);
    assert_eq!(refused(decide(&reviewer, &waiver, false).await), "ILLEGAL_TRANSITION");
    assert_eq!(refused(ask(&clerk, asking(&owed.duty_id, WaiverReason::Error)).await), "ILLEGAL_TRANSITION", "WAIVED");

    city.turn_to("2026-02-10");
    sweep(&city).await;
    assert_eq!(month(&city, "2026-01-01").await, waived, "a sweep leaves it alone");
    let request = GetWorkloadRequest { group_by: WorkloadGroup::Rule.into(), ..Default::default() };
    let rows = clerk.followup().get_workload(request).await.expect("counted").into_inner().rows;
    let row = rows.iter().find(|row| row.key == FOLLOW_UP).expect("a row");
    assert_eq!((row.waived, row.missed, row.open), (1, 0, 1));

    assert_eq!(refused(revoke(&both, &waiver).await), "OWN_ENTRY");
    let revoked = revoke(&reviewer, &waiver).await.expect("revoked");
    assert_eq!((revoked.state(), revoked.revoked_by.as_str()), (WaiverState::Revoked, "reviewer-1"));
    let missed = month(&city, "2026-01-01").await;
    assert_eq!((state(&missed), missed.state_on), ("MISSED", date("2026-02-06".parse().expect("a date"))));
    assert_eq!(missed.waiver_id, "");
    assert_eq!(refused(revoke(&reviewer, &waiver).await), "ILLEGAL_TRANSITION");
    ask(&clerk, asking(&owed.duty_id, WaiverReason::Error)).await.expect("it may be asked for again");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_duty_is_let_off_on_appeal_and_missed_again_when_that_is_taken_back() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    city.turn_to("2026-02-10");
    sweep(&city).await;
    let missed = month(&city, "2026-01-01").await;
    assert_eq!(state(&missed), "MISSED");
    let waiver = ask(&city.clerk(DADONG), asking(&missed.duty_id, WaiverReason::Error)).await.expect("asked");
    decide(&city.reviewer(DADONG), &waiver, true).await.expect("granted");
    assert_eq!(state(&month(&city, "2026-01-01").await), "WAIVED");
    city.turn_to("2026-03-10");
    sweep(&city).await;
    assert_eq!(month(&city, "2026-01-01").await.waiver_id, waiver.waiver_id, "a sweep leaves it alone");
    revoke(&city.reviewer(DADONG), &waiver).await.expect("revoked");
    assert_eq!(month(&city, "2026-01-01").await, missed, "as it stood");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_waiver_a_duty_stands_at_a_time() {
    let city = City::new().await;
    unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let coordinator = city.coordinator(DADONG, &["双溪村"]);
    let owed = month(&city, "2026-01-01").await;
    let ask_as = |client: &Client| {
        let client = client.clone();
        let request = asking(&owed.duty_id, WaiverReason::ForceMajeure);
        async move { ask(&client, request).await }
    };
    let (a, b) = tokio::join!(ask_as(&clerk), ask_as(&coordinator));
    let (stands, other) = if a.is_ok() { (a, b) } else { (b, a) };
    let first = stands.expect("one stands");
    assert_eq!(refused(other), "WAIVER_STANDS");
    let (mine, theirs) = if first.requested_by == "clerk-1" { (&clerk, &coordinator) } else { (&coordinator, &clerk) };

    assert_eq!(refused(withdraw(theirs, &first).await), "NOT_FOUND", "somebody else's");
    assert_eq!(withdraw(mine, &first).await.expect("withdrawn").state(), WaiverState::Withdrawn);
    assert_eq!(refused(withdraw(mine, &first).await), "ILLEGAL_TRANSITION");
    assert_eq!(refused(decide(&reviewer, &first, true).await), "ILLEGAL_TRANSITION");
    assert_eq!(state(&month(&city, "2026-01-01").await), "OPEN");

    let second = ask_as(&clerk).await.expect("asked again");
    let silent = DecideWaiverRequest {
        request_id: request_id(),
        waiver_id: second.waiver_id.clone(),
        grant: false,
        decision: String::new(),
    };
    let silent = reviewer.followup().decide_waiver(silent).await.expect_err("it says why");
    assert_eq!(reason(&silent), "FIELD_INVALID");
    assert_eq!(decide(&reviewer, &second, false).await.expect("rejected").state(), WaiverState::Rejected);
    assert_eq!(refused(revoke(&reviewer, &second).await), "ILLEGAL_TRANSITION", "it never was granted");
    let third = ask_as(&clerk).await.expect("asked again");

    let mut request = ListWaiversRequest { page_size: 2, duty_id: owed.duty_id.clone(), ..Default::default() };
    let page = clerk.followup().list_waivers(request.clone()).await.expect("listed").into_inner();
    request.page_token = page.next_page_token;
    let rest = clerk.followup().list_waivers(request).await.expect("listed").into_inner();
    let listed: Vec<_> = page.waivers.iter().chain(&rest.waivers).map(|waiver| &waiver.waiver_id).collect();
    assert_eq!(listed, [&third.waiver_id, &second.waiver_id, &first.waiver_id]);
    assert_eq!(rest.next_page_token, "");
    let request = ListWaiversRequest { states: vec![WaiverState::Rejected.into()], ..Default::default() };
    let page = reviewer.followup().list_waivers(request).await.expect("listed").into_inner();
    let get = GetWaiverRequest { waiver_id: second.waiver_id.clone(), township: DADONG.to_owned() };
    assert_eq!(page.waivers, [city.bureau().followup().get_waiver(get).await.expect("found").into_inner()]);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_strangers_and_others_villages_are_refused() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let done = record(&clerk, contact(&city, &people[0])).await;
    let done_id = done.settled_duty_ids[0].clone();
    assert_eq!(refused(ask(&clerk, asking(&done_id, WaiverReason::Error)).await), "ILLEGAL_TRANSITION", "DONE");
    assert_eq!(refused(ask(&clerk, asking(&request_id(), WaiverReason::Error)).await), "NOT_FOUND");
    let owed = duties(&city).await;
    let open = owed.iter().find(|duty| duty.person_id == people[1] && duty.rule == FOLLOW_UP).expect("owed");
    let asked = asking(&open.duty_id, WaiverReason::Error);
    assert_eq!(refused(ask(&city.clerk(LIBAO), asked.clone()).await), "NOT_FOUND", "another township's");
    let elsewhere = city.coordinator(DADONG, &["李庄"]);
    assert_eq!(refused(ask(&elsewhere, asked.clone()).await), "VILLAGE_NOT_YOURS");
    let named = RequestWaiverRequest { evidence_ids: vec![done.contact_id], ..asked };
    assert_eq!(refused(ask(&clerk, named).await), "FIELD_INVALID", "evidence of somebody else");
    let page = clerk.followup().list_waivers(ListWaiversRequest::default()).await.expect("listed").into_inner();
    assert_eq!(page.waivers, [], "nothing was kept");

    // Done in the meantime.
    let waiver = ask(&clerk, asking(&open.duty_id, WaiverReason::Error)).await.expect("asked");
    record(&clerk, contact(&city, &people[1])).await;
    assert_eq!(refused(decide(&city.reviewer(DADONG), &waiver, true).await), "ILLEGAL_TRANSITION");
    decide(&city.reviewer(DADONG), &waiver, false).await.expect("but rejected it may be");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_unreachable_before_three_days_of_trying_and_a_home_visit() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let owed = month(&city, "2026-01-01").await;
    let tried = async |channel: Channel, result: ContactResult| {
        let attempt = RecordContactRequest {
            channel: channel.into(),
            result: result.into(),
            answered_by: String::new(),
            ..contact(&city, &people[0])
        };
        record(&city.coordinator(DADONG, &["双溪村"]), attempt).await
    };
    tried(Channel::Phone, ContactResult::NoAnswer).await;
    city.turn_to("2026-01-08");
    let visit = tried(Channel::HomeVisit, ContactResult::Away).await;
    tried(Channel::Phone, ContactResult::WrongNumber).await;
    let unreachable = || asking(&owed.duty_id, WaiverReason::Unreachable);
    assert_eq!(refused(ask(&clerk, unreachable()).await), "ATTEMPTS_MISSING", "two days");
    city.turn_to("2026-01-20");
    tried(Channel::Wechat, ContactResult::NoAnswer).await;
    let waiver = ask(&clerk, unreachable()).await.expect("three days, one a visit");

    let tried_themselves = city.caller("coordinator-1", &[Role::Reviewer], Some(DADONG), &[]);
    assert_eq!(refused(decide(&tried_themselves, &waiver, true).await), "OWN_ENTRY", "their own attempts");
    let void =
        VoidContactRequest { request_id: request_id(), contact_id: visit.contact_id, reason: "未上门".to_owned() };
    clerk.followup().void_contact(void).await.expect("voided");
    assert_eq!(refused(decide(&reviewer, &waiver, true).await), "ATTEMPTS_MISSING", "one was voided since");
    city.turn_to("2026-01-21");
    tried(Channel::HomeVisit, ContactResult::Away).await;
    decide(&reviewer, &waiver, true).await.expect("granted");
    assert_eq!(state(&month(&city, "2026-01-01").await), "WAIVED");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_in_time_and_entered_late_lets_a_missed_duty_off() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    city.turn_to("2026-02-10");
    sweep(&city).await;
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let missed = month(&city, "2026-01-01").await;
    let on = |day: &str| RecordContactRequest { on: date(day.parse().expect("a date")), ..contact(&city, &people[0]) };
    let in_time = record(&clerk, on("2026-01-20")).await;
    assert_eq!(state(&month(&city, "2026-01-01").await), "MISSED", "entered after the grace");
    let too_late = record(&clerk, on("2026-02-02")).await;
    let late = |evidence: &[&str]| RequestWaiverRequest {
        evidence_ids: evidence.iter().map(|&id| id.to_owned()).collect(),
        ..asking(&missed.duty_id, WaiverReason::LateEntry)
    };
    assert_eq!(refused(ask(&clerk, late(&[])).await), "FIELD_INVALID", "no evidence");
    assert_eq!(refused(ask(&clerk, late(&[&too_late.contact_id])).await), "FIELD_INVALID", "outside the window");
    let waiver = ask(&city.coordinator(DADONG, &["双溪村"]), late(&[&in_time.contact_id])).await.expect("asked");
    let entered_it = city.caller("clerk-1", &[Role::Reviewer], Some(DADONG), &[]);
    assert_eq!(refused(decide(&entered_it, &waiver, true).await), "OWN_ENTRY", "who entered the evidence");
    decide(&reviewer, &waiver, true).await.expect("granted");
    assert_eq!(state(&month(&city, "2026-01-01").await), "WAIVED");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_done_later_fills_the_next_open_slot_and_leaves_the_one_let_off() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let slots = async || {
        let mut slots: Vec<_> =
            duties(&city).await.into_iter().filter(|duty| duty.rule == "131.job_referral").collect();
        slots.sort_by_key(|duty| duty.slot);
        slots
    };
    let waiver = ask(&clerk, asking(&slots().await[0].duty_id, WaiverReason::RefusedInWriting)).await.expect("asked");
    decide(&city.reviewer(DADONG), &waiver, true).await.expect("granted");
    city.turn_to("2026-01-20");
    let referral = RecordContactRequest { services: vec![Service::JobReferral.into()], ..contact(&city, &people[0]) };
    let referral = record(&clerk, referral).await;
    let after = slots().await;
    assert_eq!(after.iter().map(state).collect::<Vec<_>>(), ["WAIVED", "DONE", "OPEN"]);
    assert_eq!(after[1].settled_by_contact_id, referral.contact_id);
    revoke(&city.reviewer(DADONG), &waiver).await.expect("revoked");
    let after = slots().await;
    assert_eq!(after.iter().map(state).collect::<Vec<_>>(), ["OPEN", "DONE", "OPEN"], "what is done stays done");
    city.turn_to("2026-02-20");
    sweep(&city).await;
    assert_eq!(slots().await, after);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_merged_entry_missed_can_still_be_let_off() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    city.turn_to("2026-02-10");
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let missed: Vec<_> = duties(&city).await.into_iter().filter(|duty| state(duty) == "MISSED").collect();
    let missed = missed.iter().find(|duty| duty.person_id == people[1] && duty.rule == FOLLOW_UP).expect("missed");
    let in_time =
        RecordContactRequest { on: date("2026-01-20".parse().expect("a date")), ..contact(&city, &people[1]) };
    let in_time = record(&clerk, in_time).await;
    let late = RequestWaiverRequest {
        evidence_ids: vec![in_time.contact_id],
        ..asking(&missed.duty_id, WaiverReason::LateEntry)
    };
    let waiver = ask(&city.coordinator(DADONG, &["双溪村"]), late).await.expect("asked");
    let merge = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: people[0].clone(),
        merged_person_id: people[1].clone(),
        reason: "身份证号码录错".to_owned(),
    };
    clerk.people().merge_people(merge).await.expect("merged");
    city.settle().await;
    decide(&city.reviewer(DADONG), &waiver, true).await.expect("its evidence went with it, and counts");
    let waived = duties(&city).await.into_iter().find(|duty| duty.duty_id == missed.duty_id).expect("it stays");
    assert_eq!((state(&waived), &waived.person_id), ("WAIVED", &people[1]));
    city.close().await;
}

/// Voids a contact by a clerk.
async fn void(clerk: &Client, contact_id: &str) {
    let reason = "记录有误".to_owned();
    let void = VoidContactRequest { request_id: request_id(), contact_id: contact_id.to_owned(), reason };
    clerk.followup().void_contact(void).await.expect("voided");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_on_what_they_entered_by_voiding_it_first() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    city.turn_to("2026-02-10");
    sweep(&city).await;
    let missed = month(&city, "2026-01-01").await;
    let both = city.caller("both-1", &[Role::Clerk, Role::Reviewer], Some(DADONG), &[]);
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let on = |day: &str| RecordContactRequest { on: date(day.parse().expect("a date")), ..contact(&city, &people[0]) };
    for why in [WaiverReason::Other, WaiverReason::LateEntry] {
        let theirs = record(&both, on("2026-01-20")).await;
        let anothers = record(&clerk, on("2026-01-21")).await;
        let evidence_ids = vec![theirs.contact_id.clone(), anothers.contact_id];
        let request = RequestWaiverRequest { evidence_ids, ..asking(&missed.duty_id, why) };
        let waiver = ask(&city.coordinator(DADONG, &["双溪村"]), request).await.expect("asked");
        assert_eq!(refused(decide(&both, &waiver, true).await), "OWN_ENTRY", "{why:?}");
        void(&both, &theirs.contact_id).await;
        assert_eq!(refused(decide(&both, &waiver, true).await), "OWN_ENTRY", "{why:?}, voided");
        assert_eq!(refused(decide(&both, &waiver, false).await), "OWN_ENTRY", "{why:?}, voided");
        assert_eq!(refused(decide(&reviewer, &waiver, true).await), "CONTACT_VOIDED", "{why:?}");
        decide(&reviewer, &waiver, false).await.expect("but rejected it may be");
    }
    assert_eq!(state(&month(&city, "2026-01-01").await), "MISSED");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_an_attempt_that_is_voided_still_decides_on_nobody_as_unreachable() {
    let city = City::new().await;
    let people = unemployed(&city, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let owed = month(&city, "2026-01-01").await;
    let tried = |client: &Client| {
        let attempt = RecordContactRequest {
            channel: Channel::HomeVisit.into(),
            result: ContactResult::Away.into(),
            answered_by: String::new(),
            ..contact(&city, &people[0])
        };
        let client = client.clone();
        async move { record(&client, attempt).await.contact_id }
    };
    let both = city.caller("both-1", &[Role::Clerk, Role::Reviewer], Some(DADONG), &[]);
    let (clerk, reviewer) = (city.clerk(DADONG), city.reviewer(DADONG));
    let theirs = tried(&both).await;
    for day in ["2026-01-06", "2026-01-07", "2026-01-08"] {
        city.turn_to(day);
        tried(&clerk).await;
    }
    let waiver = ask(&clerk, asking(&owed.duty_id, WaiverReason::Unreachable)).await.expect("asked");
    void(&both, &theirs).await;
    assert_eq!(refused(decide(&both, &waiver, true).await), "OWN_ENTRY", "it counted without being named");
    assert_eq!(decide(&reviewer, &waiver, true).await.expect("the others suffice").state(), WaiverState::Granted);
    city.close().await;
}
