//! The self-check at start: a service refuses to serve beside a wall that has a hole.

use sqlx::PgPool;

/// Why a service refuses to serve.
#[derive(Debug, thiserror::Error)]
pub enum Unsafe {
    /// The database cannot be reached, or refuses the role.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// Something that must hold does not. One entry each.
    #[error("the database is not safe to serve from:\n  - {}", .0.join("\n  - "))]
    Holes(Vec<String>),
}

/// What is asked about a role; each row is a hole.
const ROLE: &str = r"
    SELECT r.rolname || ' is a superuser'                      FROM pg_roles r WHERE r.rolname = current_user AND r.rolsuper
    UNION ALL
    SELECT r.rolname || ' may bypass row security'             FROM pg_roles r WHERE r.rolname = current_user AND r.rolbypassrls
    UNION ALL
    SELECT r.rolname || ' may create roles or databases'       FROM pg_roles r WHERE r.rolname = current_user AND (r.rolcreaterole OR r.rolcreatedb)
    UNION ALL
    SELECT r.rolname || ' inherits: ' || g.rolname             FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid JOIN pg_roles g ON g.oid = m.roleid
                                                               WHERE r.rolname = current_user
    UNION ALL
    SELECT current_user || ' owns ' || c.oid::regclass         FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname = current_user
    UNION ALL
    SELECT current_user || ' may create temporary tables'      WHERE has_database_privilege(current_database(), 'TEMP')
    UNION ALL
    SELECT current_user || ' may create in schema ' || nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')
    UNION ALL
    SELECT current_user || ' may truncate ' || oid::regclass   FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND has_table_privilege(oid, 'TRUNCATE')
    UNION ALL
    SELECT 'SECURITY DEFINER function ' || oid::regprocedure   FROM pg_proc
     WHERE prosecdef AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
";

/// What is asked about tables the service role can read; each row is a hole.
const TABLES: &str = r"
    WITH walled AS (
        SELECT c.oid, c.relrowsecurity, c.relforcerowsecurity
          FROM pg_class c
         WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v')
           AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')
    )
    SELECT oid::regclass || ' has no row security'             FROM walled WHERE NOT relrowsecurity
    UNION ALL
    SELECT oid::regclass || ' does not force row security'     FROM walled WHERE NOT relforcerowsecurity
    UNION ALL
    SELECT w.oid::regclass || ' has no wall'                   FROM walled w
     WHERE NOT EXISTS (
           SELECT FROM pg_policy p
            WHERE p.polrelid = w.oid
              AND NOT p.polpermissive
              AND p.polcmd = '*'
              AND (p.polroles = '{0}' OR (SELECT oid FROM pg_roles WHERE rolname = current_user) = ANY (p.polroles))
              AND pg_get_expr(p.polqual, p.polrelid) = '(township = ( SELECT wall.township() AS township))'
              AND pg_get_expr(p.polwithcheck, p.polrelid) = '(township = ( SELECT wall.township() AS township))')
";

/// The city's role may read and do nothing else.
const CITY: &str = r"
    SELECT current_user || ' may write ' || oid::regclass
      FROM pg_class
     WHERE relkind IN ('r', 'p', 'f', 'v')
       AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE')
";

/// What keeps acknowledged work; each row is a hole.
const DURABILITY: &str = r"
    SELECT name || ' is ' || setting FROM pg_settings
     WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting IN ('off', 'local')
";

/// Looks for holes in the wall, as the very roles that will serve.
pub(super) async fn wall(service: &PgPool, city: &PgPool, development: bool) -> Result<(), Unsafe> {
    let mut holes = Vec::new();
    for (pool, question) in [(service, ROLE), (service, TABLES), (city, ROLE), (city, CITY)] {
        holes.extend(ask(pool, question).await?);
    }
    if !development {
        holes.extend(ask(service, DURABILITY).await?);
    }
    holes.sort();
    holes.dedup();
    if holes.is_empty() { Ok(()) } else { Err(Unsafe::Holes(holes)) }
}

async fn ask(pool: &PgPool, question: &'static str) -> Result<Vec<String>, Unsafe> {
    sqlx::query_scalar(question).fetch_all(pool).await.map_err(Unsafe::Unreachable)
}
