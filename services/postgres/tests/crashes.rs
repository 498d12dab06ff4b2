//! What is killed comes back with everything that was acknowledged.

use std::{
    fs,
    os::unix::{fs::MetadataExt, process::CommandExt},
    process::Command,
    time::Duration,
};

use bangfu_postgres::{Cluster, Error, Options};

use crate::ground::{Owner, ask, folder, lives, server, signal, tell, within};

#[tokio::test]
async fn a_killed_server_is_started_again_with_its_data() {
    let folder = folder();
    let first = Cluster::start(Options::kept(folder.path())).await.unwrap();
    tell(&first, "postgres", "CREATE TABLE fact (word text); INSERT INTO fact VALUES ('kept')").await;
    signal("KILL", server(folder.path()).unwrap());

    let second = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(!second.was_adopted());
    assert_eq!(ask(&second, "postgres", "SELECT word FROM fact").await, "kept");
    drop(first);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn owner_and_server_killed_together_are_no_obstacle() {
    let folder = folder();
    let owner = Owner::start("kept", folder.path());
    signal("KILL", server(folder.path()).unwrap());
    owner.kill();
    let cluster = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(!cluster.was_adopted());
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_pid_that_a_stranger_has_by_now_is_no_obstacle() {
    let folder = folder();
    let cluster = Cluster::start(Options::kept(folder.path())).await.unwrap();
    let (pid, file) = (server(folder.path()).unwrap(), folder.path().join("data/postmaster.pid"));
    signal("KILL", pid);
    within(Duration::from_secs(5), "the server is dead", || !lives(pid));
    drop(cluster);

    // A stranger of the server's own user: PostgreSQL by itself would take it for the server and refuse to start.
    let owner = fs::metadata(&file).unwrap();
    let mut command = Command::new("sleep");
    command.arg("60");
    if owner.uid() != fs::metadata("/proc/self").unwrap().uid() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let mut stranger = command.spawn().unwrap();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen(&pid.to_string(), &stranger.id().to_string(), 1)).unwrap();

    let cluster = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(!cluster.was_adopted());
    assert!(stranger.try_wait().unwrap().is_none(), "strangers are left alone");
    cluster.stop().await.unwrap();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn backends_that_outlive_their_server_are_waited_for() {
    let folder = folder();
    let first = Cluster::start(Options::kept(folder.path())).await.unwrap();
    // Busy, not sleeping: a sleeping backend notices the death of its server at once.
    let busy = "SELECT count(*)::text FROM generate_series(1, 20000) a, generate_series(1, 2000) b";
    let first = std::sync::Arc::new(first);
    let work = tokio::spawn({
        let first = first.clone();
        async move { ask(&first, "postgres", busy).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!work.is_finished(), "not busy enough to test anything");
    signal("KILL", server(folder.path()).unwrap());

    let second = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(!second.was_adopted());
    let log = fs::read_to_string(second.log()).unwrap();
    assert!(log.contains("pre-existing shared memory block"), "the backend was gone already: {log}");
    work.abort();
    drop(first);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn an_empty_pid_file_is_no_obstacle() {
    let folder = folder();
    Cluster::start(Options::test(folder.path())).await.unwrap().stop().await.unwrap();
    fs::write(folder.path().join("data/postmaster.pid"), "").unwrap();
    Cluster::start(Options::test(folder.path())).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let folder = folder();
    Cluster::start(Options::test(folder.path())).await.unwrap().stop().await.unwrap();
    fs::write(folder.path().join("data/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let error = Cluster::start(Options::test(folder.path())).await.unwrap_err();
    assert!(matches!(error, Error::NotStarted { .. }));
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    assert!(error.to_string().contains("postgres.log"), "{error}");
}

#[tokio::test]
async fn a_lost_password_is_named() {
    let folder = folder();
    Cluster::start(Options::test(folder.path())).await.unwrap().stop().await.unwrap();
    fs::write(folder.path().join("password"), "another").unwrap();
    let error = Cluster::start(Options::test(folder.path())).await.unwrap_err();
    assert!(matches!(error, Error::PasswordRefused { .. }), "{error}");
    fs::remove_file(folder.path().join("password")).unwrap();
    let error = Cluster::start(Options::test(folder.path())).await.unwrap_err();
    assert!(matches!(error, Error::PasswordMissing { .. }), "{error}");
}
