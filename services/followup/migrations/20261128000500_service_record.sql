-- Service records: work entered as such, without a contact. They stand in the ledger of contacts, because what settled a
-- duty, what is voided, and what goes along when two entries are merged is the same for both.

SET lock_timeout = '5s';

ALTER TABLE contact ALTER COLUMN channel DROP NOT NULL;
ALTER TABLE contact ALTER COLUMN result DROP NOT NULL;
ALTER TABLE contact ADD COLUMN kind       smallint NOT NULL DEFAULT 1;   -- 1: contact, 2: service record
ALTER TABLE contact ADD COLUMN outcome    text     NOT NULL DEFAULT '';  -- what came of the service
ALTER TABLE contact ADD COLUMN source     text     NOT NULL DEFAULT '';  -- where it was taken from; empty: entered by hand
ALTER TABLE contact ADD COLUMN source_ref text     NOT NULL DEFAULT '';  -- its id there; empty: none

ALTER TABLE contact ADD CONSTRAINT contact_has_channel_and_result_and_a_service_record_neither CHECK (
    CASE kind
        WHEN 1 THEN num_nulls(channel, result) = 0 AND source_ref = ''
        WHEN 2 THEN num_nonnulls(channel, result, status_learned) = 0 AND cardinality(services) = 1
        ELSE false
    END
);
ALTER TABLE contact ADD CONSTRAINT service_record_with_a_reference_names_its_source CHECK (source <> '' OR source_ref = '');

-- A list imported again enters nothing, whoever else imports it at the same moment.
CREATE UNIQUE INDEX service_record_of_a_source_stands_once
    ON contact (township, source, source_ref) WHERE source_ref <> '' AND voided_at IS NULL;

-- Each kind has a list of its own.
DROP INDEX contact_by_entry;
CREATE INDEX contact_by_entry ON contact (township, kind, entered_at, contact_id);
