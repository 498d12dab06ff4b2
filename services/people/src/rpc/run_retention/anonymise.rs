//! 匿名化: of people who left long ago, figures keep what they are made of, and nobody can be told from it any more.

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use chrono::NaiveDate;
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use crate::{People, store, vault::Column, wire};

/// The name that everybody has then.
const NOBODY: &str = "已匿名";

/// Anonymises everybody who left before a day; who they are.
pub(super) async fn long_gone(svc: &People, tx: &mut TownshipTx, kept_from: NaiveDate) -> Result<Vec<Uuid>, Error> {
    let people = store::retention::exited(tx, kept_from).await?;
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
    let today = tx.clock().today();
    for &person_id in &people {
        tx.emit(wire::event::anonymised(person_id, today));
    }
    Ok(people)
}
