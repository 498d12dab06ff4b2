//! Every kind of token that is refused (walls.md, "Tokens: refused, all of them"), made by hand for this second.

use std::sync::LazyLock;

use bangfu_testkit::forge::{FORGE, Forge, edited, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::raw::bearer;

/// Somebody else's keys.
static RIVAL: LazyLock<Forge> = LazyLock::new(Forge::new);

/// One kind.
pub(super) struct Kind {
    /// What is wrong.
    pub(super) name: String,
    /// What is sent.
    pub(super) headers: HeaderMap,
}

/// All kinds, each a step away from a token with these claims that would be taken.
pub(super) fn kinds(claims: &Value) -> Vec<Kind> {
    let mut kinds = Kinds { claims: claims.clone(), all: Vec::new() };
    kinds.headers_of_the_request();
    kinds.shapes();
    kinds.jose_headers();
    kinds.signatures();
    kinds.claims_of_a_wrong_type();
    kinds.claims_of_a_wrong_value();
    kinds.all
}

struct Kinds {
    claims: Value,
    all: Vec<Kind>,
}

impl Kinds {
    fn put(&mut self, name: impl Into<String>, token: &str) {
        self.all.push(Kind { name: name.into(), headers: bearer(token) });
    }

    fn put_headers(&mut self, name: &str, values: &[&[u8]]) {
        let value = |value: &&[u8]| (AUTHORIZATION, HeaderValue::from_bytes(value).expect("a header"));
        self.all.push(Kind { name: name.to_owned(), headers: values.iter().map(value).collect() });
    }

    fn good(&self) -> String {
        FORGE.token("EdDSA", &header("EdDSA").to_string(), &self.claims.to_string())
    }

    fn headers_of_the_request(&mut self) {
        let good = self.good();
        let (once, basic) = (format!("Bearer {good}"), format!("Basic {good}"));
        let bare = good.as_bytes().to_vec();
        self.put_headers("no token", &[]);
        self.put_headers("two authorization headers, the same", &[once.as_bytes(), once.as_bytes()]);
        self.put_headers("two authorization headers, the second of another kind", &[once.as_bytes(), b"Basic eDp5"]);
        self.put_headers("two authorization headers, the first empty", &[b"", once.as_bytes()]);
        self.put_headers("two tokens in one header", &[format!("{once}, {once}").as_bytes()]);
        self.put_headers("an empty header", &[b""]);
        self.put_headers("a scheme and nothing else", &[b"Bearer"]);
        self.put_headers("a scheme and a space", &[b"Bearer "]);
        self.put_headers("another scheme", &[basic.as_bytes()]);
        self.put_headers("no scheme", &[&bare]);
        self.put_headers("no ASCII", &[b"Bearer \xff\xfe\xfd"]);
    }

    fn shapes(&mut self) {
        let good = self.good();
        let parts: Vec<_> = good.split('.').map(str::to_owned).collect();
        let [head, body, signature] = parts.as_slice() else { panic!("three parts") };
        let wide = |json: &str| URL_SAFE_NO_PAD.encode(json);
        for (name, token) in [
            ("two parts", format!("{head}.{body}")),
            ("four parts", format!("{good}.{signature}")),
            ("five parts, as if encrypted", format!("{head}.{body}.{body}.{body}.{signature}")),
            ("padding", format!("{head}=.{body}.{signature}")),
            ("a space before it", format!(" {good}")),
            ("a comma behind it", format!("{good},")),
            ("a header that is no JSON", format!("{}.{body}.{signature}", wide("nonsense"))),
            ("a header that is a list", format!("{}.{body}.{signature}", wide("[]"))),
            ("a header nested a thousand deep", format!("{}.{body}.{signature}", wide(&"[".repeat(1_000)))),
            ("no token's text", "nonsense".to_owned()),
            ("8 KB of token", format!("{good}{}", "A".repeat(8 * 1024))),
        ] {
            self.put(name, &token);
        }
        for (name, claims) in [
            ("claims that are a list", "[]".to_owned()),
            ("claims that are nothing", "null".to_owned()),
            ("two objects of claims", format!("{}{}", self.claims, self.claims)),
            ("duplicate claims", self.claims.to_string().replacen('{', r#"{"sub":"other","#, 1)),
            ("duplicate claims, one in escapes", self.claims.to_string().replacen('{', r#"{"s\u0075b":"other","#, 1)),
        ] {
            self.put(name, &FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims));
        }
        let twice = header("EdDSA").to_string().replacen('{', r#"{"alg":"none","#, 1);
        self.put("a duplicate alg", &FORGE.token("EdDSA", &twice, &self.claims.to_string()));
    }

    fn jose_headers(&mut self) {
        let claims = self.claims.to_string();
        for (field, value) in [
            ("alg", None),
            ("alg", Some(json!("none"))),
            ("alg", Some(json!("nOnE"))),
            ("alg", Some(json!("ES384"))),
            ("alg", Some(json!("PS256"))),
            ("alg", Some(json!("ES256"))),
            ("alg", Some(json!(["EdDSA"]))),
            ("alg", Some(json!(""))),
            ("kid", None),
            ("kid", Some(json!(""))),
            ("kid", Some(json!(7))),
            ("kid", Some(json!("nobody's"))),
            ("kid", Some(json!("../../etc/passwd"))),
            ("kid", Some(json!("EdDSA' OR '1'='1"))),
            ("kid", Some(json!(["EdDSA"]))),
            ("kid", Some(json!("RS256"))),
            ("typ", None),
            ("typ", Some(json!("JWT"))),
            ("typ", Some(json!(["at+jwt"]))),
            ("crit", Some(json!(["exp"]))),
            ("crit", Some(json!(["b64"]))),
            ("crit", Some(json!([]))),
        ] {
            let wrong = edited(header("EdDSA"), field, value.clone());
            let told = value.map_or_else(|| "missing".to_owned(), |value| value.to_string());
            self.put(format!("{field} {told}"), &FORGE.token("EdDSA", &wrong.to_string(), &claims));
        }
        let none = edited(header("EdDSA"), "alg", Some(json!("none"))).to_string();
        let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(&none), URL_SAFE_NO_PAD.encode(&claims));
        self.put("alg none, unsigned", &unsigned);
        for algorithm in ["EdDSA", "ES256", "RS256"] {
            let hmac = edited(header(algorithm), "alg", Some(json!("HS256"))).to_string();
            self.put(format!("HMAC with the public key of {algorithm}"), &FORGE.hmac(algorithm, &hmac, &claims));
            let lied = header(algorithm).to_string();
            self.put(format!("HMAC called {algorithm}"), &FORGE.hmac(algorithm, &lied, &claims));
        }
    }

    fn signatures(&mut self) {
        let claims = self.claims.to_string();
        for algorithm in ["EdDSA", "ES256", "RS256"] {
            let token = FORGE.token(algorithm, &header(algorithm).to_string(), &claims);
            let (signed, signature) = token.rsplit_once('.').expect("a signature");
            let zeros = URL_SAFE_NO_PAD.encode(vec![0; URL_SAFE_NO_PAD.decode(signature).expect("bytes").len()]);
            let other = edited(self.claims.clone(), "sub", Some(json!("somebody else"))).to_string();
            let other = FORGE.token(algorithm, &header(algorithm).to_string(), &other);
            let rival = RIVAL.token(algorithm, &header(algorithm).to_string(), &claims);
            self.put(format!("{algorithm} signed with zeros"), &format!("{signed}.{zeros}"));
            self.put(format!("{algorithm} half signed"), &format!("{signed}.{}", &signature[..signature.len() / 2]));
            let foreign = other.rsplit_once('.').expect("a signature").1;
            self.put(format!("{algorithm} with another token's signature"), &format!("{signed}.{foreign}"));
            self.put(format!("{algorithm} signed by a stranger under a known kid"), &rival);
        }
        let rivals: Value = serde_json::from_str(&RIVAL.jwks()).expect("a JWKS document");
        for (field, brought) in [
            ("jwk", rivals["keys"][0].clone()),
            ("jku", json!("http://127.0.0.1:1/jwks.json")),
            ("x5c", json!(["MIIB"])),
            ("x5u", json!("http://127.0.0.1:1/")),
        ] {
            let brings = edited(header("EdDSA"), field, Some(brought)).to_string();
            self.put(format!("a stranger's key brought along in {field}"), &RIVAL.token("EdDSA", &brings, &claims));
        }
    }

    fn claims_of_a_wrong_type(&mut self) {
        for name in ["iss", "aud", "sub", "city", "exp", "nbf", "iat", "roles"] {
            self.put_claim(name, None);
            for wrong in [Value::Null, json!(true), json!({}), json!([]), json!(1.5)] {
                self.put_claim(name, Some(wrong));
            }
        }
        for name in ["iss", "aud", "sub", "city"] {
            let right = self.claims[name].clone();
            self.put_claim(name, Some(json!([right])));
            self.put_claim(name, Some(json!(7)));
        }
        for name in ["exp", "nbf", "iat"] {
            let right = self.claims[name].clone();
            self.put_claim(name, Some(json!(right.to_string())));
            self.put_claim(name, Some(json!([right])));
            self.put_claim(name, Some(json!(-1)));
            self.put_claim(name, Some(json!(i64::MAX)));
        }
        for wrong in [Value::Null, json!(7), json!(["320685102"]), json!(""), json!("32068"), json!("３２０６８５")]
        {
            self.put_claim("township", Some(wrong));
        }
        for wrong in [json!("village-1"), json!([]), json!([7]), json!([""]), Value::Null] {
            self.put_claim("villages", Some(wrong));
        }
    }

    fn claims_of_a_wrong_value(&mut self) {
        let now = self.claims["iat"].as_i64().expect("a second");
        for (name, value) in [
            ("iss", json!("another-issuer")),
            ("iss", json!("test-issuer/")),
            ("aud", json!("another")),
            ("sub", json!("")),
            ("sub", json!("a\nb")),
            ("sub", json!("x".repeat(201))),
            ("city", json!("32068x")),
            ("roles", json!("clerk")),
            ("roles", json!(["mayor"])),
            ("roles", json!(["CLERK"])),
            ("roles", json!(["unspecified"])),
            ("roles", json!(["clerk", "service"])),
            ("roles", json!(["coordinator", "bureau"])),
            ("exp", json!(now - 6)),
            ("exp", json!(now)),
            ("nbf", json!(now + 600)),
            ("iat", json!(now + 600)),
        ] {
            self.put_claim(name, Some(value));
        }
        // Expired beyond the five seconds of leeway, in order otherwise; and too long a life.
        let lives = |begin: i64, end: i64| {
            let claims = edited(self.claims.clone(), "iat", Some(json!(begin)));
            edited(edited(claims, "nbf", Some(json!(begin))), "exp", Some(json!(end)))
        };
        let (expired, too_long) = (lives(now - 800, now - 6), lives(now, now + 3_601));
        for (name, claims) in [("expired beyond 5 s", expired), ("a life too long", too_long)] {
            self.put(name, &FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims.to_string()));
        }
        // A role that goes with the other scope: without its township, a coordinator's token would see the city.
        let bound = self.claims.get("township").is_some();
        let role = if bound { "bureau" } else { "coordinator" };
        self.put_claim("roles", Some(json!([role])));
    }

    fn put_claim(&mut self, name: &str, value: Option<Value>) {
        let told = value.as_ref().map_or_else(|| "missing".to_owned(), Value::to_string);
        let claims = edited(self.claims.clone(), name, value).to_string();
        self.put(format!("{name} {told}"), &FORGE.token("EdDSA", &header("EdDSA").to_string(), &claims));
    }
}
