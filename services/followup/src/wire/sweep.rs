//! A sweep as it is recorded → its message.

use bangfu_proto::followup::v1 as proto;

use super::{date, instant};
use crate::store::sweep::Sweep;

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
        raised_days_late: 0,
    }
}
