-- Duties: raised once per period, whoever raises them and however often.

SET lock_timeout = '5s';

CREATE TABLE duty (
    township         text     NOT NULL
  , person_id        uuid     NOT NULL
  , rule             text     NOT NULL
  , period_start     date     NOT NULL
  , slot             smallint NOT NULL
  , duty_id          uuid     NOT NULL
  , service          smallint NOT NULL    -- numbers of the contract's enums
  , opens_on         date     NOT NULL
  , due_on           date     NOT NULL
  , window_start     date     NOT NULL
  , target_on        date     NOT NULL
  , missed_from      date     NOT NULL
  , state            smallint NOT NULL
  , state_on         date     NOT NULL
  , settled_by       uuid
  , release_reason   smallint
  , standard_version text     NOT NULL
  , CONSTRAINT duty_is_raised_once_per_period PRIMARY KEY (township, person_id, rule, period_start, slot)
  , CONSTRAINT duty_has_its_own_id UNIQUE (township, duty_id)
  , CONSTRAINT duty_is_owed_to_a_subject FOREIGN KEY (township, person_id) REFERENCES subject
  , CONSTRAINT duty_is_settled_by_a_contact FOREIGN KEY (township, settled_by) REFERENCES contact
  , CONSTRAINT duty_that_is_done_was_settled CHECK ((state = 2) = (settled_by IS NOT NULL))
  , CONSTRAINT duty_that_is_released_says_why CHECK ((state = 4) = (release_reason IS NOT NULL))
);
-- ListDuties goes by due day, GetWorkload by due window.
CREATE INDEX duty_by_due_day ON duty (township, due_on, person_id, rule, period_start, slot);
-- Today's work: what is open, however much lies behind.
CREATE INDEX duty_open_by_due_day ON duty (township, due_on, person_id, rule, period_start, slot) WHERE state = 1;
CREATE INDEX duty_settled_by_contact ON duty (township, settled_by) WHERE settled_by IS NOT NULL;
SELECT wall.fence('duty', 'SELECT, INSERT, UPDATE');
