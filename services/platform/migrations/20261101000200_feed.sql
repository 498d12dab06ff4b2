-- Change feeds: a dense sequence a township, in commit order. The head's row lock is held to commit, so that sequence
-- order is commit order without gaps.

SET lock_timeout = '5s';

CREATE TABLE feed_head (
    township text   NOT NULL
  , epoch    uuid   NOT NULL          -- identity of this store; changes when it is restored from a backup
  , seq      bigint NOT NULL DEFAULT 0
  , oldest   bigint NOT NULL DEFAULT 1
  , CONSTRAINT feed_has_one_head PRIMARY KEY (township)
);
SELECT wall.fence('feed_head', 'SELECT, INSERT, UPDATE');

CREATE TABLE event (
    township    text        NOT NULL
  , seq         bigint      NOT NULL
  , kind        smallint    NOT NULL
  , payload     bytea       NOT NULL
  , occurred_at timestamptz NOT NULL
  , CONSTRAINT event_has_its_own_number PRIMARY KEY (township, seq)
);
SELECT wall.fence('event', 'SELECT, INSERT');
