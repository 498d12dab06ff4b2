//! Who runs PostgreSQL: ourselves, or, when we are root, somebody it agrees to run as.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use crate::Error;

/// Nobody, by convention: taken when there is no user `postgres`.
const NOBODY: u32 = 65_534;

/// The user PostgreSQL runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    gid: u32,
    /// We are root and hand over to this user.
    pub(crate) handed_over: bool,
}

impl User {
    /// Ourselves or, as root, whoever `passwd` has as `postgres`, else nobody.
    pub(crate) fn choose() -> Result<Self, Error> {
        let (uid, gid) = (id("-u")?, id("-g")?);
        if uid != 0 {
            return Ok(Self { uid, gid, handed_over: false });
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let (uid, gid) = postgres_in(&passwd).unwrap_or((NOBODY, NOBODY));
        Ok(Self { uid, gid, handed_over: true })
    }

    /// The user for data that exists already: its owner, since PostgreSQL starts on no one else's.
    pub(crate) fn owning(self, data: &Path) -> Result<Self, Error> {
        let Ok(found) = fs::metadata(data) else { return Ok(self) };
        // An empty folder is nobody's data; one that may not be read is somebody's.
        if matches!(data.join("PG_VERSION").try_exists(), Ok(false)) {
            return Ok(self);
        }
        match (found.uid() == self.uid, self.handed_over && found.uid() != 0) {
            (true, _) => Ok(self),
            (false, true) => Ok(Self { uid: found.uid(), gid: found.gid(), ..self }),
            (false, false) => Err(Error::NotOurs { path: data.into(), owner: found.uid(), uid: self.uid }),
        }
    }

    /// A command run by this user, away from our working directory and terminal, and with nothing of our environment
    /// that could mislead PostgreSQL (`PGDATA`, `PGOPTIONS`, an odd `LC_ALL`, another's `HOME`).
    pub(crate) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        for name in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        if self.handed_over {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a path to this user.
    pub(crate) fn own(self, path: &Path) -> Result<(), Error> {
        if !self.handed_over {
            return Ok(());
        }
        chown(path, Some(self.uid), Some(self.gid)).map_err(Error::io("give to the server's user", path))
    }

    /// Whether this user can enter an existing folder. Tried rather than computed: that counts ACLs and mounts in.
    pub(crate) fn can_enter(self, folder: &Path) -> Result<bool, Error> {
        let entered = self
            .command("/bin/sh")
            .args(["-c", r#"cd "$1""#, "sh"])
            .arg(folder)
            .stderr(Stdio::null())
            .status()
            .map_err(Error::io("run", "/bin/sh"))?;
        Ok(entered.success())
    }
}

/// Our own effective id, from the one program every Unix has: std has no safe call for it.
fn id(which: &str) -> Result<u32, Error> {
    let said = Command::new("id").arg(which).output().map_err(Error::io("run", "id"))?;
    String::from_utf8_lossy(&said.stdout)
        .trim()
        .parse()
        .map_err(|cause| Error::io("understand the answer of", "id")(std::io::Error::other(cause)))
}

/// uid and gid of `postgres` in the text of `/etc/passwd`.
fn postgres_in(passwd: &str) -> Option<(u32, u32)> {
    let mut fields = passwd.lines().find(|line| line.starts_with("postgres:"))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:8::/:/bin/sh\npostgres:x:101:104:admin:/x:/bin/sh\n";
        assert_eq!(postgres_in(passwd), Some((101, 104)));
        assert_eq!(postgres_in("root:x:0:0::/root:/bin/sh\n"), None);
        assert_eq!(postgres_in("postgres:x:odd"), None);
    }
}
