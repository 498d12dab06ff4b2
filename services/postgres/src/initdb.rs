//! Makes a cluster that has none yet. Killed at any moment, it leaves nothing that looks made.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    process::Output,
};

use crate::{Durability, Error, binaries::Binaries, connect::SUPERUSER, place::Place, user::User};

/// What half-made clusters are called; each has its own number, since an orphaned `initdb` may still be writing to one.
const HALF_MADE: &str = "half-made-";

/// The major version of the data, or `None` when there is no data yet.
pub(crate) fn version(place: &Place) -> Result<Option<u32>, Error> {
    let (data, file) = (place.data(), place.data().join("PG_VERSION"));
    match fs::read_to_string(&file) {
        Ok(text) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|cause| Error::io("understand", &file)(io::Error::new(io::ErrorKind::InvalidData, cause))),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            match fs::read_dir(&data).map(|mut list| list.next()) {
                Ok(Some(_)) => Err(Error::NotACluster { path: data }),
                _ => Ok(None),
            }
        }
        Err(cause) => Err(Error::io("read", &file)(cause)),
    }
}

/// Makes `data/`: built beside its place, renamed when it is whole. The caller holds the start lock.
pub(crate) async fn make(
    place: &Place,
    binaries: &Binaries,
    user: User,
    password: &str,
    durability: Durability,
) -> Result<(), Error> {
    clear_away(&place.folder);
    let half = place.folder.join(format!("{HALF_MADE}{:08x}", rand::random::<u32>()));
    fs::DirBuilder::new().mode(0o700).create(&half).map_err(Error::io("make", &half))?;
    user.own(&half)?;

    // The password file proper is ours alone: initdb, perhaps another user, reads a copy that goes with the folder.
    let (data, copy) = (half.join("data"), half.join("password"));
    write_private(&copy, password)?;
    user.own(&copy)?;

    let mut made = run(binaries, user, &data, &copy, "C.UTF-8", durability).await?;
    let said = |made: &Output| String::from_utf8_lossy(&made.stderr).trim().to_owned();
    if !made.status.success() && said(&made).contains("invalid locale name") {
        // initdb empties what it made before it fails.
        made = run(binaries, user, &data, &copy, "C", durability).await?;
    }
    if !made.status.success() {
        let output = said(&made);
        clear_away(&place.folder);
        return Err(Error::Initdb { path: place.data(), output });
    }

    sign(place, durability)?;
    fs::rename(&data, place.data()).map_err(Error::io("move into place", place.data()))?;
    sync_folder(&place.folder)?;
    clear_away(&place.folder);
    Ok(())
}

/// Says for good what the data is worth; also takes back what an interrupted start said.
fn sign(place: &Place, durability: Durability) -> Result<(), Error> {
    let path = place.test_only();
    let signed = match durability {
        Durability::TestOnly => fs::write(&path, "fsync is off: never keep data here\n"),
        Durability::Durable if path.exists() => fs::remove_file(&path),
        Durability::Durable => Ok(()),
    };
    signed.map_err(Error::io("write", path))
}

async fn run(
    binaries: &Binaries,
    user: User,
    data: &Path,
    password: &Path,
    locale: &str,
    durability: Durability,
) -> Result<Output, Error> {
    let program = binaries.program("initdb");
    let mut command = user.command(&program);
    command.arg("--pgdata").arg(data).arg("--pwfile").arg(password);
    command.args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--data-checksums"]);
    command.args(["--locale", locale, "--no-instructions"]);
    if durability == Durability::TestOnly {
        command.arg("--no-sync");
    }
    // A start that is given up takes its initdb along.
    let command = &mut tokio::process::Command::from(command);
    command.kill_on_drop(true).output().await.map_err(Error::io("run", program))
}

/// The superuser's password: read, or made up when there is neither password nor data.
pub(crate) fn password(place: &Place, data_exists: bool) -> Result<String, Error> {
    let path = place.password();
    match fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(Error::io("read", path)(cause)),
    }
    if data_exists {
        return Err(Error::PasswordMissing { path });
    }
    // 128 bits twice, in letters that need no escape in a URL.
    let password = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    let draft = place.folder.join("password.new");
    // What an interrupted start left; its rights may be anything.
    let _ = fs::remove_file(&draft);
    write_private(&draft, &password)?;
    fs::rename(&draft, &path).map_err(Error::io("move into place", path))?;
    sync_folder(&place.folder)?;
    Ok(password)
}

fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let write = || {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(Error::io("write", path))
}

/// Makes a rename survive a power cut.
fn sync_folder(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))
}

/// Removes what killed starts left. What resists (an orphaned initdb may still be writing) waits for the next start.
fn clear_away(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(HALF_MADE)
            && let Err(cause) = fs::remove_dir_all(entry.path())
        {
            tracing::debug!(path = %entry.path().display(), %cause, "a half-made cluster could not be removed");
        }
    }
}
