//! A file that hangs, as one on a network may: a named pipe in its place.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// `O_NONBLOCK`, the same on every Linux.
const NONBLOCK: i32 = 0o4000;

/// Whoever opens the file waits, until it answers or this is gone.
#[derive(Debug)]
pub struct Pipe(PathBuf);

impl Pipe {
    /// Puts it in a file's place.
    pub fn instead_of(file: &Path) -> Self {
        let beside = file.with_extension("pipe");
        assert!(Command::new("mkfifo").arg(&beside).status().expect("mkfifo").success(), "a pipe");
        fs::rename(&beside, file).expect("in its place");
        Self(file.to_owned())
    }

    /// Says something to the one who waits, and lets an ordinary file with the same stand there from then on.
    pub async fn answer(self, says: &str) {
        let (file, says) = (self.0.clone(), says.to_owned());
        let said = tokio::task::spawn_blocking(move || {
            let mut pipe = OpenOptions::new().write(true).open(&file)?;
            let draft = file.with_extension("draft");
            fs::write(&draft, &says)?;
            // Before the reader is done: it would come again, and wait for ever.
            fs::rename(&draft, &file)?;
            pipe.write_all(says.as_bytes())
        });
        said.await.expect("no panic").expect("said");
    }
}

/// Lets go whoever still waits: a runtime ends only with its reads.
impl Drop for Pipe {
    fn drop(&mut self) {
        let _nobody_waits = OpenOptions::new().write(true).custom_flags(NONBLOCK).open(&self.0);
    }
}
