//! Stops a server whose owners are gone, however they went.
//!
//! Every owner holds the write end of a pipe with a name; a little shell reads it. When the last owner ends (exit,
//! panic, SIGKILL) the kernel closes the last write end, the shell reads the end of the file and stops the server. An
//! owner that adopts the server in that very moment either is still counted or sees that the pipe has been renamed:
//! the shell renames first and then looks once more.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt,
    },
    path::PathBuf,
};

use crate::{Error, place::Place, user::User};

/// `$1` data folder, `$2` port, `$3` the pipe, `$4` its name while leaving; the pipe is the standard input.
///
/// The port tells this server from a later one on the same data. SIGINT is PostgreSQL's fast stop; after ten seconds
/// SIGQUIT is its immediate one. A server that has not written its file within five seconds is not coming, or went
/// cleanly before its owner did.
const SCRIPT: &str = r#"
cat >/dev/null
mv "$3" "$4" 2>/dev/null
cat >/dev/null
tries=0 patience=5
while [ $tries -lt 60 ]; do
    pid=; port=
    { read -r pid; read -r folder; read -r since; read -r port; } 2>/dev/null <"$1/postmaster.pid"
    if [ "$port" = "$2" ]; then
        patience=0
        if [ $tries -lt 10 ]; then kill -INT "$pid"; else kill -QUIT "$pid"; fi
    elif [ -n "$port" ] || [ $tries -ge $patience ]; then
        break
    fi
    tries=$((tries + 1))
    sleep 1
done
rm -f "$4"
"#;

/// What an owner holds to be counted.
#[derive(Debug)]
pub(crate) struct Leash {
    _write_end: File,
}

/// How a living server stands to its owners.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It outlives them.
    Kept,
    /// It goes with the last of them, and we count now.
    Leashed(Leash),
    /// Its last owner has gone, and it is about to.
    Leaving,
}

/// Makes the pipe and its watchdog for a server that will listen on `port`, before it runs: no gap to be killed in.
pub(crate) fn watch(place: &Place, user: User, port: u16) -> Result<Leash, Error> {
    let (pipe, leaving) = names(place, port);
    let made = user.command("mkfifo").args(["-m", "600"]).arg(&pipe).output().map_err(Error::io("run", "mkfifo"))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr).trim().to_owned();
        return Err(Error::io("make", pipe)(io::Error::other(said)));
    }
    let write_end = hold(&pipe)?;
    let read_end = File::open(&pipe).map_err(Error::io("open", &pipe))?;

    let mut command = user.command("/bin/sh");
    command.args(["-c", SCRIPT, "bangfu-watchdog"]).arg(place.data()).arg(port.to_string()).arg(&pipe).arg(&leaving);
    // Its own process group: whoever ends the owner's whole group, by Ctrl-C or SIGKILL, does not end this.
    command.stdin(read_end).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).process_group(0);
    let mut child = command.spawn().map_err(Error::io("run", "/bin/sh"))?;
    std::thread::spawn(move || child.wait());
    Ok(Leash { _write_end: write_end })
}

/// Joins the owners of a living server, if its owners count.
pub(crate) fn join(place: &Place, port: u16) -> Result<Standing, Error> {
    let (pipe, leaving) = names(place, port);
    let held = match File::options().read(true).write(true).open(&pipe) {
        Ok(held) => held,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && leaving.exists() => return Ok(Standing::Leaving),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Standing::Kept),
        Err(cause) => return Err(Error::io("open", pipe)(cause)),
    };
    let inode = held.metadata().map_err(Error::io("read", &pipe))?.ino();
    // Renamed since: the watchdog may have looked before we were there.
    if fs::metadata(&pipe).is_ok_and(|now| now.ino() == inode) {
        Ok(Standing::Leashed(Leash { _write_end: held }))
    } else {
        Ok(Standing::Leaving)
    }
}

/// Makes the folder of the pipes, empty. No server lives.
pub(crate) fn prepare(place: &Place, user: User) -> Result<(), Error> {
    let run = place.run();
    if run.exists() {
        fs::remove_dir_all(&run).map_err(Error::io("remove", &run))?;
    }
    DirBuilder::new().mode(0o700).create(&run).map_err(Error::io("make", &run))?;
    user.own(&run)
}

/// Opens a pipe for writing; for reading, too, because otherwise the call waits for a reader.
fn hold(pipe: &PathBuf) -> Result<File, Error> {
    File::options().read(true).write(true).open(pipe).map_err(Error::io("open", pipe))
}

fn names(place: &Place, port: u16) -> (PathBuf, PathBuf) {
    (place.run().join(format!("owners.{port}")), place.run().join(format!("leaving.{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_whose_last_owner_has_gone_is_not_joined() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place { folder: folder.path().into() };
        fs::create_dir(place.run()).unwrap();
        let (pipe, leaving) = names(&place, 7);

        assert!(matches!(join(&place, 7).unwrap(), Standing::Kept));
        fs::write(&pipe, "").unwrap();
        assert!(matches!(join(&place, 7).unwrap(), Standing::Leashed(_)));
        fs::rename(&pipe, &leaving).unwrap();
        assert!(matches!(join(&place, 7).unwrap(), Standing::Leaving));
    }
}
