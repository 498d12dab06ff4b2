//! The data key of a township changes while its people are read: how many reads failed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bangfu::client::keys;
use bangfu_kernel::Role;
use bangfu_proto::people::v1::{GetPersonRequest, KeyRotation, RevealPersonRequest};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    measure::{Limit, Measure},
    process::{TOWNSHIP, Up},
};

const CALLERS: usize = 8;
const PEOPLE: i64 = 100_000;

/// What became of reads.
#[derive(Default)]
struct Reads {
    answered: AtomicU32,
    failed: AtomicU32,
}

/// The figure: failed reads while everybody of the township is sealed anew.
pub(crate) async fn measure(up: &Up) -> anyhow::Result<Measure> {
    let mut people = up.superuser("people").await?;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT person_id FROM person WHERE township = $1")
        .bind(TOWNSHIP)
        .fetch_all(&mut people)
        .await?;
    anyhow::ensure!(i64::try_from(ids.len())? == PEOPLE, "{} people are there", ids.len());
    let (ids, reads, stop) = (Arc::new(ids), Arc::new(Reads::default()), Arc::new(AtomicBool::new(false)));
    let mut reading = JoinSet::new();
    for caller in 0..CALLERS {
        let client = up.client(Role::Clerk, Some(TOWNSHIP)).await?;
        let (ids, reads, stop) = (Arc::clone(&ids), Arc::clone(&reads), Arc::clone(&stop));
        reading.spawn(async move {
            let mut at = caller * ids.len() / CALLERS;
            while !stop.load(Ordering::SeqCst) {
                at = (at + 7_919) % ids.len();
                let person_id = ids[at].to_string();
                // One of them reads in full: each such read leaves an entry in the trail, which takes them one by one.
                let read = if caller == 0 {
                    let reason = "核对信息".to_owned();
                    client.people().reveal_person(RevealPersonRequest { person_id, reason }).await.map(drop)
                } else {
                    let request = GetPersonRequest { person_id, ..Default::default() };
                    client.people().get_person(request).await.map(drop)
                };
                match read {
                    Ok(()) => reads.answered.fetch_add(1, Ordering::SeqCst),
                    Err(status) => {
                        eprintln!("a read failed: {status:?}");
                        reads.failed.fetch_add(1, Ordering::SeqCst)
                    }
                };
            }
        });
    }
    let begin = Instant::now();
    let rotated = keys::rotate(&up.client(Role::Bureau, None).await?, &[TOWNSHIP.to_owned()], |_| {}).await?;
    let took = begin.elapsed();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::SeqCst);
    while let Some(ended) = reading.join_next().await {
        ended?;
    }
    let all = rotated.iter().all(|KeyRotation { resealed, remaining, .. }| *resealed >= PEOPLE && *remaining == 0);
    anyhow::ensure!(all, "not everybody was sealed anew: {rotated:?}");
    let (answered, failed) = (reads.answered.load(Ordering::SeqCst), reads.failed.load(Ordering::SeqCst));
    eprintln!("  sealed anew in {:.1} s, while {answered} reads were answered", took.as_secs_f64());
    anyhow::ensure!(answered > 1_000, "hardly anybody read: {answered}");
    let name = "Failed reads while the key of 100,000 people changes";
    Ok(Measure::absolute(name, "reads", f64::from(failed), Limit::AtMost(0.0)))
}
