//! Lists held against the register: on their way in, and as the office sees them, personal data masked.

use bangfu_kernel::{EmploymentStatus, Error, Group, calendar, error::Violations, fields, group, id_number};
use bangfu_proto::people::v1::{self as proto, DataMatchStart, Department, RowCode};
use chrono::NaiveDate;
use uuid::Uuid;

use super::timestamp;
use crate::{
    model::{
        data_match::{Count, DataMatch, Listed, group_of, undecided},
        mask,
    },
    store::data_match_row,
};

/// What has to be known before the rows.
#[derive(Debug)]
pub(crate) struct Start {
    /// The caller's id for it.
    pub request_id: Uuid,
    /// Whose list it is.
    pub department: Department,
    /// As the department calls it.
    pub list_name: String,
    /// The list's date.
    pub list_on: NaiveDate,
    /// The group the list is about.
    pub group: Group,
}

impl Start {
    /// The group as a message has it.
    pub(crate) fn group_message(&self) -> i32 {
        proto::Group::from(self.group).into()
    }
}

/// Takes the first part of a list apart; all faults at once.
pub(crate) fn start(message: &DataMatchStart, today: NaiveDate) -> Result<Start, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("start.request_id", &message.request_id, &mut faults);
    let department = Department::try_from(message.department).unwrap_or_default();
    let own = group_of(department);
    if own.is_none() {
        faults.add("start.department", fields::not_given_or_enumerated(message.department));
    }
    let list_name = fields::text("start.list_name", &message.list_name, 1, 128, &mut faults);
    let list_on = fields::date("start.list_on", message.list_on.as_ref(), &mut faults);
    fields::not_after_today("start.list_on", list_on, today, &mut faults);
    let said = proto::Group::try_from(message.group).unwrap_or_else(|_unknown| {
        faults.add("start.group", fields::enumerated());
        proto::Group::Unspecified
    });
    faults.check()?;
    let group = group::group_of(said).or(own).ok_or_else(|| Error::internal("a list about no group"))?;
    Ok(Start { request_id, department, list_name, list_on, group })
}

/// The message of a match; without counts in a list of several.
pub(crate) fn message(found: &DataMatch, township: &str, counts: Option<&[Count]>) -> proto::DataMatch {
    let counts = counts.unwrap_or_default();
    let rows = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    proto::DataMatch {
        match_id: found.match_id.to_string(),
        township: township.to_owned(),
        department: found.department.into(),
        list_name: found.list_name.clone(),
        list_on: Some(calendar::message(found.list_on)),
        group: proto::Group::from(found.group).into(),
        state: found.state.into(),
        rows: found.rows,
        counts: counts
            .iter()
            .map(|count| proto::DataMatchCount {
                kind: count.kind.into(),
                decision: count.decision.into(),
                outcome: count.outcome.into(),
                rows: rows(count.rows),
            })
            .collect(),
        undecided: rows(undecided(counts)),
        sha256: super::hex(&found.content),
        started_by: found.started_by.clone(),
        started_at: Some(timestamp(found.started_at)),
        committed_by: found.committed_by.clone().unwrap_or_default(),
        committed_at: found.committed_at.map(timestamp),
    }
}

/// The message of a row; what the list says of it, if that is not wiped; and who has the number here.
pub(crate) fn row(
    found: data_match_row::Listed,
    said: Option<&Listed>,
    person_id: Option<Uuid>,
) -> proto::DataMatchRow {
    let code = |word: &String| RowCode::from_str_name(&format!("ROW_CODE_{word}")).unwrap_or_default().into();
    let shown = proto::DataMatchRow {
        row: found.number,
        kind: found.kind.into(),
        codes: found.codes.iter().map(code).collect(),
        differing_fields: found.differing,
        unread_fields: found.unread,
        decision: found.decision.into(),
        outcome: found.outcome.into(),
        person_id: person_id.map(|id| id.to_string()).unwrap_or_default(),
        ..Default::default()
    };
    let Some(said) = said else { return shown };
    let spell = said.employment.as_ref();
    let status = spell.and_then(|spell| EmploymentStatus::from_code(&spell.status));
    proto::DataMatchRow {
        name_masked: mask::name(&said.name),
        id_number_masked: id_number::mask(&said.id_number),
        phone_masked: mask::phone(said.phone.as_deref().unwrap_or_default()),
        village: said.village.clone(),
        groups: said.groups.iter().map(|&group| proto::Group::from(group).into()).collect(),
        status: status.map_or(proto::EmploymentStatus::Unspecified, proto::EmploymentStatus::from).into(),
        status_since: spell.map(|spell| calendar::message(spell.effective_on)),
        ended_on: said.ended_on.map(calendar::message),
        ..shown
    }
}
