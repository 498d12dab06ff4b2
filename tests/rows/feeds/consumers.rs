//! Consumers that are killed at every await.

use bangfu_kernel::{Error, Role};
use bangfu_platform::{
    db::{Db, fault},
    feed::{Position, next_in_order},
    peers::{Peer, PeerSettings, TokenSource},
};
use bangfu_proto::common::v1::Cursor;
use bangfu_testkit::{City, DADONG, sample};
use tokio_stream::StreamExt as _;
use uuid::Uuid;

use super::{
    recording::Tag,
    stage::{Stage, forever, killed_after, permit, watch},
};
use crate::row::Run;

/// A consumer that stores effect and cursor in one transaction, whenever a bookmark comes, is dropped after its first poll,
/// after its second, and so on until it comes to its end: it has each event once, and never half of a unit.
pub async fn a_consumer_killed_at_every_await_has_each_event_once_and_never_half_a_unit(run: Run) {
    let stage = Stage::new().await;
    begin(&stage).await.expect("it begins");
    let mut chance = run.chance(0);
    run.fault("consumer dropped at an await", 0);
    let (mut number, mut most) = (0, 0);
    for _ in 0..run.of(3, 40) {
        // How often it has to be polled varies by some: it has come to its end when it has done so several times.
        let mut ends = 0;
        for polls in 1.. {
            number += 1;
            stage.told(number, 0, 1 + u32::try_from(chance.below(3)).expect("small")).await;
            let head = stage.head().await;
            // Sessions that a death has closed are opened again, so that the next one dies elsewhere.
            let warm = [position(&stage.db), position(&stage.db), position(&stage.db)];
            futures::future::try_join_all(warm).await.expect("sessions");
            match killed_after(polls, consume(&stage.db, head)).await {
                Some(consumed) => {
                    consumed.expect("it goes on after each death");
                    ends += 1;
                }
                None => run.fault("consumer dropped at an await", 1),
            }
            proven(&stage, &format!("after {polls} polls (seed {})", run.seed())).await;
            most = most.max(polls);
            if ends == 3 {
                break;
            }
        }
    }
    let head = stage.head().await;
    consume(&stage.db, head).await.expect("it goes on to the end");
    assert_eq!(proven(&stage, "at the end").await, head, "seed {}", run.seed());
    run.count("polls at most", most.into());
    run.count("events", u64::try_from(head).expect("positive"));
    stage.end().await;
}

async fn begin(stage: &Stage) -> Result<(), Error> {
    let mut tx = stage.unit().await;
    sqlx::query("INSERT INTO township (township, name, epoch, seq) VALUES ($1, '', '', 0)")
        .bind(DADONG)
        .execute(&mut tx)
        .await
        .map_err(fault)?;
    tx.commit().await
}

/// Consumes up to an event.
async fn consume(db: &Db, until: i64) -> Result<(), Error> {
    let Position { epoch, seq } = position(db).await?;
    let after = Cursor { township: DADONG.to_owned(), epoch, seq };
    let mut stream = watch(db, Some(after), false, forever()).await?;
    let mut taken = Vec::new();
    while let Some(told) = stream.next().await {
        match told.expect("nothing ends it") {
            (cursor, Some(tag)) => taken.push((cursor, tag)),
            (cursor, None) => {
                apply(db, &std::mem::take(&mut taken)).await?;
                if cursor.seq >= until {
                    return Ok(());
                }
            }
        }
    }
    Err(Error::internal("the watch ended"))
}

async fn position(db: &Db) -> Result<Position, Error> {
    let mut tx = db.township(&permit(Some(DADONG))).await?;
    let (epoch, seq) = sqlx::query_as("SELECT epoch, seq FROM township WHERE township = $1")
        .bind(DADONG)
        .fetch_one(&mut tx)
        .await
        .map_err(fault)?;
    tx.commit().await?;
    Ok(Position { epoch, seq })
}

/// The effect of an event: a row. It cannot be there twice.
async fn apply(db: &Db, events: &[(Cursor, Tag)]) -> Result<(), Error> {
    let mut tx = db.township(&permit(Some(DADONG))).await?;
    let (epoch, seq) = sqlx::query_as("SELECT epoch, seq FROM township WHERE township = $1 FOR UPDATE")
        .bind(DADONG)
        .fetch_one(&mut tx)
        .await
        .map_err(fault)?;
    let (mut last, mut effects) = (Position { epoch, seq }, Vec::new());
    for (cursor, tag) in events {
        if next_in_order(&last, cursor)? {
            effects.push(id(*tag));
            last = Position { epoch: cursor.epoch.clone(), seq: cursor.seq };
        }
    }
    let effect = "INSERT INTO request (township, request_id, method, fingerprint, created_at)
                  SELECT $1, id, 'effect', '', now() FROM UNNEST($2::uuid[]) AS e (id)";
    sqlx::query(effect).bind(DADONG).bind(&effects).execute(&mut tx).await.map_err(fault)?;
    sqlx::query("UPDATE township SET epoch = $2, seq = $3 WHERE township = $1")
        .bind(DADONG)
        .bind(&last.epoch)
        .bind(last.seq)
        .execute(&mut tx)
        .await
        .map_err(fault)?;
    tx.commit().await
}

fn id(tag: Tag) -> Uuid {
    let Tag { writer, unit, index, of } = tag;
    Uuid::from_u128([writer, unit, index, of].into_iter().fold(0, |id, part| id << 32 | u128::from(part)))
}

/// The effects are those of the events up to the cursor, and there is no half of a unit; where the cursor stands.
async fn proven(stage: &Stage, when: &str) -> i64 {
    let mut look = stage.look().await;
    // One view of it all: a COMMIT that was on its way when the consumer died may arrive at any moment.
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ").execute(&mut look).await.expect("a snapshot");
    let seq: i64 = sqlx::query_scalar("SELECT seq FROM township WHERE township = $1")
        .bind(DADONG)
        .fetch_one(&mut look)
        .await
        .expect("a position");
    let told: Vec<(Vec<u8>,)> =
        sqlx::query_as("SELECT payload FROM event WHERE township = $1 AND seq <= $2 ORDER BY seq")
            .bind(DADONG)
            .bind(seq)
            .fetch_all(&mut look)
            .await
            .expect("events");
    let told: Vec<_> = told.iter().map(|(payload,)| Tag::of(payload)).collect();
    let mut wanted: Vec<_> = told.iter().copied().map(id).collect();
    wanted.sort();
    let effects: Vec<Uuid> =
        sqlx::query_scalar("SELECT request_id FROM request WHERE method = 'effect' ORDER BY request_id")
            .fetch_all(&mut look)
            .await
            .expect("effects");
    assert_eq!(effects, wanted, "{when}: the cursor stands at {seq}");
    assert!(
        told.last().is_none_or(|tag| tag.index + 1 == tag.of),
        "{when}: the cursor stands within {:?}",
        told.last()
    );
    seq
}

/// The same with the product's own consumer, follow-up following the registry: dropped after its first poll, its second, …,
/// and started again.
pub async fn the_follower_killed_at_every_await_knows_everybody_once(run: Run) {
    let city = City::with(|plan| {
        if let Some(followup) = &mut plan.followup {
            followup.jobs = false;
        }
    })
    .await;
    let followup = city.suite().followup.clone().expect("it runs here");
    let token = city.token("followup", &[Role::Service], None);
    let tokens = TokenSource::issued(move || token.clone());
    let peer = Peer::connect_lazy(&PeerSettings::new(city.suite().endpoint()), tokens).expect("a peer");
    let clerk = city.clerk(DADONG);
    run.fault("follower dropped at an await", 0);
    let (mut look_people, mut look) = (city.look("people").await, city.look("followup").await);
    let (mut number, mut most, mut behind) = (0, 0, false);
    for _ in 0..3 {
        let mut caught_up = 0;
        let mut polls = 1;
        loop {
            // One more only when there is nothing left to hear, or what is left would grow as fast as the polls.
            if !behind {
                number += 1;
                clerk.people().register_person(sample::person(number)).await.expect("registered");
            }
            let head: i64 = sqlx::query_scalar("SELECT seq FROM feed_head WHERE township = $1")
                .bind(DADONG)
                .fetch_one(&mut look_people)
                .await
                .expect("a head");
            // It never ends by itself: it has when it has caught up. A task of its own looks whether it has, so that the
            // follower is polled for its own reasons only.
            let mut caught = tokio::spawn(caught_up_with(city.look("followup").await, head));
            let killed = tokio::select! {
                _dropped = killed_after(polls, followup.clone().follow(peer.clone())) => true,
                caught = &mut caught => caught.is_err(),
            };
            caught.abort();
            if killed {
                run.fault("follower dropped at an await", 1);
            } else {
                caught_up += 1;
            }
            let (seq, known): (i64, i64) = sqlx::query_as(
                "SELECT COALESCE((SELECT seq FROM township WHERE township = $1), 0)
                  , (SELECT count(*) FROM subject WHERE township = $1)",
            )
            .bind(DADONG)
            .fetch_one(&mut look)
            .await
            .expect("a position");
            behind = seq < head;
            // The first event is the township itself, every other one somebody.
            assert_eq!(known, (seq - 1).max(0), "after {polls} polls (seed {})", run.seed());
            most = most.max(polls);
            if caught_up == 8 {
                break;
            }
            // Hundreds of polls: the quick run leaves some out.
            polls += run.of(1 + polls / 16, 1);
        }
    }
    run.count("polls at most", most.into());
    city.close().await;
}

async fn caught_up_with(mut look: sqlx::PgConnection, head: i64) {
    loop {
        let seq: Option<i64> = sqlx::query_scalar("SELECT seq FROM township WHERE township = $1")
            .bind(DADONG)
            .fetch_optional(&mut look)
            .await
            .expect("looked");
        if seq == Some(head) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
