-- Retention (保存期限): what has outlived its purpose goes. Rows that figures need stay, and nobody can be told from them
-- any more (anonymised, 匿名化); rows that nothing needs are deleted.

SET lock_timeout = '5s';

ALTER TABLE person
    ADD COLUMN anonymised_on date;  -- NULL: it is known who this is

-- No more than that: employment, registrations and surveys stay append-only in what figures are made of.
DO $$
DECLARE
    service text := wall.service() || '_service';
BEGIN
    EXECUTE format('GRANT UPDATE (employer, credit_code, evidence) ON employment TO %I', service);
    EXECUTE format('GRANT UPDATE (evidence) ON employment_registration TO %I', service);
    EXECUTE format('GRANT UPDATE (occupation, place, training_wish, skills) ON survey TO %I', service);
    -- The number is free again: whoever comes back is somebody new.
    EXECUTE format('GRANT DELETE ON identity TO %I', service);
    EXECUTE format('GRANT DELETE ON roster_import TO %I', service);
END
$$;
