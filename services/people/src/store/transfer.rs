//! Transfers: this township's side of each; the masked data sealed under the transfer's id.

use bangfu_kernel::{Error, Township};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use chrono::{DateTime, NaiveDate, Utc};
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    model::transfer::{Direction, State, Transfer},
    vault::{Column, IdIndex, TownshipKey},
};

/// This side's rows, chosen by a predicate from `$2` on.
macro_rules! held {
    ($tx:expr, $predicate:literal, $($bind:expr),+) => {{
        let township = $tx.township().to_owned();
        sqlx::query_as!(
            Row,
            r#"
            SELECT transfer_id
                 , direction
                 , counterpart
                 , state
                 , person_id
                 , id_index
                 , name
                 , id_number
                 , request_reason
                 , offer_reason
                 , closing_reason
                 , requested_on
                 , offered_on
                 , expires_on
                 , closed_on
                 , effective_on
                 , joined_on
                 , created_at
                 , updated_at
              FROM transfer
             WHERE township = $1
           "# + $predicate,
            township,
            $($bind),+
        )
    }};
}

/// One transfer; `None`: there is none with this id here.
#[tracing::instrument(name = "db.transfer.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx, id: Uuid, key: &TownshipKey) -> Result<Option<Transfer>, Error> {
    let row = held!(tx, "AND transfer_id = $2", id).fetch_optional(tx).await.map_err(fault)?;
    row.map(|row| row.open(key)).transpose()
}

/// The same, locked until the unit ends.
#[tracing::instrument(name = "db.transfer.lock", level = "debug", skip_all)]
pub(crate) async fn lock(tx: &mut TownshipTx, id: Uuid, key: &TownshipKey) -> Result<Option<Transfer>, Error> {
    let row = held!(tx, "AND transfer_id = $2 FOR NO KEY UPDATE", id).fetch_optional(tx).await.map_err(fault)?;
    row.map(|row| row.open(key)).transpose()
}

/// The offer of somebody that was not answered, expired or not.
#[tracing::instrument(name = "db.transfer.offer_of", level = "debug", skip_all)]
pub(crate) async fn offer_of(
    tx: &mut TownshipTx,
    person_id: Uuid,
    key: &TownshipKey,
) -> Result<Option<Transfer>, Error> {
    let row = held!(tx, "AND person_id = $2 AND direction = 'OUT' AND state = 'OFFERED'", person_id)
        .fetch_optional(tx)
        .await
        .map_err(fault)?;
    row.map(|row| row.open(key)).transpose()
}

/// This township's request for a number that was not answered, expired or not.
#[tracing::instrument(name = "db.transfer.request_for", level = "debug", skip_all)]
pub(crate) async fn request_for(
    tx: &mut TownshipTx,
    index: &IdIndex,
    key: &TownshipKey,
) -> Result<Option<Transfer>, Error> {
    let row = held!(tx, "AND id_index = $2 AND direction = 'IN' AND state = 'REQUESTED'", index.as_slice())
        .fetch_optional(tx)
        .await
        .map_err(fault)?;
    row.map(|row| row.open(key)).transpose()
}

/// Where somebody went who left last; `None`: nobody of this id left.
#[tracing::instrument(name = "db.transfer.went_to", level = "debug", skip_all)]
pub(crate) async fn went_to(tx: &mut TownshipTx, person_id: Uuid) -> Result<Option<Township>, Error> {
    let township = tx.township().to_owned();
    let found = sqlx::query_scalar!(
        r#"
        SELECT counterpart
          FROM transfer
         WHERE township = $1
           AND person_id = $2
           AND direction = 'OUT'
           AND state = 'ACCEPTED'
         ORDER BY updated_at DESC
         LIMIT 1
        "#,
        township,
        person_id,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?;
    found.map(|code| code.parse().map_err(|error| Error::Internal(Box::new(error)))).transpose()
}

/// Which transfers a list is about.
#[derive(Debug)]
pub(crate) struct Filter {
    /// Only those before this one.
    pub before: Uuid,
    /// Only those of this side.
    pub direction: Option<Direction>,
    /// Only those in this state, today.
    pub state: Option<State>,
}

/// This township's transfers, the latest first.
#[tracing::instrument(name = "db.transfer.page", level = "debug", skip_all)]
pub(crate) async fn page(
    tx: &mut TownshipTx,
    filter: &Filter,
    limit: i64,
    key: &TownshipKey,
) -> Result<Vec<Transfer>, Error> {
    let (today, direction) = (tx.clock().today(), filter.direction.map(Direction::code));
    held!(
        tx,
        r"AND transfer_id < $2
          AND ($3::text IS NULL OR direction = $3)
          AND ($4::text IS NULL
               OR $4 = CASE WHEN state IN ('REQUESTED', 'OFFERED') AND expires_on < $5 THEN 'EXPIRED' ELSE state END)
        ORDER BY transfer_id DESC
        LIMIT $6",
        filter.before,
        direction,
        filter.state.map(State::code),
        today,
        limit
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| row.open(key))
    .collect()
}

/// Enters this side of a transfer. Errors: CONFLICT when another call opens one for the same person or number just now.
#[tracing::instrument(name = "db.transfer.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, new: &Transfer, key: &TownshipKey) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let Sealed { name, id_number } = Sealed::of(new, key)?;
    sqlx::query!(
        r#"
        INSERT INTO transfer (township, transfer_id, direction, counterpart, state, person_id, id_index, name, id_number
                            , request_reason, offer_reason, requested_on, offered_on, expires_on, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        "#,
        township,
        new.transfer_id,
        new.direction.code(),
        new.counterpart.as_str(),
        new.written.code(),
        new.person_id,
        new.id_index.as_ref().map(<[u8; 32]>::as_slice),
        name,
        id_number,
        new.request_reason,
        new.offer_reason,
        new.requested_on,
        new.offered_on,
        new.expires_on,
        new.created_at,
        new.updated_at,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(met)
}

/// Writes how far this side of a transfer has come. Whoever calls holds the lock on the sender's side.
#[tracing::instrument(name = "db.transfer.save", level = "debug", skip_all)]
pub(crate) async fn save(tx: &mut TownshipTx, transfer: &Transfer, key: &TownshipKey) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let Sealed { name, id_number } = Sealed::of(transfer, key)?;
    let saved = sqlx::query!(
        r#"
        UPDATE transfer
           SET state = $3
             , person_id = $4
             , name = $5
             , id_number = $6
             , offer_reason = $7
             , closing_reason = $8
             , offered_on = $9
             , expires_on = $10
             , closed_on = $11
             , effective_on = $12
             , joined_on = $13
             , updated_at = $14
         WHERE township = $1
           AND transfer_id = $2
           AND state IN ('REQUESTED', 'OFFERED')
        "#,
        township,
        transfer.transfer_id,
        transfer.written.code(),
        transfer.person_id,
        name,
        id_number,
        transfer.offer_reason,
        transfer.closing_reason,
        transfer.offered_on,
        transfer.expires_on,
        transfer.closed_on,
        transfer.effective_on,
        transfer.joined_on,
        transfer.updated_at,
    )
    .execute(tx)
    .await
    .map_err(met)?;
    if saved.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a transfer has one side only")) }
}

fn met(error: sqlx::Error) -> Error {
    match constraint(&error) {
        Some("one_offer_of_a_person_is_open" | "one_request_for_a_number_is_open") => Error::Conflict(Box::new(error)),
        _ => fault(error),
    }
}

struct Sealed {
    name: Option<Vec<u8>>,
    id_number: Option<Vec<u8>>,
}

impl Sealed {
    fn of(transfer: &Transfer, key: &TownshipKey) -> Result<Self, Error> {
        let mut chance = StdRng::from_os_rng();
        let mut sealed = |column, text: &str| {
            (!text.is_empty()).then(|| key.seal(transfer.transfer_id, column, text, &mut chance)).transpose()
        };
        Ok(Self {
            name: sealed(Column::TransferName, &transfer.name_masked)?,
            id_number: sealed(Column::TransferIdNumber, &transfer.id_number_masked)?,
        })
    }
}

struct Row {
    transfer_id: Uuid,
    direction: String,
    counterpart: String,
    state: String,
    person_id: Option<Uuid>,
    id_index: Option<Vec<u8>>,
    name: Option<Vec<u8>>,
    id_number: Option<Vec<u8>>,
    request_reason: String,
    offer_reason: String,
    closing_reason: String,
    requested_on: Option<NaiveDate>,
    offered_on: Option<NaiveDate>,
    expires_on: NaiveDate,
    closed_on: Option<NaiveDate>,
    effective_on: Option<NaiveDate>,
    joined_on: Option<NaiveDate>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn open(self, key: &TownshipKey) -> Result<Transfer, Error> {
        let id = self.transfer_id;
        let strange = || Error::internal(format!("transfer {id} cannot be read"));
        let masked = |column, sealed: Option<Vec<u8>>| -> Result<Zeroizing<String>, Error> {
            key.open_optional(id, column, sealed.as_deref())
        };
        let counterpart: Township = self.counterpart.parse().map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Transfer {
            transfer_id: id,
            direction: Direction::from_code(&self.direction).ok_or_else(strange)?,
            counterpart,
            written: State::from_code(&self.state).ok_or_else(strange)?,
            person_id: self.person_id,
            id_index: self.id_index.map(|index| index.try_into().ok().ok_or_else(strange)).transpose()?,
            name_masked: masked(Column::TransferName, self.name)?,
            id_number_masked: masked(Column::TransferIdNumber, self.id_number)?,
            request_reason: self.request_reason,
            offer_reason: self.offer_reason,
            closing_reason: self.closing_reason,
            requested_on: self.requested_on,
            offered_on: self.offered_on,
            expires_on: self.expires_on,
            closed_on: self.closed_on,
            effective_on: self.effective_on,
            joined_on: self.joined_on,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
