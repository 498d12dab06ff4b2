-- What a sweep reads once: who serves whom, for the load of every coordinator, without the facts that stand beside it.
-- And room beside every person's place in the index of reviews: a sweep moves one in three a month, and each leaves the old
-- place behind until the next vacuum.

SET lock_timeout = '5s';

CREATE INDEX subject_serving ON subject (township, person_id) INCLUDE (serving, coordinator);
ALTER INDEX review_is_of_a_subject_once SET (fillfactor = 60);
REINDEX INDEX review_is_of_a_subject_once;
