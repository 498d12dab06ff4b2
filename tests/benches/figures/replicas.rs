//! Townships swept by two replicas on a core each, against one, where PostgreSQL is not the limit: each replica has a fifth
//! of its core, as a pod with such a limit has, so that PostgreSQL has what is left of both, however many replicas ask.

use std::time::Instant;

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{followup::v1::RunSweepRequest, people::v1::UpsertTownshipRequest};
use sqlx::PgConnection;

use crate::{
    measure::{Limit, Measure, Round},
    process::{Up, run},
};

const TOWNSHIPS: u32 = 8;
const PEOPLE_EACH: u32 = 2_000;
const ROUNDS: usize = 3;
const JOINED: &str = "2021-03-01";
const DAY: &str = "2025-01-06";

/// The figure, in people a second.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut followup = up.superuser("followup").await?;
    let bureau = up.client(Role::Bureau, None).await?;
    let townships: Vec<String> = (0..TOWNSHIPS).map(|n| format!("3206859{n:02}")).collect();
    for code in &townships {
        let request = UpsertTownshipRequest {
            request_id: request_id(),
            code: code.clone(),
            name: "一个镇".to_owned(),
            etag: String::new(),
        };
        bureau.people().upsert_township(request).await?;
    }
    up.settle().await?;
    long_lives(&mut followup, &townships).await?;
    swept(&bureau, &townships).await?;

    let (one, other) = (up.replica(Some(0))?, up.replica(Some(1))?);
    let (first, second) = (up.client_of(&one, Role::Bureau).await?, up.client_of(&other, Role::Bureau).await?);
    let limits = (one.limited()?, other.limited()?);
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        due_again(&mut followup).await?;
        let begin = Instant::now();
        let alone = swept(&first, &townships).await?;
        let against = rate(begin);
        due_again(&mut followup).await?;
        let begin = Instant::now();
        let (here, there) = tokio::try_join!(swept(&first, &townships), swept(&second, &townships))?;
        let ours = rate(begin);
        anyhow::ensure!(alone == here + there && alone == i64::from(TOWNSHIPS * PEOPLE_EACH), "{alone} {here} {there}");
        if round > 0 {
            rounds.push(Round { ours, against });
        }
    }
    drop(limits);
    one.stop()?;
    other.stop()?;
    Ok(Measure::of_rounds(
        "sweeping long histories, two replicas / one (a fifth of a core each)",
        "people/s",
        &rounds,
        Limit::AtLeast(1.5),
    ))
}

fn rate(since: Instant) -> f64 {
    f64::from(TOWNSHIPS * PEOPLE_EACH) / since.elapsed().as_secs_f64()
}

async fn swept(bureau: &Client, townships: &[String]) -> anyhow::Result<i64> {
    let as_of = date(DAY.parse()?);
    let request = RunSweepRequest { request_id: request_id(), as_of, townships: townships.to_vec() };
    let swept = bureau.followup().run_sweep(request).await?.into_inner().townships;
    Ok(swept.iter().map(|sweep| sweep.in_scope).sum())
}

/// People unemployed since the first standard, reached by phone every month.
async fn long_lives(followup: &mut PgConnection, townships: &[String]) -> anyhow::Result<()> {
    run(followup, "CREATE TABLE figures_subject AS SELECT * FROM subject LIMIT 1").await?;
    run(followup, "TRUNCATE duty, event, contact, subject CASCADE").await?;
    for township in townships {
        run(
            followup,
            format!(
                "INSERT INTO subject (township, person_id, village, coordinator, joined_on, facts, next_review_on, planned_as_of)
                 SELECT '{township}', gen_random_uuid(), village, coordinator, DATE '{JOINED}'
                      , replace(facts::text, joined_on::text, '{JOINED}')::jsonb, DATE '{DAY}', DATE '{JOINED}'
                   FROM figures_subject, generate_series(1, {PEOPLE_EACH})"
            ),
        )
        .await?;
    }
    // Before anything refers to them: the checks of foreign keys are planned by what is known of the table.
    run(followup, "VACUUM ANALYZE subject").await?;
    for township in townships {
        run(
            followup,
            format!(
                "INSERT INTO review (township, person_id, next_review_on, planned_as_of)
                 SELECT township, person_id, next_review_on, planned_as_of FROM subject ON CONFLICT DO NOTHING;
                 INSERT INTO contact (township, contact_id, person_id, held_on, channel, result, answered_by, services
                                    , training_intention, difficulties, policies_told, subsidies_suggested, note, coordinator
                                    , entered_on, entered_at, entered_by)
                 SELECT township, gen_random_uuid(), person_id, month::date, 1, 1, '本人', '{{}}', '', '{{}}', '{{}}', '{{}}', '', coordinator
                      , month::date, month, 'figures'
                   FROM subject, generate_series(TIMESTAMPTZ '2021-03-10 10:00', '2024-12-10 10:00', INTERVAL '1 month') AS month
                  WHERE township = '{township}'"
            ),
        )
        .await?;
    }
    for statement in ["DROP TABLE figures_subject", "VACUUM ANALYZE subject, contact", "CHECKPOINT"] {
        run(followup, statement).await?;
    }
    Ok(())
}

async fn due_again(followup: &mut PgConnection) -> anyhow::Result<()> {
    run(followup, format!("UPDATE review SET next_review_on = '{DAY}'")).await?;
    for statement in ["VACUUM ANALYZE subject, review", "CHECKPOINT"] {
        run(followup, statement).await?;
    }
    Ok(())
}
