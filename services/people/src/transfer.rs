//! Both sides of a transfer in one unit of work: the only place that goes through the wall.
//!
//! Whatever happens to a transfer happens to both rows in one transaction. Order of locks: the sender's row first, so that
//! two calls about one transfer wait for each other; audit trails and feeds in the order of the townships' codes.

use bangfu_kernel::{Error, Township, error::Resource};
use bangfu_platform::{
    auth::{Crossing, Permit},
    db::TownshipTx,
};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    People,
    model::{
        audit::Action,
        transfer::{Direction, State, Step, Transfer},
    },
    store,
    vault::IdIndex,
};

/// The way to the township on the other side of a transfer.
#[expect(clippy::disallowed_methods, reason = "a transfer concerns two townships at once")]
pub(crate) fn crossing(tx: &TownshipTx, to: &Township) -> Result<Crossing, Error> {
    tx.permit().crossing(to.clone())
}

/// Both sides of a transfer.
pub(crate) struct Sides {
    pub(crate) crossing: Crossing,
    /// The unit's township's.
    pub(crate) ours: Transfer,
    /// The other one's.
    pub(crate) theirs: Transfer,
}

impl Sides {
    /// Locks both until the unit ends. Errors: NOT_FOUND.
    pub(crate) async fn lock(svc: &People, tx: &mut TownshipTx, id: Uuid) -> Result<Self, Error> {
        let seen = find(svc, tx, id).await?.ok_or(Error::NotFound(Resource::Transfer))?;
        let crossing = crossing(tx, &seen.counterpart)?;
        let half = || Error::internal("a transfer has one side only");
        let (ours, theirs) = match seen.direction {
            Direction::Out => {
                let ours = lock(svc, tx, id).await?;
                (ours, tx.across(&crossing, async |tx| find(svc, tx, id).await).await?)
            }
            Direction::In => {
                let theirs = tx.across(&crossing, async |tx| lock(svc, tx, id).await).await?;
                (find(svc, tx, id).await?, theirs)
            }
        };
        Ok(Self { crossing, ours: ours.ok_or_else(half)?, theirs: theirs.ok_or_else(half)? })
    }

    /// Changes both alike.
    pub(crate) fn both(&mut self, change: impl Fn(&mut Transfer)) {
        change(&mut self.ours);
        change(&mut self.theirs);
    }

    /// Notes on both sides that it is over.
    pub(crate) fn close(&mut self, state: State, reason: &str, tx: &TownshipTx) {
        let (today, now) = (tx.clock().today(), tx.clock().now());
        self.both(|side| {
            side.written = state;
            side.closed_on = Some(today);
            side.updated_at = now;
            reason.clone_into(&mut side.closing_reason);
        });
    }

    /// Enters both.
    pub(crate) async fn insert(&self, svc: &People, tx: &mut TownshipTx) -> Result<(), Error> {
        let key = store::township_key::get(tx, &svc.vault).await?;
        store::transfer::insert(tx, &self.ours, &key).await?;
        tx.across(&self.crossing, async |tx| {
            let key = store::township_key::get(tx, &svc.vault).await?;
            store::transfer::insert(tx, &self.theirs, &key).await
        })
        .await
    }

    /// Writes both.
    pub(crate) async fn save(&self, svc: &People, tx: &mut TownshipTx) -> Result<(), Error> {
        let key = store::township_key::get(tx, &svc.vault).await?;
        store::transfer::save(tx, &self.ours, &key).await?;
        tx.across(&self.crossing, async |tx| {
            let key = store::township_key::get(tx, &svc.vault).await?;
            store::transfer::save(tx, &self.theirs, &key).await
        })
        .await
    }

    /// Leaves an entry in both trails: call it last.
    pub(crate) async fn audit(&self, tx: &mut TownshipTx, action: Action, reason: &str) -> Result<(), Error> {
        let reason = format!("{} {reason}", self.ours.transfer_id);
        let first = self.crossing.from() < self.crossing.to();
        if first {
            store::audit::append(tx, action, self.ours.person_id, &reason).await?;
        }
        let entry = async |tx: &mut TownshipTx| store::audit::append(tx, action, self.theirs.person_id, &reason).await;
        tx.across(&self.crossing, entry).await?;
        if !first {
            store::audit::append(tx, action, self.ours.person_id, &reason).await?;
        }
        Ok(())
    }
}

/// Takes a step that ends a transfer without a move: rejects or withdraws.
pub(crate) async fn end(
    svc: &People,
    tx: &mut TownshipTx,
    id: Uuid,
    step: Step,
    action: Action,
    reason: &str,
) -> Result<Transfer, Error> {
    let mut sides = Sides::lock(svc, tx, id).await?;
    let state = sides.ours.step(step, tx.clock().today())?;
    sides.close(state, reason, tx);
    sides.save(svc, tx).await?;
    sides.audit(tx, action, reason).await?;
    Ok(sides.ours)
}

/// Makes room for another one: `found` is written down as expired if it is; TRANSFER_OPEN if it is not.
pub(crate) async fn make_room(svc: &People, tx: &mut TownshipTx, found: Option<Transfer>) -> Result<(), Error> {
    let Some(found) = found else { return Ok(()) };
    let (today, transfer_id) = (tx.clock().today(), found.transfer_id);
    if found.state(today) != State::Expired {
        return Err(Error::TransferOpen { transfer_id });
    }
    let mut sides = Sides::lock(svc, tx, transfer_id).await?;
    if sides.ours.written.is_open() {
        sides.close(State::Expired, "", tx);
        sides.save(svc, tx).await?;
    }
    Ok(())
}

/// The township that holds a number, wherever in the city: for asking it, and never told.
pub(crate) async fn holder(svc: &People, permit: &Permit, index: &IdIndex) -> Result<Option<Township>, Error> {
    #[expect(clippy::disallowed_methods, reason = "whoever asks for a transfer may not know whom they ask")]
    let door = Permit::of_job("people.transfer.holder", &permit.caller().city, None);
    let door = match permit.deadline() {
        Some(deadline) => door.until(deadline),
        None => door,
    };
    let mut tx = svc.ground.db.city(&door).await?;
    let holder = store::identity::holder(&mut tx, index).await?;
    tx.commit().await?;
    Ok(holder)
}

/// The way to where somebody went who left. PERSON_TRANSFERRED when they moved on from there: one goes no further.
pub(crate) async fn onward(tx: &mut TownshipTx, person_id: Uuid) -> Result<Crossing, Error> {
    let to = store::transfer::went_to(tx, person_id).await?;
    crossing(tx, &to.ok_or_else(|| Error::internal("somebody left without a transfer"))?)
}

/// A transfer that begins today, with nothing in it but its sides.
pub(crate) fn begun(id: Uuid, direction: Direction, counterpart: Township, state: State, tx: &TownshipTx) -> Transfer {
    let (now, today) = (tx.clock().now(), tx.clock().today());
    let on = |of: State| (state == of).then_some(today);
    Transfer {
        transfer_id: id,
        direction,
        counterpart,
        written: state,
        person_id: None,
        id_index: None,
        name_masked: String::new().into(),
        id_number_masked: String::new().into(),
        request_reason: String::new(),
        offer_reason: String::new(),
        closing_reason: String::new(),
        requested_on: on(State::Requested),
        offered_on: on(State::Offered),
        expires_on: crate::model::transfer::expires_on(today),
        closed_on: None,
        effective_on: None,
        joined_on: None,
        created_at: now,
        updated_at: now,
    }
}

/// The masked name and number of somebody of the unit's township.
pub(crate) async fn masked(svc: &People, tx: &mut TownshipTx, person_id: Uuid) -> Result<Masked, Error> {
    let sealed = store::person::sealed(tx, person_id).await?.ok_or(Error::NotFound(Resource::Person))?;
    let key = store::township_key::get(tx, &svc.vault).await?;
    let opened = sealed.open(person_id, &key)?;
    Ok(Masked {
        name: crate::model::mask::name(&opened.name),
        id_number: bangfu_kernel::id_number::mask(&opened.id_number),
    })
}

/// What the other side sees of somebody.
pub(crate) struct Masked {
    name: String,
    id_number: String,
}

impl Masked {
    /// Shows it on one side.
    pub(crate) fn on(&self, side: &mut Transfer) {
        side.name_masked = self.name.clone().into();
        side.id_number_masked = self.id_number.clone().into();
    }
}

/// A day in a transfer that must have one.
pub(crate) fn day(day: Option<NaiveDate>) -> Result<NaiveDate, Error> {
    day.ok_or_else(|| Error::internal("a transfer without its day"))
}

async fn find(svc: &People, tx: &mut TownshipTx, id: Uuid) -> Result<Option<Transfer>, Error> {
    let key = store::township_key::get(tx, &svc.vault).await?;
    store::transfer::find(tx, id, &key).await
}

async fn lock(svc: &People, tx: &mut TownshipTx, id: Uuid) -> Result<Option<Transfer>, Error> {
    let key = store::township_key::get(tx, &svc.vault).await?;
    store::transfer::lock(tx, id, &key).await
}
