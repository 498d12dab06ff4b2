//! Where keys come from: rotation, floods and outages.

use bangfu_kernel::{Clock, Role};
use bangfu_platform::auth::{
    issuer::{Issuer, NewToken},
    jwks::Jwks,
    token::Verifier,
};
use bangfu_testkit::{
    forge::{AUDIENCE, CITY, ISSUER, bearer, clock, merged, settings},
    web::{Shown, Web},
};
use chrono::TimeDelta;

fn issuer() -> Issuer {
    Issuer::in_memory(ISSUER, AUDIENCE).expect("an issuer")
}

async fn accepts(verifier: &Verifier, issuer: &Issuer, clock: &Clock) -> bool {
    let token = NewToken {
        subject: "bureau-1".into(),
        city: CITY.into(),
        township: None,
        roles: vec![Role::Bureau],
        villages: vec![],
        life: std::time::Duration::from_mins(15),
    };
    verifier.verify(&bearer(&issuer.issue(&token, clock.now()))).await.is_ok()
}

fn over(keys: Jwks, clock: &Clock) -> Verifier {
    Verifier::new(settings(), keys, clock.clone())
}

#[tokio::test]
async fn rotation_with_overlapping_keys_fails_no_call() {
    let (clock, old, new) = (clock(), issuer(), issuer());
    let web = Web::start(&old.jwks()).await;
    let verifier = over(Jwks::url(&web.url, clock.clone()).expect("keys"), &clock);
    assert!(accepts(&verifier, &old, &clock).await);

    web.shows(Shown::Document(merged(&[old.jwks(), new.jwks()])));
    clock.advance(TimeDelta::seconds(31));
    assert!(accepts(&verifier, &new, &clock).await, "an unknown kid asks at once");
    assert!(accepts(&verifier, &old, &clock).await);

    web.shows(Shown::Document(new.jwks()));
    clock.advance(TimeDelta::minutes(5));
    assert!(accepts(&verifier, &old, &clock).await, "nobody waits for the refresh in the background");
    for _ in 0..200 {
        if !accepts(&verifier, &old, &clock).await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(!accepts(&verifier, &old, &clock).await, "a key that was taken away is refused");
    assert!(accepts(&verifier, &new, &clock).await);
    assert_eq!(web.asked(), 3);
}

#[tokio::test]
async fn a_flood_of_unknown_kids_asks_once_in_thirty_seconds() {
    let (clock, known, stranger) = (clock(), issuer(), issuer());
    let web = Web::start(&known.jwks()).await;
    let verifier = over(Jwks::url(&web.url, clock.clone()).expect("keys"), &clock);
    for round in 1..=3 {
        let flood = (0..100).map(|_| accepts(&verifier, &stranger, &clock));
        assert!(futures::future::join_all(flood).await.iter().all(|accepted| !accepted));
        assert_eq!(web.asked(), round);
        clock.advance(TimeDelta::seconds(29));
        assert!(!accepts(&verifier, &stranger, &clock).await);
        assert_eq!(web.asked(), round, "29 s later");
        clock.advance(TimeDelta::seconds(1));
    }
    assert!(accepts(&verifier, &known, &clock).await);
}

#[tokio::test]
async fn an_outage_keeps_the_last_good_keys_for_a_day() {
    let (clock, issuer) = (clock(), issuer());
    let web = Web::start(&issuer.jwks()).await;
    let verifier = over(Jwks::url(&web.url, clock.clone()).expect("keys"), &clock);
    assert!(accepts(&verifier, &issuer, &clock).await);

    for bad in [
        Shown::Status(500),
        Shown::Document("{".to_owned()),
        Shown::Document(r#"{"keys":[]}"#.to_owned()),
        Shown::Document(" ".repeat(300 * 1024)),
    ] {
        web.shows(bad);
        clock.advance(TimeDelta::minutes(355));
        assert!(accepts(&verifier, &issuer, &clock).await);
    }
    clock.advance(TimeDelta::minutes(20));
    assert!(!accepts(&verifier, &issuer, &clock).await, "a day later they are trusted no more");

    web.shows(Shown::Document(issuer.jwks()));
    clock.advance(TimeDelta::seconds(30));
    assert!(accepts(&verifier, &issuer, &clock).await, "and the source is back");
}

#[tokio::test]
async fn a_key_file_is_read_again_when_it_changes() {
    let (clock, old, new) = (clock(), issuer(), issuer());
    let path = std::env::temp_dir().join(format!("bangfu-jwks-{}-{:p}.json", std::process::id(), &raw const clock));
    let verifier = over(Jwks::file(&path, clock.clone()), &clock);
    assert!(!accepts(&verifier, &old, &clock).await, "not there yet");

    std::fs::write(&path, old.jwks()).expect("a file");
    clock.advance(TimeDelta::seconds(1));
    assert!(accepts(&verifier, &old, &clock).await);

    std::fs::write(&path, new.jwks()).expect("a file");
    clock.advance(TimeDelta::seconds(1));
    assert!(accepts(&verifier, &new, &clock).await);
    assert!(!accepts(&verifier, &old, &clock).await);
    std::fs::remove_file(&path).expect("gone");
}

#[tokio::test]
async fn keys_come_over_https_or_from_this_machine() {
    for (url, fine) in [
        ("https://id.test/jwks.json", true),
        ("http://127.0.0.1:8080/jwks.json", true),
        ("http://localhost/jwks.json", true),
        ("http://id.test/jwks.json", false),
        ("http://localhost.id.test/jwks.json", false),
        ("file:///etc/keys.json", false),
        ("jwks.json", false),
    ] {
        assert_eq!(Jwks::url(url, clock()).is_ok(), fine, "{url}");
    }
}
