//! What was acknowledged is there; what was refused is not there by halves; what is repeated has one effect.
//!
//! Every writing RPC of the contract is tried (`write.rs`, `people.rs`, `followup.rs`), and judged by one rule that knows
//! nothing of what it does (`ledger.rs`, `judge.rs`).

mod followup;
mod ground;
mod judge;
mod ledger;
mod people;
mod stopped;
mod write;

use std::{collections::BTreeMap, time::Duration};

use bangfu::client::Client;
use bangfu_proto::people::v1::{ListPeopleRequest, RegisterPersonRequest};
use bangfu_testkit::{City, DADONG, sample};
use tonic::Status;

use self::judge::{Strike, clean, fault_word, strike_all};
pub use self::stopped::what_was_acknowledged_survives_a_postgresql_that_stops_at_once;
use crate::{
    methods,
    proxy::{Fault, Proxy, Which},
    row::Run,
};

/// A statement that only a unit of work with an effect has: the result is kept with it.
const EFFECTIVE: &str = "UPDATE request";

/// Every writing RPC, its caller gone after 1 to 200 ms, while the way to the database takes its time.
pub async fn a_call_given_up_at_any_moment_is_whole_or_not_at_all(run: Run) {
    run.fault("caller gave up", 0);
    let mut chance = run.chance(1);
    let mut plan = Vec::new();
    for _ in 0..run.of(1, 130) {
        for method in methods::writing() {
            let after = Duration::from_millis(1 + chance.below(200) as u64);
            // Short and long ways, so that every moment of a call is met.
            let delay = chance.of(&[1, 3, 6]);
            plan.push((method, Strike::Cancelled(after, 0..delay)));
        }
    }
    strike_all(&run, plan).await;
}

/// Every statement of every writing RPC fails: PostgreSQL refuses it, or the connection breaks before it is sent, or before
/// it is answered.
pub async fn a_statement_that_fails_leaves_nothing_by_halves(run: Run) {
    let faults = [Fault::Refused, Fault::CutBefore, Fault::CutAfter];
    for fault in faults {
        run.fault(fault_word(fault), 0);
    }
    let mut chance = run.chance(2);
    let mut plan = Vec::new();
    for (method, clean) in clean(run.seed()).await {
        let all: Vec<_> = each(&clean.statements).collect();
        run.count("statements", all.len() as u64);
        let chosen = run.of(vec![all[chance.below(all.len())].clone()], all);
        for which in chosen {
            let of_one = [chance.of(&faults)];
            for &fault in run.of(of_one.as_slice(), faults.as_slice()) {
                plan.push((method.clone(), Strike::Statement(which.clone(), fault)));
            }
        }
    }
    strike_all(&run, plan).await;
}

/// The COMMIT of every writing RPC: the connection is cut before it is sent, with it, or before it is answered.
pub async fn a_commit_whose_answer_is_lost_is_known_by_repeating_the_request(run: Run) {
    let faults = [Fault::CutAfter, Fault::CutDuring, Fault::CutBefore];
    let mut plan = Vec::new();
    for round in 0..run.of(1, 20) {
        for (n, method) in methods::writing().into_iter().enumerate() {
            let fault = faults[(n + round) % faults.len()];
            run.fault(fault_word(fault), 0);
            plan.push((method, Strike::Statement(Which::CommitOf(EFFECTIVE.to_owned()), fault)));
        }
    }
    strike_all(&run, plan).await;
}

/// Each statement, named so that what others run meanwhile does not count: by its text, unless its text has numbers of the
/// moment.
fn each(statements: &[String]) -> impl Iterator<Item = Which> {
    let mut seen = BTreeMap::<&str, u64>::new();
    statements.iter().zip(1..).map(move |(text, nth)| {
        if ["BEGIN", "COMMIT", "ROLLBACK", "SET", "SELECT set_config"].iter().any(|word| text.starts_with(word)) {
            return Which::Nth(nth);
        }
        let times = seen.entry(text).or_default();
        *times += 1;
        Which::Text(text.clone(), *times)
    })
}

/// The answer to COMMIT is lost: whoever repeats the request gets the person that is there already.
pub async fn an_answer_lost_after_commit_is_repeated_with_one_effect(run: Run) {
    let proxy = Proxy::start(run.seed()).await;
    let city = City::with(|plan| {
        proxy.stand_before(plan);
        plan.followup = None;
    })
    .await;
    let clerk = city.clerk(DADONG);
    run.fault("COMMIT answered to nobody", 0);
    let people = run.of(10, 500);
    for n in 0..people {
        let request = sample::person(n);
        proxy.break_at(Which::CommitOf(EFFECTIVE.to_owned()), Fault::CutAfter);
        register(&clerk, request.clone()).await.expect_err("no answer");
        register(&clerk, request).await.expect("repeated");
        run.count("repeated", 1);
    }
    run.fault("COMMIT answered to nobody", proxy.fired());
    assert_eq!(proxy.fired(), u64::from(people), "each lost its first answer");
    let listed = clerk.people().list_people(ListPeopleRequest { page_size: 500, ..Default::default() }).await;
    let listed = listed.expect("listed").into_inner().people.len();
    assert_eq!(u32::try_from(listed), Ok(people), "each once");
    city.close().await;
}

async fn register(clerk: &Client, request: RegisterPersonRequest) -> Result<String, Status> {
    Ok(clerk.people().register_person(request).await?.into_inner().person_id)
}
