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
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
      AND c.relname NOT IN {migrations}";

/// Everything in a database that could hold rows or hand them out, of whatever kind: what is not known to be harmless
/// offends. (The TOAST of a table is reached through the table only, and lies in a schema of PostgreSQL's own.)
const EVERYTHING: &str = r"
    WITH ours AS (
        SELECT oid FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'
    ), relation AS (
        SELECT c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity
             , c.reloptions, c.relname IN {migrations} AS of_migrations
             , regexp_replace(pg_get_userbyid(c.relowner), '_owner$', '') AS service
          FROM pg_class c JOIN ours ON ours.oid = c.relnamespace
    ), fence AS (
        SELECT r.oid
             , string_agg(concat_ws(' ', p.polname, p.polpermissive, p.polcmd, p.polroles::regrole[]
                                       , pg_get_expr(p.polqual, r.oid), pg_get_expr(p.polwithcheck, r.oid)), '; ' ORDER BY p.polname) AS stands
          FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
         GROUP BY r.oid
    )
    SELECT format('a relation of kind %s: %s', relkind, relname) FROM relation WHERE relkind NOT IN ('r', 'p', 'v', 'i', 'I', 't')
    UNION ALL
    SELECT 'not fenced: ' || relname
      FROM relation r LEFT JOIN fence f ON f.oid = r.oid
     WHERE relkind IN ('r', 'p') AND NOT of_migrations
       AND (NOT relrowsecurity OR NOT relforcerowsecurity OR f.stands IS DISTINCT FROM format(
            'city t r {%1$s_city} true; own t * {%1$s_service} true true; '
            'wall f * {%1$s_service} (township = ( SELECT wall.township() AS township)) (township = ( SELECT wall.township() AS township))'
            , r.service))
    UNION ALL
    SELECT 'of migrations, and given away: ' || relname FROM relation
     WHERE of_migrations AND EXISTS (SELECT FROM aclexplode(relacl) a WHERE a.grantee <> relowner)
    UNION ALL
    SELECT 'a view that looks with its owner''s eyes: ' || relname FROM relation
     WHERE relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
    UNION ALL
    SELECT 'not kept: ' || relname FROM relation WHERE relpersistence <> 'p'
    UNION ALL
    SELECT 'a function: ' || p.oid::regprocedure FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace
     WHERE p.prosecdef OR p.proleakproof
        OR p.oid::regprocedure::text NOT IN ('wall.township()', 'wall.service()', 'wall.fence(regclass,text)')
    UNION ALL
    SELECT 'a type with a default: ' || t.oid::regtype FROM pg_type t JOIN ours ON ours.oid = t.typnamespace WHERE t.typdefault IS NOT NULL
    UNION ALL
    SELECT 'a schema: ' || nspname FROM pg_namespace n JOIN ours ON ours.oid = n.oid WHERE nspname NOT IN ('public', 'wall')
    UNION ALL
    SELECT 'a large object' FROM pg_largeobject_metadata
    UNION ALL
    SELECT 'default privileges of ' || defaclrole::regrole FROM pg_default_acl
    UNION ALL
    SELECT 'an extension: ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 'another language: ' || lanname FROM pg_language WHERE lanname NOT IN ('internal', 'c', 'sql', 'plpgsql')
    UNION ALL
    SELECT 'a foreign server: ' || srvname FROM pg_foreign_server
    UNION ALL
    SELECT 'a publication: ' || pubname FROM pg_publication
    UNION ALL
    SELECT 'an event trigger: ' || evtname FROM pg_event_trigger
";

/// One of each kind, as somebody might add it, and what is said then.
const ONE_OF_EACH: [(&str, &str); 25] = [
    ("CREATE TABLE added (township text PRIMARY KEY)", "not fenced: added"),
    ("CREATE TABLE added (township text) PARTITION BY LIST (township)", "not fenced: added"),
    (
        "CREATE TABLE whole (township text) PARTITION BY LIST (township); ALTER TABLE whole OWNER TO bangfu_people_owner;
         SET LOCAL ROLE bangfu_people_owner; SELECT wall.fence('whole'); RESET ROLE;
         CREATE TABLE added PARTITION OF whole DEFAULT",
        "not fenced: added",
    ),
    ("CREATE TABLE added () INHERITS (person)", "not fenced: added"),
    ("ALTER TABLE person NO FORCE ROW LEVEL SECURITY", "not fenced: person"),
    ("ALTER TABLE person DISABLE ROW LEVEL SECURITY", "not fenced: person"),
    ("DROP POLICY wall ON person", "not fenced: person"),
    ("ALTER POLICY wall ON person USING (true)", "not fenced: person"),
    ("CREATE POLICY second ON person USING (true)", "not fenced: person"),
    ("GRANT SELECT ON _sqlx_migrations TO bangfu_people_service", "of migrations, and given away: _sqlx_migrations"),
    ("CREATE VIEW added AS SELECT * FROM person", "a view that looks with its owner's eyes: added"),
    ("CREATE MATERIALIZED VIEW added AS SELECT * FROM person", "a relation of kind m: added"),
    (
        "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far; CREATE FOREIGN TABLE added () SERVER far",
        "a relation of kind f: added",
    ),
    ("CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far", "a foreign server: far"),
    ("CREATE SEQUENCE added", "a relation of kind S: added"),
    ("CREATE TYPE added AS (township text)", "a relation of kind c: added"),
    ("CREATE DOMAIN added AS text DEFAULT current_setting('bangfu.township')", "a type with a default: added"),
    ("ALTER TABLE roster_import SET UNLOGGED", "not kept: roster_import"),
    ("CREATE FUNCTION added() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1", "a function: added()"),
    ("ALTER FUNCTION wall.township() SECURITY DEFINER", "a function: wall.township()"),
    ("SELECT lo_create(0)", "a large object"),
    ("CREATE SCHEMA added", "a schema: added"),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO bangfu_people_service", "default privileges of postgres"),
    ("CREATE PUBLICATION added FOR ALL TABLES", "a publication: added"),
    (
        "CREATE FUNCTION seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE EVENT TRIGGER added ON ddl_command_end EXECUTE FUNCTION seen()",
        "an event trigger: added",
    ),
];

#[tokio::test]
async fn everything_that_could_hold_rows_or_hand_them_out_is_fenced() {
    nothing_offends("of a kind that is judged, and fenced as wall.fence does it", EVERYTHING, &[]).await;
}

#[tokio::test]
async fn one_of_each_kind_that_somebody_adds_is_seen() {
    let database = databases::clone("people").await;
    let mut look = databases::superuser(&database).await;
    for (added, said) in ONE_OF_EACH {
        sqlx::raw_sql("BEGIN").execute(&mut look).await.expect("begun");
        sqlx::raw_sql(added).execute(&mut look).await.expect(added);
        let found = offenders(&mut look, EVERYTHING).await;
        assert!(found.iter().any(|offender| offender == said), "{added}: {found:?}");
        sqlx::raw_sql("ROLLBACK").execute(&mut look).await.expect("undone");
    }
    // What looks with the eyes of whoever asks is fenced by what it looks at.
    sqlx::raw_sql("CREATE VIEW added WITH (security_invoker = true) AS SELECT * FROM person")
        .execute(&mut look)
        .await
        .expect("a view");
    assert_eq!(offenders(&mut look, EVERYTHING).await, Vec::<String>::new());
    drop(look);
    databases::drop(&database).await;
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
             UNION ALL SELECT 'sequence ' || relname FROM pg_class WHERE relkind = 'S' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
             UNION ALL SELECT 'identity ' || attname FROM pg_attribute a JOIN ({TABLES}) t ON t.oid = a.attrelid WHERE attidentity <> ''
             UNION ALL SELECT 'exclude ' || conname FROM pg_constraint k JOIN ({TABLES}) t ON t.oid = k.conrelid WHERE contype = 'x'"
        ),
        &[],
    )
    .await;
}
