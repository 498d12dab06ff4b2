//! No dependency below its floor, none that was rejected, none under a licence or from a source that was not agreed to: and
//! the checks that say so are seen to fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::row::Run;

/// Copies of the lock file, each with one thing wrong, go through `deploy/check/floors.sh`.
pub async fn a_lock_file_below_a_floor_or_with_a_rejected_crate_fails_the_check(run: Run) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let lock = fs::read_to_string(root.join("Cargo.lock")).expect("a lock file");
    let scratch = tempfile::tempdir().expect("a folder");
    let check = |text: &str| {
        let path = scratch.path().join("Cargo.lock");
        fs::write(&path, text).expect("written");
        floors(&root, &path)
    };
    let told = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let clean = check(&lock);
    assert!(clean.status.success(), "{}", told(&clean));

    let list = fs::read_to_string(root.join("deploy/check/floors.txt")).expect("the list");
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let mut words = line.split_whitespace();
        let (name, least) = (words.next().expect("a crate"), words.next().expect("a version"));
        let spoiled = if least == "never" {
            format!("{lock}\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n")
        } else {
            below(&lock, name, least)
        };
        let refused = check(&spoiled);
        assert!(!refused.status.success(), "{name} {least}: passes");
        assert!(told(&refused).contains(name), "{name}: {}", told(&refused));
        run.fault(if least == "never" { "rejected crate refused" } else { "version below its floor refused" }, 1);
    }
}

/// The lock file with a crate just below its floor.
fn below(lock: &str, name: &str, least: &str) -> String {
    let mut parts: Vec<u64> = least.split('.').map(|part| part.parse().expect("a number")).collect();
    parts.resize(3, 0);
    let last = parts.iter().rposition(|part| *part > 0).expect("above 0.0.0");
    parts[last] -= 1;
    for part in &mut parts[last + 1..] {
        *part = 999;
    }
    let version = parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".");
    let head = format!("name = \"{name}\"\nversion = \"");
    let at = lock.find(&head).unwrap_or_else(|| panic!("{name} is not locked: its floor is of no use")) + head.len();
    let end = lock[at..].find('"').map(|end| at + end).expect("a version");
    format!("{}{version}{}", &lock[..at], &lock[end..])
}

fn floors(root: &Path, lock: &PathBuf) -> Output {
    let script = root.join("deploy/check/floors.sh");
    Command::new("sh").arg(script).arg(lock).output().expect("it ran")
}
