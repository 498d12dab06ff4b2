//! Runs a command beside a private PostgreSQL that holds the databases of all services, made from their migrations:
//! `cargo run -p bangfu-postgres --example with_databases -- COMMAND ARGUMENT…`. The command finds them in
//! `PLATFORM_DATABASE_URL`, `PEOPLE_DATABASE_URL`, `FOLLOWUP_DATABASE_URL`. Everything ends with the command.
//!
//! It depends on no other crate of the workspace, for it makes the data that they need to be compiled.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
};

use bangfu_postgres::{Cluster, Options};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, migrate::Migrator};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let folder = tempfile::tempdir()?;
    let cluster = Cluster::start(Options::test(folder.path().join("cluster"))).await?;
    let ended = with(&cluster).await;
    cluster.stop().await?;
    ended
}

async fn with(cluster: &Cluster) -> Result<ExitCode, Failure> {
    let mut arguments = env::args_os().skip(1);
    let mut command = Command::new(arguments.next().ok_or("no command given")?);
    command.args(arguments);
    for service in ["platform", "people", "followup"] {
        make(cluster, service).await?;
        command.env(format!("{}_DATABASE_URL", service.to_uppercase()), cluster.url(service));
    }
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// One service's database: its roles, the shared ground, its own migrations.
async fn make(cluster: &Cluster, service: &str) -> Result<(), Failure> {
    let mut superuser = PgConnection::connect(&cluster.url("postgres")).await?;
    for role in ["owner", "service", "city"] {
        run(&mut superuser, format!("CREATE ROLE bangfu_{service}_{role} LOGIN")).await?;
    }
    run(&mut superuser, format!("CREATE DATABASE {service} OWNER bangfu_{service}_owner")).await?;
    superuser.close().await?;

    // Asked for as it runs: a build shared by several checkouts would remember another one.
    let here = env::var("CARGO_MANIFEST_DIR")?;
    let services = Path::new(&here).parent().ok_or("no folder above")?;
    let mut owner = PgConnection::connect(&cluster.url(service)).await?;
    run(&mut owner, format!("SET SESSION AUTHORIZATION bangfu_{service}_owner")).await?;
    let mut ground = Migrator::new(services.join("platform/migrations")).await?;
    ground.dangerous_set_table_name("ground_migration");
    ground.run(&mut owner).await?;
    if service != "platform" {
        Migrator::new(services.join(service).join("migrations")).await?.run(&mut owner).await?;
    }
    owner.close().await?;
    Ok(())
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
