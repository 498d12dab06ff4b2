//! Who the people are stands in the registry's ciphertext and in the answers to whoever may see it, and nowhere else; and no
//! error tells of the inside.

mod errors;
pub(crate) mod life;
mod texts;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bangfu_proto::ACCESS;
use bangfu_testkit::{
    databases,
    needles::{Needles, files},
};

pub use self::{
    errors::no_error_tells_of_the_inside, texts::numbers_of_people_are_refused_in_every_text_that_is_stored_as_it_is,
};
use crate::{child, collector::Collector, row::Run, steps::until};

/// What is put into every place on purpose: nobody's name, number and phone.
const PLANTED: [&str; 3] = ["植入样张零", "11010119900307889X", "13955556666"];

/// Sample people of the scene, of `asks`, and of the life.
fn sample_people() -> impl Iterator<Item = u32> {
    (0..30).chain([356, 692]).chain(700..712).chain(2_000..2_060)
}

/// Sample people pass through every RPC, by every role that may; calls fail in every way; then a search of everything that
/// was said or written, in every form in which it could stand there.
pub async fn a_life_that_touches_every_rpc_leaves_nothing_of_its_people_outside_the_ciphertext(run: Run) {
    let home = tempfile::Builder::new().prefix("bangfu-test-").tempdir().expect("a folder");
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).expect("open to all");
    let folder = home.path().join("places");
    fs::create_dir(&folder).expect("a folder");
    let (collector, traces) = Collector::start().await;
    let metrics = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port");
    let mut life = child::command("a small life");
    if run.of(false, true) {
        life.env(life::LONG, "1");
    }
    let ended = life
        .env(child::TRACES, format!("http://{traces}"))
        .env(child::METRICS, metrics.to_string())
        .env(databases::FOLDER, home.path().join("cluster"))
        .env(life::PLACES, &folder)
        .output()
        .await
        .expect("it ran");
    let log = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&log);
    let tail: String = said.lines().rev().filter(|line| !line.starts_with('{')).take(30).collect::<Vec<_>>().join("\n");
    assert!(ended.status.success() && said.contains("the life was lived"), "{tail}");
    assert!(said.contains(r#""level":"TRACE""#), "everything is logged");
    let lines = |begins: &'static str| said.lines().filter_map(move |line| line.strip_prefix(begins));
    let answered: BTreeSet<_> = lines("answered ").collect();
    let asked: BTreeSet<_> = lines("asked ").chain(lines("answered ")).collect();
    for rule in ACCESS {
        assert!(asked.contains(rule.path), "{} was never called", rule.path);
    }
    run.count("RPCs called", asked.len() as u64);
    run.count("RPCs that answered OK", answered.len() as u64);

    let mut places: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    places.insert("spans".to_owned(), vec![collector.bytes()]);
    for file in files(&folder) {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        places.entry(name).or_default().push(fs::read(&file).expect("a place"));
    }
    let cluster = said.lines().find_map(|line| line.strip_prefix("the cluster lies in ")).expect("a folder");
    let (cluster, pid) = (PathBuf::from(cluster), PathBuf::from(cluster).join("data/postmaster.pid"));
    until("the cluster has stopped", async || !pid.exists()).await;
    for file in files(&cluster) {
        places.entry(on_disk(&cluster, &file).to_owned()).or_default().push(fs::read(&file).expect("a file"));
    }
    drop(said);
    places.insert("log, stderr and panics".to_owned(), vec![without_durations(&log)]);
    search(&run, &places);
}

/// The driver logs how long each statement took with nine digits: among so many, eight of them are somebody's one day.
fn without_durations(log: &[u8]) -> Vec<u8> {
    const KEY: &[u8] = b"\"elapsed_secs\":";
    let mut kept = Vec::with_capacity(log.len());
    let mut within = false;
    for (at, byte) in log.iter().enumerate() {
        within = log[..at].ends_with(KEY) || within && (byte.is_ascii_digit() || b".e-+".contains(byte));
        if !within {
            kept.push(*byte);
        }
    }
    kept
}

/// The places that there have to be.
const KINDS: [&str; 18] = [
    "answers",
    "audit trail",
    "data files",
    "dump of follow-up",
    "dump of people",
    "errors",
    "events",
    "feeds",
    "files of the cluster",
    "headers and trailers",
    "log, stderr and panics",
    "metrics",
    "page tokens",
    "request store",
    "revealed",
    "server log",
    "spans",
    "write-ahead log",
];

/// Where nothing can be planted: nothing of ours is said there that could be anything but ids.
const NOT_PLANTED: [&str; 5] = ["answers", "feeds", "page tokens", "revealed", "files of the cluster"];

fn search(run: &Run, places: &BTreeMap<String, Vec<Vec<u8>>>) {
    let (secret, planted) =
        (Needles::of(sample_people(), &["样例路七号", "样例备注甲乙丙"]), Needles::of([], &PLANTED));
    run.count("needles", secret.count() as u64);
    let mut leaks = Vec::new();
    for kind in KINDS {
        let all = places.get(kind).unwrap_or_else(|| panic!("nothing in {kind}"));
        let bytes: usize = all.iter().map(Vec::len).sum();
        run.count("places", all.len() as u64);
        run.count("bytes", bytes as u64);
        run.count(&format!("bytes of {kind}"), bytes as u64);
        let hits: Vec<_> = all.iter().flat_map(|place| secret.search(place)).collect();
        let found = all.iter().map(|place| planted.search(place).len()).sum::<usize>() as u64;
        if kind == "revealed" {
            run.fault("revealed to whoever gives a reason", hits.len() as u64);
            continue;
        }
        if !NOT_PLANTED.contains(&kind) {
            run.fault(&format!("planted in {kind}"), found);
        }
        leaks.extend(hits.into_iter().map(|hit| format!("{kind}: {hit:?}")));
    }
    for kind in places.keys() {
        assert!(KINDS.contains(&kind.as_str()), "nobody searches {kind}");
    }
    run.count("hits", leaks.len() as u64);
    assert!(leaks.is_empty(), "{} hits (seed {}): {:#?}", leaks.len(), run.seed(), &leaks[..leaks.len().min(12)]);
}

/// The kind of a file of a cluster.
fn on_disk(cluster: &Path, file: &Path) -> &'static str {
    let within = file.strip_prefix(cluster).unwrap_or(file);
    if within.starts_with("data/base") || within.starts_with("data/global") {
        "data files"
    } else if within.starts_with("data/pg_wal") {
        "write-ahead log"
    } else if within == Path::new("postgres.log") {
        "server log"
    } else {
        "files of the cluster"
    }
}
