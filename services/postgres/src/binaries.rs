//! Finds PostgreSQL's programs on this machine.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Error;

/// The oldest major version this suite is tested with.
const OLDEST: u32 = 15;

/// What a folder must hold. `pg_config` alone proves nothing: it comes with the client's headers.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Where packages put the programs; `*` stands for a version.
const USUAL: [&str; 9] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
    "/usr/bin",
];

/// The programs of one server version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    pub(crate) folder: PathBuf,
    pub(crate) major: u32,
}

impl Binaries {
    /// The first that counts of: the one named by the caller or by `BANGFU_PG_BIN` (then nothing else is looked at:
    /// a wrong setting should be seen), `pg_config --bindir`, the newest of the usual folders. Existing data of
    /// major version `needed` is only served by that version.
    pub(crate) fn find(named: Option<&Path>, needed: Option<u32>) -> Result<Self, Error> {
        if let Some(folder) = named {
            return choose(vec![("named by the caller", folder.to_owned())], needed);
        }
        if let Some(folder) = std::env::var_os("BANGFU_PG_BIN").filter(|value| !value.is_empty()) {
            return choose(vec![("BANGFU_PG_BIN", folder.into())], needed);
        }
        let mut places: Vec<_> = pg_config().map(|folder| ("pg_config --bindir", folder)).into_iter().collect();
        places.extend(USUAL.iter().flat_map(|pattern| newest_first(pattern)));
        choose(places, needed)
    }

    /// The path of one of the programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The first place that counts, or an error that tells of every place why it does not.
fn choose(places: Vec<(&str, PathBuf)>, needed: Option<u32>) -> Result<Binaries, Error> {
    let mut looked_at = String::new();
    for (why, folder) in places {
        let fault = match judge(&folder) {
            Ok(major) if needed.is_some_and(|needed| needed != major) => format!("version {major}"),
            Ok(major) if major < OLDEST => format!("version {major} is too old"),
            Ok(major) => return Ok(Binaries { folder, major }),
            Err(fault) => fault,
        };
        // Writing to a String cannot fail.
        let _ = writeln!(looked_at, "  {} ({why}): {fault}", folder.display());
    }
    let wanted = needed.map_or_else(
        || format!("version {OLDEST} or newer"),
        |needed| format!("version {needed}, which made the data that is there"),
    );
    Err(Error::NoBinaries { wanted, looked_at: looked_at.trim_end().to_owned() })
}

/// The major version of the server in a folder, or what is wrong with it.
fn judge(folder: &Path) -> Result<u32, String> {
    if !folder.is_dir() {
        return Err("no such folder".to_owned());
    }
    let missing: Vec<_> = PROGRAMS.into_iter().filter(|name| !folder.join(name).is_file()).collect();
    if !missing.is_empty() {
        return Err(format!("without {}", missing.join(", ")));
    }
    let said = Command::new(folder.join("postgres"))
        .arg("--version")
        .env("LC_ALL", "C")
        .output()
        .map_err(|cause| format!("`postgres --version` does not run: {cause}"))?;
    let said = String::from_utf8_lossy(&said.stdout);
    major_in(&said).ok_or_else(|| format!("`postgres --version` says {:?}", said.trim()))
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15; betas (`18beta1`) count as their version.
fn major_in(version: &str) -> Option<u32> {
    let word = version.split("(PostgreSQL)").nth(1)?.split_whitespace().next()?;
    word.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn pg_config() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    (!folder.is_empty()).then(|| folder.into())
}

/// The folders a pattern names, highest version first; a pattern that names none stands for itself, so that the
/// error can say that it was looked at.
fn newest_first(pattern: &'static str) -> Vec<(&'static str, PathBuf)> {
    let Some((before, after)) = pattern.split_once('*') else { return vec![("usual folder", pattern.into())] };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.split('.').next()?.parse().ok()?;
            Some((version, PathBuf::from(format!("{parent}/{name}{after}"))))
        })
        .collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    if found.is_empty() {
        return vec![("usual folder", pattern.into())];
    }
    found.into_iter().map(|(_, folder)| ("usual folder", folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_servers_say() {
        for (said, major) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1\n", Some(18)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("bash: postgres: not found\n", None),
            ("", None),
        ] {
            assert_eq!(major_in(said), major, "{said:?}");
        }
    }
}
