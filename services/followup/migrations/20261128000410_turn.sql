-- The turn of standards: everybody was planned under the standards known then, so when another one comes into force a
-- township's first sweep from that day looks at all of them again, once.

SET lock_timeout = '5s';

ALTER TABLE township ADD COLUMN turned_on date;   -- first day of the last standard for which that was done; NULL: none
