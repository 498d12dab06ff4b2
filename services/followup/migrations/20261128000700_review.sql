-- When somebody is looked at next stands beside their facts, in narrow rows: a sweep moves it for everybody it plans, and
-- would write all of their facts, and every index over them, again.

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

-- Whoever enters somebody, or says in `subject` when to look at them, says it here; older binaries, too.
CREATE FUNCTION review_begins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO review (township, person_id, next_review_on, planned_as_of)
    VALUES (NEW.township, NEW.person_id, NEW.next_review_on, NEW.planned_as_of);
    RETURN NULL;
END
$$;
CREATE TRIGGER review_begins AFTER INSERT ON subject FOR EACH ROW EXECUTE FUNCTION review_begins();

CREATE FUNCTION review_is_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE review
       SET next_review_on = NEW.next_review_on
     WHERE township = NEW.township
       AND person_id = NEW.person_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER review_is_moved AFTER UPDATE OF next_review_on ON subject FOR EACH ROW EXECUTE FUNCTION review_is_moved();

CREATE FUNCTION review_was_planned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE review
       SET planned_as_of = NEW.planned_as_of
     WHERE township = NEW.township
       AND person_id = NEW.person_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER review_was_planned AFTER UPDATE OF planned_as_of ON subject FOR EACH ROW EXECUTE FUNCTION review_was_planned();
