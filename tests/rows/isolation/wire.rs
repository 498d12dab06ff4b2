//! Mixed calls of two townships through the wire, on a pool of four, whose callers hang up and whose statements fail:
//! every answer holds the caller's own, what was acknowledged is there, and nobody is written into another township.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bangfu::client::Client;
use bangfu_proto::people::v1::{
    GetEmploymentHistoryRequest, GetPersonRequest, ListPeopleRequest, Person, RegisterPersonRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use futures::future::join_all;
use tonic::{Code, Status};

use super::alive;
use crate::{
    chance::Chance,
    proxy::{Fault, Proxy},
    row::Run,
};

const CALLERS: u64 = 10;
/// As long as a caller waits at most, when it hangs up.
const PATIENCE_MICROS: usize = 20_000;
/// Where each township's people live: it marks whose they are.
const VILLAGES: [(&str, &str); 2] = [(DADONG, "双溪村"), (LIBAO, "李庄")];

/// Calls of the registry.
pub async fn mixed_calls_through_the_wire_answer_with_no_foreign_row(run: Run) {
    let calls = run.of(400, 30_000);
    let proxy = Proxy::start(run.seed()).await;
    let mut city = City::with(|plan| {
        proxy.stand_before(plan);
        plan.followup = None;
        if let Some(people) = &mut plan.people {
            people.database.connections = 4;
        }
    })
    .await;
    for what in ["calls", "hung up", "refused", "registered", "foreign rows"] {
        run.count(what, 0);
    }
    for what in ["statements refused", "sessions cut", "callers gone"] {
        run.fault(what, 0);
    }
    let cut = run.of(250, 1_000);
    proxy.break_some(&[(100, Fault::Refused), (cut, Fault::CutBefore), (cut, Fault::CutAfter)]);
    let (next, known) = (Arc::new(AtomicU32::new(0)), Arc::default());
    let callers = (0..CALLERS).map(|n| {
        let (township, village) = VILLAGES[usize::from(n % 2 == 1)];
        let caller = Caller {
            township,
            village,
            client: city.clerk(township),
            run: run.clone(),
            chance: run.chance(n),
            next: Arc::clone(&next),
            registered: Vec::new(),
            known: Arc::clone(&known),
        };
        tokio::spawn(caller.live(calls / CALLERS))
    });
    let callers: Vec<Caller> = join_all(callers).await.into_iter().map(alive).collect();
    proxy.break_some(&[]);
    run.fault("statements refused", proxy.fired_as(Fault::Refused));
    run.fault("sessions cut", proxy.fired_as(Fault::CutBefore) + proxy.fired_as(Fault::CutAfter));
    // Calls whose caller is gone go on; they end with the suite.
    city.stop().await;

    let people: Vec<(String, uuid::Uuid, String)> = sqlx::query_as("SELECT township, person_id, village FROM person")
        .fetch_all(&mut city.look("people").await)
        .await
        .expect("people");
    let villages = HashMap::from(VILLAGES);
    for (township, person, village) in &people {
        assert_eq!(
            villages[township.as_str()],
            village,
            "{person} stands under another township (seed {})",
            run.seed()
        );
    }
    let there: HashSet<_> =
        people.iter().map(|(township, person, _)| (township.as_str(), person.to_string())).collect();
    for caller in &callers {
        for person in &caller.registered {
            let whose = (caller.township, person.clone());
            assert!(there.contains(&whose), "{whose:?} was acknowledged and is lost (seed {})", run.seed());
        }
    }
    city.close().await;
}

/// A township, and somebody of it.
type Known = (&'static str, String);

struct Caller {
    township: &'static str,
    village: &'static str,
    client: Client,
    run: Run,
    chance: Chance,
    next: Arc<AtomicU32>,
    /// Of this caller, acknowledged.
    registered: Vec<String>,
    /// Of all callers: township and person.
    known: Arc<Mutex<Vec<Known>>>,
}

impl Caller {
    async fn live(mut self, calls: u64) -> Self {
        for _ in 0..calls {
            match self.chance.below(10) {
                0..4 => self.register().await,
                4..6 => self.list().await,
                6..8 => self.get().await,
                8 => self.history().await,
                _ => self.pry().await,
            }
            self.run.count("calls", 1);
        }
        self
    }

    /// `None`: the caller hung up.
    async fn call<T>(
        &mut self,
        call: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Option<Result<T, Status>> {
        let answered = if self.chance.one_in(8) {
            let patience = Duration::from_micros(self.chance.below(PATIENCE_MICROS).try_into().unwrap_or_default());
            let answered = tokio::time::timeout(patience, call).await.ok();
            if answered.is_none() {
                self.run.count("hung up", 1);
                self.run.fault("callers gone", 1);
            }
            answered?
        } else {
            call.await
        };
        if answered.is_err() {
            self.run.count("refused", 1);
        }
        Some(answered.map(tonic::Response::into_inner))
    }

    async fn register(&mut self) {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let request = RegisterPersonRequest { village: self.village.to_owned(), ..sample::person(n) };
        let mut people = self.client.people();
        if let Some(Ok(person)) = self.call(async move { people.register_person(request).await }).await {
            self.own(&person);
            self.run.count("registered", 1);
            held(&self.known).push((self.township, person.person_id.clone()));
            self.registered.push(person.person_id);
        }
    }

    async fn list(&mut self) {
        let mut people = self.client.people();
        let request = ListPeopleRequest { page_size: 20, ..Default::default() };
        let Some(Ok(page)) = self.call(async move { people.list_people(request).await }).await else { return };
        for person in &page.people {
            self.own(person);
        }
    }

    async fn get(&mut self) {
        let Some(person_id) = self.chance.one(&self.registered).cloned() else { return };
        let mut people = self.client.people();
        let request = GetPersonRequest { person_id, ..Default::default() };
        match self.call(async move { people.get_person(request).await }).await {
            Some(Ok(person)) => self.own(&person),
            Some(Err(refused)) => assert_ne!(refused.code(), Code::NotFound, "an acknowledged person is lost"),
            None => {}
        }
    }

    async fn history(&mut self) {
        let Some(person_id) = self.chance.one(&self.registered).cloned() else { return };
        let mut people = self.client.people();
        let request = GetEmploymentHistoryRequest { person_id, ..Default::default() };
        if let Some(Err(refused)) = self.call(async move { people.get_employment_history(request).await }).await {
            assert_ne!(refused.code(), Code::NotFound, "an acknowledged person is lost");
        }
    }

    /// Asks for somebody of the other township.
    async fn pry(&mut self) {
        let known = Arc::clone(&self.known);
        let one = self.chance.one(&held(&known)).cloned();
        let Some((_, person_id)) = one.filter(|(township, _)| *township != self.township) else { return };
        let mut people = self.client.people();
        let request = GetPersonRequest { person_id, ..Default::default() };
        let told = self.call(async move { people.get_person(request).await }).await;
        assert!(!matches!(told, Some(Ok(_))), "another township's person is told (seed {})", self.run.seed());
    }

    fn own(&self, person: &Person) {
        let seed = self.run.seed();
        assert_eq!(person.township, self.township, "{} is told to another township (seed {seed})", person.person_id);
        assert_eq!(person.village, self.village, "{} is of another township (seed {seed})", person.person_id);
    }
}

fn held(known: &Mutex<Vec<Known>>) -> MutexGuard<'_, Vec<Known>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
