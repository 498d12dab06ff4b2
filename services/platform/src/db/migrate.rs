//! Making a service's database and bringing its schema up to date, as its owner: `bangfu migrate`, `bangfu up` and tests.
//! Never a serving process.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};
use uuid::Uuid;

static GROUND: Migrator = sqlx::migrate!();

/// The names that follow from a service's: database and roles.
#[derive(Debug, Clone)]
pub struct Names {
    /// `bangfu_people`, the database.
    pub database: String,
    /// `bangfu_people_owner`: owns everything, serves nobody.
    pub owner: String,
    /// `bangfu_people_service`: works for one township at a time.
    pub service: String,
    /// `bangfu_people_city`: reads across townships.
    pub city: String,
}

impl Names {
    /// For a service: "people".
    pub fn of(service: &str) -> Self {
        Self {
            database: format!("bangfu_{service}"),
            owner: format!("bangfu_{service}_owner"),
            service: format!("bangfu_{service}_service"),
            city: format!("bangfu_{service}_city"),
        }
    }
}

/// Makes the three roles and the database where they are missing, and sets the roles' passwords.
/// `administrator` is a superuser's connection; running it again changes nothing but the passwords.
pub async fn provision(
    administrator: &mut PgConnection,
    names: &Names,
    password: &SecretString,
) -> Result<(), sqlx::Error> {
    // The owner inherits: what it may do in its own database comes to it as a member of pg_database_owner.
    for (role, inherits) in [(&names.owner, "INHERIT"), (&names.service, "NOINHERIT"), (&names.city, "NOINHERIT")] {
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(role)
            .fetch_one(&mut *administrator)
            .await?;
        let verb = if exists { "ALTER" } else { "CREATE" };
        let password = password.expose_secret().replace('\'', "''");
        let sql = format!(
            "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS {inherits} PASSWORD '{password}'"
        );
        run(administrator, sql).await?;
    }
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&names.database)
        .fetch_one(&mut *administrator)
        .await?;
    if !exists {
        run(administrator, format!("CREATE DATABASE {} OWNER {}", names.database, names.owner)).await?;
    }
    close_to_others(administrator, &names.database, names).await
}

/// Nobody but the service's own roles may connect to its database, and none of them makes temporary tables.
pub async fn close_to_others(
    administrator: &mut PgConnection,
    database: &str,
    names: &Names,
) -> Result<(), sqlx::Error> {
    let Names { service, city, .. } = names;
    run(administrator, format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC")).await?;
    run(administrator, format!("GRANT CONNECT ON DATABASE {database} TO {service}, {city}")).await
}

/// Brings a database up to date: the shared ground first, then the service's own migrations.
/// `owner_url` is the owner's; a second run changes nothing; two at once wait for each other.
pub async fn run_migrations(owner_url: &SecretString, service: &Migrator) -> Result<(), sqlx::Error> {
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await?;
    GROUND.run(&mut owner).await?;
    service.run(&mut owner).await?;
    owner.close().await
}

/// Where a feed of a restored database stands. What was told up to there is what was told before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
    /// Whose feed.
    pub township: String,
    /// Its new epoch.
    pub epoch: Uuid,
    /// Its head.
    pub seq: i64,
}

/// Gives every feed of a database that was restored from a backup another epoch: `bangfu migrate --restored`. What was
/// told after the backup was taken is gone, and its numbers will stand for other facts; with the new epoch every consumer
/// stops (FEED_EPOCH_CHANGED) instead of taking one for the other. Run it before the service serves again; where the feeds
/// stand then.
pub async fn restored(owner_url: &SecretString, epoch: Uuid) -> Result<Vec<Stands>, sqlx::Error> {
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await?;
    let mut tx = owner.begin().await?;
    // As its owner, this looks past the fence; nobody sees the table unfenced, for it is locked until the commit.
    sqlx::raw_sql("ALTER TABLE feed_head NO FORCE ROW LEVEL SECURITY").execute(&mut *tx).await?;
    let feeds: Vec<(String, Uuid, i64)> =
        sqlx::query_as("UPDATE feed_head SET epoch = $1 RETURNING township, epoch, seq")
            .bind(epoch)
            .fetch_all(&mut *tx)
            .await?;
    sqlx::raw_sql("ALTER TABLE feed_head FORCE ROW LEVEL SECURITY").execute(&mut *tx).await?;
    tx.commit().await?;
    owner.close().await?;
    Ok(feeds.into_iter().map(|(township, epoch, seq)| Stands { township, epoch, seq }).collect())
}

async fn run(administrator: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(administrator).await.map(drop)
}
