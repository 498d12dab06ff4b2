-- Those whose plan fails: what is owed to them is not known until it succeeds. And by how many days a sweep was late.

SET lock_timeout = '5s';

CREATE TABLE quarantine (
    township       text        NOT NULL
  , person_id      uuid        NOT NULL
  , household      boolean     NOT NULL  -- person_id is a household's id
  , since          timestamptz NOT NULL
  , last           timestamptz NOT NULL
  , attempts       integer     NOT NULL DEFAULT 1
  , correlation_id text        NOT NULL  -- under which the log has the cause
  , CONSTRAINT quarantine_holds_somebody_once PRIMARY KEY (township, person_id)
);
SELECT wall.fence('quarantine', 'SELECT, INSERT, UPDATE, DELETE');

ALTER TABLE sweep ADD COLUMN raised_days_late integer NOT NULL DEFAULT 0;
