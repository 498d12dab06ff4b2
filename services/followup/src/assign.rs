//! Assigning villages and people to coordinators: what was assigned before ends, what begins on the same day is replaced, and
//! who serves whom is settled.

use bangfu_kernel::Error;
use bangfu_platform::{db::TownshipTx, id};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    serves,
    store::{self, assignment::Assignment},
};

/// Whose assignment it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whose {
    /// A village's.
    Village(String),
    /// A person's.
    Person(Uuid),
}

/// Assigns a village or a person from a day on; an empty name: nobody. ASSIGNMENT_OVERLAPS.
/// The coordinator has been entered ([`entered`]).
pub(crate) async fn one(
    tx: &mut TownshipTx,
    whose: Whose,
    coordinator: String,
    from: NaiveDate,
) -> Result<Assignment, Error> {
    let (villages, people) = match whose {
        Whose::Village(village) => (vec![village], Vec::new()),
        Whose::Person(person_id) => (Vec::new(), vec![person_id]),
    };
    let coordinator = (!coordinator.is_empty()).then_some(coordinator);
    let assigned = all(tx, villages, people, coordinator.as_deref(), from).await?;
    assigned.into_iter().next().ok_or_else(|| Error::internal("nothing was assigned"))
}

/// Assigns villages and people from a day on, in a few statements however many they are. The township's row is locked
/// from here on.
pub(crate) async fn all(
    tx: &mut TownshipTx,
    villages: Vec<String>,
    people: Vec<Uuid>,
    coordinator: Option<&str>,
    from: NaiveDate,
) -> Result<Vec<Assignment>, Error> {
    let today = serves::lock(tx).await?;
    if let Some((assignment_id, from)) = store::assignment::find_after(tx, &villages, &people, from).await? {
        return Err(Error::AssignmentOverlaps { assignment_id, from });
    }
    store::assignment::end(tx, &villages, &people, from).await?;
    let only_people = villages.is_empty();
    let (clock, by) = (tx.clock().clone(), tx.permit().caller().subject.clone());
    let assignment = |village, person_id| Assignment {
        assignment_id: id::new(&clock),
        village,
        person_id,
        coordinator: coordinator.map(str::to_owned),
        from_on: from,
        until_on: None,
        entered_by: by.clone(),
        entered_at: clock.now(),
    };
    let of_villages = villages.into_iter().map(|village| assignment(Some(village), None));
    let of_people = people.iter().map(|&person_id| assignment(None, Some(person_id)));
    let assignments: Vec<_> = of_villages.chain(of_people).collect();
    if !assignments.is_empty() {
        store::assignment::insert(tx, &assignments).await?;
    }
    if from <= today {
        if only_people {
            store::serving::settle(tx, today, &people).await?;
        } else {
            store::serving::settle_everybody(tx, today).await?;
        }
    }
    Ok(assignments)
}
