//! Duties column by column, as one statement takes many of them.

use bangfu_kernel::Error;
use bangfu_proto::followup::v1 as proto;
use chrono::NaiveDate;
use uuid::Uuid;

use super::Step;
use crate::wire::number;

/// Steps, column by column.
#[derive(Default)]
pub(super) struct Columns<'s> {
    pub(super) person_ids: Vec<Uuid>,
    pub(super) rules: Vec<&'s str>,
    pub(super) period_starts: Vec<NaiveDate>,
    pub(super) slots: Vec<i16>,
    pub(super) duty_ids: Vec<Uuid>,
    pub(super) services: Vec<i16>,
    pub(super) opens_on: Vec<NaiveDate>,
    pub(super) due_on: Vec<NaiveDate>,
    pub(super) window_starts: Vec<NaiveDate>,
    pub(super) target_on: Vec<NaiveDate>,
    pub(super) missed_from: Vec<NaiveDate>,
    pub(super) states: Vec<i16>,
    pub(super) state_on: Vec<NaiveDate>,
    pub(super) settled_by: Vec<Option<Uuid>>,
    pub(super) release_reasons: Vec<Option<i16>>,
    pub(super) standard_versions: Vec<&'s str>,
    pub(super) recommended_on: Vec<Option<NaiveDate>>,
    pub(super) recommended_by: Vec<Option<i16>>,
    pub(super) moved_from: Vec<Option<NaiveDate>>,
    pub(super) moved_because: Vec<Option<&'s str>>,
    pub(super) waiver_ids: Vec<Option<Uuid>>,
}

impl<'s> Columns<'s> {
    pub(super) fn of(steps: &'s [Step]) -> Result<Self, Error> {
        let mut columns = Self::default();
        for Step { duty_id, person_id, duty, recommended, waiver_id } in steps {
            columns.person_ids.push(*person_id);
            columns.rules.push(&duty.rule);
            columns.period_starts.push(duty.period_start);
            columns.slots.push(i16::try_from(duty.slot).map_err(|error| Error::Internal(Box::new(error)))?);
            columns.duty_ids.push(*duty_id);
            columns.services.push(number(proto::Service::from(duty.service)));
            columns.opens_on.push(duty.opens_on);
            columns.due_on.push(duty.due_on);
            columns.window_starts.push(duty.window_start);
            columns.target_on.push(duty.target_on);
            columns.missed_from.push(duty.missed_from);
            columns.states.push(number(proto::DutyState::from(duty.state)));
            columns.state_on.push(duty.state_on);
            columns.settled_by.push(duty.settled_by);
            columns.release_reasons.push(duty.reason.map(|it| number(proto::ReleaseReason::from(it))));
            columns.standard_versions.push(&duty.standard_version);
            let moved = recommended.as_ref().and_then(|it| it.moved.as_ref());
            columns.recommended_on.push(recommended.as_ref().map(|it| it.on));
            columns.recommended_by.push(recommended.as_ref().map(|it| number(proto::RecommendedBy::from(it.by))));
            columns.moved_from.push(moved.map(|(day, _)| *day));
            columns.moved_because.push(moved.map(|(_, why)| why.as_str()));
            columns.waiver_ids.push(*waiver_id);
        }
        Ok(columns)
    }
}
