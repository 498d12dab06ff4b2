//! Every RPC × every role × own township, another one, the whole city: as the committed table says, and another township's
//! everything is like nothing at all.

use std::collections::BTreeMap;

use bangfu::client::Client;
use bangfu_kernel::{Role, caller::role_word};
use bangfu_proto::ACCESS;
use bangfu_testkit::{DADONG, LIBAO};

use crate::{
    asks::{Answer, Names, ask},
    row::Run,
    scene::Scene,
};

/// The file that people check: nothing that was compiled from the contract.
const TABLE: &str = include_str!("../../access.txt");

/// Roles that a township's token has; PARTNER may be of both kinds.
const BOUND: [Role; 4] = [Role::Coordinator, Role::Clerk, Role::Reviewer, Role::Partner];

/// Methods that no township has: the doors say no before names are looked at.
const NOT_A_TOWNSHIPS: [&str; 10] = [
    "UpsertTownship",
    "RunSweep",
    "PublishStandard",
    "PreviewStandard",
    "DecideRecognition",
    "RevokeRecognition",
    "RotateKey",
    "GetKeyRotation",
    "RunRetention",
    "PublishCalendar",
];

/// Methods that tell every township the same, for what they tell is the city's. (The page token of the directory is the
/// bureau's.)
const THE_SAME_FOR_ALL: [&str; 4] = ["ListTownships", "GetCalendar", "GetStandard", "ListStandards"];

/// What the table says of one method.
struct Line {
    township: bool,
    city: bool,
    roles: Vec<String>,
}

/// Method → who may call it, as somebody would read it.
fn table() -> BTreeMap<String, Line> {
    let (mut lines, mut columns) = (BTreeMap::new(), Vec::new());
    for line in TABLE.lines().filter(|line| line.starts_with("  ")) {
        let words: Vec<_> = line.split_whitespace().collect();
        if words[0] == "for" {
            columns = words[1..].iter().map(|&word| word.to_owned()).collect();
            continue;
        }
        let marks = &words[words.len() - columns.len()..];
        let scope = words[1..words.len() - columns.len()].join(" ");
        let (township, city) = match scope.as_str() {
            "own township" => (true, false),
            "whole city" | "services" => (false, true),
            "township or city" => (true, true),
            other => panic!("{line}: what is {other}?"),
        };
        let roles = columns.iter().zip(marks).filter(|(_, mark)| **mark == "yes").map(|(role, _)| role.clone());
        lines.insert(words[0].to_owned(), Line { township, city, roles: roles.collect() });
    }
    lines
}

/// Where a caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Own,
    Other,
    City,
}

/// Every RPC × every role × {own, other township, city} equals `access.txt`: whoever is not admitted is refused for that,
/// whoever is admitted learns of another township what there is to learn of one that never was.
pub async fn every_rpc_admits_whom_the_committed_table_says(run: Run) {
    let Scene { city, foreign, own_person } = Scene::new().await;
    let (table, nobody) = (table(), Names::of_nobody());
    assert_eq!(table.len(), ACCESS.len(), "every RPC stands in the committed table");
    let roles = [
        Role::Coordinator,
        Role::Clerk,
        Role::Reviewer,
        Role::Bureau,
        Role::Finance,
        Role::Auditor,
        Role::Partner,
        Role::Service,
    ];
    // Strangers first: owners and the city change what is there.
    for stands in [Stands::Other, Stands::Own, Stands::City] {
        for role in roles {
            let township = match stands {
                Stands::Own => Some(LIBAO),
                Stands::Other => Some(DADONG),
                Stands::City => None,
            };
            // Who entered what stands in LIBAO: a coordinator takes back what they entered themselves, and nothing else.
            let caller = city.caller("clerk-1", &[role], township, &[]);
            let fits = if township.is_some() { BOUND.contains(&role) } else { !BOUND[..3].contains(&role) };
            for rule in ACCESS {
                let method = rule.path.rsplit('/').next().unwrap_or_default();
                let line = table.get(method).unwrap_or_else(|| panic!("{method} is not in the table"));
                let scope = if township.is_some() { line.township } else { line.city };
                let admitted = fits && scope && line.roles.contains(&role_word(role));
                let answers = ask(&caller, rule.path, &foreign, &own_person).await;
                for answer in &answers {
                    let expected = match (fits, admitted) {
                        (false, _) => Some("TOKEN_REFUSED"),
                        (true, false) => Some("ROLE_MISSING"),
                        (true, true) => None,
                    };
                    let told = answer.as_ref().err().map(|refusal| refusal.reason.as_str());
                    let told = told.filter(|reason| ["TOKEN_REFUSED", "ROLE_MISSING"].contains(reason));
                    assert_eq!(told, expected, "{role:?} {stands:?} at {method} (seed {}): {answer:?}", run.seed());
                }
                run.count(if admitted { "admitted" } else { "refused" }, 1);
                if admitted && stands == Stands::Other {
                    like_nobodys(&caller, rule.path, answers, &nobody, &own_person, &run).await;
                }
            }
        }
    }
    run.count("cells", 3 * 8 * u64::try_from(ACCESS.len()).expect("few"));
    city.close().await;
}

async fn like_nobodys(caller: &Client, path: &str, answers: Vec<Answer>, nobody: &Names, own_person: &str, run: &Run) {
    // What tells the same to all leads to no place of another township.
    if THE_SAME_FOR_ALL.iter().any(|method| path.ends_with(method)) {
        return;
    }
    assert_eq!(answers, ask(caller, path, nobody, own_person).await, "{path} tells one from the other");
    run.count("answered like nobody's", 1);
}

/// Ids, townships, page tokens and cursors of another township, in every field of every RPC: the answer is, byte for byte,
/// the one for what never was. The names are good ones: their owner is answered otherwise.
pub async fn another_townships_everything_is_answered_like_what_never_was(run: Run) {
    for _ in 0..run.of(1, 10) {
        let Scene { city, foreign, own_person } = Scene::new().await;
        for rule in ACCESS {
            let (stranger, owner) = if rule.roles.contains(&Role::Reviewer) && !rule.roles.contains(&Role::Clerk) {
                (city.reviewer(DADONG), city.reviewer(LIBAO))
            } else {
                (city.clerk(DADONG), city.clerk(LIBAO))
            };
            let method = rule.path.rsplit('/').next().unwrap_or_default();
            let asked = ask(&stranger, rule.path, &foreign, &own_person).await;
            for _ in 0..run.of(1, 3) {
                let nobody = ask(&stranger, rule.path, &Names::of_nobody(), &own_person).await;
                assert_eq!(asked, nobody, "{method} tells one from the other (seed {})", run.seed());
                run.count("answers compared", u64::try_from(asked.len()).expect("few"));
            }
            for answer in asked.iter().filter_map(|answer| answer.as_ref().ok()) {
                for secret in [LIBAO, &foreign.person, &foreign.contact, &foreign.record, &foreign.transfer] {
                    assert!(!answer.contains(secret), "{method} tells of another township: {answer}");
                }
            }
            if NOT_A_TOWNSHIPS.contains(&method) {
                assert!(
                    asked.iter().all(|answer| answer.as_ref().is_err_and(|refusal| refusal.reason == "ROLE_MISSING"))
                );
            } else if !THE_SAME_FOR_ALL.contains(&method) {
                assert_ne!(ask(&owner, rule.path, &foreign, &foreign.person).await, asked, "{method}");
                run.count("owners answered otherwise", 1);
            }
        }
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM contact WHERE voided_at IS NULL AND township = $1")
            .bind(LIBAO)
            .fetch_one(&mut city.look("followup").await)
            .await
            .expect("a count");
        assert_eq!(
            left, 6,
            "the owner recorded two more of each kind and voided one of each; the stranger did nothing"
        );
        city.close().await;
    }
}
