//! Without a server on the machine, the error says what was looked for, where, and what to do.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
};

use bangfu_postgres::{Cluster, Error, Options};

use crate::ground::folder;

#[tokio::test]
async fn a_folder_without_programs_is_named_with_the_remedy() {
    let (folder, empty) = (folder(), folder());
    fs::write(empty.path().join("initdb"), "").unwrap();
    let options = Options { binaries: Some(empty.path().into()), ..Options::kept(folder.path()) };
    let error = Cluster::start(options).await.unwrap_err();
    assert!(matches!(error, Error::NoBinaries { .. }));
    let said = error.to_string();
    for part in
        [empty.path().to_str().unwrap(), "without postgres, pg_ctl", "apt-get install postgresql", "BANGFU_PG_BIN"]
    {
        assert!(said.contains(part), "{part:?} is not in: {said}");
    }
}

#[tokio::test]
async fn an_old_server_is_told_by_its_version() {
    let (folder, old) = (folder(), folder());
    for name in ["initdb", "pg_ctl", "postgres"] {
        let program = old.path().join(name);
        fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 13.4'\n").unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    }
    let options = Options { binaries: Some(old.path().into()), ..Options::kept(folder.path()) };
    let said = Cluster::start(options).await.unwrap_err().to_string();
    assert!(said.contains("version 13 is too old"), "{said}");
}
