-- Whom the registry anonymised (匿名化), nobody is to be told from here either: of their contacts go the free texts and what
-- they taught of an employer, whatever figures count stays. Contacts are append-only in everything else.

SET lock_timeout = '5s';

DO $$
BEGIN
    EXECUTE format('GRANT UPDATE (answered_by, status_learned, intended_occupation, intended_place, training_intention
                                , difficulties, note, void_reason) ON contact TO %I', wall.service() || '_service');
END
$$;
