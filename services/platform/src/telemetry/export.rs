//! The ways out of the process: traces over OTLP, metrics for Prometheus.

use std::{net::SocketAddr, time::Duration};

use bangfu_kernel::Error;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};

/// How long a process may take on its way out to send the last spans.
pub(super) const FLUSH: Duration = Duration::from_secs(5);

/// How long one batch may take to be sent; what cannot be sent is dropped.
const BATCH: Duration = Duration::from_secs(3);

/// Upper bounds in seconds of the buckets of durations: from a cached read to a long import.
const SECONDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 300.0];

/// Sends traces in batches from a thread of their own; connects when there is something to send.
pub(super) fn traces(service: &str, endpoint: &str) -> Result<SdkTracerProvider, Error> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(BATCH)
        .build()
        .map_err(Error::internal)?;
    let resource = Resource::builder().with_service_name(service.to_owned()).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Sends what is left, for `FLUSH` at most.
pub(super) fn flush(traces: &SdkTracerProvider) {
    if let Err(fault) = traces.shutdown_with_timeout(FLUSH) {
        tracing::debug!(%fault, "traces were not flushed");
    }
}

/// Serves metrics on an address of their own.
pub(super) fn metrics(addr: SocketAddr) -> Result<(), Error> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.with_http_listener(addr).install())
        .map_err(Error::internal)
}
