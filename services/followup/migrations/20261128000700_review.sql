-- When somebody is looked at next stands beside their facts, in narrow rows: a sweep moves it for everybody it plans, and
-- would write all of their facts, and every index over them, again. The columns of `subject` stay for older binaries.

SET lock_timeout = '5s';

CREATE TABLE review (
    township       text NOT NULL
  , person_id      uuid NOT NULL
  , next_review_on date             -- the day on which the plan may differ next; NULL: only when facts come
  , planned_as_of  date             -- NULL: never planned, so there is neither duty nor contact
  , CONSTRAINT review_is_of_a_subject_once PRIMARY KEY (township, person_id)
  , CONSTRAINT review_is_of_a_subject FOREIGN KEY (township, person_id) REFERENCES subject ON DELETE CASCADE
) WITH (fillfactor = 80);
-- What a sweep reads: on a day on which nobody is due, one probe.
CREATE INDEX review_by_day ON review (township, next_review_on, person_id);

-- As its owner, this looks past the fence for as long as it takes.
ALTER TABLE subject NO FORCE ROW LEVEL SECURITY;
INSERT INTO review (township, person_id, next_review_on, planned_as_of)
SELECT township, person_id, next_review_on, planned_as_of FROM subject;
ALTER TABLE subject FORCE ROW LEVEL SECURITY;
SELECT wall.fence('review', 'SELECT, INSERT, UPDATE');
DROP INDEX subject_by_review;
