//! Tells the people registry what contacts taught, until it has accepted or refused it for good.
//!
//! A delivery is written in the transaction of its contact with a request id of its own. However often it is sent, by
//! whichever replica, it takes effect once. What is on its way survives the death of either side.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bangfu_kernel::{Error, Township};
use bangfu_platform::{db::TownshipTx, peers::Peer};
use bangfu_proto::people::v1::{RecordEmploymentRequest, people_service_client::PeopleServiceClient};
use chrono::{DateTime, Utc};
use prost::Message as _;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{
    Followup,
    model::standard::Standards,
    replan::{self, Recommender},
    store::{self, delivery::Pending, subject::Subject},
};

/// How often it looks for what others left behind.
const LOOK: Duration = Duration::from_secs(5);
/// Pause after a failure; doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the registry may take for one.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries read at once.
const BATCH: i64 = 100;

/// What the registry made of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// The record that came of it.
    Accepted(Uuid),
    /// It will never be accepted; why.
    Refused(String),
    /// It may be accepted later; why not now.
    NotNow(String),
}

/// Delivers until the ground is stopping.
pub(crate) async fn run(svc: Followup, people: Peer) {
    let stopping = svc.ground.stopping.clone();
    let mut pause = PAUSE;
    loop {
        // Stopping in the middle of a delivery loses nothing: it is sent again under its request id.
        let delivered = tokio::select! {
            () = stopping.begun() => return,
            delivered = round(&svc, &people) => delivered,
        };
        let wait = match delivered {
            Ok(true) => {
                pause = PAUSE;
                LOOK
            }
            Ok(false) => longer(&mut pause),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "deliveries cannot be read or noted");
                longer(&mut pause)
            }
        };
        tokio::select! {
            () = stopping.begun() => return,
            () = svc.learned.notified(), if wait == LOOK => {}
            () = sleep(wait) => {}
        }
    }
}

fn longer(pause: &mut Duration) -> Duration {
    let now = *pause;
    *pause = (now * 2).min(LONGEST_PAUSE);
    now
}

/// Tries everything that is on its way; whether all of it came to an end.
async fn round(svc: &Followup, people: &Peer) -> Result<bool, Error> {
    let mut tx = svc.ground.db.city(&svc.permit("followup.deliver", None)).await?;
    let townships = store::delivery::townships(&mut tx).await?;
    tx.commit().await?;
    let mut all = true;
    for township in townships {
        loop {
            match of_township(svc, people, &township).await? {
                Round::Nothing => break,
                Round::Ended => {}
                Round::Waiting => {
                    all = false;
                    break;
                }
            }
        }
    }
    Ok(all)
}

enum Round {
    Nothing,
    /// All that was read came to an end; there may be more.
    Ended,
    /// Some has to wait.
    Waiting,
}

async fn of_township(svc: &Followup, people: &Peer, township: &Township) -> Result<Round, Error> {
    let permit = svc.permit("followup.deliver", Some(township.clone()));
    let mut tx = svc.ground.db.township(&permit).await?;
    let pending = store::delivery::pending(&mut tx, BATCH).await?;
    tx.commit().await?;
    if pending.is_empty() {
        return Ok(Round::Nothing);
    }
    let recommender = svc.recommender().await?;
    // What is learned of one person later must not overtake what was learned before.
    let mut waiting = BTreeSet::new();
    for delivery in pending {
        if waiting.contains(&delivery.person_id) {
            continue;
        }
        let (outcome, reachable) = deliver(people, &delivery, svc.ground.clock.now()).await?;
        let standards = svc.standards().await?;
        let mut tx = svc.ground.db.township(&permit).await?;
        match &outcome {
            Outcome::Accepted(record_id) => {
                answered(&standards, &mut tx, &recommender, &delivery, Some(*record_id)).await?;
                store::delivery::delivered(&mut tx, delivery.contact_id).await?;
            }
            Outcome::Refused(why) => {
                let contact_id = delivery.contact_id;
                tracing::error!(%township, %contact_id, why, "the registry refuses what a contact taught");
                metrics::counter!("bangfu_followup_deliveries_refused_total").increment(1);
                answered(&standards, &mut tx, &recommender, &delivery, None).await?;
                store::delivery::failed(&mut tx, contact_id, why, true).await?;
            }
            Outcome::NotNow(why) => {
                tracing::info!(%township, contact_id = %delivery.contact_id, why, "the registry cannot be told yet");
                waiting.insert(delivery.person_id);
                store::delivery::failed(&mut tx, delivery.contact_id, why, false).await?;
            }
        }
        tx.commit().await?;
        if !reachable {
            break;
        }
    }
    Ok(if waiting.is_empty() { Round::Ended } else { Round::Waiting })
}

/// The fact that stood under the contact's id is the record's from now on, or is gone.
async fn answered(
    standards: &Arc<Standards>,
    tx: &mut TownshipTx,
    recommender: &Recommender,
    delivery: &Pending,
    record_id: Option<Uuid>,
) -> Result<(), Error> {
    let subject = store::subject::lock(tx, delivery.person_id).await?;
    let Some(facts) = store::facts::answered(&subject.facts, delivery.contact_id, record_id)? else { return Ok(()) };
    let subject = Subject { facts, ..subject };
    store::subject::save(tx, std::slice::from_ref(&subject)).await?;
    replan::contacted(tx, standards, recommender, subject, None).await
}

/// One delivery, with a span that the registry's own continues; the second is false when the registry cannot be reached,
/// so that trying the next one is in vain.
#[tracing::instrument(name = "job.deliver", skip_all, fields(contact_id = %delivery.contact_id))]
async fn deliver(people: &Peer, delivery: &Pending, now: DateTime<Utc>) -> Result<(Outcome, bool), Error> {
    let request = RecordEmploymentRequest::decode(delivery.request.as_slice())
        .map_err(|error| Error::Internal(Box::new(error)))?;
    let call = people.call(Instant::now() + PATIENCE, |service| {
        let request = request.clone();
        async move { PeopleServiceClient::new(service).record_employment(request).await }
    });
    let answer = call.await;
    let reachable = answer
        .as_ref()
        .err()
        .is_none_or(|status| !matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled));
    let outcome = match answer {
        Ok(record) => Outcome::Accepted(
            Uuid::try_parse(&record.get_ref().record_id).map_err(|error| Error::Internal(Box::new(error)))?,
        ),
        Err(status) => refusal(&status, is_young(delivery.contact_id, now)),
    };
    Ok((outcome, reachable))
}

/// Whether the contact was entered within the last two days, as its id tells.
fn is_young(contact_id: Uuid, now: DateTime<Utc>) -> bool {
    let entered = contact_id.get_timestamp().and_then(|at| i64::try_from(at.to_unix().0).ok());
    entered.is_some_and(|entered| now.timestamp() - entered < 2 * 24 * 60 * 60)
}

/// What a failure means. Around midnight the registry's clock may still be in yesterday and take today's dates for the
/// future: while the contact is `young`, fields found wrong are tried again.
fn refusal(status: &Status, young: bool) -> Outcome {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    let why = format!("{:?} {reason}", status.code());
    match status.code() {
        Code::InvalidArgument if young => Outcome::NotNow(why),
        Code::InvalidArgument | Code::NotFound | Code::FailedPrecondition | Code::AlreadyExists | Code::OutOfRange => {
            Outcome::Refused(why)
        }
        _ => Outcome::NotNow(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_never_be_accepted_is_refused_for_good() {
        for (code, for_good) in [
            (Code::InvalidArgument, true),
            (Code::NotFound, true),
            (Code::FailedPrecondition, true),
            (Code::Unavailable, false),
            (Code::DeadlineExceeded, false),
            (Code::Internal, false),
            (Code::Aborted, false),
            (Code::ResourceExhausted, false),
            (Code::Unauthenticated, false),
            (Code::PermissionDenied, false),
        ] {
            let refused = matches!(refusal(&Status::new(code, ""), false), Outcome::Refused(_));
            assert_eq!(refused, for_good, "{code:?}");
        }
        let status = Status::new(Code::InvalidArgument, "");
        assert!(matches!(refusal(&status, true), Outcome::NotNow(_)), "the registry's clock may be behind");
    }

    #[test]
    fn a_contact_is_young_for_two_days() {
        let clock = bangfu_kernel::Clock::at("2026-02-10".parse().expect("a date"));
        let contact_id = bangfu_platform::id::new(&clock);
        assert!(is_young(contact_id, clock.now()));
        assert!(is_young(contact_id, clock.now() + chrono::TimeDelta::hours(47)));
        assert!(!is_young(contact_id, clock.now() + chrono::TimeDelta::hours(49)));
    }
}
