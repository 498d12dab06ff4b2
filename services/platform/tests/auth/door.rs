//! Every rule of the contract against every kind of caller, through the layer.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bangfu_kernel::{Error, Role, Township};
use bangfu_platform::{
    auth::{
        Permit,
        issuer::{Issuer, NewToken},
        jwks::Jwks,
        layer::{Auth, Directory},
        token::Verifier,
    },
    stack::Deadline,
};
use bangfu_proto::{ACCESS, access::v1::Scope};
use bangfu_testkit::forge::{AUDIENCE, CITY, ISSUER, clock, settings};
use http::{Request, Response};
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};
use tower::{Layer as _, ServiceExt as _, service_fn};

const PEOPLE: &str = "bangfu.people.v1.PeopleService";
const FOLLOWUP: &str = "bangfu.followup.v1.FollowupService";
const HOME: &str = "320685102";
const UNLISTED: &str = "320685199";

/// Knows one township.
struct Home;

#[async_trait::async_trait]
impl Directory for Home {
    async fn knows(&self, township: &Township, _: Option<Instant>) -> Result<bool, Error> {
        Ok(township.as_str() == HOME)
    }
}

struct House {
    issuer: Issuer,
    auth: Auth,
}

impl House {
    fn new() -> Self {
        let issuer = Issuer::in_memory(ISSUER, AUDIENCE).expect("an issuer");
        let keys = Jwks::fixed(&issuer.jwks(), clock()).expect("keys");
        let auth = Auth::new(Verifier::new(settings(), keys, clock()));
        Self { issuer, auth: auth.directory(PEOPLE, Arc::new(Home)).directory(FOLLOWUP, Arc::new(Home)) }
    }

    fn token(&self, city: &str, township: Option<&str>, role: Role) -> String {
        let township = township.map(|code| code.parse().expect("a code"));
        let (city, life) = (city.to_owned(), Duration::from_mins(15));
        let token = NewToken { subject: "someone".into(), city, township, roles: vec![role], villages: vec![], life };
        self.issuer.issue(&token, clock().now())
    }

    /// What the layer answers; `Ok` with the permit that reached the handler, if one did.
    async fn knock(
        &self,
        path: &str,
        token: Option<&str>,
        deadline: Option<Deadline>,
    ) -> Result<Option<Permit>, Status> {
        let handler = service_fn(async |mut request: Request<Body>| {
            let mut response = Response::new(Body::empty());
            if let Some(permit) = request.extensions_mut().remove::<Permit>() {
                response.extensions_mut().insert(permit);
            }
            Ok::<_, Infallible>(response)
        });
        let mut request = Request::builder().uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut request = request.body(Body::empty()).expect("a request");
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        let Ok(mut response) = self.auth.layer(handler).oneshot(request).await;
        match Status::from_header_map(response.headers()) {
            Some(status) => Err(status),
            None => Ok(response.extensions_mut().remove::<Permit>()),
        }
    }

    async fn code(&self, path: &str, token: Option<&str>) -> Code {
        self.knock(path, token, None).await.map_or_else(|status| status.code(), |_| Code::Ok)
    }
}

#[tokio::test]
async fn each_rule_admits_its_scope_and_roles_and_nobody_else() {
    let house = House::new();
    let callers = [
        (Role::Coordinator, Some(HOME)),
        (Role::Clerk, Some(HOME)),
        (Role::Reviewer, Some(HOME)),
        (Role::Partner, Some(HOME)),
        (Role::Bureau, None),
        (Role::Finance, None),
        (Role::Auditor, None),
        (Role::Partner, None),
        (Role::Service, None),
    ];
    let (mut admitted, mut refused) = (0, 0);
    for rule in ACCESS {
        assert_eq!(house.code(rule.path, None).await, Code::Unauthenticated, "{}", rule.path);
        for (role, township) in callers {
            let scope = match rule.scope {
                Scope::Township => township.is_some(),
                Scope::City | Scope::Service => township.is_none(),
                Scope::Either => true,
                Scope::Public | Scope::Unspecified => panic!("a new kind of rule: {rule:?}"),
            };
            let expected = if scope && rule.roles.contains(&role) { Code::Ok } else { Code::PermissionDenied };
            let token = house.token(CITY, township, role);
            assert_eq!(house.code(rule.path, Some(&token)).await, expected, "{} {role:?} {township:?}", rule.path);
            if expected == Code::Ok { admitted += 1 } else { refused += 1 }
        }
    }
    assert!(admitted >= ACCESS.len() && refused > 0, "{admitted} admitted, {refused} refused");
}

#[tokio::test]
async fn an_unknown_township_or_city_is_denied() {
    let house = House::new();
    let path = format!("/{PEOPLE}/ListPeople");
    for (city, township, role, expected) in [
        (CITY, Some(HOME), Role::Clerk, Code::Ok),
        (CITY, Some(UNLISTED), Role::Clerk, Code::PermissionDenied),
        (CITY, Some("320684102"), Role::Clerk, Code::PermissionDenied),
        ("320684", Some(HOME), Role::Clerk, Code::PermissionDenied),
        (CITY, None, Role::Bureau, Code::Ok),
        ("320684", None, Role::Bureau, Code::PermissionDenied),
    ] {
        let token = house.token(city, township, role);
        assert_eq!(house.code(&path, Some(&token)).await, expected, "{city} {township:?}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_run_here_is_unknown() {
    let mut house = House::new();
    let keys = Jwks::fixed(&house.issuer.jwks(), clock()).expect("keys");
    house.auth = Auth::new(Verifier::new(settings(), keys, clock()));
    let token = house.token(CITY, Some(HOME), Role::Clerk);
    assert_eq!(house.code(&format!("/{PEOPLE}/ListPeople"), Some(&token)).await, Code::Unimplemented);
}

#[tokio::test]
async fn a_method_outside_the_contract_is_unknown_and_health_is_open() {
    let house = House::new();
    let token = house.token(CITY, None, Role::Bureau);
    for path in [format!("/{PEOPLE}/DropEverything"), format!("/{PEOPLE}/ListPeople/"), "/".into(), "/x.Y/Z".into()] {
        assert_eq!(house.code(&path, Some(&token)).await, Code::Unimplemented, "{path}");
    }
    for path in ["/grpc.health.v1.Health/Check", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] {
        assert!(matches!(house.knock(path, None, None).await, Ok(None)), "{path} passes without a permit");
    }
}

#[tokio::test]
async fn the_permit_carries_caller_method_and_deadline() {
    let house = House::new();
    let path = format!("/{PEOPLE}/ListPeople");
    let deadline = Deadline(tokio::time::Instant::now() + Duration::from_secs(3));
    let token = house.token(CITY, Some(HOME), Role::Clerk);
    let permit = house.knock(&path, Some(&token), Some(deadline)).await.expect("admitted").expect("a permit");
    assert_eq!(permit.method(), path);
    assert_eq!(permit.deadline(), Some(deadline.0));
    assert_eq!(permit.township().map(Township::as_str), Some(HOME));
    assert_eq!(permit.caller().subject, "someone");
}
