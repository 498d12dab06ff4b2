-- Recognition of difficulty (就业困难认定): one row an application, moved on step by step; who took a step and when stays.

SET lock_timeout = '5s';

-- No foreign key to person, for the reason given at membership.
CREATE TABLE recognition (
    township        text        NOT NULL
  , recognition_id  uuid        NOT NULL
  , person_id       uuid        NOT NULL
  , difficulty      text        NOT NULL
  , state           text        NOT NULL
  , applied_by      text        NOT NULL
  , applied_at      text        NOT NULL
  , applied_on      date        NOT NULL
  , evidence        text        NOT NULL
  , entered_by      text        NOT NULL
  , facts           text[]      NOT NULL             -- what the register bore out at the last step: "AGE", "!VETERAN"
  , checked_on      date
  , checked_by      text
  , check_note      text
  , published_on    date
  , published_until date
  , decided_on      date
  , decided_by      text
  , decision_note   text
  , recognised_on   date                             -- first day it holds
  , revoked_on      date                             -- first day it no longer holds
  , revoked_known_on date
  , end_reason      text        NOT NULL DEFAULT ''
  , created_at      timestamptz NOT NULL
  , CONSTRAINT recognition_is_entered_once PRIMARY KEY (township, recognition_id)
  , CONSTRAINT recognition_is_revoked_on_a_known_day CHECK ((revoked_on IS NULL) = (revoked_known_on IS NULL))
);
CREATE UNIQUE INDEX one_recognition_of_a_type_stands
    ON recognition (township, person_id, difficulty) WHERE state IN ('APPLIED', 'PUBLISHED', 'RECOGNISED');
CREATE INDEX recognition_by_person ON recognition (township, person_id, recognition_id);
CREATE INDEX recognition_by_state ON recognition (township, state, recognition_id);
SELECT wall.fence('recognition', 'SELECT, INSERT, UPDATE');
