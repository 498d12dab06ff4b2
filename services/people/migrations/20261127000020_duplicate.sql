-- Finding people by name and finding entries that may be one person, though names and ID numbers are sealed: keyed hashes
-- (vault/index.rs). They stand in person, beside what they are made of, so that an import writes one row a person.

SET lock_timeout = '5s';

-- NULL: not made yet; whoever was entered before these columns were there gets them from a job (job/tokens.rs).
ALTER TABLE person
    ADD COLUMN name_head   bigint       -- the name's first two characters
  , ADD COLUMN name_tail   bigint       -- its last two
  , ADD COLUMN twin_birth  bigint       -- name and day of birth
  , ADD COLUMN twin_order  bigint       -- name, area code and sequence code of the ID number
  , ADD COLUMN twin_year   bigint       -- name, year of birth and check digit
  , ADD COLUMN twin_day    bigint       -- name, month and day of birth and check digit
  , ADD COLUMN merged_into uuid;        -- the entry that this one was merged into
CREATE INDEX person_by_name_head ON person (township, name_head);
CREATE INDEX person_by_name_tail ON person (township, name_tail);
CREATE INDEX person_by_twin_birth ON person (township, twin_birth);
CREATE INDEX person_by_twin_order ON person (township, twin_order);
CREATE INDEX person_by_twin_year ON person (township, twin_year);
CREATE INDEX person_by_twin_day ON person (township, twin_day);
CREATE INDEX person_without_tokens ON person (township, person_id) WHERE name_head IS NULL;

CREATE TABLE duplicate (
    township        text    NOT NULL
  , pair_id         uuid    NOT NULL
  , first_id        uuid    NOT NULL
  , second_id       uuid    NOT NULL
  , number_mistyped boolean NOT NULL
  , same_birth      boolean NOT NULL
  , state           text    NOT NULL
  , found_on        date    NOT NULL
  , settled_by      text    NOT NULL DEFAULT ''
  , reason          text    NOT NULL DEFAULT ''
  , CONSTRAINT duplicate_is_found_once PRIMARY KEY (township, pair_id)
  , CONSTRAINT duplicate_is_one_pair UNIQUE (township, first_id, second_id)
  , CONSTRAINT duplicate_is_in_order CHECK (first_id < second_id)
);
CREATE INDEX duplicate_by_state ON duplicate (township, state, pair_id);
CREATE INDEX duplicate_by_second ON duplicate (township, second_id);
SELECT wall.fence('duplicate', 'SELECT, INSERT, UPDATE');
