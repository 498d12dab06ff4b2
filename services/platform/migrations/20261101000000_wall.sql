-- The tenant wall: what every service's database is fenced with.
--
-- Roles follow from the owner's name: bangfu_people_owner owns everything and serves nobody; bangfu_people_service runs
-- units of work of one township; bangfu_people_city reads across townships. Both are NOINHERIT and own nothing.

SET lock_timeout = '5s';

CREATE SCHEMA wall;

-- The township this transaction works for. It raises when none is set, so that a forgotten township is an error and
-- never an empty or a full answer. STABLE: evaluated once a statement (VOLATILE cost a hundred times as much).
CREATE FUNCTION wall.township() RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog
AS $$
DECLARE
    code text := current_setting('bangfu.township', true);
BEGIN
    IF code IS NULL OR code = '' THEN
        RAISE EXCEPTION 'no township is set' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN code;
END
$$;

-- 'bangfu_people' of 'bangfu_people_owner'.
CREATE FUNCTION wall.service() RETURNS text
    LANGUAGE sql STABLE
    SET search_path = pg_catalog
    RETURN regexp_replace(current_user, '_owner$', '');

-- Fences a table that has a township column: row security, forced, with a RESTRICTIVE policy that no later policy can
-- widen, the permissive one that it restricts, and the city's right to read. Every table goes through here; a service
-- refuses to start beside one that did not.
CREATE FUNCTION wall.fence(fenced regclass, granted text DEFAULT 'SELECT, INSERT, UPDATE, DELETE') RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    service text := quote_ident(wall.service() || '_service');
    city text := quote_ident(wall.service() || '_city');
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', fenced);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', fenced);
    EXECUTE format('CREATE POLICY wall ON %s AS RESTRICTIVE TO %s
                    USING (township = (SELECT wall.township())) WITH CHECK (township = (SELECT wall.township()))',
                   fenced, service);
    EXECUTE format('CREATE POLICY own ON %s TO %s USING (true) WITH CHECK (true)', fenced, service);
    EXECUTE format('CREATE POLICY city ON %s FOR SELECT TO %s USING (true)', fenced, city);
    EXECUTE format('GRANT %s ON %s TO %s', granted, fenced, service);
    EXECUTE format('GRANT SELECT ON %s TO %s', fenced, city);
END
$$;

REVOKE ALL ON FUNCTION wall.fence(regclass, text) FROM PUBLIC;

DO $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA wall, public TO %I, %I', wall.service() || '_service', wall.service() || '_city');
    EXECUTE format('GRANT EXECUTE ON FUNCTION wall.township() TO %I', wall.service() || '_service');
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
