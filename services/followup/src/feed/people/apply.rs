//! Applies events of one township in one transaction with the follower's position.

use std::collections::BTreeSet;

use bangfu_kernel::{Error, Township};
use bangfu_platform::{
    db::TownshipTx,
    feed::{self, Position, next_in_order},
    id,
};
use bangfu_proto::{common::v1::Cursor, people::v1::PersonEvent};

use super::fold::{Fold, Moving};
use crate::{
    Followup,
    replan::{self, Because},
    serves, store,
    wire::person_event,
};

/// Applies events, in order; those applied before are left. When they cannot be applied together they are applied one
/// by one, so that everything before the one at fault counts.
pub(super) async fn in_order(svc: &Followup, township: &Township, events: &[PersonEvent]) -> Result<(), Error> {
    match together(svc, township, events).await {
        Err(Error::Internal(cause)) if events.len() > 1 => {
            tracing::warn!(%township, cause = cause.as_ref() as &dyn std::error::Error, "applying events one by one");
            for event in events {
                together(svc, township, std::slice::from_ref(event)).await?;
            }
            Ok(())
        }
        applied => applied,
    }
}

#[tracing::instrument(name = "feed.people.apply", level = "debug", skip_all, fields(%township, events = events.len()))]
async fn together(svc: &Followup, township: &Township, events: &[PersonEvent]) -> Result<(), Error> {
    let Some(first) = events.first() else { return Ok(()) };
    let recommender = svc.recommender().await?;
    let standards = svc.standards().await?;
    let mut tx = svc.ground.db.township(&svc.permit("followup.follow", Some(township.clone()))).await?;
    let mut position = begun(&mut tx, cursor(first)?).await?;

    let people = events.iter().flat_map(person_event::people).collect::<Result<BTreeSet<_>, _>>()?;
    let people = people.into_iter().collect::<Vec<_>>();
    let known = store::subject::lock_all(&mut tx, &people).await?;
    let pending = store::delivery::pending_of(&mut tx, &people).await?;
    let mut fold = Fold::over(known, pending.into_iter().collect(), svc.ground.clock.today());
    let start = position.seq;
    for event in events {
        let cursor = cursor(event)?;
        if next_in_order(&position, cursor)? {
            fold.take(event)?;
            position = Position { epoch: cursor.epoch.clone(), seq: cursor.seq };
        }
    }
    if position.seq == start {
        return Ok(());
    }

    let mut folded = fold.finish()?;
    if !folded.subjects.is_empty() {
        store::subject::save(&mut tx, &folded.subjects).await?;
        let saved: Vec<_> = folded.subjects.iter().map(|subject| subject.person_id).collect();
        store::subject::follow_heads(&mut tx, &saved).await?;
        serves::saved(&mut tx, &mut folded.subjects).await?;
    }
    let mut moved = Vec::new();
    for moving in &folded.merges {
        match *moving {
            Moving::Merged { merged, kept } => store::contact::merge(&mut tx, merged, kept).await?,
            Moving::Unmerged { merged, kept } => moved.extend(store::contact::unmerge(&mut tx, merged, kept).await?),
        }
    }
    let today = svc.ground.clock.today();
    let anew =
        folded.subjects.into_iter().filter(|subject| folded.anew.contains(&subject.person_id)).collect::<Vec<_>>();
    if !anew.is_empty() {
        replan::people(&mut tx, &standards, &recommender, anew, today, Because::OfFacts, &moved).await?;
    }
    store::township::advance(&mut tx, &position, folded.name.as_deref()).await?;
    tx.commit().await
}

fn cursor(event: &PersonEvent) -> Result<&Cursor, Error> {
    event.cursor.as_ref().ok_or_else(|| Error::internal("an event without a cursor"))
}

/// Where the follower stands; before the first event the township gets what it needs: its feed and its lease.
async fn begun(tx: &mut TownshipTx, first: &Cursor) -> Result<Position, Error> {
    if let Some(position) = store::township::lock(tx).await? {
        return Ok(position);
    }
    let epoch = id::new(tx.clock());
    store::township::insert(tx, &first.epoch).await?;
    feed::open(tx, epoch).await?;
    store::lease::open(tx).await?;
    store::township::lock(tx).await?.ok_or_else(|| Error::internal("a township that was just entered is gone"))
}
