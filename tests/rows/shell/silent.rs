//! Connections that say nothing.

use std::{io::ErrorKind, time::Duration};

use bangfu_proto::followup::v1::ListCoordinatorsRequest;
use bangfu_testkit::{City, DADONG};
use futures::{StreamExt as _, stream};
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};

use super::server::{Served, Wanted};
use crate::{row::Run, steps::until};

/// Connections that a flood opens at once.
const TOGETHER: usize = 64;
/// More than there is room for.
const TOO_MANY: usize = 40;

/// They take every place but one and are closed when their time is over; those beyond are closed at once; whoever has a
/// connection is served all the while.
pub async fn silent_connections_leave_room_for_others_and_give_their_places_back(run: Run) {
    raise_descriptors().await;
    let many: usize = run.of(500, 10_000);
    let opening = run.of(Duration::from_secs(6), Duration::from_mins(1));
    let mut city = City::new().await;
    let served = Served::start(&mut city, Wanted { connections: many + 1, opening, ..Wanted::default() }).await;
    let clerk = served.clerk(&city, "clerk-1", DADONG);
    let list = async || clerk.followup().list_coordinators(ListCoordinatorsRequest::default()).await;
    list().await.expect("served");
    run.fault("silent connections that the server holds", 0);
    run.fault("connections beyond its limit", 0);

    let before = served.descriptors();
    let mut silent = open(&served, many).await;
    until("the server holds them all", async || served.descriptors() >= before + many).await;
    run.fault("silent connections that the server holds", u64::try_from(many).expect("not so many"));
    for mut beyond in open(&served, TOO_MANY).await {
        closed(&mut beyond).await;
        run.fault("connections beyond its limit", 1);
    }
    let first = silent.first_mut().expect("one");
    let mut byte = [0];
    let still = first.try_read(&mut byte).expect_err("the first is still open when those beyond are closed");
    assert_eq!(still.kind(), ErrorKind::WouldBlock, "seed {}", run.seed());
    for _ in 0..run.of(20, 500) {
        list().await.expect("served among the silent");
        run.count("calls meanwhile", 1);
    }
    let ends = stream::iter(&mut silent).for_each_concurrent(None, closed);
    timeout(opening * 3 + Duration::from_mins(1), ends).await.expect("the server closes them when their time is over");
    until("their descriptors are given back", async || served.descriptors() < before + TOO_MANY).await;
    let others = served.clerk(&city, "clerk-2", DADONG);
    others.followup().list_coordinators(ListCoordinatorsRequest::default()).await.expect("there is room again");
    let again = open(&served, many / 10).await;
    until("their places, too", async || served.descriptors() >= before + many / 10).await;
    drop(again);
    list().await.expect("served afterwards");
    served.end().await;
    city.close().await;
}

async fn open(served: &Served, many: usize) -> Vec<TcpStream> {
    let opening = stream::iter(0..many).map(|_| TcpStream::connect(served.address)).buffer_unordered(TOGETHER);
    opening.map(|connected| connected.expect("a connection")).collect().await
}

async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A reset is a way of closing.
    let _reset = stream.read_to_end(&mut rest).await;
}

/// As many descriptors for this process as it may have: each connection takes one here, too.
async fn raise_descriptors() {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let most = line.split_whitespace().nth(4).expect("a hard limit");
    let mut raise = tokio::process::Command::new("prlimit");
    raise.arg(format!("--pid={}", std::process::id())).arg(format!("--nofile={most}:{most}"));
    assert!(raise.status().await.expect("prlimit").success());
}
