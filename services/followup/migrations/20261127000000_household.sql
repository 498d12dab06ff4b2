-- Households, as the people feed tells them: ids and days. What is owed to a recognised one is decided from here.

SET lock_timeout = '5s';

CREATE TABLE household (
    township     text  NOT NULL
  , household_id uuid  NOT NULL
  , facts        jsonb NOT NULL       -- kind, members, every time it was recognised
  , CONSTRAINT household_is_followed_once PRIMARY KEY (township, household_id)
);
SELECT wall.fence('household', 'SELECT, INSERT, UPDATE');
