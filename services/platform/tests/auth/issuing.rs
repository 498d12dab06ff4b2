//! The development issuer: what it issues is accepted, and its key is kept safe.

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf, time::Duration};

use bangfu_kernel::Role;
use bangfu_platform::auth::{
    issuer::{Issuer, NewToken, NoKey},
    jwks::Jwks,
    token::Verifier,
};
use bangfu_testkit::forge::{AUDIENCE, CITY, ISSUER, bearer, clock, settings};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!(
        "bangfu-issuer-{}-{name}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[tokio::test]
async fn what_it_issues_says_what_was_asked() {
    let clock = clock();
    let issuer = Issuer::in_memory(ISSUER, AUDIENCE).expect("an issuer");
    let verifier = Verifier::new(settings(), Jwks::fixed(&issuer.jwks(), clock.clone()).expect("keys"), clock.clone());
    let new = NewToken {
        subject: "clerk-1".into(),
        city: CITY.into(),
        township: Some("320685102".parse().expect("a code")),
        roles: vec![Role::Clerk, Role::Coordinator],
        villages: vec!["村一".into()],
        life: Duration::from_mins(15),
    };
    let caller = verifier.verify(&bearer(&issuer.issue(&new, clock.now()))).await.expect("a caller");
    assert_eq!((caller.subject, caller.city, caller.township), (new.subject, new.city, new.township));
    assert_eq!(caller.roles, new.roles.into_iter().collect());
    assert_eq!(caller.villages, new.villages.into_iter().collect());
}

#[test]
fn its_key_is_kept_for_its_owner_only() {
    let folder = folder("kept");
    let open = || Issuer::in_folder(&folder, ISSUER, AUDIENCE);
    let first = open().expect("an issuer");
    assert_eq!(open().expect("an issuer").jwks(), first.jwks(), "the same key after a restart");

    let file = folder.join("issuer.pem");
    let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "no draft is left");
    mode(0o640);
    assert!(matches!(open(), Err(NoKey::Open)));
    mode(0o600);
    std::fs::write(&file, "").expect("a file");
    assert!(matches!(open(), Err(NoKey::Damaged)));
    std::fs::remove_dir_all(&folder).expect("gone");
}

#[test]
fn two_that_start_at_once_end_up_with_one_key() {
    let folder = folder("race");
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let folder = folder.clone();
            std::thread::spawn(move || Issuer::in_folder(&folder, ISSUER, AUDIENCE).expect("an issuer").jwks())
        })
        .collect();
    let mut keys: Vec<_> = starts.into_iter().map(|start| start.join().expect("a key")).collect();
    keys.dedup();
    assert_eq!(keys.len(), 1);
    std::fs::remove_dir_all(&folder).expect("gone");
}
