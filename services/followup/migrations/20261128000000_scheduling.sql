-- Duties get the day on which they are best done, and the waiver that let them off; subjects may be households, to whom
-- a post is owed each month while they are recognised.

SET lock_timeout = '5s';

ALTER TABLE duty ADD COLUMN recommended_on date;      -- NULL: nothing was recommended
ALTER TABLE duty ADD COLUMN recommended_by smallint;  -- number of the contract's enum
ALTER TABLE duty ADD COLUMN moved_from     date;      -- the day of rest that recommended_on was moved off
ALTER TABLE duty ADD COLUMN moved_because  text;      -- why that day is no working day
ALTER TABLE duty ADD COLUMN waiver_id      uuid;      -- WAIVED: by which decision

ALTER TABLE subject ADD COLUMN household boolean NOT NULL DEFAULT false;  -- person_id is a household's id
