//! RecordContactRequest → a contact to be entered, all faults at once.

use bangfu_kernel::{
    Caller,
    error::Violations,
    fields::{self, enumerated, range, required, rule},
    level::status_of,
};
use bangfu_proto::{followup::v1 as proto, people::v1::EmploymentStatus};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    contact::{JobIntention, NewContact, StatusLearned},
    entry::Origin,
    model::{
        channel::{Channel, channel_of},
        contact::{ContactResult, result_of},
        service::{Service, Services, service_of},
    },
};

/// Most months of contract that are believed.
const LONGEST_CONTRACT: i32 = 600;
/// Most fen a month that are believed: a million yuan.
const HIGHEST_WAGE: i64 = 100_000_000;

/// The contact, if the caller enters it today.
pub(crate) fn new_contact(
    request: &proto::RecordContactRequest,
    caller: &Caller,
    today: NaiveDate,
    faults: &mut Violations,
) -> NewContact {
    let person_id = fields::uuid("person_id", &request.person_id, faults);
    let on = fields::date("on", request.on.as_ref(), faults);
    fields::not_after_today("on", on, today, faults);
    let services = services(&request.services, faults);
    let policies_told = texts("policies_told", &request.policies_told, 20, faults);
    if services.contains(Service::PolicyPublicity) && request.policies_told.is_empty() {
        faults.add("policies_told", required());
    }
    let coordinator = coordinator(&request.coordinator, caller, faults);
    let origin = origin(&request.source, &request.source_ref, faults);
    NewContact {
        person_id,
        on,
        channel: channel(request.channel, faults),
        result: result(request.result, faults),
        answered_by: fields::text("answered_by", &request.answered_by, 0, 32, faults),
        status_learned: request.status_learned.as_ref().map(|it| status_learned(it, on, faults)),
        job_intention: request.job_intention.as_ref().map(|it| job_intention(it, faults)),
        training_intention: fields::text("training_intention", &request.training_intention, 0, 128, faults),
        difficulties: texts("difficulties", &request.difficulties, 10, faults),
        services,
        policies_told,
        subsidies_suggested: texts("subsidies_suggested", &request.subsidies_suggested, 20, faults),
        note: fields::text("note", &request.note, 0, 1024, faults),
        coordinator,
        origin,
    }
}

/// Who served: the caller, unless somebody else is named.
pub(super) fn coordinator(named: &str, caller: &Caller, faults: &mut Violations) -> String {
    // A name or an account, which may be a phone number.
    let named = fields::any_text("coordinator", named, 0, 64, faults);
    if named.is_empty() { caller.subject.clone() } else { named }
}

/// Where it was taken from: an id there is one of a source.
pub(super) fn origin(source: &str, source_ref: &str, faults: &mut Violations) -> Origin {
    let source = fields::text("source", source, 0, 64, faults);
    let source_ref = fields::text("source_ref", source_ref, 0, 128, faults);
    if source.is_empty() && !source_ref.is_empty() && !faults.has("source") {
        faults.add("source", rule("is required with source_ref", "填写原编号时必填"));
    }
    Origin { source, source_ref }
}

fn channel(number: i32, faults: &mut Violations) -> Channel {
    proto::Channel::try_from(number).ok().and_then(channel_of).unwrap_or_else(|| {
        faults.add("channel", unless_given(number));
        Channel::Other
    })
}

fn result(number: i32, faults: &mut Violations) -> ContactResult {
    proto::ContactResult::try_from(number).ok().and_then(result_of).unwrap_or_else(|| {
        faults.add("result", unless_given(number));
        ContactResult::NoAnswer
    })
}

pub(super) fn unless_given(number: i32) -> bangfu_kernel::error::Rule {
    if number == 0 { required() } else { enumerated() }
}

fn services(numbers: &[i32], faults: &mut Violations) -> Services {
    let mut services = Services::NONE;
    for &number in numbers {
        match proto::Service::try_from(number).ok().and_then(service_of) {
            None => faults.add("services", enumerated()),
            Some(service) if services.contains(service) => {
                faults.add("services", rule("must name each service once", "同一服务项目不得重复"));
            }
            Some(service) => services = services.with(service),
        }
    }
    services
}

pub(super) fn texts(field: &'static str, given: &[String], most: usize, faults: &mut Violations) -> Vec<String> {
    if given.len() > most {
        faults.add(field, rule("has too many entries", "条目过多"));
        return Vec::new();
    }
    given.iter().map(|text| fields::text(field, text, 1, 128, faults)).collect()
}

fn status_learned(learned: &proto::StatusLearned, on: NaiveDate, faults: &mut Violations) -> StatusLearned {
    let status = EmploymentStatus::try_from(learned.status).ok().and_then(status_of);
    if status.is_none() {
        faults.add("status_learned.status", unless_given(learned.status));
    }
    let effective_on = fields::date("status_learned.effective_on", learned.effective_on.as_ref(), faults);
    if effective_on > on {
        faults
            .add("status_learned.effective_on", rule("must not lie after the day of the contact", "不得晚于联系日期"));
    }
    let employer = fields::text("status_learned.employer", &learned.employer, 0, 128, faults);
    if !(0..=LONGEST_CONTRACT).contains(&learned.contract_months) {
        faults.add("status_learned.contract_months", range(0, LONGEST_CONTRACT.into()));
    }
    if bangfu_proto::people::v1::Insured::try_from(learned.insured).is_err() {
        faults.add("status_learned.insured", enumerated());
    }
    StatusLearned {
        status: status.unwrap_or(bangfu_kernel::EmploymentStatus::Unverified),
        effective_on,
        message: proto::StatusLearned { employer, ..learned.clone() },
    }
}

fn job_intention(intention: &proto::JobIntention, faults: &mut Violations) -> JobIntention {
    if !(0..=HIGHEST_WAGE).contains(&intention.monthly_wage_fen) {
        faults.add("job_intention.monthly_wage_fen", range(0, HIGHEST_WAGE));
    }
    JobIntention {
        occupation: fields::text("job_intention.occupation", &intention.occupation, 0, 64, faults),
        monthly_wage_fen: intention.monthly_wage_fen,
        place: fields::text("job_intention.place", &intention.place, 0, 64, faults),
    }
}

/// The registry's request that tells it what a contact taught. `request_id` is fixed here, once.
pub(crate) fn for_the_registry(
    township: &str,
    contact_id: Uuid,
    contact: &NewContact,
    learned: &StatusLearned,
    today: NaiveDate,
    request_id: Uuid,
) -> bangfu_proto::people::v1::RecordEmploymentRequest {
    let proto::StatusLearned { employer, contract_months, insured, .. } = learned.message.clone();
    bangfu_proto::people::v1::RecordEmploymentRequest {
        request_id: request_id.to_string(),
        person_id: contact.person_id.to_string(),
        employment: Some(bangfu_proto::people::v1::NewEmployment {
            status: EmploymentStatus::from(learned.status).into(),
            effective_on: super::date(learned.effective_on),
            known_on: super::date(today),
            employer,
            contract_months,
            insured,
            source: "CONTACT".to_owned(),
            evidence: contact_id.to_string(),
            ..Default::default()
        }),
        corrects_record_id: String::new(),
        township: township.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::caller::Role;

    use super::*;

    #[test]
    fn all_faults_of_a_contact_are_told_at_once() {
        let caller = Caller {
            subject: "zhang".into(),
            city: "320685".into(),
            township: "320685102".parse().ok(),
            roles: [Role::Clerk].into(),
            villages: [].into(),
        };
        let today: NaiveDate = "2026-03-20".parse().expect("a date");
        let request = proto::RecordContactRequest {
            person_id: "320699198505171899".into(),
            on: super::super::date(today.succ_opt().expect("a day")),
            channel: 99,
            status_learned: Some(proto::StatusLearned { contract_months: -1, ..Default::default() }),
            services: vec![proto::Service::PolicyPublicity.into(), proto::Service::PolicyPublicity.into(), 0],
            note: "字".repeat(1025),
            difficulties: vec![String::new(); 11],
            job_intention: Some(proto::JobIntention { monthly_wage_fen: -1, ..Default::default() }),
            source_ref: "4711".into(),
            ..Default::default()
        };
        let mut faults = Violations::default();
        new_contact(&request, &caller, today, &mut faults);
        let fields: Vec<_> = faults.iter().map(|(field, _)| field.as_ref()).collect();
        assert_eq!(
            fields,
            [
                "person_id",
                "on",
                "services",
                "services",
                "policies_told",
                "source",
                "channel",
                "result",
                "status_learned.status",
                "status_learned.effective_on",
                "status_learned.contract_months",
                "job_intention.monthly_wage_fen",
                "difficulties",
                "note",
            ]
        );
        assert!(!faults.to_string().contains("320699198505171899"));
    }
}
