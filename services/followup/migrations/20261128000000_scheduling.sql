-- Duties get the day on which they are best done, and the waiver that let them off; subjects may be households, to whom
-- a post is owed each month while they are recognised.

SET lock_timeout = '5s';

ALTER TABLE duty ADD COLUMN recommended_on date;      -- NULL: nothing was recommended
ALTER TABLE duty ADD COLUMN recommended_by smallint;  -- number of the contract's enum
ALTER TABLE duty ADD COLUMN moved_from     date;      -- the day of rest that recommended_on was moved off
ALTER TABLE duty ADD COLUMN moved_because  text;      -- why that day is no working day
ALTER TABLE duty ADD COLUMN waiver_id      uuid;      -- WAIVED: by which decision

ALTER TABLE subject ADD COLUMN household boolean NOT NULL DEFAULT false;  -- person_id is a household's id
ALTER TABLE subject ADD COLUMN head      uuid;                            -- the member whose village and coordinator count
-- Households are few: whoever is contacted about a post, or moves, asks for theirs.
CREATE INDEX subject_household ON subject (township, person_id) WHERE household;

-- Households known from before become subjects; the table stays for the binary of before. As its owner, this looks past
-- the fence for as long as that takes.
ALTER TABLE household NO FORCE ROW LEVEL SECURITY;
ALTER TABLE subject NO FORCE ROW LEVEL SECURITY;
INSERT INTO subject (township, person_id, village, coordinator, joined_on, facts, next_review_on, household, head)
SELECT h.township
     , h.household_id
     , ''
     , ''
     , DATE '2021-03-01'
     , h.facts
     , DATE '2021-03-01'
     , true
     , (SELECT (m ->> 'person_id')::uuid
          FROM jsonb_array_elements(h.facts -> 'members') AS m
         WHERE m ->> 'until' IS NULL
         ORDER BY m ->> 'from', m ->> 'person_id'
         LIMIT 1)
  FROM household AS h;
ALTER TABLE household FORCE ROW LEVEL SECURITY;
ALTER TABLE subject FORCE ROW LEVEL SECURITY;
