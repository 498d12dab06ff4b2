-- Contacts: append-only. The one thing that may change is that a contact is voided, so only those columns can be written.

SET lock_timeout = '5s';

CREATE TABLE contact (
    township               text        NOT NULL
  , contact_id             uuid        NOT NULL
  , person_id              uuid        NOT NULL
  , held_on                date        NOT NULL   -- the day of the contact
  , channel                smallint    NOT NULL   -- numbers of the contract's enums
  , result                 smallint    NOT NULL
  , answered_by            text        NOT NULL
  , status_learned         bytea                  -- the contract's StatusLearned, encoded
  , intended_occupation    text                   -- these three are NULL: not asked
  , intended_wage_fen      bigint
  , intended_place         text
  , training_intention     text        NOT NULL
  , difficulties           text[]      NOT NULL
  , services               smallint[]  NOT NULL
  , policies_told          text[]      NOT NULL
  , subsidies_suggested    text[]      NOT NULL
  , note                   text        NOT NULL
  , coordinator            text        NOT NULL
  , entered_on             date        NOT NULL   -- civil date of entered_at, which the planner decides by
  , entered_at             timestamptz NOT NULL
  , entered_by             text        NOT NULL
  , voided_at              timestamptz
  , voided_by              text
  , void_reason            text
  , CONSTRAINT contact_has_its_own_id PRIMARY KEY (township, contact_id)
  , CONSTRAINT contact_is_with_a_subject FOREIGN KEY (township, person_id) REFERENCES subject
  , CONSTRAINT contact_is_not_held_after_its_entry CHECK (held_on <= entered_on)
  , CONSTRAINT contact_is_voided_with_a_reason
        CHECK (num_nulls(voided_at, voided_by, void_reason) IN (0, 3))
);
CREATE INDEX contact_by_entry ON contact (township, entered_at, contact_id);
CREATE INDEX contact_of_a_person ON contact (township, person_id, entered_at, contact_id);
SELECT wall.fence('contact', 'SELECT, INSERT, UPDATE (voided_at, voided_by, void_reason)');
