//! GetPerson through the whole stack, against pgbench.

use std::time::{Duration, Instant};

use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_proto::people::v1::GetPersonRequest;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    measure::{Limit, Measure, Round},
    pgbench::{Pgbench, statement},
    process::{TOWNSHIP, Up},
};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;

/// The figure, in calls (transactions) a second.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut people = up.superuser("people").await?;
    crate::process::run(&mut people, "VACUUM ANALYZE person, employment, membership").await?;
    crate::process::run(&mut people, "CHECKPOINT").await?;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT person_id FROM person ORDER BY person_id LIMIT $1")
        .bind(i64::try_from(CONNECTIONS)?)
        .fetch_all(&mut people)
        .await?;
    let pgbench = pgbench(up)?;

    let mut callers = Vec::new();
    for id in ids {
        let client = up.client(Role::Clerk, Some(TOWNSHIP)).await?;
        callers.push((client, GetPersonRequest { person_id: id.to_string(), ..Default::default() }));
    }
    calls(&callers, Duration::from_secs(1)).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ours = calls(&callers, Duration::from_secs(SECONDS)).await?;
        rounds.push(Round { ours, against: pgbench.rate(up)? });
    }
    let name = "GetPerson through the whole stack / pgbench";
    Ok(Measure::of_rounds(name, "calls/s", &rounds, Limit::AtLeast(0.5)))
}

/// Everybody calls again as soon as they are answered.
async fn calls(callers: &[(Client, GetPersonRequest)], time: Duration) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let mut calling = JoinSet::new();
    for (client, request) in callers.iter().cloned() {
        calling.spawn(async move {
            let (mut people, mut answered) = (client.people(), 0_u32);
            while begin.elapsed() < time {
                let person = people.get_person(request.clone()).await?.into_inner();
                anyhow::ensure!(person.person_id == request.person_id && !person.name_masked.is_empty());
                answered += 1;
            }
            Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(caller) = calling.join_next().await {
        answered += caller??;
    }
    Ok(f64::from(answered) / begin.elapsed().as_secs_f64())
}

/// What one GetPerson sends. Each client first finds the person it asks for from then on, as each of our callers has one.
fn pgbench(up: &Up) -> anyhow::Result<Pgbench> {
    let find =
        "SELECT person_id FROM person WHERE township = :township ORDER BY person_id OFFSET :client_id LIMIT 1 \\gset";
    let select = statement(&["FROM person p", "json_agg", "p.person_id = $2"])?
        .replace("$1", ":township")
        .replace("$2", ":person_id::uuid")
        .replace("$3", "CURRENT_DATE");
    Ok(Pgbench::new(up, "lookup.sql", find, &[select])?.by(CONNECTIONS, SECONDS))
}
