//! Who is not let in, and what it costs: nothing. Keys that change, and keys that cannot be had.

mod keys;
mod refused;

use std::collections::BTreeSet;

use bangfu::suite::Plan;
use bangfu_kernel::{Clock, Role, caller::role_word};
use bangfu_platform::auth::{issuer::Issuer, jwks::Jwks};
use bangfu_proto::{ACCESS, AccessRule, access::v1::Scope};
use bangfu_testkit::{
    City, DADONG,
    city::CITY,
    forge::{FORGE, header, merged},
    without_jobs,
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};
use tonic::{Code, transport::Channel};

use crate::{
    asks::Names,
    proxy::Proxy,
    raw::{Answer, Recorder, bearer, call},
    row::Run,
};

pub use keys::{
    a_flood_of_unknown_kids_asks_once_in_thirty_seconds, a_flood_while_the_source_is_slow_takes_no_room_from_others,
    a_key_file_that_hangs_takes_no_room_and_is_read_when_it_answers,
    keys_that_cannot_be_had_leave_the_last_good_ones_serving_for_a_day, keys_that_rotate_under_load_fail_no_call,
    without_good_keys_nobody_is_let_in,
};

/// In a quick run each RPC meets one in so many kinds; all of them together meet every kind several times.
const SHARE: usize = 8;

/// Every RPC × {no token, each refused kind} → UNAUTHENTICATED, and no statement is run.
pub async fn every_refused_token_at_every_rpc_is_unauthenticated_and_runs_no_statement(run: Run) {
    let proxy = Proxy::start(run.seed()).await;
    let city = restarted(|plan, issuer| {
        proxy.stand_before(plan);
        plan.jwks = Jwks::fixed(&merged(&[issuer.jwks(), FORGE.jwks()]), Clock::system()).expect("keys");
    })
    .await;
    let (recorder, channel) = (Recorder::start().await, city.channel());
    let (mut met, mut moved) = (BTreeSet::new(), 0);
    for (n, rule) in ACCESS.iter().enumerate() {
        let asked = recorder.asks(rule.path, &Names::of_nobody(), &Names::of_nobody().person).await;
        let body = asked.first().expect("it was asked").body.clone();
        let kinds = refused::kinds(&claims(rule));
        let chosen: Vec<_> = kinds.iter().skip(run.of(n % SHARE, 0)).step_by(run.of(SHARE, 1)).collect();
        met.extend((run.of(n % SHARE, 0)..kinds.len()).step_by(run.of(SHARE, 1)));
        proxy.note();
        let calls = chosen.iter().map(|kind| call(&channel, rule.path, &kind.headers, body.clone()));
        let answers: Vec<_> = stream::iter(calls).buffered(16).collect().await;
        for (kind, answer) in chosen.iter().zip(answers) {
            refusal(&run, rule.path, &kind.name, &answer);
        }
        run.count("calls", u64::try_from(chosen.len()).expect("few"));
        nothing_was_run(&proxy, rule.path).await;

        // The same request is answered when a good token comes with it, and then statements are run.
        proxy.note();
        let good = FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims(rule).to_string());
        let answer = call(&channel, rule.path, &bearer(&good), body).await;
        assert!(!["TOKEN_REFUSED", "ROLE_MISSING"].contains(&answer.reason.as_str()), "{}: {answer:?}", rule.path);
        proxy.at_rest().await;
        moved += u64::from(!proxy.noted().is_empty());
    }
    let kinds = refused::kinds(&claims(&ACCESS[0])).len();
    assert_eq!(met.len(), kinds, "every kind is met");
    run.count("rpcs", u64::try_from(ACCESS.len()).expect("few"));
    run.count("kinds", u64::try_from(met.len()).expect("few"));
    run.count("rpcs that run statements for a good token", moved);
    // A few are refused before anything is asked for: nothing stands in what they ask about.
    assert!(moved * 10 >= ACCESS.len() as u64 * 8, "only {moved} RPCs run statements: the counter shows nothing");
    too_long(&run, &channel, &proxy).await;
    city.close().await;
}

/// Nothing was run since it was noted last.
async fn nothing_was_run(proxy: &Proxy, what: &str) {
    proxy.at_rest().await;
    let run = proxy.noted();
    assert!(run.is_empty(), "run for the refused at {what}: {run:?}");
}

/// 64 KB of token are the door's to refuse, like all others: the connection, and the calls that share it, go on.
async fn too_long(run: &Run, channel: &Channel, proxy: &Proxy) {
    let value = HeaderValue::try_from(format!("Bearer {}", "A".repeat(64 * 1024))).expect("a header");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    proxy.note();
    for rule in ACCESS {
        refusal(run, rule.path, "64 KB of token", &call(channel, rule.path, &headers, Bytes::new()).await);
        run.count("64 KB of token", 1);
    }
    nothing_was_run(proxy, "64 KB of token").await;
}

fn refusal(run: &Run, path: &str, kind: &str, answer: &Answer) {
    let told = (answer.code, answer.reason.as_str(), answer.messages.len());
    assert_eq!(told, (Code::Unauthenticated, "TOKEN_REFUSED", 0), "{kind} at {path} (seed {})", run.seed());
    assert_eq!(answer.message, "the token is missing or refused", "{kind} at {path}: the cause is for the log");
}

/// Claims of somebody whom a rule admits.
fn claims(rule: &AccessRule) -> Value {
    let bound = |role: &&Role| matches!(role, Role::Coordinator | Role::Clerk | Role::Reviewer);
    let of_city = |role: &&Role| matches!(role, Role::Bureau | Role::Finance | Role::Auditor | Role::Service);
    let township = rule.scope != Scope::City && rule.roles.iter().any(|role| bound(&role));
    let role = if township { rule.roles.iter().find(bound) } else { rule.roles.iter().find(of_city) };
    let now = Clock::system().now().timestamp();
    let mut claims = json!({
        "iss": "test-issuer", "aud": "bangfu", "sub": "forged-1", "iat": now, "nbf": now, "exp": now + 900,
        "city": CITY, "roles": [role_word(*role.expect("somebody is admitted"))],
    });
    if township {
        claims["township"] = json!(DADONG);
    }
    claims
}

/// A city whose townships follow-up knows, started again with another plan; they do nothing by themselves.
async fn restarted(change: impl FnOnce(&mut Plan, &Issuer)) -> City {
    let mut city = City::new().await;
    city.settle().await;
    city.stop().await;
    let mut plan = city.plan().await;
    without_jobs(&mut plan);
    change(&mut plan, city.issuer());
    city.start(plan).await;
    city
}
