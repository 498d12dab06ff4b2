//! A start killed half way leaves nothing that looks whole.

use std::{fs, time::Duration};

use bangfu_postgres::{Cluster, Error, Options};

use crate::ground::{Owner, folder, named, within};

#[tokio::test]
async fn a_killed_initdb_leaves_no_cluster_and_no_obstacle() {
    let folder = folder();
    let mut owner = Owner::spawn("kept", folder.path());
    within(Duration::from_secs(10), "initdb is at work", || {
        named(folder.path(), "half-made-").iter().any(|half| half.join("data/PG_VERSION").exists())
    });
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(!folder.path().join("data").exists(), "data appears when it is whole");

    // At once, with the orphaned initdb perhaps still writing.
    let cluster = Cluster::start(Options::kept(folder.path())).await.unwrap();
    assert!(!cluster.was_adopted());
    cluster.stop().await.unwrap();
    Cluster::start(Options::kept(folder.path())).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_of_something_else_is_left_alone() {
    let folder = folder();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/thesis.txt"), "mine").unwrap();
    let error = Cluster::start(Options::kept(folder.path())).await.unwrap_err();
    assert!(matches!(error, Error::NotACluster { .. }), "{error}");
    assert!(folder.path().join("data/thesis.txt").exists());
}
