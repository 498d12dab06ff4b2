-- Somebody who was transferred stays in the sender's register as they were on the day, marked: nobody changes them any more,
-- and for 30 days the sender may read. Their ID number goes with them: it is released here and claimed there in one transaction.

SET lock_timeout = '5s';

ALTER TABLE person
    ADD COLUMN left_on       date             -- first day they are no longer here; NULL: they are here
  , ADD COLUMN left_known_on date             -- the day it was decided
  , ADD CONSTRAINT person_left_on_a_day_that_is_known CHECK ((left_on IS NULL) = (left_known_on IS NULL)) NOT VALID;

DO $$
BEGIN
    EXECUTE format('GRANT DELETE ON identity TO %I', wall.service() || '_service');
END
$$;
