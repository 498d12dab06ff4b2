-- Two entries of the registry made one: contacts go with the one that is kept, and come back when that is undone.

SET lock_timeout = '5s';

ALTER TABLE subject ADD COLUMN merged_into uuid;                         -- the entry that is kept
ALTER TABLE contact ADD COLUMN merged_from uuid[] NOT NULL DEFAULT '{}'; -- whose it was, the last merge last

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (person_id, merged_from) ON contact TO %s', quote_ident(wall.service() || '_service'));
END
$$;
