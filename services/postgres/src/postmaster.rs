//! `postmaster.pid`: who serves the data, or did before it was killed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tokio::time::sleep;

use crate::{Error, user::User};

/// The lines of `postmaster.pid` that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Postmaster {
    pub(crate) pid: u32,
    /// On 127.0.0.1; `None` while the server has not written it yet.
    pub(crate) port: Option<u16>,
    /// The server says of itself that it accepts connections.
    pub(crate) ready: bool,
}

impl Postmaster {
    /// What the file says at this moment, if there is one and it says anything.
    pub(crate) fn glance(data: &Path) -> Result<Option<Self>, Error> {
        Ok(text(data)?.as_deref().and_then(parse))
    }

    /// What the file says before a start. An empty or torn file (power cut; a start killed in the very moment) is given
    /// time to be completed and then removed, since PostgreSQL refuses to start over it.
    pub(crate) async fn settle(data: &Path) -> Result<Option<Self>, Error> {
        for _ in 0..20 {
            let Some(text) = text(data)? else { return Ok(None) };
            if let Some(found) = parse(&text) {
                return Ok(Some(found));
            }
            sleep(Duration::from_millis(100)).await;
        }
        fs::remove_file(file(data)).map_err(Error::io("remove", file(data)))?;
        Ok(None)
    }

    /// Whether the process is alive and serves this data: pids are used again. Read from `/proc`, which tells every
    /// user the command line, or else asked of `ps`.
    pub(crate) fn lives(self, data: &Path) -> bool {
        let wanted = data.to_string_lossy();
        if !Path::new("/proc/self/cmdline").exists() {
            return Command::new("ps")
                .args(["-o", "command=", "-p", &self.pid.to_string()])
                .output()
                .map(|said| String::from_utf8_lossy(&said.stdout).into_owned())
                .is_ok_and(|line| line.contains("postgres") && line.contains(&*wanted));
        }
        let process = PathBuf::from(format!("/proc/{}", self.pid));
        // Empty for a zombie, which serves nobody.
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut words = line.split('\0');
        // Backends call themselves `postgres: …`.
        let is_server = words.next().and_then(|name| name.rsplit('/').next()).is_some_and(|name| name == "postgres");
        // Started by hand from within the folder, it names it another way.
        let mut serves =
            || words.any(|word| word == wanted) || fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data);
        is_server && serves()
    }
}

/// Lets PostgreSQL start over the file of a dead server whose pid somebody else has by now.
///
/// The file is not removed: its shared-memory line is how PostgreSQL notices that backends of the dead server are still
/// at work. Instead the pid becomes ours, because PostgreSQL takes a file with its parent's pid for stale.
pub(crate) fn disown(data: &Path, user: User) -> Result<(), Error> {
    let path = file(data);
    let Some(text) = text(data)? else { return Ok(()) };
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    let draft = data.join("postmaster.pid.disowned");
    fs::write(&draft, format!("{}\n{rest}", std::process::id())).map_err(Error::io("write", &draft))?;
    user.own(&draft)?;
    fs::rename(&draft, &path).map_err(Error::io("move into place", path))
}

fn file(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

fn text(data: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(file(data)) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::io("read", file(data))(cause)),
    }
}

fn parse(text: &str) -> Option<Postmaster> {
    // A torn first line could be the head of a longer pid: only a finished line counts.
    let lines: Vec<_> = text.split('\n').collect();
    let (pid, _rest) = lines.split_first().filter(|(_, rest)| !rest.is_empty())?;
    Some(Postmaster {
        // Negative for a single-user server; it has no port and is nobody's to adopt.
        pid: pid.trim().trim_start_matches('-').parse().ok()?,
        port: lines.get(3).and_then(|line| line.trim().parse().ok()),
        ready: lines.get(7).is_some_and(|line| line.trim() == "ready"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_files_are_read_whole_young_and_torn() {
        let whole = "4242\n/x/data\n1790000000\n40001\n\n127.0.0.1\n  12345  7\nready   \n";
        assert_eq!(parse(whole), Some(Postmaster { pid: 4242, port: Some(40001), ready: true }));
        let young = "4242\n/x/data\n1790000000\n";
        assert_eq!(parse(young), Some(Postmaster { pid: 4242, port: None, ready: false }));
        assert_eq!(parse("42"), None);
        assert_eq!(parse(""), None);
    }
}
