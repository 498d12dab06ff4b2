//! 匿名化: of people who left long ago, figures keep what they are made of, and nobody can be told from it any more.

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use chrono::NaiveDate;
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use crate::{People, household, store, vault::Column, wire};

/// The name that everybody has then.
const NOBODY: &str = "已匿名";

/// Anonymises everybody who has been EXITED since before a day; who they are.
pub(super) async fn long_gone(svc: &People, tx: &mut TownshipTx, kept_from: NaiveDate) -> Result<Vec<Uuid>, Error> {
    let people = store::retention::exited(tx, kept_from).await?;
    anonymise(svc, tx, people).await
}

/// Anonymises what is left here of everybody who was transferred before a day, or merged into somebody anonymised.
pub(super) async fn moved_on(svc: &People, tx: &mut TownshipTx, kept_from: NaiveDate) -> Result<Vec<Uuid>, Error> {
    store::retention::empty_transfers(tx, kept_from).await?;
    let people = store::retention::transferred(tx, kept_from).await?;
    anonymise(svc, tx, people).await
}

async fn anonymise(svc: &People, tx: &mut TownshipTx, people: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
    if people.is_empty() {
        return Ok(people);
    }
    let key = store::township_key::get(tx, &svc.vault).await?;
    let mut chance = StdRng::from_os_rng();
    let (mut names, mut numbers) = (Vec::new(), Vec::new());
    for &person_id in &people {
        names.push(key.seal(person_id, Column::Name, NOBODY, &mut chance)?);
        numbers.push(key.seal(person_id, Column::IdNumber, "", &mut chance)?);
    }
    store::retention::anonymise(tx, &people, &names, &numbers).await?;
    store::retention::free_numbers(tx, &people).await?;
    store::retention::blank_memberships(tx, &people).await?;
    store::retention::blank_employment(tx, &people).await?;
    store::retention::blank_registrations(tx, &people).await?;
    store::retention::blank_surveys(tx, &people).await?;
    store::retention::blank_matters(tx, &people).await?;
    leave_households(svc, tx, &people).await?;
    let today = tx.clock().today();
    for &person_id in &people {
        tx.emit(wire::event::anonymised(person_id, today));
    }
    Ok(people)
}

/// Whoever cannot be told any more belongs to no household.
async fn leave_households(svc: &People, tx: &mut TownshipTx, people: &[Uuid]) -> Result<(), Error> {
    let today = tx.clock().today();
    for household_id in store::household::of_people(tx, people).await? {
        store::household::lock(tx, household_id).await?;
        let members: Vec<_> = store::household::get(tx, household_id).await?.present().collect();
        for &person_id in members.iter().filter(|member| people.contains(member)) {
            store::household::remove_member(tx, household_id, person_id, today).await?;
        }
        household::members_changed(svc, tx, household_id).await?;
    }
    Ok(())
}
