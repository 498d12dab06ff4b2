-- The townships that are followed, and where the follower of the people feed stands in each: the position moves in the
-- transaction of the effect, so an event is applied once whatever dies when.

SET lock_timeout = '5s';

CREATE TABLE township (
    township text   NOT NULL
  , name     text   NOT NULL
  , epoch    text   NOT NULL      -- the registry's store, as its cursors name it
  , seq      bigint NOT NULL      -- last event applied
  , CONSTRAINT township_stands_in_the_directory_once PRIMARY KEY (township)
);
SELECT wall.fence('township', 'SELECT, INSERT, UPDATE');
