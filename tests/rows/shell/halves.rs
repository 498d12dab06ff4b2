//! Requests of which the beginning comes, and no more.

use bangfu_kernel::Role;
use bangfu_proto::people::v1::ListPeopleRequest;
use bangfu_testkit::{City, DADONG, LIBAO, reason};
use tokio::time::Duration;

use super::{
    frames::{DATA, END_HEADERS, HEADERS, Raw, call, frame},
    server::{Served, Wanted},
};
use crate::{row::Run, steps::until};

/// Calls that a connection has open at once; the server allows 200.
const STREAMS: u32 = 190;
/// The beginning of a message of a hundred bytes.
const BEGINNING: [u8; 8] = *b"\0\0\0\0\x64abc";
/// Every kind of call: short, long and of a stream of requests, and one that is answered with a stream.
const PATHS: [&str; 4] = [
    "/bangfu.people.v1.PeopleService/ListPeople",
    "/bangfu.people.v1.PeopleService/ImportRoster",
    "/bangfu.people.v1.PeopleService/WatchPeople",
    "/bangfu.followup.v1.FollowupService/RecordContact",
];

/// A connection with many calls whose requests are begun.
async fn begin(served: &Served, headers: &[u8]) -> Raw {
    let mut raw = Raw::connect(served.address).await;
    for n in 0..STREAMS {
        let stream = 2 * n + 1;
        let begun = [frame(HEADERS, END_HEADERS, stream, headers), frame(DATA, 0, stream, &BEGINNING)].concat();
        assert!(raw.send(&begun).await, "the connection is cut");
    }
    raw
}

/// Two townships begin as many calls as there is room for and say no more, on connections that live on: everybody is refused,
/// for as long as a next piece may be waited for and no longer.
pub async fn requests_that_are_begun_and_never_whole_give_their_places_back(run: Run) {
    let mut city = City::new().await;
    let wanted = Wanted { pause: run.of(Duration::from_secs(3), Wanted::default().pause), ..Wanted::default() };
    let served = Served::start(&mut city, wanted).await;
    let other = served.clerk(&city, "clerk-2", LIBAO);
    other.people().list_people(ListPeopleRequest::default()).await.expect("served");
    for path in PATHS.into_iter().take(run.of(2, PATHS.len())) {
        run.fault("requests begun and never whole", 0);
        run.fault("no room for anybody", 0);
        let headers =
            [DADONG, LIBAO].map(|township| call(path, &city.token("clerk-1", &[Role::Clerk], Some(township))));
        let mut halves = Vec::new();
        let asked = async || other.people().list_people(ListPeopleRequest::default()).await;
        // On a crowded machine the first of them may be given up before the last one is there.
        until("there is no room", async || {
            for headers in &headers {
                halves.push(begin(&served, headers).await);
                run.fault("requests begun and never whole", STREAMS.into());
            }
            asked().await.is_err_and(|refused| reason(&refused) == "OVERLOADED")
        })
        .await;
        run.fault("no room for anybody", 1);
        until("their places are given back", async || asked().await.is_ok()).await;
        for raw in halves {
            assert!(raw.end(Duration::from_millis(10)).await.is_none(), "the connections lived all the while");
        }
        run.count("kinds of calls", 1);
    }
    city.close().await;
}
