//! What a constraint says to one township is the same whatever another one has: a value that is taken there is free here,
//! and a row that stands there is as absent as one that never was. The one exception is the number registered once in the
//! whole city.

use sqlx::{AssertSqlSafe, Row as _};

use super::{
    battery::{TRIED, literal},
    scratch::{EMPTY, SETTLED, Scratch},
};
use crate::row::Run;

/// Decided in one place for all townships, by a keyed hash.
const ONE_IN_THE_CITY: &str = "id_number_is_registered_once_in_the_city";

/// Like `tried`, with all that PostgreSQL says.
const SAID: &str = r"
    CREATE FUNCTION said(statement text, township text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        message text;
        detail text;
        broken text;
    BEGIN
        PERFORM set_config('bangfu.township', township, true);
        BEGIN
            EXECUTE statement;
            RAISE EXCEPTION 'entered' USING ERRCODE = 'BF000';
        EXCEPTION
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, broken = CONSTRAINT_NAME;
                RETURN concat_ws(' | ', SQLSTATE, message, detail, broken);
        END;
    END
    $$;
    GRANT EXECUTE ON FUNCTION said(text, text) TO PUBLIC;
";

/// Every unique index, with what leaves it alone on its table, without the condition that may limit it.
const UNIQUE: &str = r"
    SELECT i.indrelid::regclass::text
         , i.indexrelid::regclass::text
         , CASE WHEN i.indpred IS NULL THEN ''
                ELSE format('DROP INDEX %s; %s; ', i.indexrelid::regclass, regexp_replace(pg_get_indexdef(i.indexrelid), ' WHERE .*$', ''))
           END
        || coalesce((SELECT string_agg(
                       CASE WHEN k.conname IS NULL THEN format('DROP INDEX %s; ', o.indexrelid::regclass)
                            ELSE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE; ', o.indrelid::regclass, k.conname) END, '')
                       FROM pg_index o LEFT JOIN pg_constraint k ON k.conindid = o.indexrelid AND k.contype IN ('p', 'u')
                      WHERE o.indrelid = i.indrelid AND o.indisunique AND o.indexrelid <> i.indexrelid), '')
        || coalesce((SELECT string_agg(format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I; ', f.conrelid::regclass, f.conname), '')
                       FROM pg_constraint f WHERE f.conrelid = i.indrelid AND f.contype = 'f'), '')
      FROM pg_index i
     WHERE i.indisunique AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = i.indrelid)
     ORDER BY 2
";

/// Every foreign key, with what leaves it alone on its table.
const FOREIGN: &str = r"
    SELECT k.conrelid::regclass::text
         , k.conname::text
         , coalesce((SELECT string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I; ', o.conrelid::regclass, o.conname), '')
                       FROM pg_constraint o
                      WHERE o.conrelid = k.conrelid AND o.contype = 'f' AND o.oid <> k.oid), '')
      FROM pg_constraint k
     WHERE k.contype = 'f' AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = k.conrelid)
     ORDER BY 2
";

/// Conditions on rows that call a function of ours could look at other rows.
const LOOKING_AROUND: &str = r"
    SELECT count(*) FROM pg_constraint k
      JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid AND d.refclassid = 'pg_proc'::regclass
     WHERE k.contype = 'c'
";

/// Every unique, foreign and check constraint of every service.
pub async fn no_constraint_tells_a_township_what_another_has(run: Run) {
    for what in ["unique constraints", "foreign keys", "foreign keys that refused", "taken elsewhere is told"] {
        run.count(what, 0);
    }
    for service in bangfu_testkit::databases::SERVICES {
        let whole = bangfu_testkit::databases::clone(service).await;
        let mut look = bangfu_testkit::databases::superuser(&whole).await;
        let looking: i64 = sqlx::query_scalar(LOOKING_AROUND).fetch_one(&mut look).await.expect("the catalogue");
        assert_eq!(looking, 0, "{service}: a condition calls a function that may look at other rows");
        drop(look);
        bangfu_testkit::databases::drop(&whole).await;

        let mut scratch = Scratch::new(service, true).await;
        scratch.run(format!("{TRIED}{SAID}")).await;
        unique(&run, &mut scratch).await;
        foreign(&run, &mut scratch).await;
        scratch.end().await;
    }
}

async fn unique(run: &Run, scratch: &mut Scratch) {
    for (table, index, alone) in listed(scratch, UNIQUE).await {
        let theirs = row_of(scratch, &table, SETTLED[0]).await;
        scratch.run(format!("BEGIN; {alone}; SET LOCAL ROLE {}", scratch.names.service)).await;
        let elsewhere = told(scratch, "tried", &table, &theirs, EMPTY).await;
        let again = told(scratch, "tried", &table, &theirs, SETTLED[0]).await;
        scratch.run("ROLLBACK").await;
        assert_eq!(again, "23505", "{index} does not hold within a township");
        let due = if index == ONE_IN_THE_CITY { "23505" } else { "1" };
        assert_eq!(elsewhere, due, "{index} tells a township what another has");
        run.count("unique constraints", 1);
        run.count("taken elsewhere is told", u64::from(elsewhere != "1"));
    }
}

async fn foreign(run: &Run, scratch: &mut Scratch) {
    for (table, key, alone) in listed(scratch, FOREIGN).await {
        let theirs = row_of(scratch, &table, SETTLED[0]).await;
        let nobodys = scratch.tables.iter().find(|one| one.name == table).expect("a table").row.clone();
        scratch.run(format!("BEGIN; {alone}; SET LOCAL ROLE {}", scratch.names.service)).await;
        let there = told(scratch, "said", &table, &theirs, EMPTY).await;
        let nowhere = told(scratch, "said", &table, &nobodys, EMPTY).await;
        // Its own row can be entered again, whatever referred to it: what it refers to is there.
        let service = scratch.names.service.clone();
        scratch
            .run(format!(
                "RESET ROLE; SET LOCAL session_replication_role = replica; DELETE FROM {table} WHERE township = '{}';
                 SET LOCAL session_replication_role = origin; SET LOCAL ROLE {service}",
                SETTLED[0]
            ))
            .await;
        let own = told(scratch, "tried", &table, &theirs, SETTLED[0]).await;
        scratch.run("ROLLBACK").await;
        assert_eq!(own, "1", "{key} is not satisfied by a row of one's own");
        assert_eq!(there, nowhere, "{key} tells a township what another has");
        run.count("foreign keys", 1);
        run.count("foreign keys that refused", u64::from(there.starts_with("23503")));
    }
}

async fn listed(scratch: &mut Scratch, question: &'static str) -> Vec<(String, String, String)> {
    let rows = sqlx::query(question).fetch_all(&mut scratch.session).await.expect("the catalogue");
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

async fn row_of(scratch: &mut Scratch, table: &str, township: &str) -> String {
    let sql = format!("SELECT to_jsonb(t)::text FROM {table} t WHERE township = '{township}'");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut scratch.session).await.expect("its row")
}

/// What comes of entering a row, whosever it was, as one of a township. Row security keeps the values out of it.
async fn told(scratch: &mut Scratch, how: &str, table: &str, row: &str, township: &str) -> String {
    let put = format!(
        "INSERT INTO {table} SELECT r.* FROM jsonb_populate_record(NULL::{table}, {} || '{{\"township\": \"{township}\"}}') AS r",
        format_args!("{}::jsonb", literal(row))
    );
    let sql = format!("SELECT {how}({}, '{township}')", literal(&put));
    sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut scratch.session).await.expect("told")
}
