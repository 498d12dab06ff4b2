-- The people who are served, their personal data sealed (vault.rs); and the one city-wide place that knows an ID number
-- is taken.

SET lock_timeout = '5s';

-- Of the ID number only sex and year of birth stand in the open: the full date would narrow the number down to a few
-- thousand. What the employment records come to is kept here too, for the filters of lists.
CREATE TABLE person (
    township      text        NOT NULL
  , person_id     uuid        NOT NULL
  , name          bytea       NOT NULL
  , id_number     bytea       NOT NULL
  , phone         bytea
  , address       bytea
  , remark        bytea
  , sex           text        NOT NULL
  , birth_year    smallint    NOT NULL
  , village       text        NOT NULL
  , coordinator   text        NOT NULL
  , education     text        NOT NULL
  , job_wish      text        NOT NULL
  , training_wish text        NOT NULL
  , graduated_on  date
  , joined_on     date        NOT NULL
  , join_known_on date        NOT NULL
  , employment_id uuid                  -- the record that is believed; NULL: none
  , status        text                  -- its status
  , level         text        NOT NULL  -- the level that follows from it
  , version       bigint      NOT NULL  -- the etag
  , created_at    timestamptz NOT NULL
  , updated_at    timestamptz NOT NULL
  , CONSTRAINT person_is_entered_once PRIMARY KEY (township, person_id)
);
-- Lists are read in the order of registration (UUIDv7), a page at a time, with one filter or none.
CREATE INDEX person_by_village ON person (township, village, person_id);
CREATE INDEX person_by_coordinator ON person (township, coordinator, person_id);
CREATE INDEX person_by_level ON person (township, level, person_id);
SELECT wall.fence('person', 'SELECT, INSERT, UPDATE');

-- The deliberate exception to "township first in every key": one ID number, one person in the whole city. The key is a
-- keyed hash (the index key is never in the database). Row security still shows a township its own rows only, so a
-- conflicting INSERT tells "taken" and nothing else.
CREATE TABLE identity (
    id_index  bytea NOT NULL
  , township  text  NOT NULL
  , person_id uuid  NOT NULL
  , CONSTRAINT id_number_is_registered_once_in_the_city PRIMARY KEY (id_index)
);
SELECT wall.fence('identity', 'SELECT, INSERT');
