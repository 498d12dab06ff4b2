-- The audit trail is searched by whom it is about and by who acted, the latest first.

SET lock_timeout = '5s';

CREATE INDEX audit_by_person ON audit (township, person_id, seq) WHERE person_id IS NOT NULL;
CREATE INDEX audit_by_actor ON audit (township, actor, seq);
