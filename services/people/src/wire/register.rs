//! A registration by hand, judged as a roster row of the same content would be.
//!
//! Where a roster keeps a row in spite of a bad phone, a form is sent back: somebody sits before it.

use bangfu_kernel::{
    Error, Group,
    error::{Rule, Violations},
    fields,
    group::group_of,
};
use bangfu_proto::people::v1::{self as proto, RegisterPersonRequest, RosterRow, RowCode};
use chrono::NaiveDate;
use uuid::Uuid;

use super::employment;
use crate::{
    model::{membership::Source, person::NewPerson},
    roster,
};

/// A registration that follows the rules.
pub(crate) struct Registration {
    /// The caller's id for it.
    pub request_id: Uuid,
    /// Who.
    pub person: NewPerson,
    /// How the office learned of them.
    pub source: Source,
}

/// Takes a request apart; all faults at once.
pub(crate) fn decode(request: &RegisterPersonRequest, today: NaiveDate) -> Result<Registration, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let row = RosterRow {
        row: 1,
        name: fields::any_text("name", &request.name, 0, 64, &mut faults),
        id_number: request.id_number.clone(),
        phone: request.phone.clone(),
        village: fields::text("village", &request.village, 0, 64, &mut faults),
        coordinator: fields::text("coordinator", &request.coordinator, 0, 64, &mut faults),
        education: fields::text("education", &request.education, 0, 64, &mut faults),
        groups: group_words(&request.groups, &mut faults),
        job_wish: fields::text("job_wish", &request.job_wish, 0, 128, &mut faults),
        training_wish: fields::text("training_wish", &request.training_wish, 0, 128, &mut faults),
        remark: fields::any_text("remark", &request.remark, 0, 512, &mut faults),
        ..RosterRow::default()
    };
    let address = fields::any_text("address", &request.address, 0, 256, &mut faults);
    let source = proto::Source::try_from(request.source).unwrap_or_else(|_unknown| {
        faults.add("source", fields::enumerated());
        proto::Source::Unspecified
    });
    let employment =
        request.employment.as_ref().map(|message| employment::decode(message, "REGISTRATION", today, &mut faults));

    let mut judged = roster::judge([row], today);
    for code in judged.verdicts.iter().flat_map(|verdict| &verdict.codes) {
        // Where the form's own rule is broken, what the row looks like without the field is no further fault.
        if let Some((field, rule)) = fault_of(*code, request).filter(|(field, _)| !faults.has(field)) {
            faults.add(field, rule);
        }
    }
    faults.check()?;

    let row = judged.accepted.pop().ok_or_else(|| Error::internal("a row without faults was not accepted"))?;
    let person = NewPerson { address, employment, ..NewPerson::from(row) };
    Ok(Registration { request_id, person, source: source.into() })
}

fn group_words(groups: &[i32], faults: &mut Violations) -> String {
    let known = groups
        .iter()
        .filter_map(|&group| proto::Group::try_from(group).ok().and_then(group_of))
        .collect::<Vec<Group>>();
    if known.len() < groups.len() {
        faults.add("groups", fields::enumerated());
    }
    known.into_iter().map(Group::office_word).collect::<Vec<_>>().join("、")
}

/// The rule of a phone number.
pub(super) fn phone_rule() -> Rule {
    fields::rule("must be an 11-digit mobile, or an area code with 7-8 digits", "应为11位手机号码，或区号加7至8位号码")
}

/// The field and the rule that a row's code stands for; `None`: it is about something the form has no cell for.
fn fault_of(code: RowCode, request: &RegisterPersonRequest) -> Option<(&'static str, Rule)> {
    let id = |en, zh| Some(("id_number", fields::rule(en, zh)));
    match code {
        RowCode::NameMissing => Some(("name", fields::required())),
        RowCode::IdLength if request.id_number.trim().is_empty() => Some(("id_number", fields::required())),
        RowCode::IdLength => id("must have 18 characters", "应为18位"),
        RowCode::IdCheckDigit => id("has a wrong check digit", "校验位错误"),
        RowCode::IdBirthDate => id("has a date of birth that does not exist", "中的出生日期不存在"),
        RowCode::IdLostDigits => id("has lost digits in a spreadsheet", "为数值格式，末位数字已丢失"),
        RowCode::UnderAge => id("must be of somebody of 16 years or older", "应为年满16周岁人员"),
        RowCode::GroupMissing if request.groups.is_empty() => Some(("groups", fields::required())),
        RowCode::PhoneInvalid => Some(("phone", phone_rule())),
        RowCode::Unspecified
        | RowCode::GroupMissing
        | RowCode::GroupUnknown
        | RowCode::IdUsedByOtherName
        | RowCode::DuplicateInFile
        | RowCode::SexMismatch
        | RowCode::StatusUnknown
        | RowCode::DateUnreadable
        | RowCode::DateInFuture => None,
    }
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::id_number::check_digit;

    use super::*;

    fn today() -> NaiveDate {
        "2026-01-05".parse().expect("a date")
    }

    fn number(seventeen: &str) -> String {
        format!("{seventeen}{}", char::from(check_digit(seventeen.as_bytes())))
    }

    fn request() -> RegisterPersonRequest {
        RegisterPersonRequest {
            request_id: Uuid::from_u128(7).to_string(),
            name: " 张 样 ".to_owned(),
            id_number: number("32069919800101001"),
            phone: "158-0000-7045".to_owned(),
            groups: vec![proto::Group::Veteran.into(), proto::Group::Veteran.into()],
            ..Default::default()
        }
    }

    #[test]
    fn a_registration_is_normalised_like_a_row() {
        let registration = decode(&request(), today()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(registration.person.name, "张样");
        assert_eq!(registration.person.phone.as_deref(), Some("15800007045"));
        assert_eq!(registration.person.groups, [Group::Veteran].into());
        assert_eq!(registration.source, Source::SelfApplication);
        assert!(registration.person.employment.is_none());
    }

    #[test]
    fn all_faults_are_told_at_once_and_none_holds_a_value() {
        let young = number("32069920150101001");
        let faulty = RegisterPersonRequest {
            request_id: "x".to_owned(),
            name: "　".to_owned(),
            id_number: young.clone(),
            phone: "12345".to_owned(),
            groups: vec![],
            village: "村".repeat(65),
            source: 99,
            ..request()
        };
        let Err(Error::Invalid(faults)) = decode(&faulty, today()) else { panic!("faulty") };
        let told = faults.iter().map(|(field, _)| field.to_string()).collect::<std::collections::BTreeSet<_>>();
        let expected = ["groups", "id_number", "name", "phone", "request_id", "source", "village"];
        assert_eq!(told, expected.map(str::to_owned).into());
        assert!(!faults.to_string().contains(&young));
    }
}
