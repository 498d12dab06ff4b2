//! A roster on its way in, and what became of its rows.

use bangfu_kernel::{Error, calendar, error::Violations, fields};
use bangfu_proto::people::v1::{RegisterMatch, RosterImport, RosterStart, RowOutcome, RowResult};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    register::{Outcome, Registered},
    roster::Verdict,
};

/// What has to be known before the rows.
#[derive(Debug)]
pub(crate) struct Start {
    /// The caller's id for it; `None` on a dry run.
    pub request_id: Option<Uuid>,
    /// 填报日期
    pub ledger_on: NaiveDate,
    /// For the office's own memory.
    pub file_name: String,
}

/// Takes the first part of a roster apart; all faults at once.
pub(crate) fn start(message: &RosterStart, today: NaiveDate) -> Result<Start, Error> {
    let mut faults = Violations::default();
    let request_id = if message.validate_only {
        None
    } else {
        Some(fields::uuid("start.request_id", &message.request_id, &mut faults))
    };
    let ledger_on = fields::optional_date("start.ledger_on", message.ledger_on.as_ref(), &mut faults);
    let ledger_on = ledger_on.unwrap_or(today);
    fields::not_after_today("start.ledger_on", ledger_on, today, &mut faults);
    let file_name = fields::text("start.file_name", &message.file_name, 0, 256, &mut faults);
    faults.check()?;
    Ok(Start { request_id, ledger_on, file_name })
}

/// The answer: one result a row, in the order sent. `registered` holds one entry for each accepted row, in that order.
pub(crate) fn report(
    import_id: Option<Uuid>,
    ledger_on: NaiveDate,
    verdicts: Vec<Verdict>,
    registered: Vec<Registered>,
) -> RosterImport {
    let mut registered = registered.into_iter();
    let (mut accepted, mut merged, mut rejected) = (0, 0, 0);
    let results = verdicts
        .into_iter()
        .map(|verdict| {
            let met = match verdict.outcome {
                RowOutcome::Accepted => {
                    accepted += 1;
                    registered.next()
                }
                RowOutcome::Merged => {
                    merged += 1;
                    None
                }
                RowOutcome::Rejected | RowOutcome::Unspecified => {
                    rejected += 1;
                    None
                }
            };
            result(&verdict, met)
        })
        .collect();
    RosterImport {
        import_id: import_id.map(|id| id.to_string()).unwrap_or_default(),
        validate_only: import_id.is_none(),
        ledger_on: Some(calendar::message(ledger_on)),
        results,
        accepted,
        merged,
        rejected,
    }
}

fn result(verdict: &Verdict, met: Option<Registered>) -> RowResult {
    let person_id = met.as_ref().and_then(|met| met.person_id).map(|id| id.to_string()).unwrap_or_default();
    let (matched, changed) = match met.map(|met| met.outcome) {
        None => (RegisterMatch::Unspecified, Vec::new()),
        Some(Outcome::New) => (RegisterMatch::New, Vec::new()),
        Some(Outcome::Known) => (RegisterMatch::Known, Vec::new()),
        Some(Outcome::Changed(fields)) => (RegisterMatch::Changed, fields),
        Some(Outcome::OtherName) => (RegisterMatch::OtherName, Vec::new()),
        Some(Outcome::Elsewhere) => (RegisterMatch::Elsewhere, Vec::new()),
    };
    RowResult {
        row: verdict.row,
        outcome: verdict.outcome.into(),
        codes: verdict.codes.iter().map(|&code| code.into()).collect(),
        r#match: matched.into(),
        changed_fields: changed.into_iter().map(str::to_owned).collect(),
        person_id,
    }
}
