//! Somebody asks for what stands in another township, and for what stands nowhere: not only are the answers the same to the
//! byte, headers and trailers with them, the very statements that are sent for them are. What sends the same cannot be told
//! apart but by what the same statements cost.

use bangfu_kernel::Role;
use bangfu_proto::ACCESS;
use bangfu_testkit::{DADONG, LIBAO};

use crate::{
    asks::{Names, ask},
    proxy::Proxy,
    row::Run,
    scene::Scene,
};

/// Every RPC of the contract.
pub async fn a_foreign_id_sends_the_same_statements_as_a_random_one(run: Run) {
    let Scene { mut city, foreign, own_person } = Scene::new().await;
    let proxy = Proxy::start(run.seed()).await;
    city.stop().await;
    let mut plan = city.plan().await;
    // The registry reads the townships' keys again all the time, so that calls need not: through the city's door, which stays
    // aside, and does not open to a township's callers (`units.rs`).
    if let Some(people) = &mut plan.people {
        people.database.service_url = proxy.before(&people.database).service_url;
    }
    if let Some(followup) = &mut plan.followup {
        followup.database.service_url = proxy.before(&followup.database).service_url;
        followup.jobs = false;
    }
    city.start(plan).await;
    for what in ["RPCs", "answers", "statements"] {
        run.count(what, 0);
    }
    for rule in ACCESS {
        let reviews = rule.roles.contains(&Role::Reviewer) && !rule.roles.contains(&Role::Clerk);
        let stranger = if reviews { city.reviewer(DADONG) } else { city.clerk(DADONG) };
        // What is kept in memory after the first time, and what is there from then on.
        ask(&stranger, rule.path, &Names::of_nobody(), &own_person).await;
        let mut tries = 0;
        loop {
            sent(&proxy).await;
            let theirs = ask(&stranger, rule.path, &foreign, &own_person).await;
            let for_theirs = sent(&proxy).await;
            let nobodys = ask(&stranger, rule.path, &Names::of_nobody(), &own_person).await;
            let for_nobodys = sent(&proxy).await;
            assert!(
                theirs.iter().flatten().all(|answer| !answer.contains(LIBAO)),
                "{} tells of another township",
                rule.path
            );
            tries += 1;
            // Background work of the registry may have come between, now and then.
            if tries < 4 && (for_theirs != for_nobodys || theirs != nobodys) {
                continue;
            }
            assert_eq!(for_theirs, for_nobodys, "{} sends something else for what stands elsewhere", rule.path);
            assert_eq!(theirs, nobodys, "{} answers something else for what stands elsewhere", rule.path);
            run.count("answers", theirs.len() as u64);
            run.count("statements", for_theirs.len() as u64);
            break;
        }
        run.count("RPCs", 1);
    }
    city.close().await;
}

/// The statements since the last time, once no more come; in the order of their texts, for sessions work side by side.
async fn sent(proxy: &Proxy) -> Vec<String> {
    proxy.at_rest().await;
    let mut texts: Vec<_> = proxy.noted().into_iter().filter_map(|text| without_times(&text)).collect();
    texts.sort();
    proxy.note();
    texts
}

/// What is left of a deadline is not the same twice.
fn without_times(text: &str) -> Option<String> {
    if text.starts_with("SET LOCAL statement_timeout") {
        return None;
    }
    Some(text.split_once("'statement_timeout'").map_or(text, |(begin, _)| begin).to_owned())
}
