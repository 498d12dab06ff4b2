//! What a call leaves behind: one log line, its metrics, a span in the caller's trace, and nothing of what it carried.

use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bangfu_platform::{stack, telemetry};
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::trace::{SpanId, TracerProvider as _};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tonic::Request;
use tracing::Level;
use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt as _};

use crate::shell::{SECRET, discreet, reached, record, settings, start};

/// Log lines as they would stand on stderr.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("whole").clone()).expect("text")
    }

    fn of_calls(&self) -> Vec<serde_json::Value> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        lines.filter(|line| line["target"] == "bangfu::call").collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Keeps spans instead of sending them.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("whole").extend(batch);
        Ok(())
    }
}

#[tokio::test]
async fn one_log_line_a_call_tells_how_it_went_and_nothing_of_what_it_carried() {
    discreet();
    let lines = Lines::default();
    let log = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(lines.clone());
    let ours = tracing_subscriber::filter::Targets::new()
        .with_target("bangfu_platform", Level::TRACE)
        .with_target("bangfu", Level::TRACE);
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry().with(ours).with(log));

    let running = start(settings(), &stack::Settings::default()).await;
    let mut client = running.client().await;
    let mut request = Request::new(record(""));
    request.metadata_mut().insert("authorization", format!("Bearer {SECRET}").parse().expect("a header"));
    client.record_contact(request).await.expect("served");
    client.record_contact(record(&format!("panic {SECRET}"))).await.expect_err("a panic");
    client.record_contact(record("fail disk")).await.expect_err("a fault");
    let mut leaving = client.clone();
    let left = tokio::spawn(async move { leaving.record_contact(record("sleep 300")).await });
    reached(&running.fake.begun, 4).await;
    left.abort();
    reached(&running.fake.finished, 2).await;
    running.stop().await;

    let calls = lines.of_calls();
    let told = calls.iter().map(|line| [&line["code"], &line["reason"]].map(|v| v.as_str().unwrap_or("?")));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [["OK", ""], ["INTERNAL", "INTERNAL"], ["INTERNAL", "INTERNAL"], ["CANCELLED", ""]]
    );
    for line in &calls {
        assert_eq!(line["method"], "/bangfu.followup.v1.FollowupService/RecordContact");
        assert_eq!(line["township"], "320685102");
        assert_eq!(line["role"], "service");
        assert!(line["duration_ms"].is_u64());
        assert_eq!(line["correlation_id"].as_str().map(str::len), Some(32));
    }
    let text = lines.text();
    assert!(!text.contains(SECRET), "{text}");
    let causes = text.lines().filter(|line| line.contains("call failed")).collect::<Vec<_>>();
    assert_eq!(causes.len(), 2, "each cause is logged once: {causes:?}");
    assert!(causes[0].contains("shell.rs") && causes[1].contains("disk"), "{causes:?}");
}

#[tokio::test]
async fn a_call_continues_its_callers_trace() {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let _subscriber = tracing::subscriber::set_default(
        tracing_subscriber::registry().with(tracing_subscriber::filter::LevelFilter::INFO).with(layer),
    );

    let running = start(settings(), &stack::Settings::default()).await;
    let mut request = Request::new(record(""));
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let header = format!("00-{trace}-{parent}-01").parse().expect("a header");
    request.metadata_mut().insert("traceparent", header);
    running.client().await.record_contact(request).await.expect("served");
    running.stop().await;

    let spans = kept.0.lock().expect("whole").clone();
    let span = spans.iter().find(|span| span.name == "rpc.followup.record_contact").expect("a span");
    assert_eq!(span.span_context.trace_id().to_string(), trace);
    assert_eq!(span.parent_span_id, SpanId::from_hex(parent).expect("an id"));
    let told = span.attributes.iter().find(|told| told.key.as_str() == "correlation_id").expect("told");
    assert_eq!(told.value.as_str(), trace);
    assert!(!format!("{spans:?}").contains(SECRET));
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code_and_invented_paths_under_one_name() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _recorder = metrics::set_default_local_recorder(&recorder);

    let running = start(settings(), &stack::Settings::default()).await;
    let mut client = running.client().await;
    client.record_contact(record("")).await.expect("served");
    client.record_contact(record("fail disk")).await.expect_err("a fault");
    let mut grpc = tonic::client::Grpc::new(running.channel().await);
    grpc.ready().await.expect("ready");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let invented = "/invented/Path".parse().expect("a path");
    grpc.unary(Request::new(()), invented, codec).await.expect_err("no such method");
    tokio::time::sleep(Duration::from_millis(50)).await;

    let text = metrics.render();
    let service = "grpc_service=\"bangfu.followup.v1.FollowupService\",grpc_method=\"RecordContact\"";
    for line in [
        format!("grpc_server_handled_total{{{service},grpc_code=\"OK\"}} 1"),
        format!("grpc_server_handled_total{{{service},grpc_code=\"INTERNAL\"}} 1"),
        "grpc_server_handled_total{grpc_service=\"unknown\",grpc_method=\"unknown\",grpc_code=\"UNIMPLEMENTED\"} 1"
            .to_owned(),
        format!("grpc_server_in_flight{{{service}}} 0"),
        format!("grpc_server_handling_seconds_count{{{service}}} 2"),
    ] {
        assert!(text.contains(&line), "{line}\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_costs_no_time_and_a_taken_metrics_port_is_an_error() {
    discreet();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let dead = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    let settings = telemetry::Settings {
        service: "test".to_owned(),
        log_format: telemetry::LogFormat::Json,
        filter: "off,shell_test=info".to_owned(),
        otlp_endpoint: Some(format!("http://{dead}")),
        metrics_addr: Some(taken.local_addr().expect("an address")),
    };
    telemetry::init(&settings).expect_err("the port is taken");

    let began = Instant::now();
    let telemetry = telemetry::init(&telemetry::Settings { metrics_addr: None, ..settings }).expect("set up");
    tracing::info_span!(target: "shell_test", "lost").in_scope(|| {});
    telemetry.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
