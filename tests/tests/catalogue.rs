//! What must hold of every table of every service, so that nobody can forget it when adding one.

use bangfu_testkit::databases;
use sqlx::PgConnection;

/// Tables of the migrations themselves: no service role can see them.
const OF_MIGRATIONS: &str = "('ground_migration', '_sqlx_migrations')";

async fn offenders(database: &mut PgConnection, question: &str) -> Vec<String> {
    let question = question.replace("{migrations}", OF_MIGRATIONS);
    sqlx::query_scalar(sqlx::AssertSqlSafe(question)).fetch_all(database).await.expect("the catalogue")
}

async fn nothing_offends(rule: &str, question: &str, exceptions: &[&str]) {
    for service in databases::SERVICES {
        let database = databases::clone(service).await;
        let mut look = databases::superuser(&database).await;
        let mut found = offenders(&mut look, question).await;
        found.retain(|offender| !exceptions.contains(&offender.as_str()));
        assert!(found.is_empty(), "{service}: {rule}: {found:?}");
        drop(look);
        databases::drop(&database).await;
    }
}

const TABLES: &str = "SELECT c.oid, c.relname FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname NOT IN {migrations}";

#[tokio::test]
async fn every_table_is_fenced() {
    nothing_offends(
        "row security enabled, forced, and walled by a restrictive policy",
        &format!(
            "SELECT t.relname FROM ({TABLES}) t JOIN pg_class c ON c.oid = t.oid
              WHERE NOT c.relrowsecurity OR NOT c.relforcerowsecurity
                 OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'wall' AND NOT p.polpermissive)"
        ),
        &[],
    )
    .await;
}

#[tokio::test]
async fn township_leads_every_key_and_index() {
    // One ID number is registered once in the whole city: the one place where that is decided.
    nothing_offends(
        "township is the first column",
        &format!(
            "SELECT i.indexrelid::regclass::text FROM ({TABLES}) t JOIN pg_index i ON i.indrelid = t.oid
              WHERE (SELECT attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = i.indkey[0]) IS DISTINCT FROM 'township'"
        ),
        &["id_number_is_registered_once_in_the_city"],
    )
    .await;
}

#[tokio::test]
async fn foreign_keys_cannot_reach_into_another_township() {
    nothing_offends(
        "township is part of every foreign key, on both sides",
        &format!(
            "SELECT k.conname::text FROM ({TABLES}) t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
              WHERE (SELECT attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = k.conkey[1]) <> 'township'
                 OR (SELECT attname FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1]) <> 'township'"
        ),
        &[],
    )
    .await;
}

#[tokio::test]
async fn nothing_stands_in_the_way_of_sharding() {
    nothing_offends(
        "no triggers of ours, rules, sequences, identity columns, EXCLUDE",
        &format!(
            "SELECT 'trigger ' || tgname FROM pg_trigger g JOIN ({TABLES}) t ON t.oid = g.tgrelid WHERE NOT tgisinternal
             UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite r JOIN ({TABLES}) t ON t.oid = r.ev_class
             UNION ALL SELECT 'sequence ' || relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
             UNION ALL SELECT 'identity ' || attname FROM pg_attribute a JOIN ({TABLES}) t ON t.oid = a.attrelid WHERE attidentity <> ''
             UNION ALL SELECT 'exclude ' || conname FROM pg_constraint k JOIN ({TABLES}) t ON t.oid = k.conrelid WHERE contype = 'x'"
        ),
        &[],
    )
    .await;
}

#[tokio::test]
async fn the_check_sees_a_table_without_a_wall() {
    let database = databases::clone("people").await;
    let mut look = databases::superuser(&database).await;
    sqlx::raw_sql("CREATE TABLE forgotten (township text PRIMARY KEY)").execute(&mut look).await.expect("a table");
    let question = format!(
        "SELECT t.relname FROM ({TABLES}) t JOIN pg_class c ON c.oid = t.oid WHERE NOT c.relrowsecurity OR NOT c.relforcerowsecurity"
    );
    assert_eq!(offenders(&mut look, &question).await, ["forgotten"]);
    drop(look);
    databases::drop(&database).await;
}
