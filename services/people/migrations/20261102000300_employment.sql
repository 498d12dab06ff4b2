-- What became known of people's employment. Never overwritten: a correction is a record that names the one it corrects.

SET lock_timeout = '5s';

-- No foreign key to person, for the reason given at membership. The one to the corrected record stays: it is rare, and
-- it makes "of the same person, of the same township" a constraint.
CREATE TABLE employment (
    township        text        NOT NULL
  , person_id       uuid        NOT NULL
  , record_id       uuid        NOT NULL
  , status          text        NOT NULL
  , effective_on    date        NOT NULL
  , known_on        date        NOT NULL
  , employer        text        NOT NULL
  , credit_code     text        NOT NULL
  , contract_months integer     NOT NULL  -- 0: not known
  , insured         boolean               -- NULL: not known
  , source          text        NOT NULL
  , evidence        text        NOT NULL
  , corrects        uuid
  , created_at      timestamptz NOT NULL
  , CONSTRAINT employment_record_is_entered_once PRIMARY KEY (township, person_id, record_id)
  , CONSTRAINT employment_corrects_a_record_of_the_person
        FOREIGN KEY (township, person_id, corrects) REFERENCES employment (township, person_id, record_id)
);
CREATE UNIQUE INDEX employment_record_is_corrected_once ON employment (township, corrects) WHERE corrects IS NOT NULL;
SELECT wall.fence('employment', 'SELECT, INSERT');
