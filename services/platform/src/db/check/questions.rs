//! What the self-check asks; each row of an answer is a hole.

/// About a role.
pub(super) const ROLE: &str = r"
    SELECT r.rolname || ' is a superuser'                      FROM pg_roles r WHERE r.rolname = current_user AND r.rolsuper
    UNION ALL
    SELECT r.rolname || ' may bypass row security'             FROM pg_roles r WHERE r.rolname = current_user AND r.rolbypassrls
    UNION ALL
    SELECT r.rolname || ' may create roles or databases'       FROM pg_roles r WHERE r.rolname = current_user AND (r.rolcreaterole OR r.rolcreatedb)
    UNION ALL
    SELECT r.rolname || ' may read the log of all changes'     FROM pg_roles r WHERE r.rolname = current_user AND r.rolreplication
    UNION ALL
    SELECT r.rolname || ' would inherit what is granted to it' FROM pg_roles r WHERE r.rolname = current_user AND r.rolinherit
    UNION ALL
    SELECT r.rolname || ' inherits: ' || g.rolname             FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid JOIN pg_roles g ON g.oid = m.roleid
                                                               WHERE r.rolname = current_user
    UNION ALL
    SELECT current_user || ' owns ' || pg_describe_object(d.classid, d.objid, 0)
      FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid JOIN pg_database b ON b.datname = current_database()
     WHERE d.deptype = 'o' AND d.dbid IN (0, b.oid) AND r.rolname = current_user
    UNION ALL
    SELECT current_user || ' may create temporary tables'      WHERE has_database_privilege(current_database(), 'TEMP')
    UNION ALL
    SELECT current_user || ' may create schemas'               WHERE has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT current_user || ' may create in schema ' || nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')
    UNION ALL
    SELECT current_user || ' may ' || p.words || ' ' || c.oid::regclass
      FROM pg_class c
         , (VALUES ('TRUNCATE', 'truncate'), ('TRIGGER', 'put triggers on')) AS p (name, words)
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND has_table_privilege(c.oid, p.name)
    UNION ALL
    SELECT current_user || ' may refer to ' || oid::regclass   FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND has_any_column_privilege(oid, 'REFERENCES')
    UNION ALL
    SELECT current_user || ' may pass on rights to ' || oid::regclass FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND (has_any_column_privilege(oid, 'SELECT WITH GRANT OPTION, INSERT WITH GRANT OPTION, UPDATE WITH GRANT OPTION')
            OR has_table_privilege(oid, 'DELETE WITH GRANT OPTION'))
    UNION ALL
    SELECT 'SECURITY DEFINER function ' || oid::regprocedure   FROM pg_proc
     WHERE prosecdef AND pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
";

/// About tables that a role can reach, be it a single column: they have the three policies of `wall.fence` as it makes them,
/// and no others. A permissive one beside them opens nothing today, for the wall is restrictive, but nobody asked for it.
pub(super) const TABLES: &str = r#"
    WITH reached AS (
        SELECT c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity
          FROM pg_class c
         WHERE c.relkind IN ('r', 'p', 'f', 'm', 'v')
           AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
           AND (has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
                OR has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER'))
    ), roles AS (
        SELECT s.oid AS service, y.oid AS city
          FROM pg_roles s, pg_roles y
         WHERE s.rolname = regexp_replace(current_user, '_(service|city)$', '_service')
           AND y.rolname = regexp_replace(current_user, '_(service|city)$', '_city')
    ), due AS (
        SELECT 'wall' AS name, false AS permissive, '*' AS command, service AS role, 'wall' AS words
             , '(township = ( SELECT wall.township() AS township))' AS reads
             , '(township = ( SELECT wall.township() AS township))' AS writes
          FROM roles
        UNION ALL
        SELECT 'own', true, '*', service, 'policy for its own rows', 'true', 'true' FROM roles
        UNION ALL
        SELECT 'city', true, 'r', city, 'policy for the city', 'true', NULL FROM roles
    )
    SELECT oid::regclass || ' has no row security'         FROM reached WHERE NOT relrowsecurity
    UNION ALL
    SELECT oid::regclass || ' does not force row security' FROM reached WHERE NOT relforcerowsecurity
    UNION ALL
    SELECT t.oid::regclass || ' has no ' || d.words        FROM reached t, due d
     WHERE NOT EXISTS (
           SELECT FROM pg_policy p
            WHERE p.polrelid = t.oid
              AND p.polname = d.name
              AND p.polpermissive = d.permissive
              AND p.polcmd = d.command::"char"
              AND p.polroles = ARRAY[d.role]
              AND pg_get_expr(p.polqual, p.polrelid) = d.reads
              AND pg_get_expr(p.polwithcheck, p.polrelid) IS NOT DISTINCT FROM d.writes)
    UNION ALL
    SELECT t.oid::regclass || ' has another policy: ' || p.polname
      FROM reached t JOIN pg_policy p ON p.polrelid = t.oid
     WHERE p.polname NOT IN ('wall', 'own', 'city')
    UNION ALL
    SELECT current_user || ' counts across townships with ' || oid::regclass
      FROM pg_class
     WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege(oid, 'USAGE, SELECT, UPDATE') END
"#;

/// What the service may not do with rows of its own township either: feeds and audit trails are only added to.
pub(super) const RIGHTS: &str = r"
    SELECT current_user || ' may change what is only added to: ' || oid::regclass
      FROM pg_class
     WHERE relkind IN ('r', 'p') AND relname IN ('event', 'audit')
       AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND (has_any_column_privilege(oid, 'UPDATE') OR has_table_privilege(oid, 'DELETE'))
";

/// The city's role may read and do nothing else.
pub(super) const CITY: &str = r"
    SELECT current_user || ' may write ' || oid::regclass
      FROM pg_class
     WHERE relkind IN ('r', 'p', 'f', 'v')
       AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND (has_any_column_privilege(oid, 'INSERT, UPDATE') OR has_table_privilege(oid, 'DELETE'))
";

/// The function that the wall stands on is evaluated once a statement, and not ahead of it.
pub(super) const FUNCTION: &str = r"
    SELECT 'wall.township() is not STABLE'
     WHERE NOT EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure('wall.township()') AND provolatile = 's')
";

/// It raises where no township is set (neither by hand nor as a default of role or database), and tells the one that is.
pub(super) const RAISES: &str = r"
    DO $$
    DECLARE
        before text := current_setting('bangfu.township', true);
    BEGIN
        BEGIN
            PERFORM wall.township();
            RAISE EXCEPTION 'wall.township() answers where no township is set' USING ERRCODE = 'assert_failure';
        EXCEPTION
            WHEN insufficient_privilege THEN NULL;
        END;
        PERFORM set_config('bangfu.township', '000000000', true);
        IF wall.township() IS DISTINCT FROM '000000000' THEN
            RAISE EXCEPTION 'wall.township() tells another township than the one that is set' USING ERRCODE = 'assert_failure';
        END IF;
        PERFORM set_config('bangfu.township', before, true);
    END
    $$
";

/// What keeps acknowledged work.
pub(super) const DURABILITY: &str = r"
    SELECT name || ' is ' || setting FROM pg_settings
     WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting IN ('off', 'local')
";
