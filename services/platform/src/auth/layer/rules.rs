//! The access rules of the contract: found by path, applied to a caller, printed for people.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use bangfu_kernel::{Caller, Role, caller::role_word};
use bangfu_proto::{ACCESS, AccessRule, access::v1::Scope};

/// Services that every server has and nobody needs a token for. They know nothing of any township.
const OPEN: [&str; 3] =
    ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/"];

static BY_PATH: LazyLock<HashMap<&str, &AccessRule>> =
    LazyLock::new(|| ACCESS.iter().map(|rule| (rule.path, rule)).collect());

/// Roles in the order of the contract, as columns of the table.
const ROLES: [Role; 8] = [
    Role::Coordinator,
    Role::Clerk,
    Role::Reviewer,
    Role::Bureau,
    Role::Finance,
    Role::Auditor,
    Role::Partner,
    Role::Service,
];

pub(super) fn open_to_all(path: &str) -> bool {
    OPEN.iter().any(|service| path.starts_with(service))
}

pub(super) fn find(path: &str) -> Option<&'static AccessRule> {
    BY_PATH.get(path).copied()
}

/// Whether a caller's scope fits the rule and one of its roles stands there. Which roles go with which scope the verifier
/// has seen to.
pub(super) fn admits(rule: &AccessRule, caller: &Caller) -> bool {
    let bound = caller.township.is_some();
    let scope = match rule.scope {
        Scope::Township => bound,
        Scope::City => !bound,
        Scope::Either => true,
        Scope::Service => !bound && caller.is(Role::Service),
        Scope::Public | Scope::Unspecified => false,
    };
    scope && rule.roles.iter().any(|role| caller.is(*role))
}

/// Who may call what, for people who do not read code: one line an RPC, what the caller sees, one column a role.
pub fn access_table() -> String {
    let name = |rule: &AccessRule| rule.path.rsplit('/').next().unwrap_or_default();
    let longest = ACCESS.iter().map(|rule| name(rule).len()).max().unwrap_or_default();
    let words = ROLES.map(role_word);
    let mut table = String::new();
    let mut service = "";
    for rule in ACCESS {
        let (next, method) = rule.path.trim_start_matches('/').split_once('/').unwrap_or_default();
        if next != service {
            let gap = if service.is_empty() { "" } else { "\n" };
            let _ = writeln!(table, "{gap}{next}");
            let _ = writeln!(table, "  {:longest$}  {:16}  {}", "", "for", words.join("  "));
            service = next;
        }
        let cells = ROLES.iter().zip(&words).map(|(role, word)| {
            let mark = if rule.roles.contains(role) { "yes" } else { "-" };
            format!("{mark:width$}", width = word.len())
        });
        let cells = cells.collect::<Vec<_>>().join("  ");
        let line = format!("  {method:longest$}  {:16}  {cells}", scope_words(rule.scope));
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Township => "own township",
        Scope::City => "whole city",
        Scope::Either => "township or city",
        Scope::Service => "services",
        Scope::Public => "everybody",
        Scope::Unspecified => "nobody",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(role: Role, township: bool) -> Caller {
        Caller {
            subject: "test".into(),
            city: "320685".into(),
            township: township.then(|| "320685102".parse().expect("a code")),
            roles: [role].into(),
            villages: std::collections::BTreeSet::default(),
        }
    }

    #[test]
    fn a_rule_admits_its_scope_with_one_of_its_roles() {
        const ROLE: Role = Role::Partner;
        let rule = |scope, roles| AccessRule { path: "/a/B", scope, roles };
        for (scope, township, city) in [
            (Scope::Township, true, false),
            (Scope::City, false, true),
            (Scope::Either, true, true),
            (Scope::Service, false, false),
            (Scope::Public, false, false),
            (Scope::Unspecified, false, false),
        ] {
            assert_eq!(admits(&rule(scope, &[ROLE]), &caller(ROLE, true)), township, "{scope:?}");
            assert_eq!(admits(&rule(scope, &[ROLE]), &caller(ROLE, false)), city, "{scope:?}");
            assert!(!admits(&rule(scope, &[Role::Auditor]), &caller(ROLE, true)), "{scope:?}");
            assert!(!admits(&rule(scope, &[]), &caller(ROLE, false)), "{scope:?}");
        }
        assert!(admits(&rule(Scope::Service, &[Role::Service]), &caller(Role::Service, false)));
        assert!(!admits(&rule(Scope::Service, &[Role::Service]), &caller(Role::Service, true)));
    }

    #[test]
    fn only_whole_service_names_are_open() {
        assert!(open_to_all("/grpc.health.v1.Health/Check"));
        assert!(open_to_all("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"));
        for path in
            ["/grpc.health.v1.Healthy/Check", "/bangfu.people.v1.PeopleService/GetPerson", "grpc.health.v1.Health/"]
        {
            assert!(!open_to_all(path), "{path}");
        }
    }

    #[test]
    fn the_table_names_every_method_once() {
        let table = access_table();
        for rule in ACCESS {
            let method = rule.path.rsplit('/').next().expect("a method");
            assert_eq!(table.lines().filter(|line| line.trim_start().starts_with(&format!("{method} "))).count(), 1);
        }
    }
}
