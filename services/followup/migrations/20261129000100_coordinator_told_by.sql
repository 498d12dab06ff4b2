-- Whoever has no account is told by their name: neither may be another coordinator's account. The index keeps its name, by
-- which older binaries know what was refused.

SET lock_timeout = '5s';

-- An account that is the name of somebody told by it let one act for the other: it goes. Whoever loses theirs is told by
-- their own name, so this is repeated until nobody does. As its owner, it looks past the fence for as long as it takes.
ALTER TABLE coordinator NO FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
    LOOP
        UPDATE coordinator AS c
           SET account = ''
         WHERE c.account <> ''
           AND EXISTS (SELECT FROM coordinator AS other
                        WHERE other.township = c.township
                          AND other.name = c.account
                          AND other.account = '');
        EXIT WHEN NOT FOUND;
    END LOOP;
END
$$;
ALTER TABLE coordinator FORCE ROW LEVEL SECURITY;

DROP INDEX coordinator_has_an_account_of_their_own;
CREATE UNIQUE INDEX coordinator_has_an_account_of_their_own
    ON coordinator (township, (COALESCE(NULLIF(account, ''), name)));
