//! A sweep as it is recorded, and those whose plans it could not make → their messages.

use bangfu_proto::followup::v1 as proto;

use super::{date, instant};
use crate::store::{quarantine::Quarantined, sweep::Sweep};

/// The message of one township's sweep.
pub(crate) fn message(sweep: Sweep) -> proto::TownshipSweep {
    proto::TownshipSweep {
        sweep_id: sweep.sweep_id.to_string(),
        township: sweep.township,
        as_of: date(sweep.as_of),
        in_scope: sweep.in_scope,
        with_duties: sweep.with_duties,
        excluded: sweep.excluded.0.into_iter().collect(),
        raised: sweep.raised.0.into_iter().collect(),
        done: sweep.done.0.into_iter().collect(),
        missed: sweep.missed.0.into_iter().collect(),
        released: sweep.released.0.into_iter().collect(),
        started_at: Some(instant(sweep.started_at)),
        finished_at: sweep.finished_at.map(instant),
        failed: sweep.failed,
        raised_days_late: sweep.raised_days_late,
    }
}

/// The message of somebody whose plan fails.
pub(crate) fn quarantined(it: Quarantined) -> proto::Quarantined {
    let id = it.person_id.to_string();
    let (person_id, household_id) = if it.household { (String::new(), id) } else { (id, String::new()) };
    proto::Quarantined {
        township: it.township,
        person_id,
        household_id,
        since: Some(instant(it.since)),
        last: Some(instant(it.last)),
        attempts: it.attempts,
        correlation_id: it.correlation_id,
    }
}
