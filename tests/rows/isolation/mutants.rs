//! The wall with one stone changed, one after the other: of every table every policy dropped, widened and narrowed, row
//! security taken down, rights given; and the function it stands on. Each has to be noticed: by the self-check at start, or
//! by what the roles can do then, or by both. Everything happens in transactions that are rolled back.

mod stones;

use bangfu_platform::db::check;

use self::stones::{By, Stone};
use super::{
    battery,
    scratch::{Scratch, Table},
};
use crate::row::Run;

/// Every stone of every service.
pub async fn every_policy_dropped_or_widened_in_turn_is_noticed(run: Run) {
    for what in [
        "policies dropped",
        "mutants",
        "killed",
        "killed by the self-check",
        "killed by behaviour",
        "killed by behaviour alone",
    ] {
        run.count(what, 0);
    }
    for service in bangfu_testkit::databases::SERVICES {
        let mut scratch = Scratch::new(service, false).await;
        scratch.run(battery::TRIED).await;
        let tables = scratch.tables.clone();
        let mut chance = run.chance(0);
        // Quickly: every policy is dropped and widened; the rest of the stones are tried on one table in eight.
        let thorough: Vec<_> = tables.iter().map(|_| run.of(chance.one_in(8), true)).collect();
        for (table, thorough) in tables.iter().zip(thorough) {
            scratch.run("BEGIN").await;
            let sound = battery::of(&mut scratch, table).await;
            assert_eq!(battery::due(&sound), Vec::<String>::new(), "{service}: {} is open as it stands", table.name);
            assert_eq!(holes(&mut scratch).await, Vec::<String>::new(), "{service}: the self-check as it stands");
            scratch.run("ROLLBACK").await;
            for stone in stones::of_table(&scratch.names, &table.name) {
                if thorough || stone.first {
                    try_one(&run, &mut scratch, table, &sound, &stone).await;
                }
            }
        }
        // One table tells as much as all: the function is the same for each.
        let table = &tables[0];
        scratch.run("BEGIN").await;
        let sound = battery::of(&mut scratch, table).await;
        scratch.run("ROLLBACK").await;
        for stone in stones::of_database(&scratch.names, &scratch.database, &table.name) {
            try_one(&run, &mut scratch, table, &sound, &stone).await;
        }
        scratch.end().await;
    }
}

async fn try_one(run: &Run, scratch: &mut Scratch, table: &Table, sound: &[String], stone: &Stone) {
    scratch.run("BEGIN").await;
    scratch.run(stone.sql.clone()).await;
    let told = battery::of(scratch, table).await;
    let seen = holes(scratch).await;
    scratch.run("ROLLBACK").await;

    let what = format!("{} {}: {}", scratch.database, table.name, stone.name);
    let (checked, behaved) = (!seen.is_empty(), told != sound);
    run.count("mutants", 1);
    run.count("policies dropped", u64::from(stone.name.ends_with("dropped")));
    run.count("killed", u64::from(checked || behaved));
    run.count("killed by the self-check", u64::from(checked));
    run.count("killed by behaviour", u64::from(behaved));
    run.count("killed by behaviour alone", u64::from(behaved && !checked));
    assert!(checked || behaved, "nobody notices: {what}");
    // Whoever opens the wall is refused at start, whatever else notices.
    assert!(checked || stone.by == By::Behaviour, "the self-check does not notice: {what}");
    // Unless nothing can be done by it, it shows in what can be done.
    assert!(behaved || stone.by == By::Check, "behaviour does not show: {what}");
}

/// What the self-check says, as the service and as the city.
async fn holes(scratch: &mut Scratch) -> Vec<String> {
    let names = scratch.names.clone();
    scratch.run(format!("SAVEPOINT sound; SET LOCAL ROLE {}", names.service)).await;
    let mut holes = check::of_service(&mut scratch.session).await.expect("the self-check");
    scratch.run(format!("ROLLBACK TO sound; SET LOCAL ROLE {}", names.city)).await;
    holes.extend(check::of_city(&mut scratch.session).await.expect("the self-check"));
    scratch.run("ROLLBACK TO sound").await;
    holes
}
