//! Texts that are stored as they are take no ID numbers and no mobile phones: every text of every request, by the contract.

use bangfu_proto::{ACCESS, DESCRIPTOR_SET};
use bangfu_testkit::City;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};
use tonic::Status;
use tonic_types::StatusExt as _;

use super::errors::token;
use crate::{
    raw::{self, Answer},
    row::Run,
};

/// What somebody might type.
const TYPED: [&str; 3] = ["电话13955556666", "证号110101199003078899", "１３９-５５５５-６６６６"];

/// Texts that may have such numbers, or are not looked at, by the end of their path; and why.
const MAY: [(&str, &str); 27] = [
    ("page_token", "refused as no token of ours"),
    (".etag", "compared, not stored"),
    ("cursors.epoch", "compared, not stored"),
    ("cursors.township", "compared, not stored"),
    ("id_number", "encrypted"),
    (".phone", "encrypted"),
    ("RegisterPerson.name", "encrypted"),
    ("UpdatePerson.name", "encrypted"),
    ("ListPeople.name", "looked up by its hash"),
    ("RegisterPerson.address", "encrypted"),
    ("UpdatePerson.address", "encrypted"),
    ("RegisterPerson.remark", "encrypted"),
    ("UpdatePerson.remark", "encrypted"),
    ("RecordSurvey.note", "encrypted"),
    ("ListAudit.actor", "an account, which may be a phone number"),
    ("PutCoordinator.coordinator.account", "an account, which may be a phone number"),
    ("PutCoordinator.coordinator.villages", "told in answers only"),
    ("PutCoordinator.coordinator.absences.absence_id", "told in answers only"),
    ("PutCoordinator.coordinator.absences.coordinator", "told in answers only"),
    ("PutCoordinator.coordinator.absences.stand_in", "told in answers only"),
    ("RecordContact.coordinator", "a name or an account"),
    ("RecordService.coordinator", "a name or an account"),
    ("published_by", "told in answers only"),
    ("standard.rules.office_words", "told in answers only"),
    ("UpsertTownship.code", "a code"),
    ("RotateKey.township", "a code"),
    ("GetKeyRotation.township", "a code"),
];
/// Requests of many rows: each row goes the way of a request of its own, and is refused alone; cells of a roster lose the
/// number (`services/people/src/roster/judge.rs`).
const ROWS: [&str; 4] =
    ["RecordContacts.contacts.", "RecordServices.services.", "ImportRoster.rows.rows.", "StartDataMatch.rows.rows."];

/// Every text field of every request of both services, one at a time.
pub async fn numbers_of_people_are_refused_in_every_text_that_is_stored_as_it_is(run: Run) {
    let city = City::new().await;
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).expect("our own");
    let mut taken = Vec::new();
    run.fault("a number of a person refused", 0);
    for rule in ACCESS {
        let (service, method) = rule.path.trim_start_matches('/').split_once('/').expect("a path");
        let service = pool.get_service_by_name(service).expect("a service");
        let method = service.methods().find(|found| found.name() == method).expect("a method");
        let mut fields = Vec::new();
        texts(&method.input(), &[], &mut fields);
        for field in fields {
            let names: Vec<_> = field.iter().map(FieldDescriptor::name).collect();
            let path = names.join(".");
            run.count("texts of requests", 1);
            for typed in TYPED {
                let mut message = with(&method.input(), &field, typed);
                mask(&mut message, names[0]);
                let (headers, body) =
                    (raw::bearer(&token(&city, rule)), raw::framed(&[message.encode_to_vec().into()]));
                let answer = raw::call(&city.channel(), rule.path, &headers, body).await;
                let refused = names_it(&answer, names[names.len() - 1]);
                let name = format!("{}.{path}", method.name());
                let may =
                    MAY.iter().any(|(may, _)| name.ends_with(may)) || ROWS.iter().any(|row| name.starts_with(row));
                match (refused, may) {
                    (true, _) => run.fault("a number of a person refused", 1),
                    (false, true) => run.count("texts that may have numbers", 1),
                    (false, false) => taken.push(format!("{name}: {typed}: {answer:?}")),
                }
            }
        }
    }
    city.close().await;
    assert!(taken.is_empty(), "{} taken (seed {}): {taken:#?}", taken.len(), run.seed());
}

/// Whether a field is named as broken.
fn names_it(answer: &Answer, field: &str) -> bool {
    let details = Status::with_details(answer.code, "", answer.details.clone()).get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    violations.iter().any(|violation| violation.field.rsplit('.').next().is_some_and(|last| last == field))
}

/// The ways to all texts of a message.
fn texts(of: &MessageDescriptor, way: &[FieldDescriptor], found: &mut Vec<Vec<FieldDescriptor>>) {
    for field in of.fields() {
        let to = [way, std::slice::from_ref(&field)].concat();
        match field.kind() {
            Kind::String => found.push(to),
            Kind::Message(inner) if way.len() < 4 && !inner.full_name().starts_with("google.") => {
                texts(&inner, &to, found);
            }
            _ => {}
        }
    }
}

/// A message with nothing but one text in it.
fn with(of: &MessageDescriptor, way: &[FieldDescriptor], typed: &str) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for (field, day) in of.fields().filter_map(|field| Some((field.clone(), day(&field)?))) {
        // Some texts are only looked at beside a date.
        message.set_field(&field, if field.is_list() { Value::List(vec![day]) } else { day });
    }
    let Some((field, rest)) = way.split_first() else { return message };
    let value = match field.kind() {
        Kind::Message(inner) => Value::Message(with(&inner, rest, typed)),
        _ => Value::String(typed.to_owned()),
    };
    message.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
    message
}

/// A day, for a field that takes one.
fn day(field: &FieldDescriptor) -> Option<Value> {
    let Kind::Message(inner) = field.kind() else { return None };
    (inner.full_name() == "bangfu.common.v1.CalendarDate").then(|| {
        let mut day = DynamicMessage::new(inner);
        for (part, number) in [("year", 2026), ("month", 1), ("day", 5)] {
            day.set_field_by_name(part, Value::I32(number));
        }
        Value::Message(day)
    })
}

/// Names the field in an update mask, where there is one.
fn mask(message: &mut DynamicMessage, field: &str) {
    let Some(update) = message.descriptor().get_field_by_name("update_mask") else { return };
    let Kind::Message(inner) = update.kind() else { return };
    let mut mask = DynamicMessage::new(inner);
    mask.set_field_by_name("paths", Value::List(vec![Value::String(field.to_owned())]));
    message.set_field(&update, Value::Message(mask));
}
