//! Entries that may be one person, found when somebody is entered and when a name or a village changes: candidates by
//! keyed hashes, each looked at once opened.

use std::collections::{BTreeSet, HashMap};

use bangfu_kernel::{Error, error::Resource};
use bangfu_platform::{db::TownshipTx, id};
use uuid::Uuid;

use crate::{
    model::duplicate::{Entry, alike},
    store::{
        self,
        duplicate::{NewPair, Twin},
        register::TokenColumns,
    },
    vault::{TownshipKey, Vault},
};

/// Looks for entries that may be the same person as one of these; whatever is found is offered as a pair, once.
pub(crate) async fn search(
    tx: &mut TownshipTx,
    key: &TownshipKey,
    people: &[Uuid],
    tokens: &TokenColumns,
) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let mut candidates = BTreeSet::new();
    let columns = [
        (Twin::Birth, &tokens.twin_birth),
        (Twin::Order, &tokens.twin_order),
        (Twin::Year, &tokens.twin_year),
        (Twin::Day, &tokens.twin_day),
    ];
    for (twin, column) in columns {
        for (one, other) in store::duplicate::candidates(tx, twin, people, column).await? {
            candidates.insert((one.min(other), one.max(other)));
        }
    }
    if candidates.is_empty() {
        return Ok(());
    }

    let involved: BTreeSet<Uuid> = candidates.iter().flat_map(|&(one, other)| [one, other]).collect();
    let sealed = store::duplicate::sealed(tx, &involved.into_iter().collect::<Vec<_>>()).await?;
    let mut entries = HashMap::with_capacity(sealed.len());
    for row in sealed {
        entries.insert(row.person_id, row.open(key)?);
    }
    let today = tx.clock().today();
    let mut pairs = Vec::new();
    for (first_id, second_id) in candidates {
        let (Some(first), Some(second)) = (entries.get(&first_id), entries.get(&second_id)) else { continue };
        if let Some(why) = alike(first, second) {
            pairs.push(NewPair { pair_id: id::new(tx.clock()), first_id, second_id, why, found_on: today });
        }
    }
    store::duplicate::insert(tx, &pairs).await
}

/// The same for people who are in the register, after their village or name changed.
pub(crate) async fn search_again(tx: &mut TownshipTx, key: &TownshipKey, people: &[Uuid]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let (people, tokens) = store::duplicate::tokens_of(tx, people).await?;
    search(tx, key, &people, &tokens).await
}

/// Makes anew what somebody is found by, after their name changed or they came from elsewhere, and looks for the same
/// person.
pub(crate) async fn hash_anew(
    tx: &mut TownshipTx,
    vault: &Vault,
    key: &TownshipKey,
    person_id: Uuid,
) -> Result<(), Error> {
    let sealed = store::duplicate::sealed(tx, &[person_id]).await?.pop();
    let entry = sealed.ok_or(Error::NotFound(Resource::Person))?.open(key)?;
    let number = entry.id_number.parse().map_err(|_faults| Error::internal("a stored ID number is none"))?;
    let mut tokens = TokenColumns::default();
    tokens.push(&vault.tokens(tx.code(), &entry.name, &number));
    store::duplicate::set_tokens(tx, &[person_id], &tokens).await?;
    search(tx, key, &[person_id], &tokens).await
}

impl store::duplicate::SealedEntry {
    fn open(self, key: &TownshipKey) -> Result<Entry, Error> {
        use crate::vault::Column;

        Ok(Entry {
            name: key.open(self.person_id, Column::Name, &self.name)?,
            id_number: key.open(self.person_id, Column::IdNumber, &self.id_number)?,
            village: self.village,
        })
    }
}
