-- The people who are followed up: ids and facts from the people feed, no names. All facts of a person stand in one
-- document, because the planner always wants all of them: a sweep reads one row a person.

SET lock_timeout = '5s';

CREATE TABLE subject (
    township       text  NOT NULL
  , person_id      uuid  NOT NULL
  , village        text  NOT NULL       -- empty: not known
  , coordinator    text  NOT NULL       -- empty: the unassigned queue
  , joined_on      date  NOT NULL
  , facts          jsonb NOT NULL       -- stays, employment records, memberships
  , next_review_on date                 -- the day on which the plan may differ next; NULL: only when facts come
  , planned_as_of  date                 -- NULL: never planned, so there is neither duty nor contact
  , CONSTRAINT subject_is_followed_once PRIMARY KEY (township, person_id)
);
-- What a sweep reads: on a day on which nobody is due, one probe.
CREATE INDEX subject_by_review ON subject (township, next_review_on, person_id);
SELECT wall.fence('subject', 'SELECT, INSERT, UPDATE');
