//! Databases are made, copied and dropped.

use std::time::Instant;

use bangfu_postgres::{Cluster, Options};

use crate::ground::{ask, folder, tell};

#[tokio::test]
async fn a_copy_has_what_its_template_had() {
    let folder = folder();
    let cluster = Cluster::start(Options::test(folder.path())).await.unwrap();
    cluster.create_database("pattern", None).await.unwrap();
    tell(&cluster, "pattern", "CREATE TABLE word (said text); INSERT INTO word VALUES ('海人社')").await;

    let begun = Instant::now();
    for copy in 0..5 {
        cluster.create_database(&format!("copy \"{copy}\""), Some("pattern")).await.unwrap();
    }
    println!("one copy: {:?}", begun.elapsed() / 5);
    assert_eq!(ask(&cluster, "copy \"3\"", "SELECT said FROM word").await, "海人社");

    cluster.create_database("pattern", None).await.expect_err("it exists");
    cluster.drop_database("pattern").await.unwrap();
    cluster.drop_database("pattern").await.expect("what is gone already is as wanted");
    let left = "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'copy%' OR datname = 'pattern'";
    assert_eq!(ask(&cluster, "postgres", left).await, "5");
    cluster.stop().await.unwrap();
}
