//! Keys, audit trails and retention from the terminal, over a process that is killed without mercy.

use std::{
    fs,
    ops::Range,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use bangfu::{
    client::{Client, keys, people, request_id},
    development::Development,
};
use bangfu_postgres::Options;
use bangfu_proto::people::v1::{
    KeyRotation, KeyRotationState as State, ListPeopleRequest, RevealPersonRequest, RosterRow, RosterStart,
    RotateKeyRequest,
};
use bangfu_testkit::{
    needles::{Needles, files},
    sample,
};
use sqlx::{Connection as _, PgConnection};

use crate::process::{BANGFU, Process, token};

const TOWNSHIP: &str = "320685102";
const ROWS: u32 = 3_000;

fn bangfu(process: &Process, role: &str, arguments: &[&str]) -> Output {
    Command::new(BANGFU)
        .args(arguments)
        .env("BANGFU_ENDPOINT", process.endpoint())
        .env("BANGFU_HOME", process.home())
        .env("BANGFU_TOKEN", token(&process.home(), role, None))
        .output()
        .expect("bangfu")
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn import(process: &Process, rows: u32) {
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    let rows: Vec<RosterRow> = (0..rows).map(|n| sample::row(n, i32::try_from(n).expect("few") + 2)).collect();
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    people::send(&clerk, start, rows).await.expect("imported");
}

/// Waits until some rows are sealed anew and some are not; `None`: it was done before anybody saw that.
async fn in_the_middle(bureau: &Client) -> Option<KeyRotation> {
    loop {
        let rotation = keys::get(bureau, TOWNSHIP).await.expect("a state");
        if rotation.state() == State::Done || (rotation.resealed > 0 && rotation.remaining == 0) {
            return None;
        }
        if rotation.resealed > 0 {
            return Some(rotation);
        }
    }
}

async fn done(process: &Process, number: i32) -> KeyRotation {
    let bureau = process.client("bureau", None).await;
    for _ in 0..600 {
        let rotation = keys::get(&bureau, TOWNSHIP).await.expect("a state");
        assert_eq!(rotation.key_number, number);
        if rotation.state() == State::Done {
            return rotation;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the change of keys does not come to its end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_keys_that_is_killed_goes_on_where_it_was_and_loses_nothing() {
    let mut process = Process::start();
    import(&process, ROWS).await;
    let mut killed = false;
    let mut number = 1;
    while !killed && number < 6 {
        let bureau = process.client("bureau", None).await;
        let request = RotateKeyRequest { request_id: request_id(), township: TOWNSHIP.to_owned() };
        number = bureau.people().rotate_key(request).await.expect("begun").into_inner().key_number;
        let middle = in_the_middle(&bureau).await;
        process.kill();
        process.start_again();
        let bureau = process.client("bureau", None).await;
        let rotation = keys::get(&bureau, TOWNSHIP).await.expect("a state");
        killed = middle.is_some() && rotation.finished_at.is_none();
        done(&process, number).await;
    }
    assert!(killed, "no kill came in time: the test has not tested anything");
    let clerk = process.client("clerk", Some(TOWNSHIP)).await;
    let everybody = people::everybody(&clerk, ListPeopleRequest::default()).await.expect("all of them open");
    assert_eq!(everybody.len(), ROWS as usize);
    let request = RevealPersonRequest { person_id: everybody[0].person_id.clone(), reason: "电话核实".to_owned() };
    let shown = clerk.people().reveal_person(request).await.expect("shown").into_inner();
    assert!((0..ROWS).any(|n| sample::id_number(n) == shown.id_number), "the number of somebody who was imported");

    let told = printed(&bangfu(&process, "bureau", &["keys", "rotate", "--township", TOWNSHIP]));
    assert!(told.contains("已完成 done") && told.contains("已公布 announced"), "{told}");
    let listed = printed(&bangfu(&process, "bureau", &["keys", "list"]));
    assert!(listed.contains("从未轮换 never changed") && listed.contains(&(number + 1).to_string()), "{listed}");
}

/// No file of a ground, the database's own included, holds names, numbers or phones.
fn nothing_tells_who_they_are(home: &Path, people: Range<u32>) {
    let needles = Needles::of(people, &[]);
    let planted = home.join("planted");
    fs::write(&planted, format!("…{}…", sample::phone(0))).expect("written");
    let places = files(home);
    assert!(places.iter().any(|file| file.ends_with("data/PG_VERSION")), "the database lies elsewhere");
    for place in places {
        let hits = needles.search(&fs::read(&place).expect("a file"));
        assert_eq!(hits.is_empty(), place != planted, "{}: {hits:?}", place.display());
    }
    fs::remove_file(planted).expect("gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_terminal_proves_audit_trails_and_says_where_one_was_tampered_with() {
    let mut process = Process::start();
    import(&process, 5).await;
    import(&process, 6).await;
    // A stop in order notes what the last calls left.
    process.terminate();
    nothing_tells_who_they_are(&process.home(), 0..6);
    process.start_again();
    let whole = printed(&bangfu(&process, "bureau", &["audit", "verify"]));
    assert!(whole.contains("完整 whole") && !whole.contains("no anchors"), "{whole}");

    let ground = Development::open(&process.home(), Options::kept).await.expect("the same ground");
    let mut superuser = PgConnection::connect(&ground.cluster().url("bangfu_people")).await.expect("the superuser");
    sqlx::query("DELETE FROM audit WHERE township = $1 AND seq > 1")
        .bind(TOWNSHIP)
        .execute(&mut superuser)
        .await
        .expect("cut off");
    superuser.close().await.expect("closed");
    let cut = bangfu(&process, "bureau", &["audit", "verify"]);
    let said = format!("{}{}", String::from_utf8_lossy(&cut.stdout), String::from_utf8_lossy(&cut.stderr));
    assert!(!cut.status.success(), "{said}");
    assert!(said.contains("日志止于第1条，曾有第3条"), "{said}");
    assert!(said.contains("1 个区镇的操作日志不完整"), "{said}");
    let only = printed(&bangfu(&process, "bureau", &["audit", "verify", "--township", "320685103"]));
    assert!(only.contains("完整 whole"), "{only}");
    let missing = bangfu(&process, "bureau", &["audit", "verify", "--anchors", "/nowhere/at/all"]);
    assert!(!missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("没有锚点文件"));

    let dry = printed(&bangfu(&process, "bureau", &["retention", "run", "--dry-run"]));
    assert!(dry.contains("已退出人员") && dry.contains("网络安全法") && dry.contains("试算"), "{dry}");
    let ran = printed(&bangfu(&process, "bureau", &["retention", "run", "--township", TOWNSHIP]));
    assert!(ran.contains("操作日志 audit trail") && !ran.contains("试算"), "{ran}");
    drop(ground);
}
