//! What happens to sweeps.

use std::time::Duration;

use bangfu_proto::followup::v1::RunSweepResponse;
use bangfu_testkit::{City, reason};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use tonic::{Code, Status};

use super::{ledger, world::World};
use crate::{
    proxy::Proxy,
    replica::{Replica, is_dead},
    row::Run,
    steps::until,
};

/// How many replicas sweep at once.
const REPLICAS: usize = 5;
/// Townships enough for them: each takes two at a time.
const TOWNSHIPS: u32 = 12;

/// Five replicas sweep at once; one after the other is killed (kill -9) while townships are being swept, all but one. The last one
/// takes over what the dead have left.
pub async fn replicas_killed_in_the_middle_of_sweeps_leave_the_ledger_of_one_undisturbed(run: Run) {
    let mut world = Box::pin(World::new(&run, TOWNSHIPS, 150)).await;
    let kills = run.of(4, 200);
    run.fault("kill -9", 0);
    run.fault("sweeps that a kill cut off", 0);
    let mut chance = run.chance(0);
    let mut killed = 0;
    while killed < kills {
        let missing = REPLICAS - world.replicas.len();
        world.start(missing).await;
        let mut sweeps = JoinSet::new();
        for replica in 0..REPLICAS {
            sweeps.spawn(world.sweep(replica));
        }
        world.swept_by_now(4).await;
        for _ in 0..(REPLICAS - 1).min(kills - killed) {
            if world.holders().await == 0 {
                break;
            }
            let victim = chance.below(world.replicas.len());
            let mut victim = world.replicas.swap_remove(victim);
            victim.kill().await;
            killed += 1;
            run.fault("kill -9", 1);
            sleep(Duration::from_millis(u64::try_from(chance.below(60)).expect("small"))).await;
        }
        let mut ended = 0;
        while let Some(swept) = sweeps.join_next().await {
            match swept.expect("it ran") {
                Ok(_) => ended += 1,
                Err(status) => assert!(is_dead(&status), "{status:?} (seed {})", run.seed()),
            }
        }
        assert!(ended > 0, "who lives sweeps to the end (seed {})", run.seed());
        // Somebody may have died over a township that the living one had swept before: whoever comes next takes it over.
        if world.holders().await > 0 {
            run.count("leases left for the next sweep", 1);
            world.sweep(0).await.expect("the next sweep");
        }
        world.proven().await;
        world.next_month().await;
        run.count("rounds", 1);
    }
    let cut_off = ledger::sweeps(&world.disturbed).await.iter().filter(|sweep| sweep.finished_at.is_none()).count();
    run.fault("sweeps that a kill cut off", cut_off as u64);
    world.end().await;
}

/// Five replicas sweep the same townships at the same time: everybody is planned once.
pub async fn five_replicas_sweeping_at_once_do_the_work_of_one(run: Run) {
    let people = run.of(60, 1_000);
    let mut world = Box::pin(World::new(&run, TOWNSHIPS, people)).await;
    world.start(REPLICAS).await;
    run.fault("townships that another replica held", 0);
    for _ in 0..run.of(1, 12) {
        let mut sweeps = JoinSet::new();
        for replica in 0..REPLICAS {
            sweeps.spawn(world.sweep(replica));
        }
        world.swept_by_now(3).await;
        let held = world.holders().await;
        run.fault("townships that another replica held", u64::try_from(held).expect("positive"));
        let swept: Vec<RunSweepResponse> =
            sweeps.join_all().await.into_iter().map(|swept| swept.expect("swept")).collect();
        let in_scope: i64 = swept.iter().flat_map(|swept| &swept.townships).map(|sweep| sweep.in_scope).sum();
        assert_eq!(in_scope, i64::from(people) * i64::from(TOWNSHIPS), "everybody once (seed {})", run.seed());
        run.count("people planned", u64::try_from(in_scope).expect("positive"));
        world.proven().await;
        world.next_month().await;
    }
    world.end().await;
}

/// A replica is stopped (SIGSTOP) in the middle of a batch, its transaction open, longer than its lease lasts: another one
/// takes its townships over. Then it wakes (SIGCONT) and goes on where it was.
pub async fn a_replica_that_was_stopped_and_wakes_in_the_middle_of_its_batch_changes_nothing(run: Run) {
    let mut world = Box::pin(World::new(&run, TOWNSHIPS, run.of(150, 2_000))).await;
    world.start(2).await;
    for fault in ["stopped in the middle of a batch", "lease taken over"] {
        run.fault(fault, 0);
    }
    // At least until its lease is taken over, which takes ten seconds.
    let stopped_for = Duration::from_secs(run.of(0, 60));
    for _ in 0..run.of(1, 2) {
        let sleeper = tokio::spawn(world.sweep(0));
        world.swept_by_now(1).await;
        freeze(&world, &run).await;
        let begin = Instant::now();
        let holders = holders(&world.disturbed).await;
        // Whoever waits for people of the batch that is held gives up in the end: that sweep is asked for again.
        let other = tokio::spawn(world.sweep(1));
        until("its lease is taken over", async || {
            let now = self::holders(&world.disturbed).await;
            holders.iter().any(|holder| !now.contains(holder))
        })
        .await;
        run.fault("lease taken over", 1);
        sleep(stopped_for.saturating_sub(begin.elapsed())).await;
        world.replicas[0].signal("CONT").await;
        let (sleeper, other) = (sleeper.await.expect("it ran"), other.await.expect("it ran"));
        for (who, swept) in [("who slept", sleeper), ("the other", other)] {
            if let Err(status) = swept {
                assert!(may_be_repeated(&status), "{who}: {status:?} (seed {})", run.seed());
                run.count("sweeps to be asked for again", 1);
            }
        }
        for replica in 0..2 {
            world.sweep(replica).await.expect("it sweeps as ever");
        }
        world.proven().await;
        world.next_month().await;
    }
    world.end().await;
}

/// Stops the first replica where it has a transaction open.
async fn freeze(world: &World, run: &Run) {
    for _ in 0..500 {
        world.replicas[0].signal("STOP").await;
        // Whatever was on its way to the database has arrived, and is answered.
        sleep(Duration::from_millis(150)).await;
        let open = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database()
                       AND state = 'idle in transaction'
                       AND clock_timestamp() - state_change > interval '100 milliseconds'";
        // Not in the moment before a commit, when nobody can even look at the lease.
        let leases =
            "SELECT count(*) FROM (SELECT FROM sweep_lease WHERE holder IS NOT NULL FOR UPDATE SKIP LOCKED) AS t";
        if ledger::count(&world.disturbed, open).await > 0 && ledger::count(&world.disturbed, leases).await > 0 {
            run.fault("stopped in the middle of a batch", 1);
            return;
        }
        world.replicas[0].signal("CONT").await;
        sleep(Duration::from_millis(3)).await;
    }
    panic!("it was never in the middle of a batch (seed {})", run.seed());
}

async fn holders(city: &City) -> Vec<String> {
    sqlx::query_scalar("SELECT holder::text FROM sweep_lease WHERE holder IS NOT NULL")
        .fetch_all(&mut city.look("followup").await)
        .await
        .expect("holders")
}

/// Who was stopped finds on waking that a wait for a session has lasted too long (OVERLOADED), as any other wait has.
fn may_be_repeated(status: &Status) -> bool {
    status.code() == Code::Unavailable
        || ["CONFLICT", "UNAVAILABLE", "OVERLOADED", "DEADLINE"].contains(&reason(status).as_str())
}

/// The database is gone (nothing comes through any more, connections are cut) in the middle of a sweep, for minutes, and comes
/// back: calls are refused meanwhile, and the next sweep does the rest.
pub async fn a_sweep_goes_on_when_the_database_was_gone_and_is_back(run: Run) {
    let mut world = Box::pin(World::new(&run, 3, run.of(300, 2_000))).await;
    let proxy = Proxy::start(run.seed()).await;
    world.replicas.push(Replica::behind(&world.disturbed, &proxy).await);
    for fault in ["database gone in the middle of a sweep", "refused meanwhile"] {
        run.fault(fault, 0);
    }
    for _ in 0..run.of(1, 3) {
        let sweep = tokio::spawn(world.sweep(0));
        world.swept_by_now(1).await;
        proxy.hold();
        proxy.cut();
        let (begin, gone_for) = (Instant::now(), Duration::from_secs(run.of(6, 150)));
        run.fault("database gone in the middle of a sweep", u64::from(world.holders().await > 0));
        let cut_off = sweep.await.expect("it ran").expect_err("its database is gone");
        assert!(may_be_repeated(&cut_off), "{cut_off:?} (seed {})", run.seed());
        loop {
            let refused = world.sweep(0).await.expect_err("its database is gone");
            assert!(may_be_repeated(&refused), "{refused:?} (seed {})", run.seed());
            run.fault("refused meanwhile", 1);
            if begin.elapsed() >= gone_for {
                break;
            }
        }
        proxy.release();
        let mut swept = Err(cut_off);
        for _ in 0..50 {
            swept = world.sweep(0).await;
            if swept.is_ok() {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
        swept.expect("it sweeps as soon as the database is back");
        world.proven().await;
        world.next_month().await;
    }
    world.end().await;
}
