//! A sweep of many people of whom nobody is due, against one of a tenth of them: it must not read the population.

use std::time::Instant;

use bangfu::client::Client;
use bangfu_kernel::Role;

use crate::{
    measure::{Limit, Measure, Round},
    process::{OTHER_TOWNSHIP, TOWNSHIP, Up, run},
    sweep::sweep,
};

const MANY: u32 = 1_000_000;
const FEW: u32 = 100_000;
/// Each takes a few milliseconds, most of them the commits.
const ROUNDS: usize = 200;
const WARM_UP: usize = 20;

/// The figure, in milliseconds a sweep.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut followup = up.superuser("followup").await?;
    run(&mut followup, "CREATE TABLE figures_subject AS SELECT * FROM subject LIMIT 1; TRUNCATE subject CASCADE")
        .await?;
    for (township, people) in [(OTHER_TOWNSHIP, MANY), (TOWNSHIP, FEW)] {
        run(
            &mut followup,
            format!(
                "INSERT INTO subject (township, person_id, village, coordinator, joined_on, facts, next_review_on
                                    , planned_as_of)
                 SELECT '{township}', gen_random_uuid(), village, coordinator, joined_on, facts, '2025-02-01'
                      , '2025-01-06'
                   FROM figures_subject, generate_series(1, {people})"
            ),
        )
        .await?;
    }
    run(&mut followup, "VACUUM ANALYZE subject").await?;
    let reviews = "INSERT INTO review (township, person_id, next_review_on, planned_as_of)
                   SELECT township, person_id, next_review_on, planned_as_of FROM subject ON CONFLICT DO NOTHING";
    run(&mut followup, reviews).await?;
    for statement in ["DROP TABLE figures_subject", "VACUUM ANALYZE subject, review", "CHECKPOINT"] {
        run(&mut followup, statement).await?;
    }

    let bureau = up.client(Role::Bureau, None).await?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let against = took(&bureau, TOWNSHIP).await?;
        rounds.push(Round { ours: took(&bureau, OTHER_TOWNSHIP).await?, against });
    }
    let name = "sweep of 1,000,000 people, nobody due / of 100,000";
    Ok(Measure::of_medians(name, "ms", &rounds[WARM_UP..], Limit::AtMost(1.2)))
}

async fn took(bureau: &Client, township: &str) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let swept = sweep(bureau, township).await?;
    let took = begin.elapsed();
    anyhow::ensure!(swept.in_scope == 0, "{} people were due", swept.in_scope);
    Ok(took.as_secs_f64() * 1e3)
}
