//! A process that has no file descriptors left.

use std::time::Duration;

use bangfu_proto::followup::v1::ListCoordinatorsRequest;
use bangfu_testkit::{City, DADONG};
use tokio::net::TcpStream;

use super::server::{Served, Wanted};
use crate::{row::Run, steps::until};

/// It leaves its listener alone for a while instead of asking again and again, serves whom it has, and takes in others as
/// soon as it can.
pub async fn a_server_without_descriptors_rests_and_recovers(run: Run) {
    let most = 80;
    let wanted = Wanted { descriptors: Some(most), opening: Duration::from_mins(10), ..Wanted::default() };
    let mut city = City::new().await;
    let served = Served::start(&mut city, wanted).await;
    let list = ListCoordinatorsRequest::default;
    let clerk = served.clerk(&city, "clerk-1", DADONG);
    clerk.followup().list_coordinators(list()).await.expect("served");
    run.fault("connections waiting for a descriptor", 0);
    for _ in 0..run.of(1, 5) {
        let mut silent = Vec::new();
        for _ in 0..2 * most {
            silent.push(TcpStream::connect(served.address).await.expect("a connection, or a place in the backlog"));
        }
        let all = usize::try_from(most).expect("few");
        until("it has no descriptor left", async || served.descriptors() >= all).await;
        run.fault("connections waiting for a descriptor", u64::from(most));
        // Asking again and again would take all of a core.
        let busy = served.busy(run.of(Duration::from_secs(3), Duration::from_secs(20))).await;
        run.count("percent of a core while exhausted, of all rounds together", busy);
        assert!(busy < run.of(10, 5), "{busy} % of a core for nothing (seed {})", run.seed());
        clerk.followup().list_coordinators(list()).await.expect("served on the connection it has");
        drop(silent);
        let others = served.clerk(&city, "clerk-2", DADONG);
        until("it takes in others", async || others.followup().list_coordinators(list()).await.is_ok()).await;
        run.count("recoveries", 1);
    }
    served.end().await;
    city.close().await;
}
