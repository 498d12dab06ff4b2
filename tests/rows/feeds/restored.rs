//! A database is restored to what it was ten minutes ago. Its numbers will stand for other facts then.

use bangfu_kernel::Clock;
use bangfu_platform::{
    db::migrate::{self, Names, Stands},
    id,
};
use bangfu_proto::{
    common::v1::Cursor,
    people::v1::{EmploymentStatus, WatchPeopleRequest, watch_people_response::Item},
};
use bangfu_testkit::{City, DADONG, LIBAO, databases, reason, sample};

use sqlx::AssertSqlSafe;

use crate::{row::Run, steps::until};

/// The registry goes back to ten minutes ago and then goes on with other people, until the numbers that follow-up knows are
/// used again. `bangfu migrate people --restored` gives its feeds a new epoch: follow-up stops and says so, and does not take
/// one person for another; a watcher with its cursor of before is told FEED_EPOCH_CHANGED, and one from zero is served. When
/// somebody has compared both sides and said so (`bangfu migrate followup --registry-restored`), follow-up goes on from there
/// by itself.
pub async fn a_restore_to_ten_minutes_ago_stops_consumers_and_says_so(run: Run) {
    for round in 0..run.of(1, 10) {
        restored(&run, round % 2 == 1).await;
    }
}

async fn restored(run: &Run, beyond: bool) {
    let mut city = City::new().await;
    run.fault("restored", 0);
    run.fault("consumers told FEED_EPOCH_CHANGED", 0);
    register(&city, 0..3).await;
    city.settle().await;
    city.stop().await;
    let (people, backup) = (city.database("people").to_owned(), format!("{}_backup", city.database("people")));
    copy(&people, &backup).await;

    // Ten minutes: more people, of whom follow-up hears and a consumer has a cursor.
    let plan = city.plan().await;
    city.start(plan).await;
    register(&city, 3..6).await;
    city.settle().await;
    let (epoch, seq) = position(&city, DADONG).await;
    let cursor = Cursor { township: DADONG.to_owned(), epoch, seq };
    city.stop().await;

    databases::drop(&people).await;
    copy(&backup, &people).await;
    databases::drop(&backup).await;
    let owner = databases::url(databases::cluster().await, &Names::of("people").owner, &people);
    let feeds = migrate::restored(&owner, id::new(&Clock::system())).await.expect("a new epoch");
    assert_eq!(feeds.len(), 2, "two townships");
    run.fault("restored", 1);

    let plan = city.plan().await;
    city.start(plan).await;
    // Others now: as many as before, or more; their numbers are those that were told of somebody else.
    register(&city, 10..if beyond { 16 } else { 12 }).await;
    let other = city.clerk(LIBAO).people().register_person(sample::person(90)).await.expect("registered");
    drop(other);
    let clerk = city.clerk(DADONG);
    let with = |cursors| WatchPeopleRequest { cursors, ..Default::default() };
    let refused = clerk.people().watch_people(with(vec![cursor.clone()])).await.expect_err("another epoch");
    assert_eq!(reason(&refused), "FEED_EPOCH_CHANGED", "seed {}", run.seed());
    run.fault("consumers told FEED_EPOCH_CHANGED", 1);
    let mut stream = clerk.people().watch_people(WatchPeopleRequest::default()).await.expect("from zero").into_inner();
    let mut served = 0;
    let bookmark = loop {
        match stream.message().await.expect("a message").expect("no end").item.expect("an item") {
            Item::Event(_) => served += 1,
            Item::Bookmark(bookmark) => break bookmark.cursor.expect("a cursor"),
        }
    };
    assert_eq!(bookmark.seq, served, "all of it");
    assert_ne!(bookmark.epoch, cursor.epoch);

    // Both townships stopped, for both feeds are of the store that was restored; nothing was applied.
    let before = known(&city).await;
    assert_eq!(before.len(), 6, "those of the ten minutes are known still, and nobody else");
    assert_eq!(position(&city, DADONG).await, (cursor.epoch.clone(), cursor.seq), "it has stopped");
    goes_on(&city, LIBAO, &feeds).await;
    until("LIBAO goes on, once somebody has looked", async || {
        let (epoch, seq) = position(&city, LIBAO).await;
        (epoch, seq) == (bookmark.epoch.clone(), 2)
    })
    .await;
    assert_eq!(position(&city, DADONG).await, (cursor.epoch.clone(), cursor.seq), "nobody has looked at this one");
    // Compared: the first three are the same on both sides.
    goes_on(&city, DADONG, &feeds).await;
    until("DADONG goes on", async || position(&city, DADONG).await == (bookmark.epoch.clone(), bookmark.seq)).await;
    let now = known(&city).await;
    assert!(before.iter().all(|person| now.contains(person)), "nobody was taken for somebody else");
    run.count("people registered after a restore", (now.len() - before.len()) as u64);
    city.close().await;
}

async fn register(city: &City, people: std::ops::Range<u32>) {
    let clerk = city.clerk(DADONG);
    for n in people {
        let request = sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05");
        clerk.people().register_person(request).await.expect("registered");
    }
}

/// A copy of a database that nobody uses.
async fn copy(from: &str, to: &str) {
    let cluster = databases::cluster().await;
    cluster.create_database(to, Some(from)).await.expect("a copy");
    let mut superuser = databases::superuser("postgres").await;
    let names = Names::of("people");
    let owned = format!("ALTER DATABASE {to} OWNER TO {}", names.owner);
    sqlx::raw_sql(AssertSqlSafe(owned)).execute(&mut superuser).await.expect("the owner's");
    migrate::close_to_others(&mut superuser, to, &names).await.expect("closed to others");
}

async fn position(city: &City, township: &str) -> (String, i64) {
    sqlx::query_as("SELECT epoch, seq FROM township WHERE township = $1")
        .bind(township)
        .fetch_one(&mut city.look("followup").await)
        .await
        .expect("a position")
}

/// `bangfu migrate followup --registry-restored`, for one township.
async fn goes_on(city: &City, township: &str, feeds: &[Stands]) {
    let of_one: Vec<_> = feeds.iter().filter(|feed| feed.township == township).cloned().collect();
    let (owner, database) = (Names::of("followup").owner, city.database("followup"));
    let mut superuser = databases::superuser("postgres").await;
    // A database of a test is the superuser's.
    let owned = format!("ALTER DATABASE {database} OWNER TO {owner}");
    sqlx::raw_sql(AssertSqlSafe(owned)).execute(&mut superuser).await.expect("the owner's");
    let owner = databases::url(databases::cluster().await, &owner, database);
    assert_eq!(bangfu_followup::registry_restored(&owner, &of_one).await.expect("set"), 1);
}

async fn known(city: &City) -> Vec<String> {
    sqlx::query_scalar("SELECT person_id::text FROM subject WHERE township = $1 ORDER BY 1")
        .bind(DADONG)
        .fetch_all(&mut city.look("followup").await)
        .await
        .expect("subjects")
}
