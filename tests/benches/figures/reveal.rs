//! RevealPerson, which leaves an entry in the audit trail before it shows anything, against GetPerson of the same people:
//! one caller, call after call, to a durable database.

use std::time::Instant;

use bangfu_kernel::Role;
use bangfu_proto::people::v1::{GetPersonRequest, RevealPersonRequest};
use uuid::Uuid;

use crate::{
    measure::{Limit, Measure, Round},
    process::{TOWNSHIP, Up, run},
};

const ROUNDS: usize = 60;
const WARM_UP: usize = 10;
/// Calls of each in a round.
const CALLS: usize = 25;

/// The figure, in milliseconds a call.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut people = up.superuser("people").await?;
    run(&mut people, "VACUUM ANALYZE person, employment, membership").await?;
    run(&mut people, "CHECKPOINT").await?;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT person_id FROM person WHERE township = $1 LIMIT $2")
        .bind(TOWNSHIP)
        .bind(i64::try_from(ROUNDS * CALLS)?)
        .fetch_all(&mut people)
        .await?;
    let client = up.client(Role::Clerk, Some(TOWNSHIP)).await?;
    let mut registry = client.people();
    let mut rounds = Vec::new();
    for ids in ids.chunks(CALLS) {
        let begin = Instant::now();
        for id in ids {
            let request = GetPersonRequest { person_id: id.to_string(), ..Default::default() };
            registry.get_person(request).await?;
        }
        let against = a_call(begin);
        let begin = Instant::now();
        for id in ids {
            let request = RevealPersonRequest { person_id: id.to_string(), reason: "核对信息".to_owned() };
            let revealed = registry.reveal_person(request).await?.into_inner();
            anyhow::ensure!(!revealed.id_number.is_empty(), "nothing was revealed");
        }
        rounds.push(Round { ours: a_call(begin), against });
    }
    let name = "RevealPerson with its audit entry / GetPerson";
    Ok(Measure::of_medians(name, "ms", &rounds[WARM_UP..], Limit::AtMost(2.5)))
}

fn a_call(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1e3 / f64::from(u32::try_from(CALLS).unwrap_or(u32::MAX))
}
