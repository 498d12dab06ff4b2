//! Idempotency: the first result of a request id is stored with the effect and repeated for 30 days.

use bangfu_kernel::Error;
use prost::Message;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{TownshipTx, fault};

/// Days for which results are repeated.
pub(super) const KEPT_DAYS: i32 = 30;

impl TownshipTx {
    /// Runs `act` the first time this request id is seen, and stores its result with the effect; repeats the result
    /// afterwards without running it. The id waits for another call under the same id that is under way.
    ///
    /// Errors: REQUEST_ID_REUSED when method, caller or request differ from the first time.
    pub async fn once<M, R>(
        &mut self,
        request_id: Uuid,
        request: &R,
        act: impl AsyncFnOnce(&mut Self) -> Result<M, Error>,
    ) -> Result<M, Error>
    where
        M: Message + Default,
        R: Message,
    {
        self.once_as(request_id, &request.encode_to_vec(), act).await
    }

    /// The same for requests that are not one message: `content` stands for all of it.
    pub async fn once_as<M>(
        &mut self,
        request_id: Uuid,
        content: &[u8],
        act: impl AsyncFnOnce(&mut Self) -> Result<M, Error>,
    ) -> Result<M, Error>
    where
        M: Message + Default,
    {
        let fingerprint = self.fingerprint(content);
        if self.claim(request_id, &fingerprint).await? {
            let result = act(self).await?;
            self.store(request_id, &result.encode_to_vec()).await?;
            Ok(result)
        } else {
            self.repeat(request_id, &fingerprint).await
        }
    }

    fn fingerprint(&self, content: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        for part in [self.permit().method().as_bytes(), self.permit().caller().subject.as_bytes(), content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().to_vec()
    }

    /// Whether the id is new. Waits for a transaction under way that uses it.
    #[tracing::instrument(name = "db.request.claim", level = "debug", skip_all)]
    async fn claim(&mut self, request_id: Uuid, fingerprint: &[u8]) -> Result<bool, Error> {
        let (township, method, now) = (self.township().to_owned(), self.permit().method(), self.clock().now());
        let inserted = sqlx::query!(
            r#"
            INSERT INTO request (township, request_id, method, fingerprint, created_at)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT ON CONSTRAINT request_id_is_used_once DO NOTHING
            "#,
            township,
            request_id,
            method,
            fingerprint,
            now,
        )
        .execute(&mut *self)
        .await
        .map_err(fault)?;
        Ok(inserted.rows_affected() == 1)
    }

    #[tracing::instrument(name = "db.request.store", level = "debug", skip_all)]
    async fn store(&mut self, request_id: Uuid, response: &[u8]) -> Result<(), Error> {
        let township = self.township().to_owned();
        let stored = sqlx::query!(
            r#"
            UPDATE request
               SET response = $3
             WHERE township = $1
               AND request_id = $2
            "#,
            township,
            request_id,
            response,
        )
        .execute(&mut *self)
        .await
        .map_err(fault)?;
        if stored.rows_affected() == 1 { Ok(()) } else { Err(Error::internal("a claimed request id is gone")) }
    }

    #[tracing::instrument(name = "db.request.repeat", level = "debug", skip_all)]
    async fn repeat<M: Message + Default>(&mut self, request_id: Uuid, fingerprint: &[u8]) -> Result<M, Error> {
        let township = self.township().to_owned();
        let first = sqlx::query!(
            r#"
            SELECT fingerprint
                 , response
              FROM request
             WHERE township = $1
               AND request_id = $2
            "#,
            township,
            request_id,
        )
        .fetch_one(&mut *self)
        .await
        .map_err(fault)?;
        if first.fingerprint != fingerprint {
            return Err(Error::RequestIdReused { request_id });
        }
        let response = first.response.ok_or_else(|| Error::internal("a request id without a result"))?;
        M::decode(response.as_slice()).map_err(|error| Error::Internal(Box::new(error)))
    }

    /// Forgets results older than 30 days; how many.
    #[tracing::instrument(name = "db.request.expire", level = "debug", skip_all)]
    pub async fn expire_requests(&mut self) -> Result<u64, Error> {
        let township = self.township().to_owned();
        let before = self.clock().now() - chrono::TimeDelta::days(KEPT_DAYS.into());
        let expired = sqlx::query!("DELETE FROM request WHERE township = $1 AND created_at < $2", township, before)
            .execute(&mut *self)
            .await
            .map_err(fault)?;
        Ok(expired.rows_affected())
    }
}
