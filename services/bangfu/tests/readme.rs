//! Examples of the README that need no server print what stands below them.

use std::{fs, path::Path, process::Command};

#[test]
fn a_persons_year_is_printed_as_the_readme_shows_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let mut shown = 0;
    for example in readme.split("```sh\ntarget/debug/bangfu plan ").skip(1) {
        let (arguments, rest) = example.split_once("\n```\n```text\n").expect("a command, then what it prints");
        let (expected, _) = rest.split_once("```").expect("an end");
        let output = Command::new(env!("CARGO_BIN_EXE_bangfu"))
            .current_dir(&root)
            .arg("plan")
            .args(arguments.split_whitespace())
            .output()
            .expect("it ran");
        let printed = String::from_utf8(output.stdout).expect("text");
        let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(lines(&printed), lines(expected), "{}", String::from_utf8_lossy(&output.stderr));
        shown += 1;
    }
    assert_eq!(shown, 2);
}
