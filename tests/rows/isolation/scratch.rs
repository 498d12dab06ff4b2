//! A service's database with a row of two townships in every table, whatever the tables are, and a superuser's session that
//! can stand in for any role. What is tried within a transaction is gone with it.

use bangfu_platform::db::migrate::Names;
use bangfu_testkit::{DADONG, LIBAO, databases};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use crate::asks::THIRD;

/// The townships that have rows.
pub(super) const SETTLED: [&str; 2] = [DADONG, LIBAO];

/// One whose rows are known and not there.
pub(super) const EMPTY: &str = THIRD;

pub(super) struct Scratch {
    pub(super) names: Names,
    pub(super) database: String,
    /// A superuser's.
    pub(super) session: PgConnection,
    /// Every table that has a policy.
    pub(super) tables: Vec<Table>,
}

#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    /// A row of the empty township, as JSON.
    pub(super) row: String,
    /// A column that the service may change; none: it changes nothing here.
    pub(super) column: Option<String>,
}

/// A value of every column that tells the township by itself, so that no two townships collide.
const SEED: &str = r"
    DO $$
    DECLARE
        fenced regclass;
        code text;
        columns text;
        row_values text;
    BEGIN
        FOR fenced IN SELECT DISTINCT polrelid::regclass FROM pg_policy LOOP
            FOREACH code IN ARRAY ARRAY['{townships}'] LOOP
                SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                     , string_agg(CASE format_type(atttypid, -1)
                           WHEN 'text' THEN quote_literal(code)
                           WHEN 'uuid' THEN format('md5(%L)::uuid', code)
                           WHEN 'bytea' THEN format('convert_to(%L, ''UTF8'')', code)
                           WHEN 'smallint' THEN right(code, 1)
                           WHEN 'integer' THEN right(code, 1)
                           WHEN 'bigint' THEN right(code, 1)
                           WHEN 'date' THEN format('DATE ''2026-01-0%s''', right(code, 1))
                           WHEN 'timestamp with time zone' THEN format('TIMESTAMPTZ ''2026-01-0%s''', right(code, 1))
                           WHEN 'boolean' THEN 'true'
                           WHEN 'jsonb' THEN '''{}'''
                           WHEN 'text[]' THEN format('ARRAY[%L]', code)
                           WHEN 'uuid[]' THEN format('ARRAY[md5(%L)::uuid]', code)
                           WHEN 'smallint[]' THEN '''{1}'''
                           WHEN 'date[]' THEN '''{2026-01-05}'''
                       END, ', ' ORDER BY attnum)
                  INTO columns, row_values
                  FROM pg_attribute
                 WHERE attrelid = fenced AND attnum > 0 AND NOT attisdropped;
                EXECUTE format('INSERT INTO %s (%s) VALUES (%s)', fenced, columns, row_values);
            END LOOP;
        END LOOP;
    END
    $$
";

/// Conditions on single rows would refuse rows that are made up; they know no township.
const WITHOUT: &str = r"
    DO $$
    DECLARE
        k record;
    BEGIN
        FOR k IN SELECT conrelid::regclass AS fenced, conname FROM pg_constraint
                  WHERE contype = ANY ('{kinds}') AND conrelid <> 0 AND connamespace = 'public'::regnamespace
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', k.fenced, k.conname);
        END LOOP;
    END
    $$
";

impl Scratch {
    /// Without the conditions on rows; with foreign keys or without them.
    pub(super) async fn new(service: &str, foreign_keys: bool) -> Self {
        let database = databases::clone(service).await;
        let mut session = databases::superuser(&database).await;
        let names = Names::of(service);
        let kinds = if foreign_keys { "{c}" } else { "{c,f}" };
        run(&mut session, WITHOUT.replace("{kinds}", kinds)).await;
        let townships = [SETTLED[0], SETTLED[1], EMPTY].join("', '");
        run(&mut session, "SET session_replication_role = replica".to_owned()).await;
        run(&mut session, SEED.replace("{townships}", &townships)).await;
        let mut tables = Vec::new();
        let fenced = "SELECT DISTINCT polrelid::regclass::text FROM pg_policy ORDER BY 1";
        for name in sqlx::query_scalar::<_, String>(fenced).fetch_all(&mut session).await.expect("tables") {
            let sql = format!(
                "DELETE FROM {name} t WHERE township = '{EMPTY}' RETURNING to_jsonb(t)::text, (
                     SELECT quote_ident(attname) FROM pg_attribute
                      WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped
                        AND has_column_privilege('{service}', attrelid, attnum, 'UPDATE')
                      ORDER BY attname = 'township', attnum LIMIT 1)",
                service = names.service
            );
            let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut session).await.expect("its row");
            tables.push(Table { name, row: row.get(0), column: row.get(1) });
        }
        run(&mut session, "RESET session_replication_role".to_owned()).await;
        Self { names, database, session, tables }
    }

    /// Statements, as a superuser or whoever the session stands in for.
    pub(super) async fn run(&mut self, sql: impl Into<String>) {
        run(&mut self.session, sql.into()).await;
    }

    /// Drops the database.
    pub(super) async fn end(self) {
        drop(self.session);
        databases::drop(&self.database).await;
    }
}

async fn run(session: &mut PgConnection, sql: String) {
    let ran = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(session).await;
    ran.unwrap_or_else(|error| panic!("{error}: {sql}"));
}
