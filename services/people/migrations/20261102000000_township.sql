-- The directory of townships, and the key under which each one's personal data is sealed.

-- A migration that waits behind a long transaction makes every later call wait behind itself: give up instead.
SET lock_timeout = '5s';

CREATE TABLE township (
    township   text        NOT NULL
  , name       text        NOT NULL
  , version    bigint      NOT NULL  -- the etag
  , created_at timestamptz NOT NULL
  , updated_at timestamptz NOT NULL
  , CONSTRAINT township_stands_once_in_the_directory PRIMARY KEY (township)
);
SELECT wall.fence('township', 'SELECT, INSERT, UPDATE');

-- Data keys, wrapped by a master key that is never in the database. A key is never changed: a new one gets a new number,
-- and what was sealed under the old one names it.
CREATE TABLE township_key (
    township   text        NOT NULL
  , number     smallint    NOT NULL
  , algorithm  smallint    NOT NULL  -- as in the header of what it seals; 1: AES-256-GCM
  , wrapped    bytea       NOT NULL
  , created_at timestamptz NOT NULL
  , CONSTRAINT township_key_has_its_own_number PRIMARY KEY (township, number)
);
SELECT wall.fence('township_key', 'SELECT, INSERT');
