//! The demonstration: ends by itself, and its figures hold together.

use std::process::Command;

use serde_json::Value;

use crate::process::BANGFU;

fn sum(counts: &Value) -> i64 {
    counts.as_object().expect("counts").values().map(|n| n.as_i64().expect("a number")).sum()
}

#[test]
fn the_demonstration_ends_with_figures_that_hold_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("figures.json");
    let output = Command::new(BANGFU).args(["demo", "--json"]).arg(&json).output().expect("bangfu demo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let figures: Value = serde_json::from_slice(&std::fs::read(&json).expect("figures")).expect("JSON");
    let townships = figures["townships"].as_array().expect("townships");
    assert_eq!(townships.len(), 3);
    for township in townships {
        let rows = &township["rows"];
        assert!(sum(rows) >= 200, "{township}");
        assert_eq!(sum(&township["register"]), rows["accepted"].as_i64().expect("accepted"));
        assert_eq!(sum(&township["people_by_level"]), township["register"]["NEW"].as_i64().expect("NEW"));
        let after = township["after_three_months"].as_object().expect("rules");
        let missed = after.values().map(|states| states["missed"].as_i64().expect("missed")).sum::<i64>();
        let listed = township["missed"].as_array().expect("a list");
        assert_eq!(usize::try_from(missed).expect("few"), listed.len());
        assert!(missed > 0, "nobody was forgotten: the demonstration shows nothing");
        let done = after.values().map(|states| states["done"].as_i64().expect("done")).sum::<i64>();
        assert!(done > missed);
        assert!(listed.iter().all(|duty| !duty["reason"].as_str().expect("a reason").is_empty()));
    }
    // Nothing printed or written shows a whole ID number: 17 digits in a row.
    let printed = String::from_utf8(output.stdout).expect("text") + &figures.to_string();
    let longest = printed.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    assert!(longest < 15, "{longest} digits in a row");
}
