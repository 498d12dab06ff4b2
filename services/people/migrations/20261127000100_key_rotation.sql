-- Keys of a township change while it is served: a new one is announced, then seals, then everything older is sealed anew.
-- A key itself is still never changed; `wrapped` is written again only when the master key is another one.

SET lock_timeout = '5s';

ALTER TABLE township_key
    ADD COLUMN sealing     boolean NOT NULL DEFAULT true  -- false: announced, for every process to learn it first
  , ADD COLUMN resealed    bigint  NOT NULL DEFAULT 0     -- rows sealed anew under it so far
  , ADD COLUMN finished_at timestamptz;                   -- NULL and not the first: the change to it is under way

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (wrapped, sealing, resealed, finished_at) ON township_key TO %I',
                   wall.service() || '_service');
    -- Notes of surveys are sealed anew, too. Their answers stay as they were given.
    EXECUTE format('GRANT UPDATE (note) ON survey TO %I', wall.service() || '_service');
END
$$;
