-- Contacts, too, may come from a list with ids of its own: a list imported again enters nothing, whoever imports it.

SET lock_timeout = '5s';

ALTER TABLE contact DROP CONSTRAINT contact_has_channel_and_result_and_a_service_record_neither;
ALTER TABLE contact ADD CONSTRAINT contact_has_channel_and_result_and_a_service_record_neither CHECK (
    CASE kind
        WHEN 1 THEN num_nulls(channel, result) = 0
        WHEN 2 THEN num_nonnulls(channel, result, status_learned) = 0 AND cardinality(services) = 1
        ELSE false
    END
);
ALTER TABLE contact RENAME CONSTRAINT service_record_with_a_reference_names_its_source TO record_with_a_reference_names_its_source;

-- By kind: another system may number its contacts and its services alike.
DROP INDEX service_record_of_a_source_stands_once;
CREATE UNIQUE INDEX record_of_a_source_stands_once
    ON contact (township, kind, source, source_ref) WHERE source_ref <> '' AND voided_at IS NULL;
