//! The registry's database was restored from a backup: where this follower goes on.

use bangfu_platform::db::migrate::{self, Stands};
use secrecy::SecretString;

/// Takes the restored feeds for what was followed before, up to where they stand: `bangfu migrate followup
/// --registry-restored`. What was taken from there after the backup stays as it is. Somebody has to have compared both
/// sides; the follower itself guesses nothing and waits. How many townships were followed.
pub async fn registry_restored(owner_url: &SecretString, feeds: &[Stands]) -> Result<u64, sqlx::Error> {
    migrate::unfenced(owner_url, "township", async |owner| {
        let mut followed = 0;
        for Stands { township, epoch, seq } in feeds {
            let set = "UPDATE township SET epoch = $2::text, seq = LEAST(seq, $3) WHERE township = $1";
            let set = sqlx::query(set).bind(township).bind(epoch.to_string()).bind(seq);
            followed += set.execute(&mut *owner).await?.rows_affected();
        }
        Ok(followed)
    })
    .await
}
