//! The client commands, as typed: a township's day from import to contact, and errors that help.

use std::process::{Command, Output};

use crate::process::{BANGFU, Process, token};

pub(crate) fn bangfu(process: &Process, token: &str, arguments: &[&str]) -> Output {
    Command::new(BANGFU)
        .args(arguments)
        .env("BANGFU_ENDPOINT", process.endpoint())
        .env("BANGFU_TOKEN", token)
        .output()
        .expect("bangfu")
}

pub(crate) fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_townships_day_from_the_terminal() {
    let process = Process::start();
    let clerk = token(&process.home(), "clerk", Some("320685102"));
    let roster = process.home().join("roster.xlsx");
    let roster = roster.to_str().expect("a path");
    printed(&bangfu(&process, "", &["roster", "sample", "--rows", "60", "--seed", "7", "--out", roster]));
    assert!(printed(&bangfu(&process, "", &["roster", "check", roster])).contains("60"));
    assert!(printed(&bangfu(&process, &clerk, &["roster", "import", roster])).contains("accepted"));
    let people = printed(&bangfu(&process, &clerk, &["people", "list"]));
    assert!(people.contains("村(社区)") && people.contains('*'), "{people}");

    let reviewer = token(&process.home(), "reviewer", Some("320685102"));
    let refused = bangfu(&process, &reviewer, &["roster", "import", roster]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("ROLE_MISSING") && said.contains("权限"), "{said}");

    let nobody = bangfu(&process, "not-a-token", &["people", "list"]);
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert!(!nobody.status.success() && said.contains("TOKEN_REFUSED"), "{said}");
}

#[test]
fn somebody_is_offered_by_one_township_and_accepted_by_another_from_the_terminal() {
    let process = Process::start();
    let (sender, receiver) =
        (token(&process.home(), "clerk", Some("320685102")), token(&process.home(), "clerk", Some("320685103")));
    let roster = process.home().join("roster.xlsx");
    let roster = roster.to_str().expect("a path");
    printed(&bangfu(&process, "", &["roster", "sample", "--rows", "10", "--seed", "7", "--out", roster]));
    printed(&bangfu(&process, &sender, &["roster", "import", roster]));
    let person = last_word(&printed(&bangfu(&process, &sender, &["people", "list"])), "村");

    let to = ["transfers", "offer", &person, "--to", "320685103", "--reason", "户籍迁移"];
    let offered = printed(&bangfu(&process, &sender, &to));
    assert!(offered.contains("待接收 offered"), "{offered}");
    let transfer = last_word(&offered, "transfer");
    let listed = printed(&bangfu(&process, &receiver, &["transfers", "list", "--state", "offered"]));
    assert!(listed.contains("转入 in") && listed.contains(&transfer) && listed.contains('*'), "{listed}");
    let accept = ["transfers", "accept", &transfer, "--village", "河口村", "--coordinator", "协理员丙"];
    let accepted = printed(&bangfu(&process, &receiver, &accept));
    assert!(accepted.contains("已接收 accepted"), "{accepted}");
    let people = printed(&bangfu(&process, &receiver, &["people", "list"]));
    assert!(people.contains("河口村") && people.contains(&person), "{people}");

    let refused = bangfu(&process, &sender, &["transfers", "withdraw", &transfer, "--reason", "提错了人"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("TRANSFER_CLOSED") && said.contains("已被接收"), "{said}");
    let neither = bangfu(&process, &sender, &["transfers", "offer", &person, "--reason", "户籍迁移"]);
    assert!(!neither.status.success() && String::from_utf8_lossy(&neither.stderr).contains("--to"));
}

#[test]
fn working_days_are_published_and_todays_work_is_told_from_the_terminal() {
    let process = Process::start();
    let (clerk, bureau) = (token(&process.home(), "clerk", Some("320685102")), token(&process.home(), "bureau", None));
    let shown = printed(&bangfu(&process, &clerk, &["calendar", "show", "--year", "2026"]));
    assert!(shown.contains("国庆节") && shown.contains("2026-10-07") && shown.contains("2026-02-17"), "{shown}");
    let without = printed(&bangfu(&process, &clerk, &["calendar", "show", "--year", "2099"]));
    assert!(without.contains("2099年没有放假安排表"), "{without}");

    let file = process.home().join("2099.toml");
    let path = file.to_str().expect("a path");
    let publish = |token: &str, document: &str| {
        std::fs::write(&file, document).expect("written");
        bangfu(&process, token, &["calendar", "publish", path])
    };
    let faulty = publish(&bureau, "year = 2099\nmakeup_days = [\"2099-01-05\", \"2098-01-04\"]");
    let said = String::from_utf8_lossy(&faulty.stderr).into_owned();
    assert!(!faulty.status.success() && said.contains("2099-01-05") && said.contains("2098-01-04"), "{said}");
    let holiday =
        "year = 2099\nsource = \"样例通知\"\n[[days_off]]\nname = \"元旦\"\nfrom = \"2099-01-01\"\nto = \"2099-01-02\"";
    assert!(String::from_utf8_lossy(&publish(&clerk, holiday).stderr).contains("ROLE_MISSING"));
    let published = printed(&publish(&bureau, holiday));
    assert!(published.contains("已发布") && published.contains("2099-01-02"), "{published}");

    let roster = process.home().join("roster.xlsx");
    let roster = roster.to_str().expect("a path");
    printed(&bangfu(&process, "", &["roster", "sample", "--rows", "60", "--seed", "7", "--out", roster]));
    printed(&bangfu(&process, &clerk, &["roster", "import", roster]));
    printed(&bangfu(&process, &bureau, &["sweeps", "run"]));
    let work = printed(&bangfu(&process, &clerk, &["duties", "list", "--today"]));
    assert!(work.contains("建议日期") && work.contains("共 "), "{work}");
    let both = bangfu(&process, &clerk, &["duties", "list", "--today", "--all"]);
    assert!(!both.status.success(), "today's work is what is open");
}

/// The last word of the first line that has another one in it.
pub(crate) fn last_word(printed: &str, word: &str) -> String {
    let lines = printed.lines().skip(usize::from(printed.contains("person_id")));
    let line = lines.into_iter().find(|line| line.contains(word)).unwrap_or_default();
    line.split_whitespace().last().unwrap_or_default().to_owned()
}

/// The steps of the README.
#[test]
fn a_departments_list_from_the_terminal() {
    let process = Process::start();
    let clerk = token(&process.home(), "clerk", Some("320685102"));
    let [roster, list] = ["roster.xlsx", "list.csv"].map(|name| process.home().join(name).display().to_string());
    let run = |arguments: &[&str]| printed(&bangfu(&process, &clerk, arguments));
    run(&["roster", "sample", "--rows", "200", "--seed", "1", "--out", &roster]);
    run(&["roster", "import", &roster]);
    run(&["match", "sample", &roster, "--out", &list]);
    let start = ["match", "start", &list, "--department", "civil-affairs", "--name", "2026年低保名单"];
    let started = run(&start);
    let id = started.lines().find_map(|line| line.strip_prefix("match_id: ")).expect("an id");
    for words in ["一致 matched", "不一致 conflicting", "新增 new: 6", "重复 duplicate: 1", "无效 invalid: 1"]
    {
        assert!(started.contains(words), "{words}: {started}");
    }
    let shown = run(&["match", "show", id, "--kind", "conflicting"]);
    assert!(shown.contains("不一致 differs: 联系电话") && shown.contains("终止 ended on 2026-01-05"), "{shown}");
    let early = bangfu(&process, &clerk, &["match", "commit", id]);
    let said = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(!early.status.success() && said.contains("MATCH_UNDECIDED") && said.contains("行未作决定"), "{said}");
    run(&["match", "decide", id, "apply", "--kind", "new"]);
    run(&["match", "decide", id, "apply", "--kind", "conflicting"]);
    let row = shown.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("a row");
    assert!(run(&["match", "decide", id, "ignore", "--rows", row]).contains("忽略 ignore: 1"));
    let done = run(&["match", "commit", id]);
    assert!(done.contains("已提交 committed") && done.contains("采用 apply → 已登记 registered: 6"), "{done}");
    assert_eq!(run(&start), done, "the same file again");
    assert!(run(&["match", "list"]).contains("共 1 份"));
}
