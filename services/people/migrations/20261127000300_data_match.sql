-- Data matching (数据比对): lists of other departments held against the register, and what was decided on each row.

SET lock_timeout = '5s';

CREATE TABLE data_match (
    township     text        NOT NULL
  , match_id     uuid        NOT NULL
  , department   text        NOT NULL
  , list_name    text        NOT NULL
  , list_on      date        NOT NULL
  , member_of    text        NOT NULL             -- the group the list is about
  , state        text        NOT NULL
  , content      bytea       NOT NULL             -- SHA-256 of the list: the same one again is this match
  , row_count    integer     NOT NULL
  , started_by   text        NOT NULL
  , started_at   timestamptz NOT NULL
  , committed_by text
  , committed_at timestamptz
  , CONSTRAINT data_match_is_started_once PRIMARY KEY (township, match_id)
);
-- What was not committed in time is wiped: the same list may come anew.
CREATE UNIQUE INDEX a_list_is_matched_once ON data_match (township, content) WHERE state <> 'EXPIRED';
CREATE INDEX data_match_by_state ON data_match (township, state, match_id);
SELECT wall.fence('data_match', 'SELECT, INSERT, UPDATE');

-- What the department wrote of a person stands sealed (vault.rs, under row_id) until it is committed or expires. No person_id: who
-- somebody is follows from the ID number at the time of the commit, so merging and transferring people need not look here.
CREATE TABLE data_match_row (
    township   text    NOT NULL
  , match_id   uuid    NOT NULL
  , row_number integer NOT NULL
  , row_id     uuid    NOT NULL
  , kind       text    NOT NULL
  , codes      text[]  NOT NULL
  , differing  text[]  NOT NULL                   -- names of fields, no values
  , unread     text[]  NOT NULL                   -- names of fields, no values
  , decision   text
  , outcome    text
  , sealed     bytea                              -- NULL: nothing to be written, or wiped
  , CONSTRAINT data_match_row_has_its_own_number PRIMARY KEY (township, match_id, row_number)
  , CONSTRAINT data_match_row_is_of_a_match FOREIGN KEY (township, match_id) REFERENCES data_match (township, match_id)
  , CONSTRAINT only_an_applied_row_has_an_outcome CHECK (outcome IS NULL OR decision = 'APPLY')
);
CREATE INDEX data_match_row_by_kind ON data_match_row (township, match_id, kind, row_number);
CREATE INDEX data_match_row_to_be_written
    ON data_match_row (township, match_id, row_number) WHERE decision = 'APPLY' AND outcome IS NULL;
-- A change of keys goes through what is still sealed.
CREATE INDEX data_match_row_by_id ON data_match_row (township, match_id, row_id) WHERE sealed IS NOT NULL;
SELECT wall.fence('data_match_row', 'SELECT, INSERT, UPDATE');
