-- Households (家庭): who lives together, and every time one was recognised as without work (零就业家庭) and cleared (清零).

SET lock_timeout = '5s';

CREATE TABLE household (
    township     text        NOT NULL
  , household_id uuid        NOT NULL
  , kind         text        NOT NULL
  , state        text        NOT NULL             -- follows from the spells; here for the filters of lists
  , others       jsonb       NOT NULL             -- those who are not in the register
  , entered_by   text        NOT NULL
  , version      bigint      NOT NULL             -- the etag
  , created_at   timestamptz NOT NULL
  , updated_at   timestamptz NOT NULL
  , CONSTRAINT household_is_entered_once PRIMARY KEY (township, household_id)
);
CREATE INDEX household_by_state ON household (township, state, household_id);
SELECT wall.fence('household', 'SELECT, INSERT, UPDATE');

-- No foreign key to person, for the reason given at membership.
CREATE TABLE household_member (
    township     text NOT NULL
  , household_id uuid NOT NULL
  , person_id    uuid NOT NULL
  , relation     text NOT NULL
  , from_on      date NOT NULL
  , until_on     date             -- the first day they no longer belong to it
  , CONSTRAINT household_member_comes_once_a_day PRIMARY KEY (township, household_id, person_id, from_on)
  , CONSTRAINT household_member_is_of_a_household
        FOREIGN KEY (township, household_id) REFERENCES household (township, household_id)
);
CREATE UNIQUE INDEX nobody_belongs_to_two_households ON household_member (township, person_id) WHERE until_on IS NULL;
CREATE INDEX household_member_by_person ON household_member (township, person_id, from_on);
SELECT wall.fence('household_member', 'SELECT, INSERT, UPDATE');

CREATE TABLE household_spell (
    township         text     NOT NULL
  , household_id     uuid     NOT NULL
  , number           smallint NOT NULL
  , recognised_on    date     NOT NULL
  , known_on         date     NOT NULL
  , recognised_by    text     NOT NULL             -- empty: by itself, when work ended
  , evidence         text     NOT NULL
  , cleared_on       date                          -- the first day it no longer holds
  , cleared_known_on date
  , cleared_by       uuid                          -- the member who works
  , CONSTRAINT household_spell_has_its_own_number PRIMARY KEY (township, household_id, number)
  , CONSTRAINT household_spell_is_of_a_household
        FOREIGN KEY (township, household_id) REFERENCES household (township, household_id)
  , CONSTRAINT household_is_cleared_on_a_known_day CHECK ((cleared_on IS NULL) = (cleared_known_on IS NULL))
);
SELECT wall.fence('household_spell', 'SELECT, INSERT, UPDATE');
