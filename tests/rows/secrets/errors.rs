//! Every error that the suite can be brought to give, and a look at what it tells.

use std::{collections::BTreeMap, time::Duration};

use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_proto::{ACCESS, AccessRule, access::v1::Scope};
use bangfu_testkit::{City, DADONG, LIBAO, needles::Needles};
use bytes::Bytes;
use futures::future::join_all;

use super::{sample_people, words::Inside};
use crate::{
    all_wrong::all_wrong,
    asks::{Names, ask},
    proxy::{Fault, Proxy, Which},
    raw,
    row::Run,
    scene::Scene,
    tap::Tap,
};

/// Bad input, other townships, faults of the database, deadlines and overload, against every RPC: no error tells of SQL,
/// tables, paths, hosts or types.
pub async fn no_error_tells_of_the_inside(run: Run) {
    let proxy = Proxy::start(run.seed()).await;
    let mut city = City::with(|plan| proxy.stand_before(plan)).await;
    let tap = Tap::start(&city.suite().endpoint()).await;
    city.speak_through(tap.endpoint.clone());
    let look = Look { inside: Inside::of(&city).await, needles: Needles::of(sample_people(), &[]), run: run.clone() };
    run.count("names of the inside", look.inside.count() as u64);

    for rule in ACCESS {
        let _refused = all_wrong(&city, rule.path.rsplit('/').next().unwrap_or_default()).await;
        for message in
            [vec![0xff; 64], vec![0x0a, 0x7f, 0x41], vec![0x08, 0x01, 0x11, 0x01], vec![0x0a, 0x02, 0xc3, 0x28]]
        {
            let headers = raw::bearer(&token(&city, rule));
            let _refused = raw::call(&city.channel(), rule.path, &headers, raw::framed(&[message.into()])).await;
        }
        for token in ["", "no.token.at-all", &city.token("somebody", &[Role::Partner], None)] {
            let headers = if token.is_empty() { http::HeaderMap::new() } else { raw::bearer(token) };
            let _refused = raw::call(&city.channel(), rule.path, &headers, raw::framed(&[Bytes::new()])).await;
        }
    }
    look.at("bad input", &tap);

    let Scene { city, foreign, own_person } = Scene::in_city(city).await;
    for rule in ACCESS {
        let _answers = ask(&caller(&city, rule, DADONG), rule.path, &foreign, &own_person).await;
        let _answers = ask(&caller(&city, rule, DADONG), rule.path, &Names::of_nobody(), &own_person).await;
    }
    look.at("another township's", &tap);

    run.fault("statement refused", 0);
    run.fault("connection cut", 0);
    let faults = [
        (Fault::Refused, "statement refused"),
        (Fault::CutBefore, "connection cut"),
        (Fault::CutAfter, "connection cut"),
    ];
    for (n, rule) in ACCESS.iter().enumerate() {
        // Quick: every RPC has a statement refused, and a connection cut in one of two ways.
        let statements = run.of(vec![Which::Nth(2)], (1..=6).map(Which::Nth).chain([Which::Commit]).collect());
        for (fault, what) in
            faults.into_iter().enumerate().filter(|(at, _)| run.of(*at != n % 2 + 1, true)).map(|it| it.1)
        {
            for which in &statements {
                let fired = proxy.fired();
                proxy.break_at(which.clone(), fault);
                let _answers = ask(&caller(&city, rule, LIBAO), rule.path, &foreign, &foreign.person).await;
                proxy.forget();
                run.fault(what, proxy.fired() - fired);
            }
        }
    }
    look.at("faults of the database", &tap);
    city.close().await;
    held(&look).await;
    run.fault(
        "a sign of the inside, made up",
        look.inside.told_by("relation \"duty\" at /tmp/x.rs:1 57P01").len() as u64,
    );
}

/// A suite with little room and less patience before a database that does not answer.
async fn held(look: &Look) {
    let proxy = Proxy::start(look.run.seed()).await;
    let mut city = City::with(|plan| {
        proxy.stand_before(plan);
        plan.stack.calls = 24;
        plan.stack.calls_per_township = 12;
        plan.stack.unary = Duration::from_secs(1);
    })
    .await;
    let tap = Tap::start(&city.suite().endpoint()).await;
    city.speak_through(tap.endpoint.clone());
    // Doors and directories are known before nothing is answered any more.
    for township in [DADONG, LIBAO] {
        let _known = ask(&city.clerk(township), ACCESS[0].path, &Names::of_nobody(), "").await;
    }
    proxy.hold();
    let nobody = Names::of_nobody();
    let calls = ACCESS.iter().flat_map(|rule| [(rule, DADONG), (rule, LIBAO)]).map(|(rule, township)| {
        let client = caller(&city, rule, township);
        let nobody = &nobody;
        async move {
            let asked = ask(&client, rule.path, nobody, &nobody.person);
            let _answers = tokio::time::timeout(Duration::from_secs(look.run.of(5, 40)), asked).await;
        }
    });
    join_all(calls).await;
    proxy.cut();
    proxy.release();
    let seen = look.at("a database that does not answer", &tap);
    look.run.fault("overload", seen.get(&8).copied().unwrap_or_default());
    look.run.fault("unavailable or too late", [4, 14].iter().filter_map(|code| seen.get(code)).sum());
    city.close().await;
}

/// What is looked for.
struct Look {
    inside: Inside,
    needles: Needles,
    run: Run,
}

impl Look {
    /// Looks at the errors among the answers so far; how many of each code.
    fn at(&self, what: &str, tap: &Tap) -> BTreeMap<i32, u64> {
        let mut seen = BTreeMap::new();
        for answer in tap.take() {
            let Some(code) = answer.code().filter(|&code| code != 0) else { continue };
            *seen.entry(code).or_default() += 1;
            let bytes = answer.told();
            let text = String::from_utf8_lossy(&bytes);
            let told = self.inside.told_by(&text);
            assert!(told.is_empty(), "{what}, {}: tells {told:?} (seed {}): {text}", answer.path, self.run.seed());
            let hits = self.needles.search(&bytes);
            assert!(hits.is_empty(), "{what}, {}: {hits:?} (seed {})", answer.path, self.run.seed());
            self.run.count("bytes", bytes.len() as u64);
        }
        self.run.count(&format!("errors: {what}"), seen.values().sum());
        for (code, times) in &seen {
            self.run.count(&format!("errors with code {:?}", tonic::Code::from(*code)), *times);
        }
        seen
    }
}

fn bound(role: Role) -> bool {
    matches!(role, Role::Coordinator | Role::Clerk | Role::Reviewer)
}

/// A role that a method is open to: of a township, where it is open to one.
fn role(rule: &AccessRule) -> Role {
    let township = matches!(rule.scope, Scope::Township | Scope::Either);
    let own = rule.roles.iter().find(|&&role| township && role == Role::Clerk);
    let any = rule.roles.iter().find(|&&role| bound(role) == township);
    *own.or(any).or(rule.roles.first()).expect("a role")
}

fn caller(city: &City, rule: &AccessRule, township: &str) -> Client {
    let role = role(rule);
    city.caller("somebody", &[role], bound(role).then_some(township), &[])
}

pub(super) fn token(city: &City, rule: &AccessRule) -> String {
    let role = role(rule);
    city.token("somebody", &[role], bound(role).then_some(DADONG))
}
