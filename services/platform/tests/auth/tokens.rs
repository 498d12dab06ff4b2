//! Tokens refused, all of them (walls.md), each for its own reason; and the good ones.

use bangfu_kernel::Role;
use bangfu_testkit::forge::{self, FORGE, NOW, at, bearer, cause, claims, clock, header, verifier};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_of_each_algorithm_is_accepted() {
    let verifier = verifier(&clock());
    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let token = FORGE.token(algorithm, &header(algorithm).to_string(), &claims().to_string());
        let caller = verifier.verify(&bearer(&token)).await.expect(algorithm);
        assert_eq!(caller.subject, "coordinator-1");
        assert_eq!(caller.township.expect("a township").as_str(), "320685102");
        assert_eq!(caller.roles, [Role::Coordinator].into());
        assert_eq!(caller.villages, ["village-1".to_owned()].into());
    }
}

#[tokio::test]
async fn a_header_that_breaks_a_rule_is_refused_for_that_rule() {
    let verifier = verifier(&clock());
    for (field, value, why) in [
        ("alg", Some(json!("none")), "alg is none of"),
        ("alg", Some(json!("HS256")), "alg is none of"),
        ("alg", Some(json!("ES384")), "alg is none of"),
        ("alg", Some(json!(["EdDSA"])), "alg is none of"),
        ("alg", None, "alg is none of"),
        ("alg", Some(json!("RS256")), "alg is not the key's"),
        ("kid", None, "no kid"),
        ("kid", Some(json!("")), "no kid"),
        ("kid", Some(json!(7)), "no kid"),
        ("kid", Some(json!("stranger")), "unknown kid"),
        ("kid", Some(json!("RS256")), "alg is not the key's"),
        ("typ", None, "typ is not at+jwt"),
        ("typ", Some(json!("JWT")), "typ is not at+jwt"),
        ("crit", Some(json!(["exp"])), "unknown crit"),
        ("crit", Some(json!([])), "unknown crit"),
    ] {
        let header = edited(header("EdDSA"), field, value);
        let token = FORGE.token("EdDSA", &header, &claims().to_string());
        let cause = cause(verifier.verify(&bearer(&token)).await);
        assert!(cause.starts_with(why), "{header}: {cause}");
    }
}

#[tokio::test]
async fn claims_that_break_a_rule_are_refused_for_that_rule() {
    let verifier = verifier(&clock());
    for name in ["iss", "aud", "sub", "city", "township"] {
        for wrong in [json!(7), json!(["bangfu"]), json!({}), Value::Null] {
            refused(&verifier, name, Some(wrong), &format!("{name} is missing or not a string")).await;
        }
    }
    for name in ["exp", "nbf", "iat"] {
        for wrong in [json!("1780000000"), json!([NOW]), json!(1.5), json!(-1), json!(i64::MAX), Value::Null] {
            refused(&verifier, name, Some(wrong), &format!("{name} is missing or not a number")).await;
        }
    }
    for name in ["iss", "aud", "sub", "city", "exp", "nbf", "iat"] {
        refused(&verifier, name, None, &format!("{name} is missing")).await;
    }
    for (name, value, why) in [
        ("iss", json!("https://id.test/"), "another issuer"),
        ("aud", json!("other"), "another audience"),
        ("sub", json!(""), "sub is empty"),
        ("sub", json!("a\nb"), "sub is empty"),
        ("sub", json!("x".repeat(201)), "sub is empty"),
        ("city", json!("32068x"), "city is not six digits"),
        ("township", json!("32068"), "township is not"),
        ("township", json!("３２０６８５"), "township is not"),
        ("roles", json!([]), "roles is not a list"),
        ("roles", json!("coordinator"), "roles is not a list"),
        ("roles", json!(["coordinator", 7]), "roles is not a list"),
        ("roles", json!(["mayor"]), "a role that does not exist"),
        ("roles", json!(["Coordinator"]), "a role that does not exist"),
        ("roles", json!(["unspecified"]), "a role that does not exist"),
        ("roles", json!(["bureau"]), "a role that does not go"),
        ("roles", json!(["coordinator", "service"]), "a role that does not go"),
        ("villages", json!("village-1"), "villages is not a list"),
        ("villages", json!([7]), "villages is not a list"),
        ("villages", json!([]), "villages is not a list"),
        ("exp", json!(NOW + 901), "its life is longer"),
        ("exp", json!(NOW), "ends before it begins"),
        ("exp", json!(NOW - 6), "expired"),
        ("nbf", json!(NOW + 6), "not yet valid"),
        ("iat", json!(NOW + 6), "issued in the future"),
    ] {
        refused(&verifier, name, Some(value), why).await;
    }
    refused(&verifier, "roles", None, "roles are missing").await;
    // Without its township, a coordinator's token would see the city.
    refused(&verifier, "township", None, "a role that does not go").await;
}

async fn refused(verifier: &bangfu_platform::auth::token::Verifier, name: &str, value: Option<Value>, why: &str) {
    let claims = edited(claims(), name, value);
    let token = FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims);
    let cause = cause(verifier.verify(&bearer(&token)).await);
    assert!(cause.starts_with(why), "{claims}: {cause}, not: {why}");
}

#[tokio::test]
async fn a_token_lives_its_time_and_five_seconds() {
    let clock = clock();
    let verifier = verifier(&clock);
    let token = FORGE.token("ES256", &header("ES256").to_string(), &claims().to_string());
    for (second, good) in [(-6, false), (-5, true), (0, true), (900, true), (905, true), (906, false)] {
        clock.set(at(NOW + second));
        assert_eq!(verifier.verify(&bearer(&token)).await.is_ok(), good, "at {second} s");
    }
}

#[tokio::test]
async fn only_a_token_that_is_nothing_but_a_service_lives_an_hour() {
    let verifier = verifier(&clock());
    for (roles, life, good) in [
        (json!(["service"]), 3600, true),
        (json!(["service"]), 3601, false),
        (json!(["bureau"]), 900, true),
        (json!(["bureau"]), 3600, false),
        (json!(["service", "bureau"]), 3600, false),
    ] {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove("township");
        claims["roles"] = roles;
        claims["exp"] = json!(NOW + life);
        let token = FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims.to_string());
        assert_eq!(verifier.verify(&bearer(&token)).await.is_ok(), good, "{claims}");
    }
}

#[tokio::test]
async fn damaged_tokens_are_refused() {
    let verifier = verifier(&clock());
    let (head, body) = (header("EdDSA").to_string(), claims().to_string());
    let good = FORGE.token("EdDSA", &head, &body);
    let (signed, signature) = good.rsplit_once('.').expect("a signature");
    let (first, second) = signed.split_once('.').expect("two parts");
    let foreign = FORGE.token("EdDSA", &head, &edited(claims(), "sub", Some(json!("other"))));
    let foreign = foreign.rsplit_once('.').expect("a signature").1;
    let twice = body.replacen('{', r#"{"sub":"other","#, 1);
    let twice_alg = head.replacen('{', r#"{"alg":"none","#, 1);

    for (token, why) in [
        (String::new(), "a token has three parts"),
        (format!("{signed}."), "a token has three parts"),
        (signed.to_owned(), "a token has three parts"),
        (format!("{good}.{signature}"), "a token has three parts"),
        (format!(" {good}"), "header: not base64url"),
        (format!("{good} "), "bad signature"),
        (format!("{good}="), "bad signature"),
        (format!("{signed}.{foreign}"), "bad signature"),
        (format!("{first}.{}.{signature}", URL_SAFE_NO_PAD.encode(&twice)), "bad signature"),
        (format!("{first}=.{second}.{signature}"), "header: not base64url"),
        (FORGE.token("EdDSA", &head, &twice), "claims: not one JSON object"),
        (FORGE.token("EdDSA", &head, &format!("{body}{{}}")), "claims: not one JSON object"),
        (FORGE.token("EdDSA", &head, "[]"), "claims: not one JSON object"),
        (FORGE.token("EdDSA", &head, ""), "a token has three parts"),
        (FORGE.token("EdDSA", &twice_alg, &body), "header: not one JSON object"),
        (FORGE.token("EdDSA", &format!("{head}x"), &body), "header: not one JSON object"),
        (FORGE.token("RS256", &head, &body), "bad signature"),
        ("x".repeat(8192), "the token is too long"),
        ("x".repeat(64 * 1024), "the token is too long"),
    ] {
        let cause = cause(verifier.verify(&bearer(&token)).await);
        assert!(cause.starts_with(why), "{cause}, not: {why}");
    }
}

#[tokio::test]
async fn a_request_has_exactly_one_bearer_token() {
    let verifier = verifier(&clock());
    let good = FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims().to_string());
    let headers = |values: &[Vec<u8>]| -> HeaderMap {
        values.iter().map(|v| (AUTHORIZATION, HeaderValue::from_bytes(v).expect("a header"))).collect()
    };
    let with = |scheme: &str| format!("{scheme}{good}").into_bytes();
    for (values, why) in [
        (vec![], "no token"),
        (vec![with("Bearer "), with("Bearer ")], "two authorization headers"),
        (vec![with("Bearer "), b"Basic eDp5".to_vec()], "two authorization headers"),
        (vec![with("")], "not a bearer token"),
        (vec![with("Basic ")], "not a bearer token"),
        (vec![b"Bearer".to_vec()], "not a bearer token"),
        (vec![b"Bearer \xff\xfe".to_vec()], "the token is not ASCII"),
        (vec![with("bearer ")], "not refused"),
    ] {
        let cause = cause(verifier.verify(&headers(&values)).await);
        assert!(cause.starts_with(why), "{cause}, not: {why}");
    }
}

/// The object with one field set, or taken out.
fn edited(object: Value, field: &str, value: Option<Value>) -> String {
    forge::edited(object, field, value).to_string()
}
