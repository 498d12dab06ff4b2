-- Waivers: who asked that a duty be let off, why, and who decided. The row carries what never changes of its duty, so that
-- whoever plans a person reads the granted ones by person. It stays with its duty: when an entry is merged its contacts
-- move, its duties do not, and a waiver says what was decided of a duty.

SET lock_timeout = '5s';

CREATE TABLE waiver (
    township     text        NOT NULL
  , waiver_id    uuid        NOT NULL
  , duty_id      uuid        NOT NULL
  , person_id    uuid        NOT NULL   -- the duty's: to whom it is owed
  , rule         text        NOT NULL   -- the duty's
  , period_start date        NOT NULL   -- the duty's
  , slot         smallint    NOT NULL   -- the duty's
  , reason       smallint    NOT NULL   -- numbers of the contract's enums
  , text         text        NOT NULL
  , evidence     uuid[]      NOT NULL
  , state        smallint    NOT NULL
  , requested_at timestamptz NOT NULL
  , requested_by text        NOT NULL
  , decided_at   timestamptz            -- or withdrawn
  , decided_by   text
  , decision     text
  , revoked_at   timestamptz
  , revoked_by   text
  , revocation   text
  , CONSTRAINT waiver_has_its_own_id PRIMARY KEY (township, waiver_id)
  , CONSTRAINT waiver_lets_off_a_duty FOREIGN KEY (township, duty_id) REFERENCES duty (township, duty_id)
  , CONSTRAINT waiver_carries_what_its_duty_is
        FOREIGN KEY (township, person_id, rule, period_start, slot) REFERENCES duty
  , CONSTRAINT waiver_that_is_over_says_by_whom
        CHECK (num_nulls(decided_at, decided_by, decision) = CASE WHEN state = 1 THEN 3 ELSE 0 END)
  , CONSTRAINT waiver_that_is_revoked_says_by_whom
        CHECK (num_nulls(revoked_at, revoked_by, revocation) = CASE WHEN state = 5 THEN 0 ELSE 3 END)
  , CONSTRAINT waiver_is_not_decided_by_who_asked_for_it
        CHECK (state IN (1, 4) OR (decided_by <> requested_by AND revoked_by IS DISTINCT FROM requested_by))
);
-- Asked for or granted: one a duty. This decides, not a look before.
CREATE UNIQUE INDEX waiver_stands_once_a_duty ON waiver (township, duty_id) WHERE state IN (1, 2);
CREATE INDEX waiver_by_request ON waiver (township, requested_at, waiver_id);
CREATE INDEX waiver_of_a_person ON waiver (township, person_id, requested_at, waiver_id);
CREATE INDEX waiver_of_a_duty ON waiver (township, duty_id);
SELECT wall.fence(
    'waiver'
  , 'SELECT, INSERT, UPDATE (state, decided_at, decided_by, decision, revoked_at, revoked_by, revocation)'
);

ALTER TABLE duty
    ADD CONSTRAINT duty_that_is_waived_names_its_waiver CHECK ((state = 5) = (waiver_id IS NOT NULL))
  , ADD CONSTRAINT duty_is_waived_by_a_waiver FOREIGN KEY (township, waiver_id) REFERENCES waiver;
