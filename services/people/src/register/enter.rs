//! New people: sealed off the serving threads, then entered with everything that is known of them.

use bangfu_kernel::{Error, Group};
use bangfu_platform::{db::TownshipTx, feed::NewEvent, id};
use chrono::{Datelike as _, NaiveDate};
use rand::{SeedableRng as _, rngs::StdRng};
use uuid::Uuid;

use super::{Desk, twins};
use crate::{
    model::{
        employment::{EmploymentRecord, believed},
        membership::Membership,
        person::{NewPerson, level_of, sex_code},
    },
    store::{self, employment, membership, register::Entered},
    vault::Column,
    wire,
};

/// A batch ready for its statements.
#[derive(Default)]
pub(super) struct Batch {
    people: Entered,
    memberships: membership::Columns,
    records: Vec<(Uuid, EmploymentRecord)>,
    events: Vec<NewEvent>,
}

/// Seals a batch of people under their new ids.
pub(super) fn seal<P: Into<NewPerson>>(desk: &Desk, people: Vec<(Uuid, P)>) -> Result<Batch, Error> {
    let mut chance = StdRng::from_os_rng();
    let mut batch = Batch::default();
    for (id, person) in people {
        batch.push(desk, id, person.into(), &mut chance)?;
    }
    Ok(batch)
}

/// Writes a batch; its events follow with the commit.
pub(super) async fn write(tx: &mut TownshipTx, desk: &Desk, batch: Batch) -> Result<(), Error> {
    if batch.people.person_id.is_empty() {
        return Ok(());
    }
    store::register::insert(tx, &batch.people, desk.today).await?;
    membership::insert(tx, &batch.memberships, desk.today, &desk.origin).await?;
    let (graduates, on) = graduates(&batch.people.person_id, &batch.people.graduated_on);
    membership::graduated(tx, &graduates, &on).await?;
    let mut records = employment::Columns::default();
    batch.records.iter().for_each(|(id, record)| records.push(*id, record));
    employment::insert(tx, &records).await?;
    batch.events.into_iter().for_each(|event| tx.emit(event));
    twins::search(tx, &desk.key, &batch.people.person_id, &batch.people.tokens).await
}

impl Batch {
    fn push(&mut self, desk: &Desk, id: Uuid, person: NewPerson, chance: &mut StdRng) -> Result<(), Error> {
        let mut sealed = |column, text: &str| desk.key.seal(id, column, text, chance);
        let mut optional = |column, text: &str| (!text.is_empty()).then(|| sealed(column, text)).transpose();
        let people = &mut self.people;
        people.phone.push(optional(Column::Phone, person.phone.as_deref().unwrap_or_default())?);
        people.address.push(optional(Column::Address, &person.address)?);
        people.remark.push(optional(Column::Remark, &person.remark)?);
        people.name.push(sealed(Column::Name, &person.name)?);
        people.id_number.push(sealed(Column::IdNumber, person.id.reveal())?);
        people.tokens.push(&desk.vault.tokens(&desk.township, &person.name, &person.id));
        people.person_id.push(id);
        people.sex.push(sex_code(person.id.sex()));
        people.birth_year.push(i16::try_from(person.id.born_on().year()).unwrap_or_default());

        let record = person.employment.map(|new| new.record(id::new(&desk.clock), None, desk.now, desk.today));
        let current = record.as_ref().and_then(|record| believed(std::slice::from_ref(record), desk.today));
        people.employment_id.push(current.map(|record| record.record_id));
        people.status.push(current.map(|record| record.status.code()));
        people.level.push(level_of(current).code());

        let memberships = person.groups.iter().map(|&group| begun(desk, group)).collect::<Vec<_>>();
        person.groups.into_iter().for_each(|group| self.memberships.push(id, group));
        self.events.push(wire::event::registered(
            id,
            desk.today,
            &person.village,
            &person.coordinator,
            &memberships,
            record.as_ref(),
        ));
        self.records.extend(record.map(|record| (id, record)));

        people.village.push(person.village);
        people.coordinator.push(person.coordinator);
        people.education.push(person.education);
        people.job_wish.push(person.job_wish);
        people.training_wish.push(person.training_wish);
        people.graduated_on.push(person.graduated_on);
        Ok(())
    }
}

/// Of people, those whose graduation day is known.
pub(super) fn graduates(people: &[Uuid], graduated_on: &[Option<NaiveDate>]) -> (Vec<Uuid>, Vec<NaiveDate>) {
    people.iter().zip(graduated_on).filter_map(|(&id, &on)| Some((id, on?))).unzip()
}

/// A membership that begins, and is known, today: domain text, section 6.
pub(super) fn begun(desk: &Desk, group: Group) -> Membership {
    Membership::begin(group, desk.today, desk.today, desk.origin.source)
}
