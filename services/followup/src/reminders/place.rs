//! Where a stream of reminders stands in one township.

use std::collections::{BTreeMap, HashMap};

use bangfu_kernel::{Error, Township, calendar};
use bangfu_platform::{
    auth::Permit,
    db::Db,
    feed::{self, Head},
};
use bangfu_proto::followup::v1::{Duty, DutyEvent, DutyState, watch_reminders_response::Item};
use chrono::{NaiveDate, TimeDelta};
use prost::Message as _;
use uuid::Uuid;

use super::{End, Sink, Wanted};
use crate::{
    store::{
        duty_list::{DutyKey, Listed},
        reminder::{self, Before, Reach},
    },
    wire,
};

/// Duties, or events, read with one statement.
const BATCH: i64 = 500;

/// What a stream has told of a township.
pub(super) struct Place {
    within: TimeDelta,
    less: Option<Before>,
    /// The feed's identity and the last event looked at; `None`: nothing was read yet.
    seen: Option<(Uuid, i64)>,
    /// What is due by this day has been read.
    read_to: Option<NaiveDate>,
    /// Duties told, with the day from which they cannot come again: they are MISSED then.
    told: HashMap<Uuid, NaiveDate>,
}

impl Place {
    pub(super) fn new(wanted: &Wanted) -> Self {
        let less = wanted.after.map(|after| Before {
            due_to: after + wanted.within,
            opened_by: after,
            id_below: first_id_after(after),
        });
        Self { within: wanted.within, less, seen: None, read_to: None, told: HashMap::new() }
    }

    /// Tells what has come within reach since the last look.
    pub(super) async fn look(
        &mut self,
        db: &Db,
        permit: &Permit,
        head: &Head,
        today: NaiveDate,
        sink: &Sink,
    ) -> Result<(), End> {
        let reach = Reach { due_from: None, due_to: today + self.within, on: today, less: self.less };
        // Another feed, or one with a hole behind where this stream stands: everything is read anew.
        let gone_on = self.seen.is_some_and(|(epoch, seq)| epoch == head.epoch && seq + 1 >= head.oldest);
        if !gone_on {
            self.read_to = None;
            self.seen = Some((head.epoch, head.seq));
        }
        if self.read_to.is_none_or(|read_to| read_to < reach.due_to) {
            self.told.retain(|_, missed_from| *missed_from > today);
            let due_from = self.read_to.map(|read_to| read_to + TimeDelta::days(1));
            self.read(db, permit, Reach { due_from, ..reach }, sink).await?;
            self.read_to = Some(reach.due_to);
        }
        self.follow(db, permit, head, reach, sink).await
    }

    /// Tells what the ledger holds.
    async fn read(&mut self, db: &Db, permit: &Permit, reach: Reach, sink: &Sink) -> Result<(), End> {
        let mut after = None;
        loop {
            let mut tx = db.township(permit).await?;
            let township = tx.township().to_owned();
            let page = reminder::page(&mut tx, reach, after, BATCH).await?;
            tx.commit().await?;
            let Some(last) = page.last().map(key) else { return Ok(()) };
            for duty in page {
                self.tell(duty.duty_id, duty.missed_from, wire::duty::message(&township, duty), sink).await?;
            }
            after = Some(last);
        }
    }

    /// Tells what was raised, or opened again, since the last event looked at, and is still open.
    async fn follow(&mut self, db: &Db, permit: &Permit, head: &Head, reach: Reach, sink: &Sink) -> Result<(), End> {
        let Some((epoch, mut seq)) = self.seen else { return Ok(()) };
        while seq < head.seq {
            let mut tx = db.township(permit).await?;
            let events = feed::events(&mut tx, seq, BATCH).await?;
            tx.commit().await?;
            seq = events.last().map_or(head.seq, |last| last.seq);
            let mut steps = BTreeMap::new();
            for event in events {
                let step = step(&head.township, &event.payload)?;
                steps.insert(step.duty_id, step);
            }
            for Step { duty_id, due_on, missed_from, duty } in steps.into_values() {
                let within = due_on <= reach.due_to && missed_from > reach.on;
                if within && duty.state() == DutyState::Open {
                    self.tell(duty_id, missed_from, duty, sink).await?;
                }
            }
            self.seen = Some((epoch, seq));
        }
        Ok(())
    }

    async fn tell(&mut self, duty_id: Uuid, missed_from: NaiveDate, duty: Duty, sink: &Sink) -> Result<(), End> {
        if self.told.insert(duty_id, missed_from).is_some() {
            return Ok(());
        }
        sink.send(Item::Duty(duty)).await
    }
}

/// The duty of an event, and what says whether it is within reach.
struct Step {
    duty_id: Uuid,
    due_on: NaiveDate,
    missed_from: NaiveDate,
    duty: Duty,
}

fn step(township: &Township, payload: &[u8]) -> Result<Step, Error> {
    let event = DutyEvent::decode(payload).map_err(|error| Error::Internal(Box::new(error)))?;
    let duty = event.duty.ok_or_else(|| Error::internal("an event without its duty"))?;
    let duty_id = Uuid::try_parse(&duty.duty_id).map_err(|error| Error::Internal(Box::new(error)))?;
    let due_on = duty.due_on.as_ref().and_then(calendar::date);
    let due_on = due_on.ok_or_else(|| Error::internal("a duty without its due day"))?;
    let missed_from = duty.missed_from.as_ref().and_then(calendar::date);
    let missed_from = missed_from.ok_or_else(|| Error::internal("a duty without the end of its grace"))?;
    Ok(Step { duty_id, due_on, missed_from, duty: Duty { township: township.to_string(), ..duty } })
}

fn key(duty: &Listed) -> DutyKey {
    DutyKey {
        due_on: duty.due_on,
        person_id: duty.person_id,
        rule: duty.rule.clone(),
        period_start: duty.period_start,
        slot: duty.slot,
    }
}

/// Less than every id made after a day, and not less than any made on it.
fn first_id_after(day: NaiveDate) -> Uuid {
    let midnight = calendar::midnight(day + TimeDelta::days(1)).timestamp_millis();
    let millis = u64::try_from(midnight).unwrap_or_default();
    // The first 48 bits of a UUIDv7 are its milliseconds.
    Uuid::from_u128(u128::from(millis) << 80)
}

#[cfg(test)]
mod tests {
    use uuid::{NoContext, Timestamp};

    use super::*;

    /// An id of a process that has made none before.
    fn made(seconds: i64) -> Uuid {
        Uuid::new_v7(Timestamp::from_unix(NoContext, u64::try_from(seconds).expect("after 1970"), 0))
    }

    #[test]
    fn an_id_tells_whether_it_was_made_on_a_day_or_after_it() {
        let day: NaiveDate = "2026-01-05".parse().expect("a date");
        let midnight = calendar::midnight(day + TimeDelta::days(1));
        let bound = first_id_after(day);
        assert!(made(midnight.timestamp() - 1) < bound);
        assert!(made(midnight.timestamp()) >= bound);
    }
}
