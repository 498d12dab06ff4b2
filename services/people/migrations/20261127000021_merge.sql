-- Merging two entries, and undoing it: rows move from one person to the other, and what moved is written down.

SET lock_timeout = '5s';

CREATE TABLE merge (
    township    text        NOT NULL
  , merge_id    uuid        NOT NULL
  , kept_id     uuid        NOT NULL
  , merged_id   uuid        NOT NULL
  , merged_on   date        NOT NULL
  , merged_by   text        NOT NULL
  , reason      text        NOT NULL
  , moved       jsonb       NOT NULL             -- keys of what moved, by table
  , undone_on   date
  , undone_by   text
  , undo_reason text
  , created_at  timestamptz NOT NULL
  , CONSTRAINT merge_is_entered_once PRIMARY KEY (township, merge_id)
  , CONSTRAINT merge_is_undone_with_a_reason CHECK (num_nulls(undone_on, undone_by, undo_reason) IN (0, 3))
  , CONSTRAINT merge_is_of_two CHECK (kept_id <> merged_id)
);
CREATE UNIQUE INDEX an_entry_is_merged_once ON merge (township, merged_id) WHERE undone_on IS NULL;
CREATE INDEX merge_by_kept ON merge (township, kept_id);
SELECT wall.fence('merge', 'SELECT, INSERT, UPDATE (undone_on, undone_by, undo_reason, reason, moved)');

-- Records are never overwritten; whose they are may change, and nothing else of them.
DO $$
DECLARE
    service text := quote_ident(wall.service() || '_service');
BEGIN
    EXECUTE format('GRANT UPDATE (person_id) ON employment TO %s', service);
    EXECUTE format('GRANT UPDATE (person_id) ON employment_registration TO %s', service);
    EXECUTE format('GRANT UPDATE (person_id) ON survey TO %s', service);
    EXECUTE format('GRANT UPDATE (person_id) ON identity TO %s', service);
END
$$;

-- Of somebody who left, and was merged where they live now, the records may come back under the entry that was kept: what is
-- left here of them stays beside it. A record is corrected once by its own person, which the foreign key asks for anyway.
DROP INDEX employment_record_is_corrected_once;
CREATE UNIQUE INDEX employment_record_is_corrected_once
    ON employment (township, person_id, corrects) WHERE corrects IS NOT NULL;
