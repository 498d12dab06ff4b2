//! What a call did to a service's database, whatever it was: every row it wrote, with what is different each time (ids,
//! instants, sealed values, numbers of a sequence) made alike, and how many rows each table has more or less.
//!
//! Two calls that did the same thing to different people come to the same [`Effect`].

use std::collections::BTreeMap;

use bangfu_testkit::databases;
use sqlx::{AssertSqlSafe, PgConnection};

/// Names of columns that differ each time though their types do not say so: numbers of a sequence, what follows from an
/// ID number, keyed hashes, and days that are recommended so that not everybody's are the same.
const EACH_TIME: &[&str] = &[
    "seq",
    "oldest",
    "sex",
    "name_head",
    "name_tail",
    "twin_birth",
    "twin_order",
    "twin_year",
    "twin_day",
    "recommended_on",
    "recommended_by",
    // A change of keys goes on by itself.
    "sealing",
    "resealed",
    "finished_at",
];

/// Tables that tell of runs, not of what was done: a sweep that died is told beside the one that did the rest.
const OF_RUNS: &[&str] = &["sweep", "sweep_lease"];

/// What names that only one call has become.
pub(super) const OWN: &str = "⟨own⟩";

/// What a call did: how often each row was written, and by how many the tables have grown.
pub(super) type Effect = BTreeMap<String, i64>;

/// A superuser's eye on a database.
pub(super) struct Ledger {
    connection: PgConnection,
    sql: String,
}

/// A moment in the life of a database.
pub(super) struct Moment {
    xid: i64,
    rows: Effect,
}

impl Ledger {
    /// Of a database of the tests.
    pub(super) async fn of(database: &str) -> Self {
        let mut connection = databases::superuser(database).await;
        let columns: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT c.relname::text, a.attname::text, t.typname::text
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
              WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                AND c.relname NOT LIKE '\\_sqlx%' AND a.attnum > 0 AND NOT a.attisdropped
              ORDER BY c.relname, a.attnum",
        )
        .fetch_all(&mut connection)
        .await
        .expect("the tables");
        let mut tables = BTreeMap::<String, Vec<String>>::new();
        for (table, column, kind) in columns {
            if OF_RUNS.contains(&table.as_str()) || EACH_TIME.contains(&column.as_str()) {
                continue;
            }
            let value = match kind.as_str() {
                "uuid" | "timestamptz" | "bytea" => format!("{column} IS NOT NULL"),
                _ => column.clone(),
            };
            tables.entry(table).or_default().push(format!("'{column}', {value}"));
        }
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
        // Ids, and the bytes of keyed hashes.
        let differs = format!(r"{uuid}|\[\d+(, \d+){{15,}}\]");
        let parts = tables.iter().map(|(table, columns)| {
            let whose = columns.iter().any(|column| column.starts_with("'township'"));
            let (row, whose) = (columns.join(", "), if whose { "township" } else { "''::text" });
            format!(
                "SELECT '{table} ' || regexp_replace(jsonb_build_object({row})::text, '{differs}', 'U', 'g') AS what, 1::bigint AS n
                   FROM {table} WHERE xmin::text::bigint > $1
                 UNION ALL
                 SELECT '{table} rows of ' || {whose}, count(*) FROM {table} GROUP BY {whose}"
            )
        });
        let sql = parts.collect::<Vec<_>>().join("\nUNION ALL\n");
        let sql = format!("SELECT what, sum(n)::bigint FROM ({sql}) AS written GROUP BY what");
        Self { connection, sql }
    }

    /// Now.
    pub(super) async fn now(&mut self) -> Moment {
        let xid = sqlx::query_scalar("SELECT txid_current() % 4294967296").fetch_one(&mut self.connection).await;
        let xid = xid.expect("a transaction's number");
        let rows = self.written_after(i64::from(u32::MAX)).await;
        Moment { xid, rows }
    }

    /// What was done since then, in one look: it sees whole units of work.
    pub(super) async fn since(&mut self, then: &Moment) -> Effect {
        let mut effect = self.written_after(then.xid).await;
        for (what, before) in &then.rows {
            *effect.entry(what.clone()).or_default() -= before;
        }
        effect.retain(|_, n| *n != 0);
        effect
    }

    async fn written_after(&mut self, xid: i64) -> Effect {
        let written: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(self.sql.clone()))
            .bind(xid)
            .fetch_all(&mut self.connection)
            .await
            .expect("what is written");
        written.into_iter().collect()
    }
}

/// The effect in general terms: names that only this call has become one word.
pub(super) fn in_general(effect: Effect, own: &[String]) -> Effect {
    let mut general = Effect::new();
    for (mut what, n) in effect {
        for name in own {
            what = what.replace(name.as_str(), OWN);
        }
        *general.entry(what).or_default() += n;
    }
    general
}

/// What one effect has and the other has not, for messages.
pub(super) fn difference(seen: &Effect, wanted: &Effect) -> String {
    let keys: std::collections::BTreeSet<_> = seen.keys().chain(wanted.keys()).collect();
    let of = |effect: &Effect, key: &String| effect.get(key).copied().unwrap_or_default();
    keys.into_iter()
        .filter(|key| of(seen, key) != of(wanted, key))
        .map(|key| format!("\n  {} instead of {}: {key}", of(seen, key), of(wanted, key)))
        .collect::<Vec<_>>()
        .concat()
}
