//! Measures on this machine: making a cluster, starting it, connecting, copying a database.

use std::{error::Error, time::Instant};

use bangfu_postgres::{Cluster, Options};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: figures FOLDER")?;
    for (kind, options) in
        [("kept", Options::kept(format!("{folder}/kept"))), ("test", Options::test(format!("{folder}/test")))]
    {
        let clock = Instant::now();
        let cluster = Cluster::start(options.clone()).await?;
        println!("{kind}: made and started in {:?}", clock.elapsed());
        let clock = Instant::now();
        cluster.stop().await?;
        println!("{kind}: stopped in {:?}", clock.elapsed());
        let clock = Instant::now();
        let cluster = Cluster::start(options.clone()).await?;
        println!("{kind}: started again in {:?}", clock.elapsed());
        let clock = Instant::now();
        let second = Cluster::start(options.clone()).await?;
        println!("{kind}: adopted in {:?}", clock.elapsed());
        second.stop().await?;

        cluster.create_database("pattern", None).await?;
        let clock = Instant::now();
        let mut connection = PgConnection::connect(&cluster.url("pattern")).await?;
        println!("{kind}: connected in {:?}", clock.elapsed());
        sqlx::raw_sql("CREATE TABLE t AS SELECT generate_series(1, 20000) AS n").execute(&mut connection).await?;
        connection.close().await?;
        let clock = Instant::now();
        for copy in 0..10 {
            cluster.create_database(&format!("copy_{copy}"), Some("pattern")).await?;
        }
        println!("{kind}: one copy in {:?}", clock.elapsed() / 10);
        let admin = cluster.url("postgres");
        let mut connection = PgConnection::connect(&admin).await?;
        for strategy in ["WAL_LOG", "FILE_COPY", "WAL_LOG", "FILE_COPY"] {
            let clock = Instant::now();
            for copy in 0..10 {
                let name = format!("{strategy}_{copy}_{}", clock.elapsed().as_nanos()).to_lowercase();
                let statement = format!("CREATE DATABASE {name} TEMPLATE pattern STRATEGY = {strategy}");
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
            }
            println!("{kind}: one copy by {strategy}, without connecting, in {:?}", clock.elapsed() / 10);
        }
        connection.close().await?;
        let clock = Instant::now();
        cluster.drop_database("copy_1").await?;
        println!("{kind}: dropped in {:?}", clock.elapsed());
        cluster.stop().await?;
    }
    Ok(())
}
