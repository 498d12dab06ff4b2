//! ImportRoster of rows that are parsed already, against COPY of the columns it writes into the same indexed table.

use std::time::Instant;

use bangfu::client::{people, request_id};
use bangfu_kernel::Role;
use bangfu_proto::people::v1::{RosterRow, RosterStart};
use bangfu_testkit::sample;
use futures::TryStreamExt as _;
use sqlx::PgConnection;

use crate::{
    crowd::{self, Somebody},
    measure::{Limit, Measure, Round},
    memory,
    process::{TOWNSHIP, Up, run},
    sweep::DAY,
};

const ROWS: u32 = 100_000;
const ROUNDS: usize = 3;
/// Bytes handed to COPY at once.
const PIECE: usize = 1 << 16;

/// The figure, and the memory the suite needed for the first import and what follows from it.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<(Measure, Measure)> {
    let rows = (0..ROWS).map(row).collect::<anyhow::Result<Vec<_>>>()?;
    let mut people = up.superuser("people").await?;
    let mut peak = None;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        empty(up).await?;
        let ours = import(up, rows.clone()).await?;
        up.settle().await?;
        if peak.is_none() {
            peak = Some(memory::importing(up)?);
        }
        rounds.push(Round { ours, against: copy(&mut people).await? });
    }
    let import = Measure::of_rounds("ImportRoster of 100,000 rows / COPY", "rows/s", &rounds, Limit::AtLeast(0.25));
    let peak = peak.map_or_else(|| memory::importing(up), Ok)?;
    Ok((import, peak))
}

/// Imports them once, for the figures of who is there.
pub(crate) async fn fill(up: &Up) -> anyhow::Result<()> {
    let rows = (0..ROWS).map(row).collect::<anyhow::Result<Vec<_>>>()?;
    import(up, rows).await?;
    up.settle().await
}

/// Rows a second.
async fn import(up: &Up, rows: Vec<RosterRow>) -> anyhow::Result<f64> {
    let clerk = up.client(Role::Clerk, Some(TOWNSHIP)).await?;
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    let begin = Instant::now();
    let import = people::send(&clerk, start, rows).await?;
    let took = begin.elapsed();
    anyhow::ensure!(u32::try_from(import.accepted)? == ROWS, "{} rows were accepted", import.accepted);
    Ok(f64::from(ROWS) / took.as_secs_f64())
}

/// Rows a second, of what the import has just written; it is written back as it was.
async fn copy(people: &mut PgConnection) -> anyhow::Result<f64> {
    let written: Vec<u8> = people
        .copy_out_raw("COPY person TO STDOUT")
        .await?
        .try_fold(Vec::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await?;
    run(people, "TRUNCATE person; CHECKPOINT").await?;
    let begin = Instant::now();
    let mut copy = people.copy_in_raw("COPY person FROM STDIN").await?;
    for piece in written.chunks(PIECE) {
        copy.send(piece).await?;
    }
    let copied = copy.finish().await?;
    let took = begin.elapsed();
    anyhow::ensure!(copied == u64::from(ROWS), "{copied} rows were copied");
    Ok(f64::from(ROWS) / took.as_secs_f64())
}

/// Both databases as before the first import. The feed goes on counting: who follows it stands at its head.
async fn empty(up: &Up) -> anyhow::Result<()> {
    up.settle().await?;
    let mut people = up.superuser("people").await?;
    run(
        &mut people,
        "TRUNCATE person, identity, membership, employment, employment_registration, duplicate, event, request
       , roster_import",
    )
    .await?;
    run(&mut up.superuser("followup").await?, "TRUNCATE subject, event CASCADE").await?;
    run(&mut people, "CHECKPOINT").await
}

/// Nobody real, and everybody else's double as seldom as in life.
fn row(n: u32) -> anyhow::Result<RosterRow> {
    let Somebody { name, id_number, village } = crowd::somebody(n);
    Ok(RosterRow {
        name,
        id_number,
        village,
        coordinator: format!("协理员{}", n % 20),
        education: "高中".to_owned(),
        job_wish: "服务员".to_owned(),
        training_wish: "电工".to_owned(),
        remark: "上门".to_owned(),
        // Unemployed on the day that is swept afterwards.
        status_since: DAY.to_owned(),
        ..sample::row(n, i32::try_from(n)? + 2)
    })
}
