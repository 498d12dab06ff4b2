//! Households: what is done for a member is done for the household.

use std::collections::BTreeMap;

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::{
    model::{history::Record, standard::Standards},
    store::{self, subject::Subject},
};

/// The households of somebody for whom something was entered, locked; none where no standard owes households anything, which
/// spares the look.
pub(super) async fn concerned(tx: &mut TownshipTx, standards: &Standards, member: Uuid) -> Result<Vec<Subject>, Error> {
    let owed = standards.iter().flat_map(|standard| &standard.rules).any(|rule| rule.who.household);
    if owed { store::subject::lock_households(tx, member).await } else { Ok(Vec::new()) }
}

/// Adds what was done for the members of the households among the subjects, while they belonged to them.
pub(super) async fn add_records(
    tx: &mut TownshipTx,
    subjects: &[Subject],
    records: &mut BTreeMap<Uuid, Vec<Record>>,
) -> Result<(), Error> {
    let mut homes = Vec::new();
    for subject in subjects.iter().filter(|subject| subject.household) {
        homes.push((subject.person_id, store::facts::household(&subject.facts)?));
    }
    let members: Vec<_> = homes.iter().flat_map(|(_, home)| &home.members).map(|member| member.person_id).collect();
    if members.is_empty() {
        return Ok(());
    }
    for (person_id, record) in store::contact::records(tx, &members).await? {
        for (household_id, _) in homes.iter().filter(|(_, home)| home.was_home_of(person_id, record.on)) {
            records.entry(*household_id).or_default().push(record);
        }
    }
    Ok(())
}
