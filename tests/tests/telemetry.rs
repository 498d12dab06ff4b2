//! What the outside sees of a call: one trace through both services, and metrics by method and code.

use std::{collections::HashMap, net::TcpListener};

use bangfu_proto::people::v1::{EmploymentStatus, GetPersonRequest};
use bangfu_testkit::{City, DADONG};
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::Request;

use bangfu_tests::{
    asks::hex,
    child,
    collector::{Collector, scrape},
    steps::{contact, learned, unemployed, until},
};

/// The trace that a client was in, as it sends it.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A request as sent from within the client's own trace.
fn traced<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{PARENT}-01").parse().expect("a header"));
    request
}

/// In a process of its own.
pub(crate) async fn calls_within_a_trace() {
    let telemetry = child::telemetry();
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    let clerk = city.clerk(DADONG);
    let get = GetPersonRequest { person_id: people[0].clone(), ..Default::default() };
    clerk.people().get_person(traced(get.clone())).await.expect("found");
    let mut told = contact(&city, &people[0]);
    told.status_learned = learned(EmploymentStatus::Startup, "2026-01-05");
    clerk.followup().record_contact(traced(told)).await.expect("recorded");
    until("the registry was told", async || {
        let person = clerk.people().get_person(get.clone()).await.expect("found").into_inner();
        person.employment.is_some_and(|employment| employment.source == "CONTACT")
    })
    .await;
    let refused = clerk.people().get_person(GetPersonRequest::default()).await;
    refused.expect_err("no id");

    let metrics = std::env::var("BANGFU_TEST_METRICS").expect("an address");
    let scraped = scrape(&metrics).await;
    for line in [
        r#"grpc_server_handled_total{grpc_service="bangfu.people.v1.PeopleService",grpc_method="GetPerson",grpc_code="INVALID_ARGUMENT"} 1"#,
        r#"grpc_server_handled_total{grpc_service="bangfu.followup.v1.FollowupService",grpc_method="RecordContact",grpc_code="OK"} 1"#,
    ] {
        assert!(scraped.contains(line), "{line} is missing in\n{scraped}");
    }
    for name in ["grpc_server_handling_seconds_bucket", "grpc_server_in_flight"] {
        assert!(scraped.contains(name), "{name} is missing");
    }
    city.close().await;
    telemetry.shutdown().await;
    println!("the calls were made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_trace_through_both_services() {
    let (collector, address) = Collector::start().await;
    let metrics = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (ended, said) = child::run("calls within a trace", &format!("http://{address}"), &metrics.to_string()).await;
    let tail = said.lines().rev().filter(|line| !line.starts_with('{')).take(30).collect::<Vec<_>>().join("\n");
    assert!(ended.success() && said.contains("the calls were made"), "{tail}");

    let spans = collector.spans();
    let by_id: HashMap<String, &Span> = spans.iter().map(|span| (hex(&span.span_id), span)).collect();
    let of_the_trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    for name in ["rpc.people.get_person", "rpc.followup.record_contact"] {
        let span = of_the_trace.iter().find(|span| span.name == name);
        let span = span.unwrap_or_else(|| panic!("{name} is not in the client's trace"));
        assert_eq!(hex(&span.parent_span_id), PARENT, "{name} continues the client's span");
    }
    for inner in ["db.begin", "db.contact.insert", "db.commit"] {
        let span =
            of_the_trace.iter().find(|span| span.name == inner).unwrap_or_else(|| panic!("{inner} is not in it"));
        assert!(by_id.contains_key(&hex(&span.parent_span_id)), "{inner} hangs on a span of ours");
    }
    // From one service to the other: the registry's call hangs on follow-up's own span.
    let told = spans.iter().find(|span| span.name == "rpc.people.record_employment").expect("the registry was called");
    let caller = by_id.get(&hex(&told.parent_span_id)).unwrap_or_else(|| panic!("{told:?} has no caller"));
    assert_eq!((caller.name.as_str(), &caller.trace_id), ("job.deliver", &told.trace_id));
    let line = said.lines().find(|line| line.contains("RecordContact") && line.contains(r#""code":"OK""#));
    assert!(line.expect("a log line").contains(TRACE), "the log line tells the trace as its correlation id");
}
