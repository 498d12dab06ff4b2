//! A good request for every writing RPC of follow-up.

use bangfu::client::{Client, request_id};
use bangfu_followup::model::standard::Standards;
use bangfu_proto::followup::v1 as proto;
use bangfu_testkit::{City, DADONG};

use super::{
    ground::{Slot, clerk, in_own_township, in_parts},
    write::{By, Whole, Write, to_followup},
};
use crate::steps::{contact, duties, on};

/// Prepares a call of a method, if it is one of follow-up's.
#[expect(clippy::too_many_lines, reason = "one table: every writing RPC of follow-up")]
pub(super) async fn write(city: &City, method: &str, slot: &Slot) -> Option<Write> {
    let here = city.clerk(DADONG);
    let mut followup = here.followup();
    let (id, own) = (request_id(), |what: &str| format!("{what}{}号", slot.n));
    Some(match method {
        "RecordContact" => Write::followup(clerk(), to_followup!(record_contact, contact(city, &slot.one))),
        "RecordContacts" => {
            let contacts = vec![contact(city, &slot.one), contact(city, &slot.other)];
            let request = proto::RecordContactsRequest { contacts };
            in_parts(Write::followup(clerk(), to_followup!(record_contacts, request)), 2)
        }
        "VoidContact" => {
            let entered = followup.record_contact(contact(city, &slot.one)).await.expect("entered").into_inner();
            let (contact_id, reason) = (entered.contact_id, "录入有误".to_owned());
            let request = proto::VoidContactRequest { request_id: id, contact_id, reason };
            Write::followup(clerk(), to_followup!(void_contact, request))
        }
        "RecordService" => Write::followup(clerk(), to_followup!(record_service, referral(city, &slot.one))),
        "RecordServices" => {
            let services = vec![referral(city, &slot.one), referral(city, &slot.other)];
            let request = proto::RecordServicesRequest { services };
            in_parts(Write::followup(clerk(), to_followup!(record_services, request)), 2)
        }
        "VoidService" => {
            let entered = followup.record_service(referral(city, &slot.one)).await.expect("entered").into_inner();
            let (service_record_id, reason) = (entered.service_record_id, "录入有误".to_owned());
            let request = proto::VoidServiceRequest { request_id: id, service_record_id, reason };
            Write::followup(clerk(), to_followup!(void_service, request))
        }
        "RequestWaiver" => {
            Write::followup(clerk(), to_followup!(request_waiver, asking(id, owed(&here, &slot.one).await)))
        }
        "DecideWaiver" => {
            let waiver_id = asked(&here, &slot.one).await;
            Write::followup(By::Reviewer, to_followup!(decide_waiver, granting(id, waiver_id)))
        }
        "WithdrawWaiver" => {
            let waiver_id = asked(&here, &slot.one).await;
            let request = proto::WithdrawWaiverRequest { request_id: id, waiver_id };
            Write::followup(clerk(), to_followup!(withdraw_waiver, request))
        }
        "RevokeWaiver" => {
            let waiver_id = asked(&here, &slot.one).await;
            let grant = granting(id, waiver_id.clone());
            city.reviewer(DADONG).followup().decide_waiver(grant).await.expect("granted");
            let revocation = "证据不实".to_owned();
            let request = proto::RevokeWaiverRequest { request_id: request_id(), waiver_id, revocation };
            Write::followup(By::Reviewer, to_followup!(revoke_waiver, request))
        }
        "PutCoordinator" => {
            let name = own("协理员");
            let coordinator = Some(proto::Coordinator { name: name.clone(), ..Default::default() });
            let request = proto::PutCoordinatorRequest { request_id: id, coordinator };
            Write::followup(clerk(), to_followup!(put_coordinator, request)).own([name])
        }
        "AssignVillage" => {
            let (village, coordinator) = (own("村"), enters(&here, own("协理员")).await);
            let own = [village.clone(), coordinator.clone()];
            let from = on("2026-01-13");
            let request = proto::AssignVillageRequest { request_id: id, village, coordinator, from };
            Write::followup(clerk(), to_followup!(assign_village, request)).own(own)
        }
        "AssignPerson" => {
            let (person_id, coordinator) = (slot.one.clone(), enters(&here, own("协理员")).await);
            let own = [coordinator.clone()];
            let from = on("2026-01-13");
            let request = proto::AssignPersonRequest { request_id: id, person_id, coordinator, from };
            Write::followup(clerk(), to_followup!(assign_person, request)).own(own)
        }
        "HandOver" => {
            let (from, to) = (enters(&here, own("移交人")).await, enters(&here, own("接手人")).await);
            let village = own("村");
            let request = proto::AssignVillageRequest {
                request_id: id,
                village: village.clone(),
                coordinator: from.clone(),
                from: on("2026-01-13"),
            };
            followup.assign_village(request).await.expect("assigned");
            let request = proto::HandOverRequest {
                request_id: request_id(),
                from_coordinator: from.clone(),
                to_coordinator: to.clone(),
                on: on("2026-02-01"),
            };
            Write::followup(clerk(), to_followup!(hand_over, request)).own([from, to, village])
        }
        "RecordAbsence" => {
            let (request, own) = absence(&here, slot).await;
            Write::followup(clerk(), to_followup!(record_absence, request)).own(own)
        }
        "CancelAbsence" => {
            let (request, own) = absence(&here, slot).await;
            let absence_id = followup.record_absence(request).await.expect("entered").into_inner().absence_id;
            let request = proto::CancelAbsenceRequest { request_id: id, absence_id };
            Write::followup(clerk(), to_followup!(cancel_absence, request)).own(own)
        }
        "PublishCalendar" => {
            let year = 2030 + i32::try_from(slot.n % 70).expect("small");
            let days_off = vec![proto::DayOff { on: on(&format!("{year}-01-01")), name: "元旦".to_owned() }];
            let source = "测试".to_owned();
            let calendar = Some(proto::WorkCalendar { year, days_off, source, ..Default::default() });
            let request = proto::PublishCalendarRequest { request_id: id, calendar };
            Write::followup(By::Bureau, to_followup!(publish_calendar, request)).own([year.to_string()])
        }
        "PublishStandard" => {
            let day = format!("{}-{:02}-01", 2027 + slot.n / 12, slot.n % 12 + 1);
            let notice = Standards::shipped().expect("it is valid");
            let mut standard = proto::Standard::from(notice.iter().next().expect("there is one"));
            standard.version = format!("version-{}-of-many", slot.n);
            standard.in_force_from = on(&day);
            let own = [standard.version.clone(), day];
            let request = proto::PublishStandardRequest { request_id: id, standard: Some(standard) };
            Write::followup(By::Bureau, to_followup!(publish_standard, request)).own(own)
        }
        "RunSweep" => {
            let townships = vec![slot.township.clone()];
            let request = proto::RunSweepRequest { request_id: id, townships, ..Default::default() };
            let write = in_own_township(Write::followup(By::Bureau, to_followup!(run_sweep, request)), slot);
            Write { whole: Whole::InBatches(&["duty ", "event "]), ..write }
        }
        _ => return None,
    })
}

fn referral(city: &City, person_id: &str) -> proto::RecordServiceRequest {
    proto::RecordServiceRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        on: bangfu::client::date(city.clock.today()),
        service: proto::Service::JobReferral.into(),
        ..Default::default()
    }
}

/// An open duty to somebody, the same one each time.
async fn owed(clerk: &Client, person_id: &str) -> String {
    let states = vec![proto::DutyState::Open.into()];
    let of = proto::ListDutiesRequest { person_id: person_id.to_owned(), states, ..Default::default() };
    let first = duties(clerk, of).await.into_iter().min_by_key(|duty| (duty.rule.clone(), duty.due_on.map(day)));
    first.expect("something is owed").duty_id
}

fn day(date: bangfu_proto::common::v1::CalendarDate) -> String {
    bangfu::client::day(Some(&date))
}

fn asking(request_id: String, duty_id: String) -> proto::RequestWaiverRequest {
    let (reason, text) = (proto::WaiverReason::ForceMajeure.into(), "台风停工".to_owned());
    proto::RequestWaiverRequest { request_id, duty_id, reason, text, evidence_ids: Vec::new() }
}

async fn asked(clerk: &Client, person_id: &str) -> String {
    let request = asking(request_id(), owed(clerk, person_id).await);
    clerk.followup().request_waiver(request).await.expect("asked").into_inner().waiver_id
}

fn granting(request_id: String, waiver_id: String) -> proto::DecideWaiverRequest {
    proto::DecideWaiverRequest { request_id, waiver_id, grant: true, decision: "已核实".to_owned() }
}

/// Enters a coordinator; their name.
async fn enters(clerk: &Client, name: String) -> String {
    let coordinator = Some(proto::Coordinator { name: name.clone(), ..Default::default() });
    let request = proto::PutCoordinatorRequest { request_id: request_id(), coordinator };
    clerk.followup().put_coordinator(request).await.expect("entered");
    name
}

async fn absence(clerk: &Client, slot: &Slot) -> (proto::RecordAbsenceRequest, [String; 2]) {
    let coordinator = enters(clerk, format!("请假人{}号", slot.n)).await;
    let stand_in = enters(clerk, format!("替班人{}号", slot.n)).await;
    let own = [coordinator.clone(), stand_in.clone()];
    let (from, to) = (on("2026-03-02"), on("2026-03-02"));
    (proto::RecordAbsenceRequest { request_id: request_id(), coordinator, from, to, stand_in }, own)
}
