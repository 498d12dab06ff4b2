//! A sweep that raises 200,000 duties, against the bare INSERT … SELECT of the same rows into the same table.

use std::time::Instant;

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::followup::v1::{RunSweepRequest, TownshipSweep};
use sqlx::PgConnection;

use crate::{
    measure::{Limit, Measure, Round},
    process::{TOWNSHIP, Up, run},
};

/// The day that is swept: early in a year and a month, so that everything a rule can owe is owed.
pub(crate) const DAY: &str = "2025-01-06";
/// Seven duties each: a follow-up, five of "131", one of policy publicity.
const PEOPLE: u32 = 28_572;
const DUTIES_EACH: u32 = 7;
const ROUNDS: usize = 3;

/// The figure, in duties a second.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut followup = up.superuser("followup").await?;
    let bureau = up.client(Role::Bureau, None).await?;
    people(&mut followup).await?;
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        never_planned(&mut followup).await?;
        let ours = raised(&bureau).await?;
        if round == 0 {
            run(&mut followup, "CREATE TABLE figures_duty AS SELECT * FROM duty").await?;
        }
        rounds.push(Round { ours, against: inserted(&mut followup).await? });
    }
    run(&mut followup, "DROP TABLE figures_duty").await?;
    Ok(Measure::of_rounds(
        "sweep that raises 200,000 duties / INSERT … SELECT",
        "duties/s",
        &rounds,
        Limit::AtLeast(0.5),
    ))
}

/// Sweeps one township.
pub(crate) async fn sweep(bureau: &Client, township: &str) -> anyhow::Result<TownshipSweep> {
    let request =
        RunSweepRequest { request_id: request_id(), as_of: date(DAY.parse()?), townships: vec![township.to_owned()] };
    let mut swept = bureau.followup().run_sweep(request).await?.into_inner().townships;
    swept.pop().ok_or_else(|| anyhow::anyhow!("nothing was swept"))
}

/// People of the roster that was imported, as the follower knows them, unemployed and known since the day.
async fn people(followup: &mut PgConnection) -> anyhow::Result<()> {
    run(
        followup,
        format!(
            "CREATE TABLE figures_subject AS
             SELECT township, person_id, village, coordinator, DATE '{DAY}' AS joined_on
                  , replace(facts::text, joined_on::text, '{DAY}')::jsonb AS facts, DATE '{DAY}' AS next_review_on
               FROM subject WHERE township = '{TOWNSHIP}' ORDER BY person_id LIMIT {PEOPLE};
             TRUNCATE subject, event CASCADE;
             INSERT INTO subject (township, person_id, village, coordinator, joined_on, facts, next_review_on)
             SELECT * FROM figures_subject;
             INSERT INTO review (township, person_id, next_review_on, planned_as_of)
             SELECT township, person_id, next_review_on, planned_as_of FROM subject ON CONFLICT DO NOTHING;
             DROP TABLE figures_subject"
        ),
    )
    .await
}

/// Makes the township as it was before its first sweep.
async fn never_planned(followup: &mut PgConnection) -> anyhow::Result<()> {
    run(followup, "TRUNCATE duty, event CASCADE").await?;
    run(followup, format!("UPDATE review SET next_review_on = '{DAY}', planned_as_of = NULL")).await?;
    for statement in ["VACUUM FULL review", "VACUUM ANALYZE subject, review", "CHECKPOINT"] {
        run(followup, statement).await?;
    }
    Ok(())
}

async fn raised(bureau: &Client) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let swept = sweep(bureau, TOWNSHIP).await?;
    let took = begin.elapsed();
    let raised: i64 = swept.raised.values().sum();
    anyhow::ensure!(raised == i64::from(PEOPLE * DUTIES_EACH) && swept.failed == 0, "raised {raised}: {swept:?}");
    Ok(f64::from(PEOPLE * DUTIES_EACH) / took.as_secs_f64())
}

async fn inserted(followup: &mut PgConnection) -> anyhow::Result<f64> {
    run(followup, "TRUNCATE duty; CHECKPOINT").await?;
    let begin = Instant::now();
    let inserted = sqlx::query("INSERT INTO duty SELECT * FROM figures_duty").execute(followup).await?;
    let took = begin.elapsed();
    anyhow::ensure!(inserted.rows_affected() == u64::from(PEOPLE * DUTIES_EACH));
    Ok(f64::from(PEOPLE * DUTIES_EACH) / took.as_secs_f64())
}
