//! Sweeps townships in which people wait who have never been planned: registered or imported since the last sweep.

use std::collections::BTreeMap;

use bangfu_kernel::{Error, Township};
use chrono::NaiveDate;

use super::sweep;
use crate::{Followup, store};

/// While a roster is still coming in its township is not swept, but no longer than for so many looks (seconds).
const LOOKS: u32 = 30;

/// Where the townships with newcomers stand.
#[derive(Debug, Default)]
pub(super) struct Newcomers(BTreeMap<Township, Seen>);

/// A township as it was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// Position in the registry's feed.
    seq: i64,
    /// Looks since somebody waits.
    looks: u32,
    /// Position at which it was swept last: whoever still waits then is in the care of the nightly sweep.
    swept: Option<i64>,
}

impl Newcomers {
    /// Looks once, and sweeps whatever has come to rest.
    pub(super) async fn sweep(&mut self, svc: &Followup, today: NaiveDate) -> Result<(), Error> {
        let permit = svc.permit("followup.newcomers", None);
        let mut tx = svc.ground.db.city(&permit).await?;
        let waiting = store::township::with_newcomers(&mut tx, today).await?;
        tx.commit().await?;
        let due = self.due(waiting);
        for sweep in sweep::run(svc, &permit, &due, today).await? {
            let (township, in_scope, failed) = (sweep.township, sweep.in_scope, sweep.failed);
            tracing::info!(%township, in_scope, failed, %today, "swept newcomers");
        }
        Ok(())
    }

    /// Of the townships in which somebody waits, and the follower's position in each, those to be swept now.
    fn due(&mut self, waiting: Vec<(Township, i64)>) -> Vec<Township> {
        self.0.retain(|township, _| waiting.iter().any(|(other, _)| other == township));
        let mut due = Vec::new();
        for (township, seq) in waiting {
            let seen = self.0.get(&township).copied();
            let mut now = Seen { seq, looks: seen.map_or(0, |seen| seen.looks + 1), swept: None };
            now.swept = seen.and_then(|seen| seen.swept);
            let rests = seen.is_some_and(|seen| seen.seq == seq);
            if now.swept != Some(seq) && (rests || now.looks >= LOOKS) {
                now = Seen { seq, looks: 0, swept: Some(seq) };
                due.push(township.clone());
            }
            self.0.insert(township, now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_township_is_swept_when_its_feed_rests_or_has_not_rested_for_long_and_once_a_position() {
        let mut newcomers = Newcomers::default();
        let township: Township = "320685102".parse().expect("a code");
        let mut look =
            |seq: Option<i64>| !newcomers.due(seq.map(|seq| (township.clone(), seq)).into_iter().collect()).is_empty();
        assert!(!look(Some(7)), "more may be coming");
        assert!(look(Some(7)), "it rests");
        assert!(!look(Some(7)), "whoever still waits cannot be planned");
        assert!(!look(Some(8)), "somebody else came");
        assert!(look(Some(8)));
        assert!(!look(None) && !look(Some(9)) && look(Some(9)));
        let swept = (10..50).filter(|&seq| look(Some(seq))).count();
        assert_eq!(swept, 1, "a feed that never rests waits for half a minute");
    }
}
