-- What contacts taught about people's employment, on its way to the registry: written with the contact, delivered until
-- it is accepted or refused for good. The request id is fixed here, so however often it is sent it takes effect once.

SET lock_timeout = '5s';

CREATE TABLE delivery (
    township     text        NOT NULL
  , contact_id   uuid        NOT NULL
  , person_id    uuid        NOT NULL
  , request_id   uuid        NOT NULL
  , request      bytea       NOT NULL      -- people's RecordEmploymentRequest, encoded
  , attempts     integer     NOT NULL DEFAULT 0
  , last_failure text                      -- the last answer that was not OK: code and reason, no more
  , delivered_at timestamptz
  , refused_at   timestamptz               -- refused for good: somebody has to look
  , CONSTRAINT delivery_belongs_to_one_contact PRIMARY KEY (township, contact_id)
  , CONSTRAINT delivery_has_its_contact FOREIGN KEY (township, contact_id) REFERENCES contact
  , CONSTRAINT delivery_ends_one_way CHECK (num_nonnulls(delivered_at, refused_at) <= 1)
);
CREATE INDEX delivery_pending ON delivery (township, contact_id) WHERE delivered_at IS NULL AND refused_at IS NULL;
SELECT wall.fence('delivery', 'SELECT, INSERT, UPDATE');
