//! Making a service's database and bringing its schema up to date, as its owner: `bangfu migrate`, `bangfu up` and tests.
//! Never a serving process.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};
use uuid::Uuid;

static GROUND: Migrator = sqlx::migrate!();

/// The advisory lock of whoever makes roles and databases: PostgreSQL refuses to alter a role that somebody else is altering.
const PROVISION: i64 = 0x6261_6e67_6675;

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
/// `administrator` is a superuser's connection; running it again changes nothing but the passwords; two at once, with
/// connections to the same database, wait for each other.
pub async fn provision(
    administrator: &mut PgConnection,
    names: &Names,
    password: &SecretString,
) -> Result<(), sqlx::Error> {
    // No transaction could make a database.
    sqlx::query("SELECT pg_advisory_lock($1)").bind(PROVISION).execute(&mut *administrator).await?;
    let made = make(administrator, names, password).await;
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(PROVISION).execute(administrator).await?;
    made
}

async fn make(administrator: &mut PgConnection, names: &Names, password: &SecretString) -> Result<(), sqlx::Error> {
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
    let feeds: Vec<(String, Uuid, i64)> = unfenced(owner_url, "feed_head", async |owner| {
        let set = "UPDATE feed_head SET epoch = $1 RETURNING township, epoch, seq";
        sqlx::query_as(set).bind(epoch).fetch_all(owner).await
    })
    .await?;
    Ok(feeds.into_iter().map(|(township, epoch, seq)| Stands { township, epoch, seq }).collect())
}

/// Work of the owner on one table, past its fence, in one transaction: nobody else sees the table unfenced, for it is locked
/// until the commit.
pub async fn unfenced<T>(
    owner_url: &SecretString,
    table: &'static str,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await?;
    let mut tx = owner.begin().await?;
    run(&mut tx, format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await?;
    let done = work(&mut tx).await?;
    run(&mut tx, format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")).await?;
    tx.commit().await?;
    owner.close().await?;
    Ok(done)
}

async fn run(session: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await.map(drop)
}
