//! Everything that the roles of a service might try on a table, and what came of each: rows touched, or the code of the
//! error. All of it is undone.

use sqlx::{AssertSqlSafe, PgConnection};

use super::scratch::{EMPTY, SETTLED, Scratch, Table};

/// Runs a statement for a township ('': none is set), tells rows or the error's code, and undoes it.
pub(super) const TRIED: &str = r"
    CREATE FUNCTION tried(statement text, township text) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        touched bigint;
    BEGIN
        PERFORM set_config('bangfu.township', township, true);
        BEGIN
            EXECUTE statement;
            GET DIAGNOSTICS touched = ROW_COUNT;
            RAISE EXCEPTION 'undone' USING ERRCODE = 'BF000';
        EXCEPTION
            WHEN SQLSTATE 'BF000' THEN RETURN touched;
            WHEN OTHERS THEN RETURN SQLSTATE;
        END;
    END
    $$;
    GRANT EXECUTE ON FUNCTION tried(text, text) TO PUBLIC;
";

/// Under which role, for which township, what.
struct Try {
    name: &'static str,
    role: Role,
    township: &'static str,
    sql: &'static str,
    /// What has to come of it; `None`: either of rows or refusal by rights, as the table was granted.
    due: Option<&'static str>,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Role {
    Service,
    City,
    Owner,
}

const OWN: &str = SETTLED[0];
const PUT: &str = "INSERT INTO {table} SELECT r.* FROM jsonb_populate_record(NULL::{table}, {row}) AS r";
/// Refused by row security or by rights.
const REFUSED: Option<&str> = Some("42501");

const fn by(
    role: Role,
    name: &'static str,
    township: &'static str,
    sql: &'static str,
    due: Option<&'static str>,
) -> Try {
    Try { name, role, township, sql, due }
}

/// {other}: the other township; {row}: a row of the empty one.
const TRIES: [Try; 22] = [
    by(Role::Service, "reads for nobody", "", "SELECT FROM {table}", REFUSED),
    by(Role::Service, "writes for nobody", "", PUT, REFUSED),
    by(Role::Service, "reads all", OWN, "SELECT FROM {table}", Some("1")),
    by(Role::Service, "reads its own", OWN, "SELECT FROM {table} WHERE township = '{own}'", Some("1")),
    by(Role::Service, "reads the other's", OWN, "SELECT FROM {table} WHERE township = '{other}'", Some("0")),
    by(Role::Service, "reads as the other", SETTLED[1], "SELECT FROM {table} WHERE township = '{own}'", Some("0")),
    by(Role::Service, "enters its own", EMPTY, PUT, Some("1")),
    by(Role::Service, "enters another's", OWN, PUT, REFUSED),
    by(Role::Service, "locks all", OWN, "SELECT FROM {table} FOR UPDATE", None),
    by(Role::Service, "changes all", OWN, "UPDATE {table} SET {column} = {column}", None),
    by(
        Role::Service,
        "changes the other's",
        OWN,
        "UPDATE {table} SET {column} = {column} WHERE township = '{other}'",
        None,
    ),
    by(Role::Service, "moves its own", OWN, "UPDATE {table} SET township = '{empty}'", REFUSED),
    by(Role::Service, "deletes all", OWN, "DELETE FROM {table}", None),
    by(Role::Service, "deletes the other's", OWN, "DELETE FROM {table} WHERE township = '{other}'", None),
    by(Role::Service, "truncates", OWN, "TRUNCATE {table}", REFUSED),
    by(Role::City, "reads all", "", "SELECT FROM {table}", Some("2")),
    by(Role::City, "enters", "", PUT, REFUSED),
    by(Role::City, "changes", "", "UPDATE {table} SET township = township", REFUSED),
    by(Role::City, "deletes", "", "DELETE FROM {table}", REFUSED),
    by(Role::City, "truncates", "", "TRUNCATE {table}", REFUSED),
    by(Role::Owner, "reads all", "", "SELECT FROM {table}", Some("0")),
    by(Role::Owner, "changes all", "", "UPDATE {table} SET township = township", Some("0")),
];

/// What came of everything, one line each, in the order of [`TRIES`]; within the session's transaction.
pub(super) async fn of(scratch: &mut Scratch, table: &Table) -> Vec<String> {
    let names = scratch.names.clone();
    let mut told = Vec::new();
    for (role, name) in [(Role::Service, &names.service), (Role::City, &names.city), (Role::Owner, &names.owner)] {
        let tries: Vec<_> = TRIES.iter().filter(|tried| tried.role == role).collect();
        let calls: Vec<_> = tries.iter().map(|tried| call(tried, table)).collect();
        scratch.run(format!("SET LOCAL ROLE {name}")).await;
        let outcomes = ask(&mut scratch.session, format!("SELECT ARRAY[{}]", calls.join(", "))).await;
        scratch.run("RESET ROLE; SET LOCAL bangfu.township = ''").await;
        told.extend(tries.iter().zip(outcomes).map(|(tried, outcome)| format!("{name} {}: {outcome}", tried.name)));
    }
    told
}

/// What has to come of everything where nothing is broken: `None` where that depends on what was granted.
pub(super) fn due(told: &[String]) -> Vec<String> {
    let wrong = |(tried, told): (&Try, &String)| {
        let outcome = told.rsplit(' ').next().unwrap_or_default();
        let fits = match tried.due {
            Some(due) => outcome == due,
            // Never the other's: one row or none, or refused.
            None if tried.name.ends_with("other's") => ["0", "42501"].contains(&outcome),
            None => ["1", "42501"].contains(&outcome),
        };
        (!fits).then(|| told.clone())
    };
    TRIES.iter().zip(told).filter_map(wrong).collect()
}

async fn ask(session: &mut PgConnection, sql: String) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql)).persistent(false).fetch_one(session).await.expect("a battery")
}

fn call(tried: &Try, table: &Table) -> String {
    let sql = tried
        .sql
        .replace("{table}", &table.name)
        .replace("{column}", table.column.as_deref().unwrap_or("township"))
        .replace("{own}", OWN)
        .replace("{other}", SETTLED[1])
        .replace("{empty}", EMPTY)
        .replace("{row}", &literal(&table.row));
    format!("tried({}, '{}')", literal(&sql), tried.township)
}

/// As a literal of SQL.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
