//! One cluster, one server, however many ask for it.

use bangfu_postgres::{Cluster, Ending, Error, Options};

use crate::ground::{ask, folder, lives, server};

#[tokio::test]
async fn a_second_start_adopts_and_the_last_to_leave_stops() {
    let folder = folder();
    let first = Cluster::start(Options::test(folder.path())).await.unwrap();
    let second = Cluster::start(Options::test(folder.path())).await.unwrap();
    assert_eq!((first.was_adopted(), second.was_adopted()), (false, true));
    assert_eq!(first.port(), second.port());

    let pid = server(folder.path()).unwrap();
    assert_eq!(first.stop().await.unwrap(), Ending::LeftToOthers);
    assert_eq!(ask(&second, "postgres", "SELECT 'still here'").await, "still here");
    assert_eq!(second.stop().await.unwrap(), Ending::Stopped);
    assert!(!lives(pid));
}

#[tokio::test]
async fn starts_at_the_same_moment_make_one_server() {
    let folder = folder();
    let starts = [(); 4].map(|()| tokio::spawn(Cluster::start(Options::test(folder.path()))));
    let mut clusters = Vec::new();
    for start in starts {
        clusters.push(start.await.unwrap().unwrap());
    }
    assert_eq!(clusters.iter().filter(|cluster| !cluster.was_adopted()).count(), 1);
    assert!(clusters.iter().all(|cluster| cluster.port() == clusters[0].port()));
    for cluster in clusters {
        cluster.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_stopped_cluster_starts_again_with_its_data() {
    let folder = folder();
    let cluster = Cluster::start(Options::test(folder.path())).await.unwrap();
    cluster.create_database("kept", None).await.unwrap();
    cluster.stop().await.unwrap();
    let cluster = Cluster::start(Options::test(folder.path())).await.unwrap();
    assert_eq!(ask(&cluster, "kept", "SELECT current_database()::text").await, "kept");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn data_made_for_tests_is_never_kept() {
    let folder = folder();
    Cluster::start(Options::test(folder.path())).await.unwrap().stop().await.unwrap();
    let refused = Cluster::start(Options::kept(folder.path())).await.unwrap_err();
    assert!(matches!(refused, Error::OtherDurability { made_for_tests: true, .. }), "{refused}");
}
