//! What becomes of the server when its owners go, one way or another.

use std::{
    io::{Read, Write},
    time::Duration,
};

use bangfu_postgres::{Cluster, Options};

use crate::ground::{Owner, folder, lives, server, within};

#[test]
fn a_test_server_dies_with_its_killed_owner() {
    let folder = folder();
    let owner = Owner::start("test", folder.path());
    let pid = server(folder.path()).unwrap();
    owner.kill();
    within(Duration::from_secs(5), "the server is gone", || !lives(pid));
}

#[test]
fn a_test_server_lives_as_long_as_its_last_owner() {
    let folder = folder();
    let (first, second) = (Owner::start("test", folder.path()), Owner::start("test", folder.path()));
    assert!(second.adopted);
    assert_eq!(first.port, second.port);
    let pid = server(folder.path()).unwrap();
    first.kill();
    std::thread::sleep(Duration::from_millis(500));
    assert!(lives(pid), "the second still uses it");
    second.kill();
    within(Duration::from_secs(5), "the server is gone", || !lives(pid));
}

#[tokio::test]
async fn a_start_beside_a_dying_test_server_gets_one_that_stays() {
    let folder = folder();
    for _ in 0..5 {
        Owner::start("test", folder.path()).kill();
        let cluster = Cluster::start(Options::test(folder.path())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(crate::ground::ask(&cluster, "postgres", "SELECT 'there'").await, "there");
        cluster.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_kept_server_outlives_its_killed_owner_and_is_adopted() {
    let folder = folder();
    let owner = Owner::start("kept", folder.path());
    let (port, pid) = (owner.port, server(folder.path()).unwrap());
    owner.kill();
    std::thread::sleep(Duration::from_millis(500));
    assert!(lives(pid));
    let cluster = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(cluster.was_adopted());
    assert_eq!(cluster.port(), port);
    cluster.stop().await.unwrap();
    assert!(!lives(pid));
}

#[test]
fn an_owner_that_ends_cleanly_stops_its_server() {
    let folder = folder();
    let owner = Owner::start("kept", folder.path());
    let pid = server(folder.path()).unwrap();
    owner.dismiss();
    assert!(!lives(pid));
}

/// Not a test: what the processes run that the tests above kill. It leaves cleanly when its standard input ends.
#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn owner_process() {
    let Ok(folder) = std::env::var("OWNER_FOLDER") else { return };
    let options = match std::env::var("OWNER_KIND").as_deref() {
        Ok("kept") => Options::kept(folder),
        _ => Options::test(folder),
    };
    let cluster = Cluster::start(options).await.unwrap();
    writeln!(std::io::stdout(), "owner: {} {}", cluster.port(), cluster.was_adopted()).unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cluster.stop().await.unwrap();
}
