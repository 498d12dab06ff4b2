-- Who saw or changed what, when, and why. Append-only; each entry holds the hash of the one before it, so that nobody
-- can take one out or change one without breaking the chain (model/audit.rs).

SET lock_timeout = '5s';

CREATE TABLE audit (
    township  text        NOT NULL
  , seq       bigint      NOT NULL
  , at        timestamptz NOT NULL
  , actor     text        NOT NULL
  , action    text        NOT NULL
  , person_id uuid                  -- NULL: the entry is about no single person
  , reason    text        NOT NULL
  , previous  bytea       NOT NULL
  , hash      bytea       NOT NULL
  , CONSTRAINT audit_entry_has_its_own_number PRIMARY KEY (township, seq)
);
SELECT wall.fence('audit', 'SELECT, INSERT');
