-- Memberships in the six key groups, dated and sourced.

SET lock_timeout = '5s';

-- No foreign key to person: it is checked row by row, which costs an import more than the rows themselves. Every
-- statement that inserts here runs in the unit that made or locked the person, and people are never deleted.
CREATE TABLE membership (
    township       text NOT NULL
  , person_id      uuid NOT NULL
  , member_of      text NOT NULL
  , from_on        date NOT NULL
  , known_on       date NOT NULL
  , until_on       date            -- the first day it no longer holds
  , until_known_on date
  , source         text NOT NULL
  , CONSTRAINT membership_begins_once_a_day PRIMARY KEY (township, person_id, member_of, from_on)
);
CREATE INDEX membership_by_group ON membership (township, member_of, person_id);
SELECT wall.fence('membership', 'SELECT, INSERT, UPDATE');
