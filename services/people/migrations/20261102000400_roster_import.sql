-- Rosters that were taken in: what an office asks for months later.

SET lock_timeout = '5s';

CREATE TABLE roster_import (
    township  text        NOT NULL
  , import_id uuid        NOT NULL
  , ledger_on date        NOT NULL
  , file_name text        NOT NULL
  , actor     text        NOT NULL
  , accepted  integer     NOT NULL
  , merged    integer     NOT NULL
  , rejected  integer     NOT NULL
  , at        timestamptz NOT NULL
  , CONSTRAINT roster_is_imported_once PRIMARY KEY (township, import_id)
);
SELECT wall.fence('roster_import', 'SELECT, INSERT');
