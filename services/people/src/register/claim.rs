//! Claiming ID numbers in the one city-wide place: who is new, who is known here, who is elsewhere.

use std::collections::HashMap;

use bangfu_kernel::{Error, IdNumber};
use bangfu_platform::{db::TownshipTx, id};
use uuid::Uuid;

use super::{BATCH, Effect, Outcome, Registered};
use crate::{
    blocking, store,
    vault::{IdIndex, Vault},
};

/// What claiming an ID number told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It was free and is this person's now.
    New(Uuid),
    /// It is this person's, of this township.
    Known(Uuid),
    /// It is taken, and not by this township.
    Elsewhere,
}

impl Claim {
    /// The answer as far as the claim alone tells it.
    pub(super) fn answer(self, effect: Effect) -> Registered {
        match self {
            Self::New(id) => Registered { person_id: (effect == Effect::Write).then_some(id), outcome: Outcome::New },
            Self::Known(id) => Registered { person_id: Some(id), outcome: Outcome::Known },
            Self::Elsewhere => Registered { person_id: None, outcome: Outcome::Elsewhere },
        }
    }
}

/// Claims everybody's ID number, in the order of the index: two units that claim the same numbers wait for each other
/// and never deadlock. New people get their ids in the order of the rows, which is the order of lists.
pub(super) async fn all<P>(tx: &mut TownshipTx, vault: &Vault, people: Vec<P>) -> Result<(Vec<P>, Vec<Claim>), Error>
where
    P: AsRef<IdNumber> + Send + 'static,
{
    let (vault, clock) = (vault.clone(), tx.clock().clone());
    let (people, indexes, ids, order) = blocking::run(move || {
        let indexes = people.iter().map(|person| vault.id_index(person.as_ref())).collect::<Vec<_>>();
        let ids = people.iter().map(|_| id::new(&clock)).collect::<Vec<_>>();
        let mut order = (0..people.len()).collect::<Vec<_>>();
        order.sort_unstable_by_key(|&at| indexes[at]);
        Ok((people, indexes, ids, order))
    })
    .await?;

    let mut claims = ids.into_iter().map(Claim::New).collect::<Vec<_>>();
    for batch in order.chunks(BATCH) {
        batch_of(tx, batch, &indexes, &mut claims).await?;
    }
    Ok((people, claims))
}

async fn batch_of(
    tx: &mut TownshipTx,
    batch: &[usize],
    indexes: &[IdIndex],
    claims: &mut [Claim],
) -> Result<(), Error> {
    let numbers = batch.iter().map(|&at| indexes[at]).collect::<Vec<_>>();
    let ids = batch.iter().map(|&at| id_of(claims[at])).collect::<Vec<_>>();
    let free = store::identity::claim(tx, &numbers, &ids).await?;
    if u64::try_from(batch.len()).is_ok_and(|all| all == free) {
        return Ok(());
    }
    // Whatever the wall shows is this township's; what it does not show is taken elsewhere.
    let ours = store::identity::ours(tx, &numbers).await?.into_iter().collect::<HashMap<_, _>>();
    for (&at, mine) in batch.iter().zip(ids) {
        claims[at] = match ours.get(&indexes[at]) {
            Some(&id) if id == mine => Claim::New(id),
            Some(&id) => Claim::Known(id),
            None => Claim::Elsewhere,
        };
    }
    Ok(())
}

fn id_of(claim: Claim) -> Uuid {
    match claim {
        Claim::New(id) | Claim::Known(id) => id,
        Claim::Elsewhere => Uuid::nil(),
    }
}
