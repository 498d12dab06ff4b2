//! Sweeps townships in which people wait who have never been planned: registered or imported since the last sweep.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_kernel::{Error, Township};
use chrono::NaiveDate;
use uuid::Uuid;

use super::sweep;
use crate::{
    Followup,
    store::{self, township::Waiting},
};

/// While more people keep coming in their township is not swept, but no longer than for so many looks (seconds).
const LOOKS: u32 = 5;

/// Where the townships with newcomers stand.
#[derive(Debug, Default)]
pub(super) struct Newcomers(BTreeMap<Township, Seen>);

/// A township as it was seen last.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// Position in the registry's feed.
    seq: i64,
    /// Looks since somebody new waits.
    looks: u32,
    /// People whom a sweep has not planned, though they waited: they are in the care of the nightly one.
    stuck: BTreeSet<Uuid>,
}

impl Newcomers {
    /// Looks once, and sweeps whatever has come to rest. A township that fails does not keep the others from being swept,
    /// and is tried again at the next look; the first failure is the answer.
    pub(super) async fn sweep(&mut self, svc: &Followup, today: NaiveDate) -> Result<(), Error> {
        let permit = svc.permit("followup.newcomers", None);
        let mut tx = svc.ground.db.city(&permit).await?;
        let waiting = store::township::with_newcomers(&mut tx, today).await?;
        tx.commit().await?;
        let mut failure = None;
        for Waiting { township, people, .. } in self.due(waiting) {
            match sweep::run(svc, &permit, std::slice::from_ref(&township), today, sweep::Need::AnybodyDue).await {
                Ok(sweeps) => {
                    for sweep in sweeps {
                        let (in_scope, failed) = (sweep.in_scope, sweep.failed);
                        tracing::info!(%township, in_scope, failed, %today, "swept newcomers");
                    }
                    self.swept(&township, people);
                }
                Err(Error::Stopping) => return Err(Error::Stopping),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Of the townships in which somebody waits those to be swept now.
    fn due(&mut self, waiting: Vec<Waiting>) -> Vec<Waiting> {
        self.0.retain(|township, _| waiting.iter().any(|other| other.township == *township));
        let mut due = Vec::new();
        for waiting in waiting {
            let known = self.0.contains_key(&waiting.township);
            let seen = self.0.entry(waiting.township.clone()).or_default();
            seen.stuck.retain(|person| waiting.people.contains(person));
            if waiting.people.iter().all(|person| seen.stuck.contains(person)) {
                seen.looks = 0;
                continue;
            }
            let rests = known && seen.seq == waiting.seq;
            (seen.seq, seen.looks) = (waiting.seq, seen.looks + 1);
            if rests || seen.looks > LOOKS {
                due.push(waiting);
            }
        }
        due
    }

    /// A township was swept in which these people had waited.
    fn swept(&mut self, township: &Township, people: Vec<Uuid>) {
        if let Some(seen) = self.0.get_mut(township) {
            seen.looks = 0;
            seen.stuck = people.into_iter().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One look at a township where the feed stands at `seq` and these people wait; whether it is due.
    fn look(newcomers: &mut Newcomers, seq: i64, people: &[u128]) -> bool {
        let people: Vec<_> = people.iter().copied().map(Uuid::from_u128).collect();
        let waiting = Waiting { township: township(), seq, people: people.clone() };
        let waiting = if people.is_empty() { Vec::new() } else { vec![waiting] };
        !newcomers.due(waiting).is_empty()
    }

    fn township() -> Township {
        "320685102".parse().expect("a code")
    }

    fn swept(newcomers: &mut Newcomers, people: &[u128]) {
        newcomers.swept(&township(), people.iter().copied().map(Uuid::from_u128).collect());
    }

    #[test]
    fn a_township_is_swept_when_its_feed_rests_and_again_until_a_sweep_has_succeeded() {
        let mut newcomers = Newcomers::default();
        assert!(!look(&mut newcomers, 7, &[1]), "more may be coming");
        assert!(look(&mut newcomers, 7, &[1]), "it rests");
        assert!(look(&mut newcomers, 7, &[1]), "the sweep failed");
        swept(&mut newcomers, &[1]);
        assert!(!look(&mut newcomers, 7, &[]));
        assert!(!look(&mut newcomers, 8, &[2]) && look(&mut newcomers, 8, &[2]), "somebody else");
    }

    #[test]
    fn somebody_who_cannot_be_planned_does_not_make_their_township_be_swept_whenever_something_happens() {
        let mut newcomers = Newcomers::default();
        assert!(!look(&mut newcomers, 7, &[1]) && look(&mut newcomers, 7, &[1]));
        swept(&mut newcomers, &[1]);
        for seq in 8..20 {
            assert!(!look(&mut newcomers, seq, &[1]), "only the one who is stuck");
        }
        assert!(!look(&mut newcomers, 20, &[1, 2]) && look(&mut newcomers, 20, &[1, 2]), "somebody new beside them");
        swept(&mut newcomers, &[1, 2]);
        assert!(!look(&mut newcomers, 21, &[1]));
    }

    #[test]
    fn a_feed_that_never_rests_waits_for_a_few_seconds() {
        let mut newcomers = Newcomers::default();
        let waited = (1..100).take_while(|&seq| !look(&mut newcomers, seq, &[1])).count();
        assert_eq!(waited, 5);
    }
}
