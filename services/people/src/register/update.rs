//! Known people: what the register holds is opened and compared off the serving threads; what differs is written.

use std::collections::HashMap;

use bangfu_kernel::Error;
use bangfu_platform::{db::TownshipTx, feed::NewEvent, id};
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use super::{
    Desk, Effect, Outcome,
    enter::{begun, graduates},
    twins,
};
use crate::{
    blocking, household,
    model::{
        difference::{Difference, Known},
        employment::{EmploymentRecord, believed},
        person::NewPerson,
    },
    store::{
        self, employment, membership,
        register::{Changed, KnownRow},
    },
    vault::{Column, TownshipKey},
    wire,
};

/// A batch ready for its statements, and what is answered.
#[derive(Default)]
struct Batch {
    answers: Vec<(usize, Outcome)>,
    changed: Changed,
    memberships: membership::Columns,
    records: Vec<(Uuid, EmploymentRecord)>,
    events: Vec<NewEvent>,
    /// People whose village changed.
    moved: Vec<Uuid>,
}

/// Compares people with what the register holds, and writes what differs. Each comes with their place in the answer.
pub(super) async fn known<P>(
    tx: &mut TownshipTx,
    desk: &Desk,
    people: Vec<(usize, Uuid, P)>,
    effect: Effect,
) -> Result<Vec<(usize, Outcome)>, Error>
where
    P: Into<NewPerson> + Send + 'static,
{
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let ids = people.iter().map(|(_, id, _)| *id).collect::<Vec<_>>();
    let rows = store::register::known(tx, &ids).await?;
    let memberships = membership::of_people(tx, &ids).await?;
    let records = employment::of_people(tx, &ids).await?;

    let desk_of_batch = desk.clone();
    let batch = blocking::run(move || {
        let desk = desk_of_batch;
        let mut memberships = memberships.into_iter().collect::<HashMap<_, _>>();
        let mut of_person: HashMap<Uuid, Vec<EmploymentRecord>> = HashMap::new();
        for (id, record) in records {
            of_person.entry(id).or_default().push(record);
        }
        let mut known = HashMap::with_capacity(rows.len());
        for row in rows {
            let mut opened = opened(&desk.key, row)?;
            opened.memberships = memberships.remove(&opened.person_id).unwrap_or_default();
            opened.records = of_person.remove(&opened.person_id).unwrap_or_default();
            known.insert(opened.person_id, opened);
        }
        compare(&desk, people, known)
    })
    .await?;

    if effect == Effect::Write {
        write(tx, desk, &batch).await?;
        let recorded = batch.records.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        batch.events.into_iter().for_each(|event| tx.emit(event));
        household::reconsider(tx, &desk.key, &recorded).await?;
        twins::search_again(tx, &desk.key, &batch.moved).await?;
    }
    Ok(batch.answers)
}

async fn write(tx: &mut TownshipTx, desk: &Desk, batch: &Batch) -> Result<(), Error> {
    store::register::update(tx, &batch.changed).await?;
    membership::insert(tx, &batch.memberships, desk.today, &desk.origin).await?;
    let (graduates, on) = graduates(&batch.changed.person_id, &batch.changed.graduated_on);
    membership::graduated(tx, &graduates, &on).await?;
    let mut records = employment::Columns::default();
    batch.records.iter().for_each(|(id, record)| records.push(*id, record));
    employment::insert(tx, &records).await
}

fn compare<P: Into<NewPerson>>(
    desk: &Desk,
    people: Vec<(usize, Uuid, P)>,
    mut known: HashMap<Uuid, Known>,
) -> Result<Batch, Error> {
    let mut chance = StdRng::from_os_rng();
    let mut batch = Batch::default();
    for (at, id, person) in people {
        let known = known.remove(&id).ok_or_else(|| Error::Conflict("somebody left between claim and lock".into()))?;
        let difference = Difference::between(person.into(), &known, desk.today);
        let fields = difference.fields();
        if difference.other_name {
            batch.answers.push((at, Outcome::OtherName));
        } else if fields.is_empty() {
            batch.answers.push((at, Outcome::Known));
        } else {
            batch.answers.push((at, Outcome::Changed(fields)));
            batch.push(desk, known, difference, &mut chance)?;
        }
    }
    Ok(batch)
}

impl Batch {
    fn push(&mut self, desk: &Desk, known: Known, new: Difference, chance: &mut StdRng) -> Result<(), Error> {
        let id = known.person_id;
        let mut sealed =
            |column, text: Option<&str>| text.map(|text| desk.key.seal(id, column, text, chance)).transpose();
        let changed = &mut self.changed;
        changed.person_id.push(id);
        changed.phone.push(sealed(Column::Phone, new.phone.as_deref())?);
        changed.address.push(sealed(Column::Address, new.address.as_deref())?);
        changed.remark.push(sealed(Column::Remark, new.remark.as_deref())?);

        if new.moves() {
            let village = new.village.as_deref().unwrap_or(&known.village);
            let coordinator = new.coordinator.as_deref().unwrap_or(&known.coordinator);
            self.events.push(wire::event::assignment_changed(id, village, coordinator));
        }
        if new.village.is_some() {
            self.moved.push(id);
        }
        changed.village.push(new.village);
        changed.coordinator.push(new.coordinator);
        changed.education.push(new.education);
        changed.job_wish.push(new.job_wish);
        changed.training_wish.push(new.training_wish);
        changed.graduated_on.push(new.graduated_on);

        if !new.groups.is_empty() {
            let mut memberships = known.memberships;
            memberships.extend(new.groups.iter().map(|&group| begun(desk, group)));
            memberships.sort_by_key(|membership| (membership.from, membership.group.code()));
            self.events.push(wire::event::memberships_changed(id, &memberships));
            new.groups.into_iter().for_each(|group| self.memberships.push(id, group));
        }

        let mut records = known.records;
        let entered = new.employment.map(|new| new.record(id::new(&desk.clock), None, desk.now, desk.today));
        if let Some(record) = entered {
            self.events.push(wire::event::employment_recorded(id, &record));
            self.records.push((id, record.clone()));
            records.push(record);
        }
        let current = believed(&records, desk.today);
        changed.employment_id.push(current.map(|record| record.record_id));
        changed.status.push(current.map(|record| record.status.code()));
        changed.level.push(current.map(|record| record.level().code()));
        Ok(())
    }
}

fn opened(key: &TownshipKey, row: KnownRow) -> Result<Known, Error> {
    let id = row.person_id;
    Ok(Known {
        person_id: id,
        name: key.open(id, Column::Name, &row.name)?,
        phone: key.open_optional(id, Column::Phone, row.phone.as_deref())?,
        address: key.open_optional(id, Column::Address, row.address.as_deref())?,
        remark: key.open_optional(id, Column::Remark, row.remark.as_deref())?,
        village: row.village,
        coordinator: row.coordinator,
        education: row.education,
        job_wish: row.job_wish,
        training_wish: row.training_wish,
        graduated_on: row.graduated_on,
        memberships: Vec::new(),
        records: Vec::new(),
    })
}
