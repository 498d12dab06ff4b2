//! What the search for duplicates adds to an import of 10,000 rows into a township of a million people.
//!
//! A million in one township is more than any has, and the hardest case: the search stays within its township. They are
//! sealed and hashed as an import does it and put in by COPY, which leaves memberships, records and events out: nothing
//! of those is read. One row in a hundred is somebody who is there, with a mistyped number.
//!
//! The search is not switched off for comparing. It is the last thing that is done with a batch, and 10,000 rows are
//! one: what an import takes between the end of the statement before it (of employment records) and the beginning of the
//! one after it (of the import itself) is what it adds, and the rest is the import. Two triggers note the moments, in the
//! very import that is timed from outside, with its plans, its caches, and the opening and comparing of candidates. What
//! making the report takes falls on the search, too.

use std::{fmt::Write as _, time::Instant};

use bangfu::client::{people, request_id};
use bangfu_kernel::{Clock, IdNumber, Role, Township};
use bangfu_people::vault::{Column, WrappedKey};
use bangfu_platform::id;
use bangfu_proto::people::v1::{RegisterMatch, RosterRow, RosterStart};
use bangfu_testkit::sample;
use rand::{SeedableRng as _, rngs::StdRng};
use sqlx::PgConnection;

use crate::{
    crowd::{self, Somebody},
    measure::{Limit, Measure, Round},
    process::{OTHER_TOWNSHIP, Up, run},
    sweep::DAY,
};

const PEOPLE: u32 = 1_000_000;
/// Of the crowd, the first of them: those before live in the other township.
const FIRST: u32 = 1_000_000;
/// Sealed and sent at once.
const PIECE: usize = 10_000;
const ROWS: u32 = 10_000;
/// One row in so many is somebody who is there.
const TWIN: u32 = 100;
const ROUNDS: u32 = 5;
/// The first pays for the pages that every index writes whole after a checkpoint.
const WARM_UP: usize = 1;

/// The figure, in milliseconds.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut people = up.superuser("people").await?;
    populate(up, &mut people).await?;
    note_moments(&mut people).await?;
    let mut rounds = Vec::new();
    let mut twins = (FIRST..FIRST + PEOPLE).filter_map(crowd::mistyped);
    for round in 0..ROUNDS {
        let first = FIRST + PEOPLE + round * ROWS;
        let new = (first..first + ROWS).map(|n| match n % TWIN {
            0 => twins.next().unwrap_or_else(|| crowd::somebody(n)),
            _ => crowd::somebody(n),
        });
        let rows = (1..).zip(new).map(|(row, somebody)| row_of(row, somebody)).collect();
        let all = import(up, rows).await?;
        let search = between(&mut people).await?;
        rounds.push(Round { ours: search, against: all - search });
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM duplicate WHERE township = $1 AND number_mistyped")
            .bind(OTHER_TOWNSHIP)
            .fetch_one(&mut people)
            .await?;
        eprintln!("  {all:.0} ms, of which the search {search:.0}; {found} mistyped numbers found so far");
        anyhow::ensure!(found >= i64::from((round + 1) * ROWS / TWIN), "{found} pairs were found");
        up.settle().await?;
    }
    run(&mut people, "DROP TABLE figures_moment; DROP FUNCTION figures_note CASCADE").await?;
    let name = "search for duplicates in 1,000,000 / import of 10,000";
    Ok(Measure::of_rounds(name, "ms", &rounds[WARM_UP..], Limit::AtMost(0.5)))
}

/// Puts everybody in, as an import would have left them.
async fn populate(up: &Up, people: &mut PgConnection) -> anyhow::Result<()> {
    let township: Township = OTHER_TOWNSHIP.parse()?;
    let vault = up.ground.vault()?;
    let keys: Vec<(i16, i16, Vec<u8>, bool)> =
        sqlx::query_as("SELECT number, algorithm, wrapped, sealing FROM township_key WHERE township = $1")
            .bind(OTHER_TOWNSHIP)
            .fetch_all(&mut *people)
            .await?;
    let keys = keys.into_iter().map(|(number, algorithm, wrapped, sealing)| WrappedKey {
        number,
        algorithm,
        wrapped,
        sealing,
    });
    let key = vault.unwrap(&township, &keys.collect::<Vec<_>>(), tokio::time::Instant::now())?;

    let (clock, mut chance) = (Clock::system(), StdRng::from_os_rng());
    for first in (FIRST..FIRST + PEOPLE).step_by(PIECE) {
        let (mut entries, mut numbers) = (String::new(), String::new());
        for n in (first..FIRST + PEOPLE).take(PIECE) {
            let Somebody { name, id_number, village } = crowd::somebody(n);
            let (id, number) =
                (id::new(&clock), id_number.parse::<IdNumber>().map_err(|_| anyhow::anyhow!("no number"))?);
            let mut sealed = |column, text: &str| key.seal(id, column, text, &mut chance).map(|sealed| hex(&sealed));
            let (sealed_name, sealed_number) = (sealed(Column::Name, &name)?, sealed(Column::IdNumber, &id_number)?);
            let tokens = vault.tokens(&township, &name, &number);
            writeln!(
                entries,
                "{township}\t{id}\t{sealed_name}\t{sealed_number}\tMALE\t{}\t{village}\t协理员{}\t高中\t服务员\t电工\t{DAY}\t{DAY}\
                 \tUNVERIFIED\t1\t{DAY}\t{DAY}\t{}\t{}\t{}\t{}\t{}\t{}",
                &id_number[6..10],
                n % 20,
                tokens.name_head,
                tokens.name_tail,
                tokens.twin_birth,
                tokens.twin_order,
                tokens.twin_year,
                tokens.twin_day,
            )?;
            writeln!(numbers, "{}\t{township}\t{id}", hex(&vault.id_index(&number)))?;
        }
        let columns = "township, person_id, name, id_number, sex, birth_year, village, coordinator, education, job_wish
                     , training_wish, joined_on, join_known_on, level, version, created_at, updated_at
                     , name_head, name_tail, twin_birth, twin_order, twin_year, twin_day";
        put(people, &format!("COPY person ({columns}) FROM STDIN"), entries).await?;
        put(people, "COPY identity (id_index, township, person_id) FROM STDIN", numbers).await?;
    }
    for statement in ["VACUUM ANALYZE person, identity", "CHECKPOINT"] {
        run(people, statement).await?;
    }
    Ok(())
}

async fn put(people: &mut PgConnection, copy: &str, lines: String) -> anyhow::Result<()> {
    let mut copy = people.copy_in_raw(copy).await?;
    copy.send(lines.into_bytes()).await?;
    copy.finish().await?;
    Ok(())
}

/// As COPY reads bytes.
fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    "\\\\x".chars().chain(bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)])).collect()
}

/// From now on, imports leave the moments around their search.
async fn note_moments(people: &mut PgConnection) -> anyhow::Result<()> {
    run(
        people,
        "CREATE TABLE figures_moment (statement text, at timestamptz);
         CREATE FUNCTION figures_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
         BEGIN
             INSERT INTO figures_moment VALUES (TG_TABLE_NAME, clock_timestamp());
             RETURN NULL;
         END $$;
         CREATE TRIGGER figures_note AFTER INSERT ON employment EXECUTE FUNCTION figures_note();
         CREATE TRIGGER figures_note BEFORE INSERT ON roster_import EXECUTE FUNCTION figures_note()",
    )
    .await
}

/// Milliseconds between the moments of the last import.
async fn between(people: &mut PgConnection) -> anyhow::Result<f64> {
    let moments = "DELETE FROM figures_moment RETURNING statement, extract(epoch FROM at)::float8 * 1000";
    let mut moments: Vec<(String, f64)> = sqlx::query_as(moments).fetch_all(people).await?;
    moments.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let [(before, from), (after, until)] = &moments[..] else {
        anyhow::bail!("an import of {ROWS} rows is no longer one batch: {moments:?}");
    };
    anyhow::ensure!(before == "employment" && after == "roster_import", "{moments:?}");
    Ok(until - from)
}

/// Milliseconds.
async fn import(up: &Up, rows: Vec<RosterRow>) -> anyhow::Result<f64> {
    let clerk = up.client(Role::Clerk, Some(OTHER_TOWNSHIP)).await?;
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    let begin = Instant::now();
    let import = people::send(&clerk, start, rows).await?;
    let took = begin.elapsed();
    let new = import.results.iter().filter(|result| result.r#match() == RegisterMatch::New).count();
    anyhow::ensure!(u32::try_from(new)? == ROWS, "{new} rows were new");
    Ok(took.as_secs_f64() * 1e3)
}

fn row_of(row: i32, Somebody { name, id_number, village }: Somebody) -> RosterRow {
    RosterRow { name, id_number, village, ..sample::row(0, row) }
}
