//! Rosters read and judged as a whole: the shared samples against their keys, made-up ones against what was meant.

use std::path::{Path, PathBuf};

use bangfu_people::roster::{
    self, Judged,
    report::{self, Answer},
    sample::{self, Order},
};
use serde_json::Value;

fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name)
}

fn judged(path: &Path) -> (roster::Roster, Judged) {
    let roster = roster::read(path).expect("a roster");
    let ledger_on = roster.ledger_on.expect("the office line says");
    let judged = roster::judge(roster.rows.clone(), ledger_on);
    (roster, judged)
}

fn order(rows: u32, seed: u64) -> Order {
    Order { rows, seed, ledger_on: sample::LEDGER_ON, township: "示范镇".to_owned() }
}

#[test]
fn the_shared_samples_give_exactly_their_keys() {
    for name in ["roster-320685102.xlsx", "roster-320685103.csv"] {
        let path = shared(name);
        if !path.exists() {
            continue;
        }
        let key = std::fs::read_to_string(path.with_extension("key.json")).expect("a key");
        let key: Value = serde_json::from_str(&key).expect("JSON");
        let (_, judged) = judged(&path);
        let answers = key["answers"].as_array().expect("answers");
        assert_eq!(judged.verdicts.len(), answers.len(), "{name}");
        for (verdict, expected) in judged.verdicts.iter().zip(answers) {
            let answer = serde_json::to_value(Answer::from(verdict)).expect("JSON");
            for field in ["row", "outcome", "codes", "groups", "status"] {
                assert_eq!(answer[field], expected[field], "{name} row {} {field}", expected["row"]);
            }
        }
        let summary = serde_json::to_value(report::Summary::of(&judged.verdicts)).expect("JSON");
        for field in ["rows", "outcomes", "codes"] {
            assert_eq!(summary[field], key[field], "{name} {field}");
        }
    }
}

#[test]
fn what_a_sample_means_is_what_is_judged_for_any_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 0..60 {
        let path = folder.path().join(format!("{seed}.xlsx"));
        let rows = if seed == 0 { 1 } else { 40 + u32::try_from(seed).expect("small") * 5 };
        let meant = sample::write(&order(rows, seed * 7919), &path).expect("written");
        let (roster, judged) = judged(&path);
        assert_eq!(roster.ledger_on, Some(sample::LEDGER_ON));
        assert_eq!(roster.passed_over.len(), 1, "the signature line");
        assert_eq!(judged.verdicts, meant, "seed {seed}");
        if rows >= 40 {
            let summary = serde_json::to_value(report::Summary::of(&meant)).expect("JSON");
            assert_eq!(summary["codes"].as_object().expect("codes").len(), 15, "seed {seed}: every code");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_rows_and_another_seed_other_people() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = |name: &str, seed| {
        let path = folder.path().join(name);
        sample::write(&order(500, seed), &path).expect("written");
        roster::read(&path).expect("a roster").rows
    };
    let (first, again, other) = (rows("a.xlsx", 7), rows("b.xlsx", 7), rows("c.xlsx", 8));
    assert_eq!(first, again);
    let numbers = first.iter().map(|row| row.id_number.as_str()).collect::<std::collections::HashSet<_>>();
    let shared = other.iter().filter(|row| numbers.contains(row.id_number.as_str())).count();
    assert!(shared <= 3, "{shared} numbers in both");
}

#[test]
fn no_report_holds_a_whole_number_or_phone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sample.xlsx");
    sample::write(&order(400, 3), &path).expect("written");
    let mut roster = roster::read(&path).expect("a roster");
    // Cells that slipped one column to the left must not show either.
    roster.rows[5].name = roster.rows[5].id_number.clone();
    roster.rows[6].village = roster.rows[6].id_number.clone();
    roster.rows[7].groups = roster.rows[7].id_number.clone();
    roster.rows[8].status = roster.rows[8].phone.clone();
    let judged = roster::judge(roster.rows.clone(), sample::LEDGER_ON);

    let mut json = Vec::new();
    report::write_json(&mut json, &judged.verdicts).expect("written");
    let mut table = Vec::new();
    report::write_table(&mut table, &roster.rows, &judged.verdicts, sample::LEDGER_ON).expect("written");
    let printed = format!("{}{}{judged:?}", String::from_utf8_lossy(&json), String::from_utf8_lossy(&table));
    let printed_reports = printed.split("Judged {").next().expect("text");
    for row in &judged.accepted {
        assert!(!printed.contains(row.id.reveal()), "row {}", row.row);
        assert!(row.phone.as_ref().is_none_or(|phone| !printed_reports.contains(phone)), "row {}", row.row);
        assert!(printed_reports.contains(&row.id.masked()), "row {} is shown masked", row.row);
    }
    for row in &roster.rows {
        assert!(row.id_number.chars().count() < 15 || !printed_reports.contains(&row.id_number), "row {}", row.row);
    }
}

#[test]
fn json_ends_with_the_summary() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sample.xlsx");
    let meant = sample::write(&order(50, 1), &path).expect("written");
    let mut json = Vec::new();
    report::write_json(&mut json, &meant).expect("written");
    let lines = String::from_utf8(json).expect("text");
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>();
    assert_eq!(lines.len(), 51);
    assert_eq!(lines[0]["row"], 5);
    assert_eq!(lines[50]["rows"], 50);
    let outcomes = lines[50]["outcomes"].as_object().expect("outcomes");
    assert_eq!(outcomes.values().filter_map(Value::as_u64).sum::<u64>(), 50);
}
