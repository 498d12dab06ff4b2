//! Databases for tests: one PostgreSQL for all tests of a checkout, a template a service, a clone a test.

use std::path::PathBuf;

use bangfu_platform::db::{
    self,
    migrate::{self, Names},
};
use bangfu_postgres::{Cluster, Options};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The roles' password; the cluster listens on this machine only and holds nothing but samples.
const PASSWORD: &str = "test";

/// The services that have a database.
pub const SERVICES: [&str; 2] = ["people", "followup"];

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();

/// Set to use a PostgreSQL in a folder of one's own instead: its files are then nobody else's.
pub const FOLDER: &str = "BANGFU_TEST_CLUSTER";

/// The PostgreSQL of this checkout's tests: started by the first process that asks, stopped after the last.
pub async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| async {
            let shared = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/testkit/postgres");
            let folder = std::env::var_os(FOLDER).map_or_else(shared, PathBuf::from);
            let options = Options { max_connections: 400, ..Options::test(folder) };
            let cluster = Cluster::start(options).await.expect("a PostgreSQL for tests");
            prepare(&cluster).await;
            cluster
        })
        .await
}

/// Templates are made anew by every process: migrations may have changed, and it takes half a second.
async fn prepare(cluster: &Cluster) {
    let mut superuser = PgConnection::connect(&cluster.url("postgres")).await.expect("the superuser");
    if !cluster.was_adopted() {
        for (left_over,) in sqlx::query_as::<_, (String,)>(
            "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%' OR datname LIKE 'template\\_%'",
        )
        .fetch_all(&mut superuser)
        .await
        .expect("databases")
        {
            drop_database(&mut superuser, &left_over).await;
        }
    }
    for service in SERVICES {
        let names = Names::of(service);
        let template = template(service);
        drop_database(&mut superuser, &template).await;
        migrate::provision(&mut superuser, &names, &PASSWORD.into()).await.expect("roles");
        run(&mut superuser, format!("CREATE DATABASE {template} OWNER {}", names.owner)).await;
        migrate::run_migrations(&url(cluster, &names.owner, &template), migrator(service)).await.expect("migrations");
    }
}

/// Makes a service's own database on a cluster that is no test's but the caller's; how the service reaches it.
pub async fn make(cluster: &Cluster, service: &str) -> db::Settings {
    let names = Names::of(service);
    let mut superuser = PgConnection::connect(&cluster.url("postgres")).await.expect("the superuser");
    migrate::provision(&mut superuser, &names, &PASSWORD.into()).await.expect("roles");
    superuser.close().await.expect("closed");
    let owner = url(cluster, &names.owner, &names.database);
    migrate::run_migrations(&owner, migrator(service)).await.expect("migrations");
    settings_on(cluster, service, &names.database)
}

/// A service's own database for one test.
pub async fn clone(service: &str) -> String {
    let cluster = cluster().await;
    let name = format!("test_{service}_{}", Uuid::new_v4().simple());
    cluster.create_database(&name, Some(&template(service))).await.expect("a clone of the template");
    let mut superuser = PgConnection::connect(&cluster.url("postgres")).await.expect("the superuser");
    migrate::close_to_others(&mut superuser, &name, &Names::of(service)).await.expect("closed to others");
    superuser.close().await.expect("closed");
    name
}

/// Drops a test's database.
pub async fn drop(name: &str) {
    let mut superuser = PgConnection::connect(&cluster().await.url("postgres")).await.expect("the superuser");
    drop_database(&mut superuser, name).await;
    superuser.close().await.expect("closed");
}

/// How a service reaches a test's database, as the roles it has in production.
pub async fn settings(service: &str, database: &str) -> db::Settings {
    settings_on(cluster().await, service, database)
}

fn settings_on(cluster: &Cluster, service: &str, database: &str) -> db::Settings {
    let names = Names::of(service);
    db::Settings {
        service_url: url(cluster, &names.service, database),
        city_url: url(cluster, &names.city, database),
        connections: 8,
        development: true,
    }
}

/// A superuser's connection to a test's database: sees through every wall. For looking, never for acting as a service.
pub async fn superuser(database: &str) -> PgConnection {
    PgConnection::connect(&cluster().await.url(database)).await.expect("the superuser")
}

/// The URL of a role of a service.
pub fn url(cluster: &Cluster, role: &str, database: &str) -> SecretString {
    format!("postgres://{role}:{PASSWORD}@127.0.0.1:{}/{database}", cluster.port()).into()
}

/// A service's migrations.
pub fn migrator(service: &str) -> &'static Migrator {
    match service {
        "people" => &bangfu_people::MIGRATOR,
        "followup" => &bangfu_followup::MIGRATOR,
        other => panic!("no service {other}"),
    }
}

/// One template a test binary: two binaries may run at once.
fn template(service: &str) -> String {
    format!("template_{service}_{}", std::process::id())
}

async fn drop_database(superuser: &mut PgConnection, name: &str) {
    run(superuser, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
}

async fn run(superuser: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(superuser).await.expect("a statement of the test's set-up");
}
