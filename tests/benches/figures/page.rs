//! A page of 50 of a township of 100,000 people, against pgbench: how long the slowest of a hundred takes.
//!
//! Everybody asks for a page of their own, from all over the township. Filters that are not set are NULL in pgbench's
//! text, so that PostgreSQL does not look at them; for us they are parameters.

use std::time::{Duration, Instant};

use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_proto::people::v1::ListPeopleRequest;
use tokio::task::JoinSet;

use crate::{
    measure::{Limit, Measure, Round, p99},
    pgbench::{Pgbench, statement},
    process::{TOWNSHIP, Up, run},
};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 5;
const SECONDS: u64 = 4;
/// Rows of the page.
const PAGE: i32 = 50;
/// Rows of a page that is only turned, the most that a page has.
const LEAP: i32 = 500;
/// So many of those lie between the pages that two callers ask for.
const LEAPS: usize = 25;

/// The figure, in milliseconds.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut people = up.superuser("people").await?;
    run(&mut people, "VACUUM ANALYZE person, employment, membership").await?;
    run(&mut people, "CHECKPOINT").await?;
    let pgbench = pgbench(up)?;
    let mut callers = Vec::new();
    for page_token in page_tokens(&up.client(Role::Clerk, Some(TOWNSHIP)).await?).await? {
        let request = ListPeopleRequest { page_size: PAGE, page_token, ..Default::default() };
        callers.push((up.client(Role::Clerk, Some(TOWNSHIP)).await?, request));
    }
    calls(&callers, Duration::from_secs(1)).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let ours = calls(&callers, Duration::from_secs(SECONDS)).await?;
        let against = pgbench.latencies(up)?;
        eprintln!(
            "  ours: {} in {:.2} ms on average; pgbench: {} in {:.2} ms",
            ours.len(),
            mean(&ours),
            against.len(),
            mean(&against)
        );
        rounds.push(Round { ours: p99(ours), against: p99(against) });
    }
    let name = "p99 of ListPeople, 50 of 100,000 / pgbench";
    Ok(Measure::of_rounds(name, "ms", &rounds, Limit::AtMost(5.0)))
}

/// Where the callers' pages begin.
async fn page_tokens(client: &Client) -> anyhow::Result<Vec<String>> {
    let mut token = String::new();
    let mut tokens = vec![token.clone()];
    for leap in 1..CONNECTIONS * LEAPS {
        let request = ListPeopleRequest { page_size: LEAP, page_token: token, ..Default::default() };
        token = client.people().list_people(request).await?.into_inner().next_page_token;
        anyhow::ensure!(!token.is_empty(), "the township ends after {leap} pages");
        if leap % LEAPS == 0 {
            tokens.push(token.clone());
        }
    }
    Ok(tokens)
}

/// Milliseconds of each call. Everybody calls again as soon as they are answered.
async fn calls(callers: &[(Client, ListPeopleRequest)], time: Duration) -> anyhow::Result<Vec<f64>> {
    let begin = Instant::now();
    let mut calling = JoinSet::new();
    for (client, request) in callers {
        let (mut people, request) = (client.people(), request.clone());
        calling.spawn(async move {
            let mut took = Vec::new();
            while begin.elapsed() < time {
                let asked = Instant::now();
                let page = people.list_people(request.clone()).await?.into_inner();
                took.push(asked.elapsed().as_secs_f64() * 1e3);
                anyhow::ensure!(page.people.len() == usize::try_from(PAGE)? && !page.next_page_token.is_empty());
            }
            Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(caller) = calling.join_next().await {
        took.extend(caller??);
    }
    Ok(took)
}

/// What one ListPeople sends: who is on the page, and one more; then what is shown of them.
fn pgbench(up: &Up) -> anyhow::Result<Pgbench> {
    let first = format!(
        "SELECT person_id AS after FROM person WHERE township = :township ORDER BY person_id \
         OFFSET :client_id * {LEAPS} * {LEAP} LIMIT 1 \\gset\n\
         SELECT array_agg(person_id)::text AS ids FROM (SELECT person_id FROM person WHERE township = :township \
         AND person_id > :after::uuid ORDER BY person_id LIMIT {PAGE}) p \\gset"
    );
    let mut page = statement(&["FROM person p", "ORDER BY p.person_id", "p.person_id > $2", "LIMIT $8"])?;
    let probe = (PAGE + 1).to_string();
    for (parameter, value) in [
        ("$1", ":township"),
        ("$2", ":after::uuid"),
        ("$3", "NULL"),
        ("$4", "NULL"),
        ("$5", "NULL"),
        ("$6", "NULL"),
        ("$7", "CURRENT_DATE"),
        ("$8", &probe),
    ] {
        page = page.replace(parameter, value);
    }
    let shown = statement(&["FROM person p", "json_agg", "p.person_id = ANY ($2)"])?
        .replace("$1", ":township")
        .replace("$2", ":ids::uuid[]")
        .replace("$3", "CURRENT_DATE");
    Ok(Pgbench::new(up, "page.sql", &first, &[page, shown])?.by(CONNECTIONS, SECONDS))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / u32::try_from(values.len()).map_or(f64::NAN, f64::from)
}
