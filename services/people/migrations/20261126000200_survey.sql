-- Surveys (就业意愿调查): dated answers, never changed. The note may hold anything, so it is sealed like a remark.

SET lock_timeout = '5s';

-- No foreign key to person, for the reason given at membership.
CREATE TABLE survey (
    township         text        NOT NULL
  , person_id        uuid        NOT NULL
  , survey_id        uuid        NOT NULL
  , asked_on         date        NOT NULL
  , asked_by         text        NOT NULL
  , source           text        NOT NULL
  , wants_work       boolean                  -- NULL: not asked
  , occupation       text        NOT NULL
  , monthly_wage_fen bigint      NOT NULL     -- 0: not asked
  , place            text        NOT NULL
  , training_wish    text        NOT NULL
  , skills           text[]      NOT NULL
  , note             bytea
  , entered_by       text        NOT NULL
  , created_at       timestamptz NOT NULL
  , CONSTRAINT survey_is_entered_once PRIMARY KEY (township, person_id, survey_id)
);
CREATE INDEX survey_by_day ON survey (township, person_id, asked_on, survey_id);
SELECT wall.fence('survey', 'SELECT, INSERT');
