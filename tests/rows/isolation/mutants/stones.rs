//! What is changed, one at a time, and who has to notice.

use bangfu_platform::db::migrate::Names;

pub(super) struct Stone {
    pub(super) name: &'static str,
    pub(super) sql: String,
    pub(super) by: By,
    /// Tried on every table by the quick run, too.
    pub(super) first: bool,
}

/// Who has to notice. What neither opens nor shuts anything today shows to the check alone; what takes rights away, or gives
/// rights within one's own township, is no hole and shows in behaviour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Both,
    Check,
    Behaviour,
}

const WALL: &str = "township = (SELECT wall.township())";

/// Changes of one table; `{t}` the table, `{s}` the service, `{c}` the city, `{w}` the wall's condition.
const OF_TABLE: [(&str, By, &str); 45] = [
    ("wall dropped", By::Both, "DROP POLICY wall ON {t}"),
    ("wall widened for reading", By::Both, "ALTER POLICY wall ON {t} USING (true)"),
    ("wall widened for writing", By::Both, "ALTER POLICY wall ON {t} WITH CHECK (true)"),
    ("wall widened", By::Both, "ALTER POLICY wall ON {t} USING (true) WITH CHECK (true)"),
    (
        "wall widened to who asks for nobody",
        By::Both,
        "ALTER POLICY wall ON {t} USING (township = current_setting('bangfu.township', true))",
    ),
    ("wall widened by one township", By::Both, "ALTER POLICY wall ON {t} USING ({w} OR township = '320685103')"),
    (
        "wall made permissive",
        By::Both,
        "DROP POLICY wall ON {t}; CREATE POLICY wall ON {t} TO {s} USING ({w}) WITH CHECK ({w})",
    ),
    ("own dropped", By::Both, "DROP POLICY own ON {t}"),
    ("own widened to everybody", By::Both, "ALTER POLICY own ON {t} TO PUBLIC"),
    ("city dropped", By::Both, "DROP POLICY city ON {t}"),
    ("city widened to everybody", By::Both, "ALTER POLICY city ON {t} TO PUBLIC"),
    (
        "city widened to writing",
        By::Check,
        "DROP POLICY city ON {t}; CREATE POLICY city ON {t} TO {c} USING (true) WITH CHECK (true)",
    ),
    ("a second permissive policy", By::Check, "CREATE POLICY second ON {t} TO {s} USING (true) WITH CHECK (true)"),
    ("row security off", By::Both, "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY"),
    ("FORCE off", By::Both, "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY"),
    // From here on the quick run takes samples.
    ("wall for everybody", By::Both, "ALTER POLICY wall ON {t} TO PUBLIC"),
    ("wall for the city instead", By::Both, "ALTER POLICY wall ON {t} TO {c}"),
    (
        "wall for reading only",
        By::Both,
        "DROP POLICY wall ON {t}; CREATE POLICY wall ON {t} AS RESTRICTIVE FOR SELECT TO {s} USING ({w})",
    ),
    (
        "wall for entering only",
        By::Both,
        "DROP POLICY wall ON {t}; CREATE POLICY wall ON {t} AS RESTRICTIVE FOR INSERT TO {s} WITH CHECK ({w})",
    ),
    (
        "wall for changing only",
        By::Both,
        "DROP POLICY wall ON {t}; CREATE POLICY wall ON {t} AS RESTRICTIVE FOR UPDATE TO {s} USING ({w}) WITH CHECK ({w})",
    ),
    (
        "wall for deleting only",
        By::Both,
        "DROP POLICY wall ON {t}; CREATE POLICY wall ON {t} AS RESTRICTIVE FOR DELETE TO {s} USING ({w})",
    ),
    (
        "wall of the other township",
        By::Both,
        "ALTER POLICY wall ON {t} USING (township = '320685103') WITH CHECK (township = '320685103')",
    ),
    (
        "wall turned round",
        By::Both,
        "DROP POLICY wall ON {t}; CREATE POLICY wall ON {t} AS RESTRICTIVE TO {s} USING (township <> (SELECT wall.township())) WITH CHECK ({w})",
    ),
    ("wall shut", By::Both, "ALTER POLICY wall ON {t} USING (false)"),
    ("own shut", By::Both, "ALTER POLICY own ON {t} USING (false)"),
    (
        "own for reading only",
        By::Both,
        "DROP POLICY own ON {t}; CREATE POLICY own ON {t} FOR SELECT TO {s} USING (true)",
    ),
    (
        "own made restrictive",
        By::Both,
        "DROP POLICY own ON {t}; CREATE POLICY own ON {t} AS RESTRICTIVE TO {s} USING (true) WITH CHECK (true)",
    ),
    ("own for the city instead", By::Both, "ALTER POLICY own ON {t} TO {c}"),
    ("city for the service instead", By::Both, "ALTER POLICY city ON {t} TO {s}"),
    ("city shut", By::Both, "ALTER POLICY city ON {t} USING (false)"),
    (
        "city made restrictive",
        By::Both,
        "DROP POLICY city ON {t}; CREATE POLICY city ON {t} AS RESTRICTIVE FOR SELECT TO {c} USING (true)",
    ),
    (
        "a second permissive policy for everybody",
        By::Both,
        "CREATE POLICY second ON {t} USING (true) WITH CHECK (true)",
    ),
    ("a second restrictive policy", By::Both, "CREATE POLICY second ON {t} AS RESTRICTIVE TO {s} USING (false)"),
    ("TRUNCATE given to the service", By::Both, "GRANT TRUNCATE ON {t} TO {s}"),
    ("TRUNCATE given to the city", By::Both, "GRANT TRUNCATE ON {t} TO {c}"),
    ("TRIGGER given to the service", By::Check, "GRANT TRIGGER ON {t} TO {s}"),
    ("REFERENCES given to the service", By::Check, "GRANT REFERENCES (township) ON {t} TO {s}"),
    ("rights to be passed on", By::Check, "GRANT SELECT ON {t} TO {s} WITH GRANT OPTION"),
    ("INSERT given to the city", By::Check, "GRANT INSERT ON {t} TO {c}"),
    ("DELETE given to the city", By::Both, "GRANT DELETE ON {t} TO {c}"),
    ("UPDATE of a column given to the city", By::Both, "GRANT UPDATE (township) ON {t} TO {c}"),
    ("SELECT taken from the service", By::Behaviour, "REVOKE SELECT ON {t} FROM {s}"),
    ("SELECT taken from the city", By::Behaviour, "REVOKE SELECT ON {t} FROM {c}"),
    ("INSERT taken from the service", By::Behaviour, "REVOKE INSERT ON {t} FROM {s}"),
    ("given to the service", By::Check, "ALTER TABLE {t} OWNER TO {s}"),
];

/// How many of them the quick run tries on every table.
const FIRST: usize = 15;

/// Changes of the whole database.
const OF_DATABASE: [(&str, By, &str); 23] = [
    (
        "wall.township() that answers nothing",
        By::Both,
        "CREATE OR REPLACE FUNCTION wall.township() RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(current_setting('bangfu.township', true), '') $$",
    ),
    (
        "wall.township() that answers one",
        By::Both,
        "CREATE OR REPLACE FUNCTION wall.township() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '320685102' $$",
    ),
    ("wall.township() VOLATILE", By::Check, "ALTER FUNCTION wall.township() VOLATILE"),
    ("wall.township() IMMUTABLE", By::Check, "ALTER FUNCTION wall.township() IMMUTABLE"),
    ("wall.township() SECURITY DEFINER", By::Check, "ALTER FUNCTION wall.township() SECURITY DEFINER"),
    ("wall.township() not for the service", By::Both, "REVOKE EXECUTE ON FUNCTION wall.township() FROM PUBLIC, {s}"),
    (
        "a SECURITY DEFINER function",
        By::Check,
        "CREATE FUNCTION leak() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM {t}'",
    ),
    ("a view", By::Check, "CREATE VIEW every AS SELECT * FROM {t}; GRANT SELECT ON every TO {s}"),
    ("a view for the city", By::Check, "CREATE VIEW every AS SELECT * FROM {t}; GRANT SELECT ON every TO {c}"),
    (
        "a materialised view",
        By::Check,
        "CREATE MATERIALIZED VIEW every AS SELECT * FROM {t}; GRANT SELECT ON every TO {s}",
    ),
    (
        "a foreign table",
        By::Check,
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER w FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE far (township text) SERVER w; GRANT SELECT ON far TO {s}",
    ),
    ("an unfenced table", By::Check, "CREATE TABLE open (township text); GRANT SELECT ON open TO {s}"),
    (
        "an unfenced partitioned table",
        By::Check,
        "CREATE TABLE open (township text) PARTITION BY LIST (township); GRANT SELECT ON open TO {s}",
    ),
    ("an unfenced table for the city", By::Check, "CREATE TABLE open (township text); GRANT SELECT ON open TO {c}"),
    ("an unfenced table for everybody", By::Check, "CREATE TABLE open (township text); GRANT SELECT ON open TO PUBLIC"),
    (
        "a column of an unfenced table",
        By::Check,
        "CREATE TABLE open (township text); GRANT SELECT (township) ON open TO {s}",
    ),
    (
        "an unfenced table in a schema of its own",
        By::Check,
        "CREATE SCHEMA side; CREATE TABLE side.open (township text); GRANT USAGE ON SCHEMA side TO {s}; GRANT SELECT ON side.open TO {s}",
    ),
    ("a sequence", By::Check, "CREATE SEQUENCE counted; GRANT USAGE ON SEQUENCE counted TO {s}"),
    ("CREATE in schema public", By::Check, "GRANT CREATE ON SCHEMA public TO {s}"),
    ("CREATE in the database", By::Check, "GRANT CREATE ON DATABASE {d} TO {s}"),
    ("temporary tables", By::Check, "GRANT TEMP ON DATABASE {d} TO PUBLIC"),
    (
        "a function of the service's own",
        By::Check,
        "CREATE FUNCTION own() RETURNS int LANGUAGE sql RETURN 1; ALTER FUNCTION own() OWNER TO {s}",
    ),
    ("audit and feed to be changed", By::Check, "GRANT UPDATE, DELETE ON event TO {s}"),
];

pub(super) fn of_table(names: &Names, table: &str) -> Vec<Stone> {
    let stone = |(n, (name, by, sql)): (usize, &(&'static str, By, &'static str))| Stone {
        name,
        by: *by,
        sql: filled(names, table, sql),
        first: n < FIRST,
    };
    OF_TABLE.iter().enumerate().map(stone).collect()
}

pub(super) fn of_database(names: &Names, database: &str, table: &str) -> Vec<Stone> {
    let stone = |(name, by, sql): &(&'static str, By, &'static str)| Stone {
        name,
        by: *by,
        sql: filled(names, table, sql).replace("{d}", database),
        first: true,
    };
    OF_DATABASE.iter().map(stone).collect()
}

fn filled(names: &Names, table: &str, sql: &str) -> String {
    sql.replace("{w}", WALL).replace("{t}", table).replace("{s}", &names.service).replace("{c}", &names.city)
}
