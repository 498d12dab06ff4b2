//! RecordServiceRequest → a service to be entered, all faults at once.

use bangfu_kernel::{
    Caller,
    error::Violations,
    fields::{self, required, rule},
};
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;

use super::new_contact::{coordinator, origin, texts, unless_given};
use crate::{
    model::service::{Service, service_of},
    service_record::NewService,
};

/// The service, if the caller enters it today.
pub(crate) fn new_service(
    request: &proto::RecordServiceRequest,
    caller: &Caller,
    today: NaiveDate,
    faults: &mut Violations,
) -> NewService {
    let person_id = fields::uuid("person_id", &request.person_id, faults);
    let on = fields::date("on", request.on.as_ref(), faults);
    fields::not_after_today("on", on, today, faults);
    let service = service(request.service, faults);
    let origin = origin(&request.source, &request.source_ref, faults);
    if service == Service::PolicyPublicity && request.policies_told.is_empty() {
        faults.add("policies_told", required());
    }
    NewService {
        person_id,
        on,
        service,
        outcome: fields::text("outcome", &request.outcome, 0, 128, faults),
        note: fields::text("note", &request.note, 0, 1024, faults),
        coordinator: coordinator(&request.coordinator, caller, faults),
        origin,
        policies_told: texts("policies_told", &request.policies_told, 20, faults),
    }
}

/// What an office worker enters as a service is one; a follow-up is shown by the contact itself.
fn service(number: i32, faults: &mut Violations) -> Service {
    let service = proto::Service::try_from(number).ok().and_then(service_of);
    match service {
        None => faults.add("service", unless_given(number)),
        Some(Service::FollowUp) => {
            let takes_a_contact =
                rule("must not be FOLLOW_UP, which takes a contact", "不得为跟踪服务，请录入联系记录");
            faults.add("service", takes_a_contact);
        }
        Some(_) => {}
    }
    service.unwrap_or(Service::FollowUp)
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::Role;

    use super::*;

    fn faults_of(request: &proto::RecordServiceRequest) -> Vec<String> {
        let caller = Caller {
            subject: "zhang".into(),
            city: "320685".into(),
            township: "320685102".parse().ok(),
            roles: [Role::Clerk].into(),
            villages: [].into(),
        };
        let mut faults = Violations::default();
        let given = new_service(request, &caller, "2026-03-20".parse().expect("a date"), &mut faults);
        assert_eq!(given.coordinator, "zhang");
        faults.iter().map(|(field, rule)| format!("{field} {}", rule.en)).collect()
    }

    #[test]
    fn a_follow_up_a_reference_without_source_and_an_unnamed_policy_are_no_service() {
        let right = proto::RecordServiceRequest {
            person_id: "018d0000-0000-7000-8000-000000000001".into(),
            on: super::super::date("2026-03-20".parse().expect("a date")),
            service: proto::Service::JobReferral.into(),
            ..Default::default()
        };
        assert_eq!(faults_of(&right), Vec::<String>::new());
        for (service, fault) in [
            (0, "service is required"),
            (99, "service must be one of the values of the contract"),
            (proto::Service::FollowUp.into(), "service must not be FOLLOW_UP, which takes a contact"),
            (proto::Service::PolicyPublicity.into(), "policies_told is required"),
        ] {
            assert_eq!(faults_of(&proto::RecordServiceRequest { service, ..right.clone() }), [fault]);
        }
        let referred = proto::RecordServiceRequest { source_ref: "4711".into(), ..right.clone() };
        assert_eq!(faults_of(&referred), ["source is required with source_ref"]);
        assert!(faults_of(&proto::RecordServiceRequest { source: "SURVEY_MANAGEMENT".into(), ..referred }).is_empty());
    }
}
