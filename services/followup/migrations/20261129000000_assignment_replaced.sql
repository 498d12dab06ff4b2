-- An assignment may be corrected on the day it begins: the later entry counts. The one replaced stays for the record and
-- ends on the day it began, so that it holds on no day.

SET lock_timeout = '5s';

ALTER TABLE assignment
    DROP CONSTRAINT assignment_ends_after_it_began
  , ADD CONSTRAINT assignment_ends_not_before_it_began CHECK (until_on >= from_on);

-- Of one village or person no two that hold begin on one day. Where the one that holds on a day is found, the replaced
-- ones lie among the others: what asks for a day cannot tell them by the index.
DROP INDEX assignment_of_a_village;
DROP INDEX assignment_of_a_person;
CREATE INDEX assignment_of_a_village ON assignment (township, village, from_on) WHERE village IS NOT NULL;
CREATE INDEX assignment_of_a_person ON assignment (township, person_id, from_on) WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX assignment_of_a_village_begins_alone ON assignment (township, village, from_on)
 WHERE village IS NOT NULL AND until_on IS DISTINCT FROM from_on;
CREATE UNIQUE INDEX assignment_of_a_person_begins_alone ON assignment (township, person_id, from_on)
 WHERE person_id IS NOT NULL AND until_on IS DISTINCT FROM from_on;
