//! The turn of a month for 1,000,000 people, of whom 300,000 are owed a follow-up, against the bare INSERT … SELECT of the
//! same duties into the same table; what the sweep keeps in memory; and what planning takes beside reading.

use std::time::Instant;

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::followup::v1::{RunSweepRequest, TownshipSweep};
use sqlx::PgConnection;

use crate::{
    measure::{Limit, Measure, Round},
    memory,
    process::{OTHER_TOWNSHIP, Replica, TOWNSHIP, Up, run},
};

const PEOPLE: u32 = 1_000_000;
/// Of them, those who are owed a follow-up each month; the others are owed one a year.
const MONTHLY: u32 = 300_000;
const FEW: u32 = 100_000;
const ROUNDS: usize = 2;
const JOINED: &str = "2025-01-06";
const TURN: &str = "2025-02-01";

/// An id as the services make them (version 7): the n-th of a row of milliseconds.
const ID: &str = "(lpad(to_hex(1736128800000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid";

/// The figures: the rate of the turn, two of memory, and planning beside reading.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Vec<Measure>> {
    let mut followup = up.superuser("followup").await?;
    run(&mut followup, "CREATE TABLE figures_subject AS SELECT * FROM subject LIMIT 1").await?;
    run(&mut followup, "TRUNCATE duty, event, contact, subject CASCADE").await?;
    people(&mut followup, OTHER_TOWNSHIP, FEW).await?;
    let fresh = up.replica(None)?;
    sweep(&up.client_of(&fresh, Role::Bureau).await?, OTHER_TOWNSHIP, JOINED).await?;
    let few = memory::peak(fresh.id())?;
    fresh.stop()?;
    run(&mut followup, "TRUNCATE duty, event, contact, subject CASCADE").await?;
    people(&mut followup, TOWNSHIP, PEOPLE).await?;
    let fresh = up.replica(None)?;
    let bureau = up.client_of(&fresh, Role::Bureau).await?;
    let first = sweep(&bureau, TOWNSHIP, JOINED).await?;
    let many = memory::peak(fresh.id())?;
    anyhow::ensure!(first.in_scope == i64::from(PEOPLE) && first.failed == 0, "{first:?}");

    let mut rounds = Vec::new();
    let mut planning = Vec::new();
    for round in 0..ROUNDS {
        for statement in ["VACUUM FULL review", "VACUUM ANALYZE subject, review, duty, event", "CHECKPOINT"] {
            run(&mut followup, statement).await?;
        }
        let before = spent(&fresh).await?;
        let begin = Instant::now();
        let turned = sweep(&bureau, TOWNSHIP, TURN).await?;
        let ours = f64::from(MONTHLY) / begin.elapsed().as_secs_f64();
        let raised: i64 = turned.raised.values().sum();
        anyhow::ensure!(raised == i64::from(MONTHLY) && turned.failed == 0, "{turned:?}");
        let after = spent(&fresh).await?;
        planning.push(Round { ours: after.0 - before.0, against: after.1 - before.1 });
        if round == 0 {
            let taken = format!("CREATE TABLE figures_duty AS SELECT * FROM duty WHERE opens_on = '{TURN}'");
            run(&mut followup, taken).await?;
        }
        let away = format!("DELETE FROM duty WHERE opens_on = '{TURN}'");
        run(&mut followup, away.clone()).await?;
        run(&mut followup, "VACUUM ANALYZE duty").await?;
        run(&mut followup, "CHECKPOINT").await?;
        let begin = Instant::now();
        sqlx::query("INSERT INTO duty SELECT * FROM figures_duty").execute(&mut followup).await?;
        rounds.push(Round { ours, against: f64::from(MONTHLY) / begin.elapsed().as_secs_f64() });
        run(&mut followup, away).await?;
        run(
            &mut followup,
            format!(
                "UPDATE review SET next_review_on = '{TURN}', planned_as_of = '{JOINED}' WHERE planned_as_of = '{TURN}'"
            ),
        )
        .await?;
    }
    fresh.stop()?;
    run(&mut followup, "DROP TABLE figures_duty; DROP TABLE figures_subject").await?;
    let turn = "a month's turn of 1,000,000, 300,000 duties / INSERT … SELECT";
    Ok(vec![
        Measure::of_rounds(turn, "duties/s", &rounds, Limit::AtLeast(0.6)),
        Measure::of_rounds("planning them / reading their histories", "s", &planning, Limit::AtMost(0.3)),
        Measure::absolute("memory of a sweep of 100,000 people (peak)", "MB", few, Limit::AtMost(100.0)),
        Measure::absolute("memory of a sweep of 1,000,000 people (peak)", "MB", many, Limit::AtMost(100.0)),
    ])
}

async fn sweep(bureau: &Client, township: &str, day: &str) -> anyhow::Result<TownshipSweep> {
    let request =
        RunSweepRequest { request_id: request_id(), as_of: date(day.parse()?), townships: vec![township.to_owned()] };
    let mut swept = bureau.followup().run_sweep(request).await?.into_inner().townships;
    swept.pop().ok_or_else(|| anyhow::anyhow!("nothing was swept"))
}

/// People as the follower knows them, three of ten unemployed and reached on the day they came, the others with a business
/// of their own.
async fn people(followup: &mut PgConnection, township: &str, people: u32) -> anyhow::Result<()> {
    let subjects = format!(
        "INSERT INTO subject (township, person_id, village, coordinator, joined_on, facts, next_review_on, planned_as_of)
         SELECT '{township}', {ID}, '村' || n % 200, '协理员' || n % 200, DATE '{JOINED}'
              , replace(replace(facts::text, joined_on::text, '{JOINED}')
                      , '\"UNEMPLOYED\"', CASE WHEN n % 10 < 3 THEN '\"UNEMPLOYED\"' ELSE '\"STARTUP\"' END)::jsonb
              , DATE '{JOINED}', DATE '{JOINED}' - 1
           FROM figures_subject, generate_series(1, {people}) AS n"
    );
    let reviews = "INSERT INTO review (township, person_id, next_review_on, planned_as_of)
         SELECT township, person_id, next_review_on, planned_as_of FROM subject ON CONFLICT DO NOTHING";
    let contacts = format!(
        "INSERT INTO contact (township, contact_id, person_id, held_on, channel, result, answered_by, services
                            , training_intention, difficulties, policies_told, subsidies_suggested, note, coordinator
                            , entered_on, entered_at, entered_by)
         SELECT township, {ID}, person_id, '{JOINED}', 1, 1, '本人', '{{}}', '', '{{}}', '{{}}', '{{}}', '', coordinator
              , '{JOINED}', '{JOINED} 10:00', 'figures'
           FROM (SELECT row_number() OVER (ORDER BY person_id) AS n, * FROM subject) AS s
          WHERE township = '{township}' AND facts::text LIKE '%\"UNEMPLOYED\"%'"
    );
    // One after the other, with statistics between them: the checks of foreign keys are planned by what the tables were when
    // they were first asked for, and an empty table is best read by any index.
    for statement in [
        subjects.as_str(),
        "VACUUM ANALYZE subject",
        reviews,
        contacts.as_str(),
        "VACUUM ANALYZE review, contact",
        "CHECKPOINT",
    ] {
        run(followup, statement).await?;
    }
    Ok(())
}

/// Seconds spent planning, and reading, as the process tells in its metrics.
async fn spent(replica: &Replica) -> anyhow::Result<(f64, f64)> {
    let metrics = replica.metrics().await?;
    let of = |step: &str| {
        let name = format!("bangfu_followup_planning_seconds_sum{{step=\"{step}\"}}");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.and_then(|value| value.trim().parse::<f64>().ok()).unwrap_or_default()
    };
    Ok((of("plan"), of("read")))
}
