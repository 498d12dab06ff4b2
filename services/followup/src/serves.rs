//! Who serves whom: settled beside every person whenever something it follows from changes or a day turns, and asked
//! before a coordinator enters something about somebody.

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use chrono::NaiveDate;

use crate::{
    model::serving::settling_day,
    store::{self, serving::Settled, subject::Subject},
};

/// Whether the caller may enter something about a person: clerks for all; coordinators if their token lists the person's
/// village, or if they are the one who serves the person today. VILLAGE_NOT_YOURS.
///
/// Whoever serves is told by their account; where none was entered for them, by their name.
pub(crate) async fn check(tx: &mut TownshipTx, subject: &Subject) -> Result<(), Error> {
    if tx.permit().caller().serves(&subject.village) {
        return Ok(());
    }
    if subject.serving.is_empty() {
        return Err(Error::VillageNotYours);
    }
    let account = store::coordinator::account(tx, &subject.serving).await?.filter(|account| !account.is_empty());
    let theirs = account.as_ref().unwrap_or(&subject.serving);
    if *theirs == tx.permit().caller().subject { Ok(()) } else { Err(Error::VillageNotYours) }
}

/// Locks what who serves whom follows from, against everybody who changes or settles it; the day to settle for.
pub(crate) async fn lock(tx: &mut TownshipTx) -> Result<NaiveDate, Error> {
    let last = store::serving::lock(tx).await?;
    Ok(settling_day(tx.clock().today(), last))
}

/// People were saved as the registry told of them: settles who serves them, here and in the database.
pub(crate) async fn saved(tx: &mut TownshipTx, subjects: &mut [Subject]) -> Result<(), Error> {
    let day = lock(tx).await?;
    let people: Vec<_> = subjects.iter().map(|subject| subject.person_id).collect();
    for Settled { person_id, serving } in store::serving::settle(tx, day, &people).await? {
        if let Some(subject) = subjects.iter_mut().find(|subject| subject.person_id == person_id) {
            subject.serving = serving;
        }
    }
    Ok(())
}

/// Settles everybody anew if an assignment or absence has begun or ended since that was done last; however long ago.
pub(crate) async fn turn(tx: &mut TownshipTx) -> Result<(), Error> {
    let today = tx.clock().today();
    if store::serving::turned(tx, today).await? {
        let day = lock(tx).await?;
        let people = store::serving::settle_everybody(tx, day).await?;
        tracing::info!(%day, people, "who serves whom has turned");
    }
    Ok(())
}
