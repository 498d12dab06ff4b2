//! Where a cluster lives: the folder asked for, or one in its stead that the server's user can enter.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{Error, user::User};

/// Holds the clusters whose own place cannot be reached by the user PostgreSQL runs as.
const INSTEAD: &str = "/var/lib/bangfu";

/// The paths of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
}

impl Place {
    /// Chooses and makes the folder; it exists and can be entered by the server's user afterwards.
    pub(crate) fn settle(asked: &Path, user: User) -> Result<Self, Error> {
        let asked = resolved(asked)?;
        // Whoever runs it as himself is told by the system what he may not.
        if !user.handed_over || user.can_enter(&nearest_existing(&asked))? {
            return Self { folder: asked }.made(user);
        }
        let instead = Path::new(INSTEAD).join(format!("{:016x}", hash(&asked)));
        if !user.can_enter(&nearest_existing(&instead))? {
            return Err(Error::Unreachable { asked, instead, uid: user.uid });
        }
        tracing::info!(
            asked = %asked.display(), folder = %instead.display(), uid = user.uid,
            "the user PostgreSQL runs as cannot enter the folder asked for: the cluster lives elsewhere"
        );
        Self { folder: instead }.made(user)
    }

    /// PostgreSQL's own folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The superuser's password.
    pub(crate) fn password(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// What the server says.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// The watchdog's pipe.
    pub(crate) fn run(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// The sign of a cluster made for tests.
    pub(crate) fn test_only(&self) -> PathBuf {
        self.folder.join("test-only")
    }

    /// Makes what is missing. Rights are set, not left to the umask: under 077 the server's user would stand outside.
    fn made(self, user: User) -> Result<Self, Error> {
        let missing: Vec<_> = self.folder.ancestors().take_while(|path| !path.exists()).collect();
        for path in missing.into_iter().rev() {
            match fs::create_dir(path) {
                Ok(()) => {
                    let mode = if user.handed_over { 0o755 } else { 0o700 };
                    fs::set_permissions(path, Permissions::from_mode(mode))
                        .map_err(Error::io("set the rights of", path))?;
                }
                // Another start made it at the same time.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(Error::io("make", path)(cause)),
            }
        }
        Ok(self)
    }
}

/// The absolute path with the symlinks of its existing part followed: one folder, one spelling.
fn resolved(asked: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(asked).map_err(Error::io("resolve", asked))?;
    let existing = nearest_existing(&absolute);
    let rest = absolute.strip_prefix(&existing).unwrap_or(Path::new("")).to_owned();
    let existing = fs::canonicalize(&existing).map_err(Error::io("resolve", &existing))?;
    // `join` with nothing would leave a slash at the end.
    Ok(if rest.as_os_str().is_empty() { existing } else { existing.join(rest) })
}

fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/")).to_owned()
}

/// FNV-1a: the same number in every build, which std's hasher does not promise.
fn hash(path: &Path) -> u64 {
    path.as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_instead_does_not_move_between_builds() {
        assert_eq!(hash(Path::new("a")), 0xaf63_dc4c_8601_ec8c);
    }
}
