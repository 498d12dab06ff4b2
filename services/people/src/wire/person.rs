//! People as messages: masked, or in full for whoever has a reason.

use bangfu_kernel::{calendar, id_number};
use bangfu_proto::people::v1 as proto;
use uuid::Uuid;

use super::{employment, membership, timestamp};
use crate::{
    model::{mask, person::Person},
    store::person::Revealed,
};

/// The message of a person of a township, personal data masked.
pub(crate) fn message(person: &Person, township: &str) -> proto::Person {
    let sex = match person.sex {
        id_number::Sex::Female => proto::Sex::Female,
        id_number::Sex::Male => proto::Sex::Male,
    };
    proto::Person {
        person_id: person.person_id.to_string(),
        township: township.to_owned(),
        name_masked: mask::name(&person.name),
        id_number_masked: id_number::mask(&person.id_number),
        phone_masked: mask::phone(&person.phone),
        sex: sex.into(),
        birth_year: person.birth_year.into(),
        village: person.village.clone(),
        coordinator: person.coordinator.clone(),
        education: person.education.clone(),
        job_wish: person.job_wish.clone(),
        training_wish: person.training_wish.clone(),
        memberships: membership::messages(&person.memberships),
        employment: person.employment.as_ref().map(employment::message),
        level: proto::ServiceLevel::from(person.level).into(),
        joined_on: Some(calendar::message(person.joined_on)),
        left_on: person.left_on.map(calendar::message),
        etag: person.version.to_string(),
        created_at: Some(timestamp(person.created_at)),
        updated_at: Some(timestamp(person.updated_at)),
        merged_into_person_id: person.merged_into.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// The message of personal data in full.
pub(crate) fn revealed(person_id: Uuid, data: &Revealed) -> proto::RevealedPerson {
    proto::RevealedPerson {
        person_id: person_id.to_string(),
        name: data.name.to_string(),
        id_number: data.id_number.to_string(),
        phone: data.phone.to_string(),
        address: data.address.to_string(),
        remark: data.remark.to_string(),
    }
}
