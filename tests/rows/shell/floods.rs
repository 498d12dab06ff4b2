//! Floods of HTTP/2 frames: the server ends the connection or bears it, without growing, and serves everybody else.

use std::time::Duration;

use bangfu_kernel::Role;
use bangfu_proto::followup::v1::ListCoordinatorsRequest;
use bangfu_testkit::{City, DADONG};

use super::{
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, Raw, SETTINGS, WINDOW_UPDATE, call,
        frame, header,
    },
    server::{Served, Wanted},
};
use crate::row::Run;

const LIST: &str = "/bangfu.followup.v1.FollowupService/ListCoordinators";
/// An empty message.
const EMPTY: [u8; 5] = [0; 5];
/// Frames sent at once.
const TOGETHER: u32 = 50;

/// One flood: its name, the frames that begin it, the n-th of those that make it, and whether it is to end the connection.
struct Flood {
    name: &'static str,
    begin: Vec<u8>,
    nth: Box<dyn Fn(u32) -> Vec<u8>>,
    ends: bool,
}

/// Calls opened and given up at once, headers without end, data without content, settings and pings without number.
pub async fn floods_are_ended_or_borne_while_others_are_served(run: Run) {
    let mut city = City::new().await;
    let served = Served::start(&mut city, Wanted::default()).await;
    let clerk = served.clerk(&city, "clerk-1", DADONG);
    let list = async || clerk.followup().list_coordinators(ListCoordinatorsRequest::default()).await;
    list().await.expect("served");
    let token = city.token("clerk-2", &[Role::Clerk], Some(DADONG));
    let many = run.of(5_000, 100_000);
    for flood in floods(&token) {
        run.fault(flood.name, 0);
        let before = served.forget_memory();
        let mut raw = Raw::connect(served.address).await;
        raw.send(&flood.begin).await;
        let (mut sent, mut open) = (0, true);
        while open && sent < many {
            let frames: Vec<u8> = (sent..sent + TOGETHER).flat_map(&flood.nth).collect();
            open = raw.send(&frames).await;
            sent += TOGETHER;
            if sent % (TOGETHER * 20) == 0 {
                list().await.unwrap_or_else(|status| panic!("{}: {status:?} (seed {})", flood.name, run.seed()));
                run.count("calls meanwhile", 1);
            }
        }
        list().await.unwrap_or_else(|status| panic!("{}: {status:?} (seed {})", flood.name, run.seed()));
        run.count("calls meanwhile", 1);
        let heard = raw.end(if flood.ends { Duration::from_secs(20) } else { Duration::from_millis(200) }).await;
        run.fault(flood.name, u64::from(sent));
        if flood.ends {
            let heard = heard.unwrap_or_else(|| panic!("{}: the connection is kept (seed {})", flood.name, run.seed()));
            run.count("connections ended", 1);
            // Seldom seen where the server's last word is lost in a reset.
            run.count("connections ended with ENHANCE_YOUR_CALM", u64::from(heard.goaway == Some(11)));
        }
        let grown = served.most_memory().saturating_sub(before) / 1024;
        run.count(&format!("MiB grown by: {}", flood.name), grown);
        assert!(grown < 32, "{}: {grown} MiB (seed {})", flood.name, run.seed());
        let idle = tokio::time::timeout(Duration::from_secs(30), async {
            while served.busy(Duration::from_millis(500)).await > 20 {}
        });
        idle.await.unwrap_or_else(|_| panic!("{}: it works on for nobody (seed {})", flood.name, run.seed()));
    }
    served.end().await;
    city.close().await;
}

fn floods(token: &str) -> Vec<Flood> {
    let headers = call(LIST, token);
    let begin = frame(HEADERS, END_HEADERS, 1, &headers);
    // A call, more of it or nothing, and its end.
    let given_up = |with: fn(u32) -> Vec<u8>| {
        let headers = headers.clone();
        move |n: u32| {
            let stream = 2 * n + 1;
            let opened = frame(HEADERS, END_HEADERS, stream, &headers);
            [opened, with(stream), frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
        }
    };
    // A kilobyte of headers a frame.
    let more: Vec<u8> = (0..16).flat_map(|_| header("x-more", &"x".repeat(50))).collect();
    let endless = frame(CONTINUATION, 0, 1, &more);
    vec![
        Flood {
            name: "calls given up before they are whole",
            begin: Vec::new(),
            nth: Box::new(given_up(|_| Vec::new())),
            ends: true,
        },
        Flood {
            name: "calls given up when they are whole",
            begin: Vec::new(),
            nth: Box::new(given_up(|stream| frame(DATA, END_STREAM, stream, &EMPTY))),
            ends: true,
        },
        Flood {
            name: "headers without end",
            begin: frame(HEADERS, 0, 1, &headers),
            nth: Box::new(move |_| endless.clone()),
            ends: true,
        },
        Flood {
            name: "data without content",
            begin: begin.clone(),
            nth: Box::new(|_| frame(DATA, 0, 1, &[])),
            ends: true,
        },
        Flood {
            name: "data without content but for its padding",
            begin,
            nth: Box::new(|_| frame(DATA, 8, 1, &[0])),
            ends: true,
        },
        Flood { name: "settings", begin: Vec::new(), nth: Box::new(|_| frame(SETTINGS, 0, 0, &[])), ends: false },
        Flood { name: "pings", begin: Vec::new(), nth: Box::new(|_| frame(PING, 0, 0, &[0; 8])), ends: false },
        Flood {
            name: "window updates",
            begin: Vec::new(),
            nth: Box::new(|_| frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
            ends: false,
        },
    ]
}
