//! A waiver (豁免) as it is asked for and as it is kept, and what has to bear it out.

use std::collections::BTreeMap;

use bangfu_kernel::{Error, fields::rule};
use bangfu_platform::db::TownshipTx;
use bangfu_proto::followup::v1::{WaiverReason, WaiverState};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    model::{
        duty::{Duty, DutyState},
        history::Record,
        standard::Standards,
        waiver::{Attempts, is_attempt, shows_done_in_time},
    },
    store::{self, subject::Subject},
};

/// A waiver to be asked for: its fields keep the rules of the contract.
#[derive(Debug, Clone)]
pub(crate) struct NewWaiver {
    pub(crate) duty_id: Uuid,
    pub(crate) reason: WaiverReason,
    pub(crate) text: String,
    /// Contacts and service records, each once.
    pub(crate) evidence: Vec<Uuid>,
}

/// A waiver as it is kept, in the contract's numbers, with what it carries of its duty.
#[derive(Debug, Clone)]
#[expect(clippy::struct_field_names, reason = "an id has the same name everywhere")]
pub(crate) struct Waiver {
    pub(crate) waiver_id: Uuid,
    pub(crate) duty_id: Uuid,
    pub(crate) person_id: Uuid,
    /// It is owed to a household; `person_id` is the household's id.
    pub(crate) household: bool,
    pub(crate) rule: String,
    pub(crate) period_start: NaiveDate,
    pub(crate) reason: i16,
    pub(crate) text: String,
    pub(crate) evidence: Vec<Uuid>,
    pub(crate) state: i16,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) requested_by: String,
    pub(crate) decided_at: Option<DateTime<Utc>>,
    pub(crate) decided_by: Option<String>,
    pub(crate) decision: Option<String>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    pub(crate) revoked_by: Option<String>,
    pub(crate) revocation: Option<String>,
}

impl Waiver {
    pub(crate) fn state(&self) -> WaiverState {
        WaiverState::try_from(i32::from(self.state)).unwrap_or_default()
    }

    pub(crate) fn reason(&self) -> WaiverReason {
        WaiverReason::try_from(i32::from(self.reason)).unwrap_or_default()
    }
}

/// Only what is OPEN or MISSED can be let off. ILLEGAL_TRANSITION.
pub(crate) fn may_be_let_off(duty: &Duty) -> Result<(), Error> {
    match duty.state {
        DutyState::Open | DutyState::Missed => Ok(()),
        DutyState::Done | DutyState::Released | DutyState::Waived => {
            Err(Error::IllegalTransition { state: duty.state.code() })
        }
    }
}

/// A piece of evidence that a waiver names, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cited {
    pub(crate) record_id: Uuid,
    pub(crate) entered_by: String,
    /// It counts as never entered.
    pub(crate) voided: bool,
}

/// A waiver that names what was voided since cannot be granted, whatever its reason. CONTACT_VOIDED.
pub(crate) fn stands_whole(cited: &[Cited]) -> Result<(), Error> {
    match cited.iter().find(|it| it.voided) {
        Some(it) => Err(Error::ContactVoided { contact_id: it.record_id }),
        None => Ok(()),
    }
}

/// All that was done for whom a duty is owed to, with who entered it.
pub(crate) struct Evidence {
    /// What stands.
    standing: BTreeMap<Uuid, (Record, String)>,
    /// What was voided: it bears nothing out, but nobody gets rid of having entered it.
    voided: BTreeMap<Uuid, (Record, String)>,
}

impl Evidence {
    /// Of a person, or of an entry that was merged: what it had then counts for its duties, wherever it is now. Of a
    /// household: what was done for its members while they belonged to it.
    pub(crate) async fn of(tx: &mut TownshipTx, subject: &Subject) -> Result<Self, Error> {
        let home = if subject.household { Some(store::facts::household(&subject.facts)?) } else { None };
        let (whose, holders) = match &home {
            Some(home) => {
                let members: Vec<_> = home.members.iter().map(|member| member.person_id).collect();
                (members.clone(), members)
            }
            None => (vec![subject.person_id], store::waiver::holders(tx, subject.person_id).await?),
        };
        let mut entered_by = store::waiver::entered_by(tx, &whose, &holders).await?;
        let standing = store::contact::records(tx, &holders).await?;
        let voided = store::contact::voided(tx, &holders).await?;
        let counts = |whose, on| home.as_ref().is_none_or(|home| home.was_home_of(whose, on));
        let mut evidence = |records: Vec<(Uuid, Record)>| {
            records
                .into_iter()
                .filter(|(whose, record)| counts(*whose, record.on))
                .filter_map(|(_, record)| Some((record.id, (record, entered_by.remove(&record.id)?))))
                .collect()
        };
        Ok(Self { standing: evidence(standing), voided: evidence(voided) })
    }

    /// Every piece named is one of the person's, and they bear the reason out. FIELD_INVALID, ATTEMPTS_MISSING.
    pub(crate) fn bears_out(&self, waiver: &NewWaiver, duty: &Duty, standards: &Standards) -> Result<(), Error> {
        if waiver.evidence.iter().any(|id| !self.standing.contains_key(id)) {
            let rule = rule("must be contacts or services of the duty's person", "应为该事项服务对象的有效记录");
            return Err(Error::field("evidence_ids", rule));
        }
        if waiver.reason == WaiverReason::LateEntry && !self.shows_done_in_time(&waiver.evidence, duty, standards) {
            let rule = rule(
                "must hold one of the duty's service, dated within its window",
                "应包含服务日期在该事项办理期限内的同类服务记录",
            );
            return Err(Error::field("evidence_ids", rule));
        }
        self.attempts_suffice(waiver.reason, duty)
    }

    /// The same for what was asked for before: records may have been voided since. CONTACT_VOIDED, ATTEMPTS_MISSING.
    pub(crate) fn still_bears_out(&self, waiver: &Waiver, duty: &Duty, standards: &Standards) -> Result<(), Error> {
        let voided = waiver.evidence.iter().find(|id| !self.standing.contains_key(id));
        if waiver.reason() == WaiverReason::LateEntry
            && !self.shows_done_in_time(&waiver.evidence, duty, standards)
            && let Some(&contact_id) = voided
        {
            return Err(Error::ContactVoided { contact_id });
        }
        self.attempts_suffice(waiver.reason(), duty)
    }

    /// Whether somebody entered what bears a waiver out, voided since or not: what is named, and the attempts that count
    /// without being named.
    pub(crate) fn was_entered_by(&self, subject: &str, cited: &[Cited], waiver: &Waiver, duty: &Duty) -> bool {
        let unreachable = waiver.reason() == WaiverReason::Unreachable;
        cited.iter().any(|it| it.entered_by == subject)
            || self
                .standing
                .values()
                .chain(self.voided.values())
                .any(|(record, entered_by)| entered_by == subject && unreachable && is_attempt(duty, record))
    }

    fn attempts_suffice(&self, reason: WaiverReason, duty: &Duty) -> Result<(), Error> {
        let attempts = Attempts::of(duty, self.standing.values().map(|(record, _)| record));
        if reason == WaiverReason::Unreachable && !attempts.suffice() {
            let Attempts { days, home_visits } = attempts;
            return Err(Error::AttemptsMissing { days, home_visits });
        }
        Ok(())
    }

    fn shows_done_in_time(&self, named: &[Uuid], duty: &Duty, standards: &Standards) -> bool {
        let standard = standards.iter().find(|standard| standard.version == duty.standard_version);
        let rule = standard.and_then(|standard| standard.rules.iter().find(|rule| rule.id == duty.rule));
        named.iter().filter_map(|id| self.standing.get(id)).any(|(record, _)| shows_done_in_time(duty, rule, record))
    }
}
