//! Rules of one standard beside each other: none may ask for the same service of the same people as another one, and
//! none may be out of reach.

use bangfu_kernel::fields::rule as sentence;

use super::{Every, Rule, check::Fault};

/// Adds a fault for each rule that overlaps with an earlier one, and for each that can never be reached. Rules come with the
/// names they go by in faults.
pub(super) fn check(rules: &[(String, Rule)], faults: &mut Vec<Fault>) {
    for (i, (name, rule)) in rules.iter().enumerate() {
        if let Some((earlier, _)) = rules[..i].iter().find(|(_, earlier)| overlap(earlier, rule)) {
            let en = format!("must not be owed to the same people by rule {earlier} as well");
            let zh = format!("与事项“{earlier}”重叠：同一对象的同一服务只能由一条规则规定");
            let told = bangfu_kernel::error::Rule { en: en.into(), zh: zh.into() };
            faults.push((format!("standard.rules[{name}].service"), told));
        }
        if !reachable(rule) {
            let told = sentence(
                "must name another level than the rule's own: nobody comes to it from there",
                "不得只含本事项自身的服务等级：无人会由此进入",
            );
            faults.push((format!("standard.rules[{name}].after"), told));
        }
    }
}

/// Whether somebody can be owed the same service by both. Whoever belongs to one group may belong to any other as well, so
/// groups keep no two rules apart.
fn overlap(a: &Rule, b: &Rule) -> bool {
    a.id != b.id && a.service == b.service && a.who.household == b.who.household && (a.who.household || people(a, b))
}

fn people(a: &Rule, b: &Rule) -> bool {
    let levels = |a: &Rule, b: &Rule| a.who.levels.is_empty() || a.who.levels.iter().any(|&it| b.who.names_level(it));
    let recognised = match (a.who.recognised, b.who.recognised) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    levels(a, b) && recognised && !come_differently(a, b)
}

/// `once` rules that open with the very same spells, each of which comes after one level.
fn come_differently(a: &Rule, b: &Rule) -> bool {
    let once = |rule: &Rule| matches!(rule.every, Every::Once { .. }) && !rule.who.after.is_empty();
    let same = a.who.levels == b.who.levels && a.who.groups == b.who.groups && a.who.recognised == b.who.recognised;
    once(a) && once(b) && same && a.who.after.iter().all(|level| !b.who.after.contains(level))
}

/// Of a `once` rule that asks for a level alone: a spell of it begins after another level than its own.
fn reachable(rule: &Rule) -> bool {
    let who = &rule.who;
    let once = matches!(rule.every, Every::Once { .. });
    let of_level_alone = !who.household && who.groups.is_empty() && who.recognised.is_none();
    !once || !of_level_alone || who.after.is_empty() || who.after.iter().any(|&level| !means(rule, level))
}

/// Whether a rule means people of a level.
fn means(rule: &Rule, level: bangfu_kernel::ServiceLevel) -> bool {
    level != bangfu_kernel::ServiceLevel::Exited && rule.who.names_level(level)
}
