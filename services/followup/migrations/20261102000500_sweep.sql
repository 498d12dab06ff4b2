-- Sweeps: what each expected and did; and the lease by which one process at a time sweeps a township. Correctness never
-- hangs on the lease, work is idempotent: it keeps two from doing the same work.

SET lock_timeout = '5s';

CREATE TABLE sweep (
    township    text        NOT NULL
  , sweep_id    uuid        NOT NULL
  , as_of       date        NOT NULL
  , in_scope    bigint      NOT NULL DEFAULT 0
  , with_duties bigint      NOT NULL DEFAULT 0
  , failed      bigint      NOT NULL DEFAULT 0
  , excluded    jsonb       NOT NULL DEFAULT '{}'   -- people by reason
  , raised      jsonb       NOT NULL DEFAULT '{}'   -- duties by rule, and so on
  , done        jsonb       NOT NULL DEFAULT '{}'
  , missed      jsonb       NOT NULL DEFAULT '{}'
  , released    jsonb       NOT NULL DEFAULT '{}'
  , started_at  timestamptz NOT NULL
  , finished_at timestamptz                         -- NULL: running, or its process died
  , CONSTRAINT sweep_has_its_own_id PRIMARY KEY (township, sweep_id)
);
CREATE INDEX sweep_by_start ON sweep (township, started_at, sweep_id);
SELECT wall.fence('sweep', 'SELECT, INSERT, UPDATE');

CREATE TABLE sweep_lease (
    township text   NOT NULL
  , holder   uuid                        -- the sweep that holds it; NULL: free
  , beats    bigint NOT NULL DEFAULT 0   -- grows while the holder lives
  , CONSTRAINT sweep_lease_is_one_a_township PRIMARY KEY (township)
);
SELECT wall.fence('sweep_lease', 'SELECT, INSERT, UPDATE');
