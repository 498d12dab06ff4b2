//! Data matching (数据比对): departments' rows meet the register, to be shown or to be written. What is written goes the one way
//! into the register; what it has no place for (ends of memberships, details of groups) follows in the same unit of work.

pub(crate) mod intake;
pub(crate) mod sealed;

use std::collections::{BTreeSet, HashMap};

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use uuid::Uuid;

use crate::{
    model::{
        data_match::{DataMatch, Listed, Met, field_of},
        membership::{Details, Membership, Origin},
        person::NewPerson,
    },
    register::{self, Effect, Outcome, Registered},
    store,
    vault::Vault,
    wire,
};

/// The match with its counts, as it stands now.
pub(crate) async fn told(tx: &mut TownshipTx, found: &DataMatch) -> Result<bangfu_proto::people::v1::DataMatch, Error> {
    let counts = store::data_match_row::counts(tx, found.match_id).await?;
    Ok(wire::data_match::message(found, tx.township(), Some(&counts)))
}

/// How rows meet the register; with [`Effect::Write`] they are written. One answer each, in their order. Their ID numbers are
/// all different. After [`Effect::DryRun`] the caller drops the unit.
#[tracing::instrument(name = "data_match.meet", level = "debug", skip_all, fields(rows = rows.len()))]
pub(crate) async fn meet(
    tx: &mut TownshipTx,
    vault: &Vault,
    rows: &[Listed],
    origin: &Origin,
    effect: Effect,
) -> Result<Vec<Met>, Error> {
    // Who is not here and whose membership has ended is not to be registered.
    let absent = if effect == Effect::Write { absent(tx, vault, rows).await? } else { BTreeSet::new() };
    let mut people = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        if !absent.contains(&at) {
            people.push(row.person(origin)?);
        }
    }
    let mut registered = register::many::<NewPerson>(tx, vault, people, origin.clone(), effect).await?.into_iter();
    let mut met = Vec::with_capacity(rows.len());
    for at in 0..rows.len() {
        let told = if absent.contains(&at) { None } else { registered.next() };
        met.push(told.unwrap_or(Registered { person_id: None, outcome: Outcome::New }));
    }
    let mut besides = besides(tx, rows, &met, origin, effect).await?;

    let mut answers = Vec::with_capacity(rows.len());
    for (at, (row, told)) in rows.iter().zip(met).enumerate() {
        let more = told.person_id.and_then(|id| besides.remove(&id)).unwrap_or_default();
        answers.push(match told.outcome {
            Outcome::New if absent.contains(&at) => Met::Ended,
            // The number became free between two statements: whoever repeats the call finds that out.
            Outcome::New if row.ended_on.is_some() && effect == Effect::Write => {
                return Err(Error::Conflict("a person is gone in the middle of a batch".into()));
            }
            Outcome::New if row.ended_on.is_some() => Met::Ended,
            Outcome::New => Met::New,
            Outcome::Elsewhere => Met::Elsewhere,
            Outcome::OtherName => Met::OtherName,
            Outcome::Known if more.is_empty() => Met::Same,
            Outcome::Known => Met::Differing(more),
            Outcome::Changed(mut fields) => {
                let new = more.into_iter().filter(|field| !fields.contains(field)).collect::<Vec<_>>();
                fields.extend(new);
                Met::Differing(fields)
            }
        });
    }
    Ok(answers)
}

/// The places of rows that tell of an end and whose ID number is not this township's.
async fn absent(tx: &mut TownshipTx, vault: &Vault, rows: &[Listed]) -> Result<BTreeSet<usize>, Error> {
    let mut ended = HashMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.ended_on.is_some()) {
        ended.insert(vault.id_index(&row.id()?), at);
    }
    if ended.is_empty() {
        return Ok(BTreeSet::new());
    }
    let indexes = ended.keys().copied().collect::<Vec<_>>();
    for (here, _) in store::identity::ours(tx, &indexes).await? {
        ended.remove(&here);
    }
    Ok(ended.into_values().collect())
}

/// What rows say otherwise of memberships that stand: their end, and the details of their groups; by person, as names of fields.
async fn besides(
    tx: &mut TownshipTx,
    rows: &[Listed],
    met: &[Registered],
    origin: &Origin,
    effect: Effect,
) -> Result<HashMap<Uuid, Vec<&'static str>>, Error> {
    let here = rows.iter().zip(met).filter(|(_, met)| met.outcome != Outcome::OtherName);
    let here = here.filter_map(|(row, met)| Some((met.person_id?, row))).collect::<HashMap<_, _>>();
    let ids = here.keys().copied().collect::<Vec<_>>();
    let mut fields = HashMap::<Uuid, Vec<&'static str>>::new();
    let (mut ended, mut completed) = (Vec::<(Uuid, Membership)>::new(), Vec::<(Uuid, Details)>::new());
    let mut events = Vec::new();
    for (id, mut memberships) in store::membership::of_people(tx, &ids).await? {
        let Some(row) = here.get(&id) else { continue };
        for details in row.completes(&memberships) {
            fields.entry(id).or_default().push(field_of(&details));
            completed.push((id, details));
        }
        let ends = row.ends(&memberships);
        if ends.is_empty() {
            continue;
        }
        fields.entry(id).or_default().push("memberships");
        for held in &mut memberships {
            if let Some(end) = ends.iter().find(|end| end.group == held.group && end.from == held.from) {
                held.until = end.until;
                held.until_known_on = Some(tx.clock().today());
            }
        }
        events.push(wire::event::memberships_changed(id, &memberships));
        ended.extend(ends.into_iter().map(|end| (id, end)));
    }
    if effect == Effect::Write {
        let today = tx.clock().today();
        // Details first: they are kept of memberships that have not ended.
        store::membership::detail_all(tx, &completed).await?;
        store::membership::end_all(tx, &ended, today, &origin.evidence).await?;
        let changed = fields.keys().copied().collect::<Vec<_>>();
        store::person::touch_all(tx, &changed).await?;
        for event in events {
            tx.emit(event);
        }
    }
    Ok(fields)
}
