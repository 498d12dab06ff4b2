//! Each fault a standard can have, seen once; and all of them at once.

use super::*;
use crate::model::standard::{
    NOTICE, Proration,
    document::{Document, WindowEntry},
};

fn notice() -> Document {
    Document::parse(NOTICE).expect("it can be read")
}

/// Names of the fields at fault once something was changed in the notice.
fn faults(change: impl FnOnce(&mut Document)) -> Vec<String> {
    let mut document = notice();
    change(&mut document);
    document.checked().err().unwrap_or_default().into_iter().map(|(field, _)| field).collect()
}

fn change(id: &str, change: impl FnOnce(&mut RuleEntry)) -> Vec<String> {
    faults(|document| change(document.rules.iter_mut().find(|rule| rule.id == id).expect("a rule")))
}

#[test]
fn the_notice_has_none() {
    assert_eq!(notice().checked().map(|standard| standard.rules.len()), Ok(15));
}

#[test]
fn what_is_wrong_with_the_standard_itself_is_told() {
    let is = |fields: &[&str]| fields.iter().map(|field| format!("standard.{field}")).collect::<Vec<_>>();
    assert_eq!(faults(|it| it.version.clear()), is(&["version"]));
    assert_eq!(faults(|it| it.version = "2026/1".into()), is(&["version"]));
    assert_eq!(faults(|it| it.version = "1".repeat(33)), is(&["version"]));
    assert_eq!(faults(|it| it.in_force_from = Given::Nothing), is(&["in_force_from"]));
    assert_eq!(faults(|it| it.in_force_from = Given::Unknown), is(&["in_force_from"]));
    assert_eq!(faults(|it| it.in_force_from = Given::Is(NaiveDate::MAX)), is(&["in_force_from"]));
    assert_eq!(faults(|it| it.rules.clear()), is(&["rules"]));
    let many = |number: i64| {
        faults(|it| {
            let rule = it.rules[9].clone();
            it.rules = (0..number).map(|n| RuleEntry { id: format!("r{n}"), ..rule.clone() }).collect();
        })
    };
    assert_eq!(many(1), is(&[]));
    assert_eq!(many(101)[0], "standard.rules");
}

/// A rule of the notice, what is changed in it, and the fields then at fault.
type Row = (&'static str, fn(&mut RuleEntry), &'static [&'static str]);

#[test]
fn what_is_wrong_with_a_rule_is_told_under_its_name() {
    let table: [Row; 44] = [
        ("policy_publicity", |it| it.office_name.clear(), &["office_name"]),
        ("policy_publicity", |it| it.office_name = "字".repeat(65), &["office_name"]),
        ("policy_publicity", |it| it.office_name = "字".repeat(64), &[]),
        ("policy_publicity", |it| it.source = "\u{200b}".into(), &["source"]),
        ("policy_publicity", |it| it.source = "字".repeat(257), &["source"]),
        ("policy_publicity", |it| it.source = "a\u{0}b".into(), &["source"]),
        ("policy_publicity", |it| it.service = Given::Nothing, &["service"]),
        ("policy_publicity", |it| it.service = Given::Unknown, &["service"]),
        ("policy_publicity", |it| it.levels = vec![Given::Is(ServiceLevel::Exited)], &["levels"]),
        ("policy_publicity", |it| it.levels = vec![Given::Is(ServiceLevel::Stable); 2], &["levels"]),
        ("policy_publicity", |it| it.levels = vec![Given::Unknown], &["levels"]),
        ("policy_publicity", |it| it.groups = vec![Given::Is(bangfu_kernel::Group::Veteran); 2], &["groups"]),
        ("policy_publicity", |it| it.groups = vec![Given::Nothing], &["groups"]),
        ("policy_publicity", |it| it.recognised = Given::Unknown, &["recognised"]),
        ("policy_publicity", |it| it.every = Given::Nothing, &["every"]),
        ("policy_publicity", |it| it.every = Given::Unknown, &["every"]),
        ("policy_publicity", |it| it.within_days = 30, &["within_days"]),
        ("policy_publicity", |it| it.after = vec![Given::Is(ServiceLevel::Stable)], &["after"]),
        ("policy_publicity", |it| it.count = 0, &["count"]),
        ("policy_publicity", |it| it.count = -1, &["count"]),
        ("policy_publicity", |it| it.count = 2, &["proration"]),
        ("policy_publicity", |it| it.proration = Given::Unknown, &["proration"]),
        ("policy_publicity", |it| it.min_days = Some(366), &["min_days"]),
        ("policy_publicity", |it| it.min_days = Some(0), &["min_days"]),
        ("policy_publicity", |it| it.entry_grace_days = Some(367), &["entry_grace_days"]),
        ("policy_publicity", |it| it.entry_grace_days = Some(-1), &["entry_grace_days"]),
        ("policy_publicity", |it| it.channels = Some(vec![]), &[]),
        ("policy_publicity", |it| it.results = Some(vec![]), &["results"]),
        ("policy_publicity", |it| it.results = Some(vec![Given::Unknown]), &["results"]),
        ("131.job_referral", |it| it.count = 367, &["count"]),
        ("131.job_referral", |it| it.proration = Given::Nothing, &["proration"]),
        ("follow_up.unemployed", |it| it.count = 2, &["count"]),
        ("follow_up.unemployed", |it| it.proration = Given::Is(Proration::Full), &["proration"]),
        ("follow_up.unemployed", |it| it.min_days = Some(29), &["min_days"]),
        ("follow_up.unemployed", |it| it.channels = Some(vec![]), &["channels"]),
        ("follow_up.flexible", |it| it.min_days = Some(182), &["min_days"]),
        ("registration_help", |it| it.within_days = 0, &["within_days"]),
        ("registration_help", |it| it.within_days = 367, &["within_days"]),
        ("registration_help", |it| it.min_days = Some(10), &["min_days"]),
        ("post_delivery", |it| it.window = None, &["window"]),
        ("post_delivery", |it| it.every = Given::Is(Cadence::Month), &["window"]),
        ("post_delivery", |it| it.min_days = Some(47), &["min_days"]),
        ("household_clearing", |it| it.levels = vec![Given::Is(ServiceLevel::Stable)], &["levels"]),
        ("household_clearing", |it| it.recognised = Given::Is(false), &["recognised"]),
    ];
    for (n, (id, alter, expected)) in table.into_iter().enumerate() {
        let expected: Vec<_> = expected.iter().map(|field| format!("standard.rules[{id}].{field}")).collect();
        assert_eq!(change(id, alter), expected, "row {n}");
    }
}

#[test]
fn a_window_needs_a_festival_whose_day_is_known() {
    type Spoiling = fn(&mut WindowEntry);
    let windows: [(Spoiling, &[&str]); 4] = [
        (|it| it.festival = Given::Nothing, &["window.festival"]),
        (|it| it.festival = Given::Unknown, &["window.festival"]),
        (|it| it.days_before = 151, &["window.days_before"]),
        (|it| it.days_after = -1, &["window.days_after"]),
    ];
    for (alter, expected) in windows {
        let found = change("post_delivery", |it| alter(it.window.as_mut().expect("a window")));
        let expected: Vec<_> = expected.iter().map(|field| format!("standard.rules[post_delivery].{field}")).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_rule_without_a_name_of_its_own_goes_by_its_number_and_no_two_have_one_name() {
    for id in ["", "Upper", "汉字", "a b", "x]", &"a".repeat(65)] {
        assert_eq!(change("policy_publicity", |it| it.id = id.into()), ["standard.rules[9].rule_id"], "{id}");
    }
    assert_eq!(
        change("policy_publicity", |it| it.id = "career_planning".into()),
        ["standard.rules[career_planning].rule_id"]
    );
}

#[test]
fn no_two_rules_ask_for_the_same_service_of_the_same_people() {
    let added = |alter: fn(&mut RuleEntry)| {
        faults(|it| {
            let mut rule = it.rules.iter().find(|rule| rule.id == "recognition_help").expect("a rule").clone();
            rule.id = "another".into();
            alter(&mut rule);
            it.rules.push(rule);
        })
    };
    let overlaps = ["standard.rules[another].service"];
    let not: [&str; 0] = [];
    assert_eq!(added(|_| ()), overlaps);
    assert_eq!(added(|it| it.groups = vec![Given::Is(bangfu_kernel::Group::Veteran)]), overlaps, "one may be both");
    assert_eq!(added(|it| it.levels.clear()), overlaps, "every level is UNEMPLOYED, too");
    assert_eq!(added(|it| it.levels = vec![Given::Is(ServiceLevel::Stable)]), not);
    assert_eq!(added(|it| it.recognised = Given::Nothing), overlaps, "whether or not is without, too");
    assert_eq!(added(|it| it.recognised = Given::Is(true)), not);
    assert_eq!(added(|it| it.after = vec![Given::Is(ServiceLevel::Stable)]), overlaps, "the other comes after any");
    let of_a_household = |it: &mut RuleEntry| {
        *it = RuleEntry {
            household: true,
            levels: Vec::new(),
            groups: Vec::new(),
            recognised: Given::Nothing,
            ..it.clone()
        };
    };
    assert_eq!(added(of_a_household), not);
    let after = |id: &str, level| {
        faults(|it| {
            let first = it.rules.iter_mut().find(|rule| rule.id == "registration_help").expect("a rule");
            first.after = vec![Given::Is(ServiceLevel::Unemployed)];
            let second = RuleEntry { id: id.into(), after: vec![Given::Is(level)], ..first.clone() };
            it.rules.push(second);
        })
    };
    assert_eq!(after("another", ServiceLevel::Unemployed), overlaps);
    assert_eq!(after("another", ServiceLevel::Unverified), not, "one spell comes after one level");
}

#[test]
fn a_rule_for_somebody_unknown_overlaps_with_none() {
    let added = |alter: fn(&mut RuleEntry)| {
        faults(|it| {
            let mut rule = it.rules.iter().find(|rule| rule.id == "recognition_help").expect("a rule").clone();
            rule.id = "another".into();
            rule.levels = vec![Given::Is(ServiceLevel::Stable)];
            alter(&mut rule);
            it.rules.push(rule);
        })
    };
    assert_eq!(added(|it| it.levels = vec![Given::Unknown]), ["standard.rules[another].levels"]);
    assert_eq!(added(|it| it.groups = vec![Given::Unknown]), ["standard.rules[another].groups"]);
    let unsaid = added(|it| (it.levels, it.recognised) = (vec![Given::Is(ServiceLevel::Unemployed)], Given::Unknown));
    assert_eq!(unsaid, ["standard.rules[another].recognised"]);
}

#[test]
fn no_rule_is_out_of_reach() {
    let unreachable = ["standard.rules[registration_help].after"];
    let level = Given::Is(ServiceLevel::Stable);
    assert_eq!(change("registration_help", |it| it.after = vec![level]), unreachable);
    assert_eq!(change("registration_help", |it| it.levels.clear()), unreachable);
    let exited = Given::Is(ServiceLevel::Exited);
    let none: [&str; 0] = [];
    assert_eq!(change("registration_help", |it| (it.levels, it.after) = (vec![], vec![exited])), none);
    let veteran = Given::Is(bangfu_kernel::Group::Veteran);
    assert_eq!(change("registration_help", |it| (it.groups, it.after) = (vec![veteran], vec![level])), none);
}

#[test]
fn every_fault_of_a_document_is_told_at_once_even_where_words_are_unknown() {
    let document = r#"
        version = ""
        in_force_from = "2026-02-30"
        min_days = 10
        entry_grace_days = 5
        [[rule]]
        id = "a"
        office_name = "甲"
        source = "default"
        service = "NAPPING"
        levels = ["EXITED"]
        every = "MONTH"
        count = 0
        min_days = 29
        [[rule]]
        id = "a"
        source = "default"
        service = "JOB_REFERRAL"
        every = "YEAR"
        count = 3
        within_days = 30
        after = ["STABLE"]
        [[rule]]
        id = "b"
        office_name = "乙"
        source = "default"
        service = "JOB_REFERRAL"
        every = "ONCE"
        count = 1
        quota = "FULL"
        entry_grace_days = 1000
    "#;
    let faults = Document::parse(document).expect("it can be read").checked().expect_err("it has faults");
    let fields: Vec<_> = faults.iter().map(|(field, _)| field.trim_start_matches("standard.")).collect();
    assert_eq!(
        fields,
        [
            "version",
            "in_force_from",
            "rules[a].service",
            "rules[a].levels",
            "rules[a].count",
            "rules[a].min_days",
            "rules[a].rule_id",
            "rules[a].office_name",
            "rules[a].within_days",
            "rules[a].after",
            "rules[a].proration",
            "rules[b].within_days",
            "rules[b].proration",
            "rules[b].entry_grace_days",
            "rules[b].service",
        ]
    );
}
