-- Registrations (就业失业登记). At most one of being unemployed stands; a record of employment is registered once.

SET lock_timeout = '5s';

-- No foreign key to person, for the reason given at membership.
CREATE TABLE unemployment_registration (
    township              text        NOT NULL
  , person_id             uuid        NOT NULL
  , registration_id       uuid        NOT NULL
  , registered_on         date        NOT NULL
  , evidence              text        NOT NULL
  , cancelled_on          date                    -- the first day it no longer stands; NULL: it stands
  , cancellation_reason   text
  , cancellation_evidence text        NOT NULL DEFAULT ''
  , created_at            timestamptz NOT NULL
  , CONSTRAINT unemployment_registration_is_entered_once PRIMARY KEY (township, person_id, registration_id)
  , CONSTRAINT unemployment_registration_ends_for_a_reason
        CHECK ((cancelled_on IS NULL) = (cancellation_reason IS NULL))
);
CREATE UNIQUE INDEX one_unemployment_registration_stands
    ON unemployment_registration (township, person_id) WHERE cancelled_on IS NULL;
SELECT wall.fence('unemployment_registration', 'SELECT, INSERT, UPDATE');

CREATE TABLE employment_registration (
    township        text        NOT NULL
  , person_id       uuid        NOT NULL
  , registration_id uuid        NOT NULL
  , record_id       uuid        NOT NULL
  , registered_by   text        NOT NULL
  , event           text        NOT NULL
  , registered_on   date        NOT NULL
  , due_on          date        NOT NULL
  , evidence        text        NOT NULL
  , created_at      timestamptz NOT NULL
  , CONSTRAINT employment_registration_is_entered_once PRIMARY KEY (township, person_id, registration_id)
  , CONSTRAINT employment_record_is_registered_once UNIQUE (township, person_id, record_id)
  , CONSTRAINT employment_registration_is_of_a_record_of_the_person
        FOREIGN KEY (township, person_id, record_id) REFERENCES employment (township, person_id, record_id)
);
SELECT wall.fence('employment_registration', 'SELECT, INSERT');
