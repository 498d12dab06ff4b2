-- What proves a membership, why it ended, and what the office keeps of the members of single groups (model/membership.rs).

SET lock_timeout = '5s';

ALTER TABLE membership
    ADD COLUMN evidence     text NOT NULL DEFAULT ''
  , ADD COLUMN end_evidence text NOT NULL DEFAULT ''
  , ADD COLUMN details      jsonb;                     -- NULL: nothing besides
