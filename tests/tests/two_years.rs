//! Two years of three townships, lived three times: with a sweep every day, with an outage of 72 hours, and with replicas that
//! are killed at any moment. The ledger is the same, byte for byte, and the feed tells it from zero.

mod acts;
mod ledger;
mod script;

use std::{collections::BTreeMap, time::Duration};

use bangfu::client::{Client, request_id};
use bangfu_kernel::Role;
use bangfu_proto::followup::v1::RunSweepRequest;
use bangfu_testkit::{City, DADONG, LIBAO};
use chrono::NaiveDate;
use tokio::task::JoinSet;

use bangfu_tests::{
    chance::Chance,
    replica::{self, Replica},
};

use self::script::Script;

/// 曲塘镇, a third one.
const QUTANG: &str = "320685104";
const TOWNSHIPS: [&str; 3] = [DADONG, LIBAO, QUTANG];

/// How the years pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Swept every day.
    Daily,
    /// Follow-up is down for 72 hours, while the registry goes on.
    Outage,
    /// Two replicas, killed at random moments of sweeps and contacts.
    Killed,
}

/// A city, lived in.
struct World {
    way: Way,
    city: City,
    replicas: Vec<Replica>,
    /// When somebody is killed: not the script's, which is the same for all.
    fate: Chance,
    kills: usize,
    people: BTreeMap<usize, Somebody>,
    /// Households by the number of their head.
    homes: BTreeMap<usize, String>,
    /// What became of each act.
    log: Vec<String>,
}

/// A person of the script, as the registry knows them.
#[derive(Debug, Clone)]
struct Somebody {
    person_id: String,
    township: &'static str,
    contact: Option<String>,
    waiver: Option<String>,
}

impl World {
    async fn new(way: Way) -> Self {
        let city = City::with(|plan| plan.followup = None).await;
        city.township(QUTANG, "曲塘镇").await;
        let mut replicas = vec![];
        for _ in 0..if way == Way::Killed { 2 } else { 1 } {
            replicas.push(Replica::start(&city, way == Way::Killed).await);
        }
        let (people, homes, log) = Default::default();
        Self { way, city, replicas, fate: Chance::new(11), kills: 0, people, homes, log }
    }

    fn today(&self) -> NaiveDate {
        self.city.clock.today()
    }

    /// Somebody's client to a replica of follow-up.
    fn followup(&self, replica: usize, subject: &str, role: Role, township: Option<&str>) -> Client {
        let token = self.city.token(subject, &[role], township);
        Client::on(self.replicas[replica].channel(), &token).expect("a client")
    }

    async fn turn_to(&mut self, day: NaiveDate) {
        assert!(self.city.clock.turn_to(day));
        for replica in &mut self.replicas {
            replica.turn_to(day).await;
        }
    }

    /// A sweep on a replica; `None`: it was killed meanwhile.
    fn sweep(&self, replica: usize) -> impl Future<Output = Option<()>> + use<> {
        let bureau = self.followup(replica, "bureau-1", Role::Bureau, None);
        let request = RunSweepRequest { request_id: request_id(), ..Default::default() };
        async move {
            match bureau.followup().run_sweep(request).await {
                Ok(_) => Some(()),
                Err(status) if replica::is_dead(&status) => None,
                Err(status) => panic!("a sweep failed: {status:?}"),
            }
        }
    }

    async fn night(&mut self) {
        if self.way != Way::Killed {
            self.sweep(0).await.expect("swept");
            return;
        }
        if !self.fate.one_in(45) {
            let replica = self.fate.below(2);
            self.sweep(replica).await.expect("swept");
            return;
        }
        let victim = self.fate.below(2);
        let mut sweeps = JoinSet::new();
        for replica in 0..2 {
            sweeps.spawn(self.sweep(replica));
        }
        let moment = Duration::from_micros(u64::try_from(self.fate.below(30_000)).expect("small"));
        tokio::time::sleep(moment).await;
        self.kill(victim).await;
        let ended = sweeps.join_all().await;
        assert!(ended.iter().any(Option::is_some), "the other one sweeps to the end");
        self.raise_again(victim).await;
    }

    async fn kill(&mut self, victim: usize) {
        self.kills += 1;
        self.replicas[victim].kill().await;
    }

    async fn raise_again(&mut self, victim: usize) {
        self.replicas[victim] = Replica::start(&self.city, true).await;
    }

    /// Waits until everything that was entered anywhere is known everywhere.
    async fn rest(&self) {
        let mut look = self.city.look("followup").await;
        loop {
            self.city.settle().await;
            let pending: i64 =
                sqlx::query_scalar("SELECT count(*) FROM delivery WHERE delivered_at IS NULL AND refused_at IS NULL")
                    .fetch_one(&mut look)
                    .await
                    .expect("a count");
            if pending == 0 {
                self.city.settle().await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn live(&mut self, script: &Script) {
        for (day, acts) in script.days() {
            self.turn_to(day).await;
            if self.way == Way::Outage && day == script::DOWN_FROM {
                self.replicas.pop().expect("it runs").stop().await;
            }
            if self.way == Way::Outage && day == script::DOWN_FROM + script::DOWN_FOR {
                self.replicas.push(Replica::start(&self.city, false).await);
                self.rest().await;
            }
            let up = !self.replicas.is_empty();
            // The rules know days, not hours: what a sweep raises in the morning and the same day's facts undo stays in the
            // ledger as released, and is never raised by who hears of both at once. So on the days of the outage the sweep comes
            // when the day is over, everywhere.
            let late = script::is_down(day);
            if up && !late {
                self.night().await;
            }
            for act in acts {
                let became = self.act(act).await;
                assert!(!["INTERNAL", "CONFLICT", "DEADLINE"].contains(&became.as_str()), "{day} {act:?}: {became}");
                self.log.push(format!("{day} {act:?}: {became}"));
            }
            if up && !acts.is_empty() {
                self.rest().await;
            }
            if up && late {
                self.night().await;
            }
        }
    }

    async fn end(mut self) {
        for replica in std::mem::take(&mut self.replicas) {
            replica.stop().await;
        }
        self.city.close().await;
    }
}

async fn lived(way: Way) -> (String, Vec<String>) {
    let script = Script::write();
    let mut world = World::new(way).await;
    world.live(&script).await;
    if way == Way::Killed {
        assert!(world.kills >= 20, "{} kills", world.kills);
    }
    script::assert_everything_came_about(&world.log);
    let ledger = ledger::of(&world).await;
    ledger::assert_everything_came_about(&ledger);
    let told = ledger::told(&world).await;
    assert_eq!(told, ledger, "the feed from zero tells the ledger");
    let log = std::mem::take(&mut world.log);
    world.end().await;
    (ledger, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_years_come_to_the_same_ledger_whatever_happens_to_the_machines() {
    let ((daily, log), outage, killed) = tokio::join!(lived(Way::Daily), lived(Way::Outage), lived(Way::Killed));
    for (way, other) in [("outage", outage), ("killed", killed)] {
        let (ledger, its_log) = other;
        for (one, other) in log.iter().zip(&its_log) {
            assert_eq!(one, other, "{way}: the same things happen");
        }
        for (one, other) in daily.lines().zip(ledger.lines()) {
            assert_eq!(one, other, "{way}");
        }
        assert_eq!(daily, ledger, "{way}");
    }
}
