-- Coordinators at work: who serves which village or person from when, and who stands in for whom; and beside every person
-- who serves them today, so that a day's work is read from one column, kept right when an assignment or absence turns.
--
-- Assignments name people without a foreign key: it would lock the rows of all people handed over in an order of its own,
-- against the sweep's. Rows of subject are never deleted, and whoever enters an assignment has read the person's.

SET lock_timeout = '5s';

CREATE TABLE coordinator (
    township text    NOT NULL
  , name     text    NOT NULL
  , account  text    NOT NULL      -- the subject of their token; empty: not known
  , capacity integer NOT NULL      -- duties a month; 0: nothing was said
  , CONSTRAINT coordinator_is_entered_once PRIMARY KEY (township, name)
);
CREATE UNIQUE INDEX coordinator_has_an_account_of_their_own ON coordinator (township, account) WHERE account <> '';
SELECT wall.fence('coordinator', 'SELECT, INSERT, UPDATE');

CREATE TABLE assignment (
    township      text        NOT NULL
  , assignment_id uuid        NOT NULL
  , village       text                  -- NULL: it is a person's
  , person_id     uuid                  -- NULL: it is a village's
  , coordinator   text                  -- NULL: nobody from that day on
  , from_on       date        NOT NULL
  , until_on      date                  -- first day it no longer holds
  , entered_by    text        NOT NULL
  , entered_at    timestamptz NOT NULL
  , CONSTRAINT assignment_has_its_own_id PRIMARY KEY (township, assignment_id)
  , CONSTRAINT assignment_is_to_a_coordinator FOREIGN KEY (township, coordinator) REFERENCES coordinator
  , CONSTRAINT assignment_is_a_villages_or_a_persons CHECK (num_nonnulls(village, person_id) = 1)
  , CONSTRAINT assignment_ends_after_it_began CHECK (until_on > from_on)
);
-- Of one village or person no two begin on one day; and where the one that holds on a day is found.
CREATE UNIQUE INDEX assignment_of_a_village ON assignment (township, village, from_on) WHERE village IS NOT NULL;
CREATE UNIQUE INDEX assignment_of_a_person ON assignment (township, person_id, from_on) WHERE person_id IS NOT NULL;
CREATE INDEX assignment_of_a_coordinator ON assignment (township, coordinator);
-- Whether any begins or ends between two days.
CREATE INDEX assignment_by_begin ON assignment (township, from_on);
CREATE INDEX assignment_by_end ON assignment (township, until_on) WHERE until_on IS NOT NULL;
CREATE INDEX assignment_by_entry ON assignment (township, entered_at, assignment_id);
SELECT wall.fence('assignment', 'SELECT, INSERT, UPDATE (until_on)');

CREATE TABLE absence (
    township    text        NOT NULL
  , absence_id  uuid        NOT NULL
  , coordinator text        NOT NULL    -- entered here or known to the register only
  , from_on     date        NOT NULL
  , to_on       date        NOT NULL    -- last day
  , stand_in    text        NOT NULL
  , cancelled   boolean     NOT NULL DEFAULT false   -- before it began: it never was
  , entered_by  text        NOT NULL
  , entered_at  timestamptz NOT NULL
  , CONSTRAINT absence_has_its_own_id PRIMARY KEY (township, absence_id)
  , CONSTRAINT absence_has_a_coordinator_who_stands_in FOREIGN KEY (township, stand_in) REFERENCES coordinator
  , CONSTRAINT absence_does_not_end_before_it_begins CHECK (to_on >= from_on)
  , CONSTRAINT absence_has_somebody_else_standing_in CHECK (stand_in <> coordinator)
);
CREATE INDEX absence_of_a_coordinator ON absence (township, coordinator, from_on) WHERE NOT cancelled;
CREATE INDEX absence_by_begin ON absence (township, from_on) WHERE NOT cancelled;
CREATE INDEX absence_by_end ON absence (township, to_on) WHERE NOT cancelled;
SELECT wall.fence('absence', 'SELECT, INSERT, UPDATE (to_on, cancelled)');

ALTER TABLE subject ADD COLUMN serving text;   -- who serves today; empty: nobody; NULL: written by an older binary
CREATE INDEX subject_unsettled ON subject (township) WHERE serving IS NULL;

ALTER TABLE township ADD COLUMN serving_on date;   -- the day subject.serving was last settled for; NULL: never
