//! A new cluster answers, and is what it is promised to be.

use std::os::unix::fs::PermissionsExt;

use bangfu_postgres::{Cluster, Ending, Options};
use sqlx::{Connection, PgConnection};

use crate::ground::{ask, folder, lives, server};

#[tokio::test]
async fn a_kept_cluster_is_durable_checked_and_behind_a_password() {
    let folder = folder();
    let cluster = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(!cluster.was_adopted());

    for (setting, value) in [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ] {
        assert_eq!(ask(&cluster, "postgres", &format!("SHOW {setting}")).await, value, "{setting}");
    }
    let methods = "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules";
    assert_eq!(ask(&cluster, "postgres", methods).await, "scram-sha-256");

    let mode = std::fs::metadata(folder.path().join("password")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let wrong = cluster.url("postgres").replace(cluster.password(), "guess");
    assert!(PgConnection::connect(&wrong).await.is_err());

    let pid = server(folder.path()).unwrap();
    assert_eq!(cluster.stop().await.unwrap(), Ending::Stopped);
    assert!(!lives(pid));
}

#[tokio::test]
async fn a_test_cluster_does_not_sync() {
    let folder = folder();
    let cluster = Cluster::start(Options::test(folder.path())).await.unwrap();
    assert_eq!(ask(&cluster, "postgres", "SHOW fsync").await, "off");
    cluster.stop().await.unwrap();
}
