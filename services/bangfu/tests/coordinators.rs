//! Coordinators from the terminal: entered, assigned, put right on the same day, and each one's own list.

use crate::{
    process::{Process, token},
    terminal::{bangfu, printed},
};

#[test]
fn a_clerk_divides_the_work_and_a_coordinator_sees_their_own() {
    let process = Process::start();
    let (clerk, bureau) = (token(&process.home(), "clerk", Some("320685102")), token(&process.home(), "bureau", None));
    let coordinator = token(&process.home(), "coordinator", Some("320685102"));
    let run = |arguments: &[&str]| printed(&bangfu(&process, &clerk, arguments));
    let refused = |token: &str, arguments: &[&str]| {
        let output = bangfu(&process, token, arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let roster = process.home().join("roster.xlsx").display().to_string();
    run(&["roster", "sample", "--rows", "60", "--seed", "7", "--out", &roster]);
    run(&["roster", "import", &roster]);
    printed(&bangfu(&process, &bureau, &["sweeps", "run"]));

    let unknown = refused(&coordinator, &["duties", "list", "--today", "--mine"]);
    assert!(unknown.contains("没有账号为 coordinator 的协理员"), "{unknown}");
    let put = run(&["coordinators", "put", "协理员乙", "--account", "coordinator", "--capacity", "60"]);
    assert!(put.contains("现为") && put.contains("60"), "{put}");
    let put = run(&["coordinators", "put", "协理员乙", "--capacity", "40"]);
    assert!(put.contains("coordinator ") && put.contains("40"), "the account stays: {put}");
    let put = run(&["coordinators", "put", "协理员乙"]);
    assert!(put.contains("40"), "{put}");
    let absence = ["coordinators", "absence", "协理员乙", "--to", "2099-01-01", "--stand-in", "协理员丙"];
    let far = refused(&clerk, &absence);
    assert!(far.contains("FIELD_INVALID"), "{far}");
    let to = &days_from_now(30);
    let unknown = refused(&clerk, &["coordinators", "absence", "协理员乙", "--to", to, "--stand-in", "协理员丙"]);
    assert!(unknown.contains("“协理员丙”尚未登记") && unknown.contains("stand_in"), "{unknown}");

    let people = run(&["people", "list"]);
    let village = people.lines().skip(1).flat_map(str::split_whitespace).find(|word| word.ends_with('村'));
    let village = village.expect("a village");
    let nowhere = run(&["coordinators", "assign-village", "没有此村", "--to", "协理员乙"]);
    assert!(nowhere.contains("台账中没有“没有此村”的人"), "{nowhere}");
    let assigned = run(&["coordinators", "assign-village", village, "--to", "协理员乙"]);
    assert!(assigned.contains(&format!("{village} 今日")) && assigned.contains("人 people"), "{assigned}");
    run(&["coordinators", "assign-village", village]);
    run(&["coordinators", "assign-village", village, "--to", "协理员乙"]);
    let listed = run(&["coordinators", "assignments", "--village", village]);
    assert_eq!(listed.matches("replaced").count(), 2, "{listed}");
    assert!(listed.contains("assignment_id"), "{listed}");

    let mine = printed(&bangfu(&process, &coordinator, &["duties", "list", "--today", "--mine"]));
    assert!(mine.contains("今日工作 today's work: 协理员 coordinator 协理员乙"), "{mine}");
    let everybody = run(&["duties", "list", "--today"]);
    assert!(everybody.contains("全区镇") && everybody.contains("duty_id"), "{everybody}");
    assert!(run(&["duties", "list", "--today", "--unassigned"]).contains("待分配 the unassigned queue"));
    refused(&clerk, &["duties", "list", "--mine", "--unassigned"]);
    assert!(run(&["duties", "workload", "--by", "village"]).contains("村(社区) village"));
    assert!(run(&["duties", "workload"]).contains("协理员 coordinator"));
    let sweeps = printed(&bangfu(&process, &bureau, &["sweeps", "list"]));
    assert!(sweeps.contains("days late"), "{sweeps}");
    assert!(printed(&bangfu(&process, &bureau, &["sweeps", "quarantine"])).contains("共 0 个"));
}

/// A day to come.
fn days_from_now(days: i64) -> String {
    (bangfu_kernel::Clock::system().today() + chrono::TimeDelta::days(days)).to_string()
}
