//! The registry's database was restored from a backup: where this follower goes on.

use bangfu_platform::db::migrate::Stands;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};

/// Takes the restored feeds for what was followed before, up to where they stand: `bangfu migrate followup
/// --registry-restored`. What was taken from there after the backup stays as it is. Somebody has to have compared both
/// sides; the follower itself guesses nothing and waits. How many townships were followed.
pub async fn registry_restored(owner_url: &SecretString, feeds: &[Stands]) -> Result<u64, sqlx::Error> {
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await?;
    let mut tx = owner.begin().await?;
    // As its owner, this looks past the fence; nobody sees the table unfenced, for it is locked until the commit.
    sqlx::raw_sql("ALTER TABLE township NO FORCE ROW LEVEL SECURITY").execute(&mut *tx).await?;
    let mut followed = 0;
    for Stands { township, epoch, seq } in feeds {
        let set = "UPDATE township SET epoch = $2::text, seq = LEAST(seq, $3) WHERE township = $1";
        let set = sqlx::query(set).bind(township).bind(epoch.to_string()).bind(seq);
        followed += set.execute(&mut *tx).await?.rows_affected();
    }
    sqlx::raw_sql("ALTER TABLE township FORCE ROW LEVEL SECURITY").execute(&mut *tx).await?;
    tx.commit().await?;
    owner.close().await?;
    Ok(followed)
}
