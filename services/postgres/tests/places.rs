//! Where a cluster lives when the server's user cannot enter the folder asked for.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use bangfu_postgres::{Cluster, Options};

use crate::ground::folder;

#[tokio::test]
async fn a_closed_folder_is_replaced_as_root_and_used_by_its_owner() {
    let folder = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    let asked = folder.path().join("deep/cluster");
    let cluster = Cluster::start(Options::test(&asked)).await.unwrap();
    let place = cluster.folder().to_owned();
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        assert!(place.starts_with("/var/lib/bangfu"), "{}", place.display());
        let again = Cluster::start(Options::test(&asked)).await.unwrap();
        assert!(again.was_adopted(), "the same path leads to the same place");
        again.stop().await.unwrap();
    } else {
        assert!(place.ends_with("deep/cluster"), "{}", place.display());
    }
    cluster.stop().await.unwrap();
    fs::remove_dir_all(place).unwrap();
}
