//! The client commands, as typed: a township's day from import to contact, and errors that help.

use std::process::{Command, Output};

use crate::process::{BANGFU, Process, token};

fn bangfu(process: &Process, token: &str, arguments: &[&str]) -> Output {
    Command::new(BANGFU)
        .args(arguments)
        .env("BANGFU_ENDPOINT", process.endpoint())
        .env("BANGFU_TOKEN", token)
        .output()
        .expect("bangfu")
}

fn printed(output: &Output) -> String {
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
