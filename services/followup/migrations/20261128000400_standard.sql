-- Standards that the city has published, kept under the city's own code; the one that comes with the suite is not here.
-- A published standard never changes: duties name the version they were raised under.

SET lock_timeout = '5s';

CREATE TABLE standard (
    township      text        NOT NULL   -- the city's code
  , version       text        NOT NULL
  , in_force_from date        NOT NULL
  , document      text        NOT NULL   -- TOML
  , published_at  timestamptz NOT NULL
  , published_by  text        NOT NULL
  , CONSTRAINT standard_has_its_own_version PRIMARY KEY (township, version)
  , CONSTRAINT standard_has_its_own_first_day UNIQUE (township, in_force_from)
);
SELECT wall.fence('standard', 'SELECT, INSERT');
