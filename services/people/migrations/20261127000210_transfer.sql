-- Transfers of people between townships. Each stands in both townships, a row on either side, written in one transaction:
-- so each reads its own through the wall, and neither can be there without the other.

SET lock_timeout = '5s';

-- No foreign key to person, for the reason given at membership; and the receiver has no such person before it accepts.
CREATE TABLE transfer (
    township       text        NOT NULL
  , transfer_id    uuid        NOT NULL          -- the same on both sides
  , direction      text        NOT NULL          -- OUT: the person is, or was, here; IN: is to come here
  , counterpart    text        NOT NULL          -- the township on the other side; told to the receiver with the offer only
  , state          text        NOT NULL          -- REQUESTED and OFFERED may be over by the clock (expires_on)
  , person_id      uuid                          -- NULL: IN, and not offered yet
  , id_index       bytea                         -- IN, requested: the number's keyed hash
  , name           bytea                         -- masked, sealed under transfer_id
  , id_number      bytea                         -- masked, sealed under transfer_id
  , request_reason text        NOT NULL DEFAULT ''
  , offer_reason   text        NOT NULL DEFAULT ''
  , closing_reason text        NOT NULL DEFAULT ''
  , requested_on   date
  , offered_on     date
  , expires_on     date        NOT NULL          -- last day on which it is open
  , closed_on      date
  , effective_on   date                          -- accepted: first day in the receiving township
  , joined_on      date                          -- OUT, accepted: the stay that ended began then
  , created_at     timestamptz NOT NULL
  , updated_at     timestamptz NOT NULL
  , CONSTRAINT transfer_stands_once_on_each_side PRIMARY KEY (township, transfer_id)
  , CONSTRAINT transfer_goes_out_or_in CHECK (direction IN ('OUT', 'IN'))
  , CONSTRAINT transfer_is_requested_or_offered CHECK (requested_on IS NOT NULL OR offered_on IS NOT NULL)
  , CONSTRAINT transfer_that_is_accepted_has_its_day CHECK ((state = 'ACCEPTED') = (effective_on IS NOT NULL))
  , CONSTRAINT transfer_that_is_over_was_closed CHECK ((state IN ('REQUESTED', 'OFFERED')) = (closed_on IS NULL))
);
CREATE UNIQUE INDEX one_offer_of_a_person_is_open
    ON transfer (township, person_id) WHERE direction = 'OUT' AND state = 'OFFERED';
CREATE UNIQUE INDEX one_request_for_a_number_is_open
    ON transfer (township, id_index) WHERE direction = 'IN' AND state = 'REQUESTED';
CREATE INDEX transfer_by_person ON transfer (township, person_id, transfer_id);
SELECT wall.fence('transfer', 'SELECT, INSERT, UPDATE');

-- Whoever comes back brings everything along: what an earlier stay left behind gives way. From employment, its registrations
-- and surveys nothing is ever deleted: their traces are emptied and put aside (store/moving.rs).
DO $$
DECLARE
    fenced text;
BEGIN
    FOREACH fenced IN ARRAY ARRAY['membership', 'unemployment_registration', 'recognition']
    LOOP
        EXECUTE format('GRANT DELETE ON %I TO %I', fenced, wall.service() || '_service');
    END LOOP;
END
$$;
