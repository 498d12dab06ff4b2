//! Two cities with the same people: one is swept by one replica that nothing disturbs, the other by replicas to which things
//! happen.

use std::time::Duration;

use bangfu::client::{Client, request_id};
use bangfu_kernel::Role;
use bangfu_proto::followup::v1::{RunSweepRequest, RunSweepResponse};
use bangfu_testkit::{City, DADONG};
use chrono::{Months, NaiveDate};
use tonic::Status;

use super::ledger;
use crate::{
    replica::Replica,
    row::Run,
    steps::{sweep, unemployed},
};

/// The two cities, and those who sweep the second.
pub(super) struct World {
    run: Run,
    pub(super) undisturbed: City,
    pub(super) disturbed: City,
    pub(super) replicas: Vec<Replica>,
}

impl World {
    /// Both cities with so many townships and so many people in each, none of whom was ever planned.
    pub(super) async fn new(run: &Run, townships: u32, people: i32) -> Self {
        let (undisturbed, disturbed) = tokio::join!(peopled(townships, people), peopled(townships, people));
        Self { run: run.clone(), undisturbed, disturbed, replicas: Vec::new() }
    }

    /// Starts replicas in processes of their own on the second city.
    pub(super) async fn start(&mut self, replicas: usize) {
        for _ in 0..replicas {
            self.replicas.push(Replica::start(&self.disturbed, true).await);
        }
    }

    /// RunSweep of the whole city, asked of a replica.
    pub(super) fn sweep(&self, replica: usize) -> impl Future<Output = Result<RunSweepResponse, Status>> + use<> {
        let token = self.disturbed.token("bureau-1", &[Role::Bureau], None);
        let bureau = Client::on(self.replicas[replica].channel(), &token).expect("a client");
        async move { sweep_by(&bureau).await }
    }

    /// Turns to the next month: what was open is missed now, and as much is raised.
    pub(super) async fn next_month(&mut self) {
        let day: NaiveDate = self.disturbed.clock.today() + Months::new(1);
        assert!(self.undisturbed.clock.turn_to(day) && self.disturbed.clock.turn_to(day));
        for replica in &mut self.replicas {
            replica.turn_to(day).await;
        }
    }

    /// Sweeps that hold a lease in the second city now.
    pub(super) async fn holders(&self) -> i64 {
        ledger::count(&self.disturbed, "SELECT count(*) FROM sweep_lease WHERE holder IS NOT NULL").await
    }

    /// Waits until so many townships of the second city are being swept.
    pub(super) async fn swept_by_now(&self, holders: i64) {
        for _ in 0..3_000 {
            if self.holders().await >= holders {
                return;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        panic!("nobody sweeps (seed {})", self.run.seed());
    }

    /// Sweeps the first city without disturbance, and holds the second against it: the same duties by identity, service, days
    /// and state; one duty an identity; the events rebuild the ledger; everybody is accounted for; nobody is due any more; no
    /// lease is held.
    pub(super) async fn proven(&self) {
        sweep(&self.undisturbed).await;
        let seed = self.run.seed();
        let (wanted, ledger) = (ledger::of(&self.undisturbed).await, ledger::of(&self.disturbed).await);
        for (one, other) in wanted.iter().zip(&ledger) {
            assert_eq!(one, other, "the ledger differs (seed {seed})");
        }
        assert_eq!(wanted.len(), ledger.len(), "the ledger differs (seed {seed})");
        ledger::proven(&self.disturbed, seed).await;
        self.run.count("duties compared", ledger.len() as u64);
        self.run.count("ledgers compared", 1);
    }

    /// Ends it.
    pub(super) async fn end(self) {
        for replica in self.replicas {
            replica.stop().await;
        }
        self.undisturbed.close().await;
        self.disturbed.close().await;
    }
}

/// RunSweep of the whole city.
pub(super) async fn sweep_by(bureau: &Client) -> Result<RunSweepResponse, Status> {
    let request = RunSweepRequest { request_id: request_id(), ..Default::default() };
    Ok(bureau.followup().run_sweep(request).await?.into_inner())
}

/// A city with so many townships, two at least, and so many people in each, known to follow-up, and the same ones every time.
async fn peopled(townships: u32, people: i32) -> City {
    let city = City::new().await;
    for n in 2..townships {
        city.township(&format!("3206852{n:02}"), "一个镇").await;
    }
    let like = unemployed(&city, DADONG, 0..1, "2026-01-05").await.remove(0);
    let mut look = city.look("followup").await;
    // Entered as the follower enters them; through the wire it would take minutes.
    sqlx::query(
        "INSERT INTO subject (township, person_id, village, coordinator, serving, joined_on, facts, next_review_on)
         SELECT t.township
              , md5(t.township || ' ' || n)::uuid
              , s.village, s.coordinator, s.serving, s.joined_on, s.facts, s.next_review_on
           FROM subject AS s, township AS t, generate_series(1, $2) AS n
          WHERE s.person_id = $1::uuid",
    )
    .bind(&like)
    .bind(people)
    .execute(&mut look)
    .await
    .expect("people");
    sqlx::query(
        "INSERT INTO review (township, person_id, next_review_on)
         SELECT township, person_id, next_review_on FROM subject WHERE person_id <> $1::uuid",
    )
    .bind(&like)
    .execute(&mut look)
    .await
    .expect("reviews");
    // The one whom the registry told of has another id in each city.
    for sql in ["DELETE FROM review WHERE person_id = $1::uuid", "DELETE FROM subject WHERE person_id = $1::uuid"] {
        sqlx::query(sql).bind(&like).execute(&mut look).await.expect("gone");
    }
    city
}
