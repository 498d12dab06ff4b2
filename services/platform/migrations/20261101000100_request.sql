-- Idempotency: the first result of a request id, stored in the transaction of its effect, repeated for 30 days.

SET lock_timeout = '5s';

CREATE TABLE request (
    township    text        NOT NULL
  , request_id  uuid        NOT NULL
  , method      text        NOT NULL
  , fingerprint bytea       NOT NULL  -- SHA-256 of method, caller and request: another request under the id is refused
  , response    bytea                 -- NULL only inside the transaction that is making it
  , created_at  timestamptz NOT NULL
  , CONSTRAINT request_id_is_used_once PRIMARY KEY (township, request_id)
);
CREATE INDEX request_by_age ON request (township, created_at);
SELECT wall.fence('request');
