//! What the outside can see of a running service: log, traces, metrics, and the id that ties them together. None of it
//! carries personal data or the contents of messages.

mod correlation;
mod export;
pub mod panics;
pub mod seldom;
mod trace;

use std::{io::IsTerminal as _, net::SocketAddr};

use bangfu_kernel::Error;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::Metadata;
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

pub(crate) use self::{correlation::new as new_correlation, trace::join as join_trace};
pub use self::{
    correlation::{CorrelationId, correlation_id},
    trace::{extract, inject},
};

/// How a process tells what it does.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the service in traces: `people`, `followup`, `bangfu`.
    pub service: String,
    /// Lines for people or for machines.
    pub log_format: LogFormat,
    /// What is logged, as `tracing-subscriber` writes it: `info,bangfu=debug`.
    pub filter: String,
    /// Where traces go (OTLP over gRPC, the value of `OTEL_EXPORTER_OTLP_ENDPOINT`); `None`: nowhere.
    pub otlp_endpoint: Option<String>,
    /// Where Prometheus may fetch metrics; `None`: not at all.
    pub metrics_addr: Option<SocketAddr>,
}

/// The form of log lines on stderr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a terminal.
    #[default]
    Text,
    /// One JSON object a line, for Kubernetes.
    Json,
}

/// Keeps traces flowing; flushes them when shut down or dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the telemetry of the process"]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Sets up log, traces, metrics and the panic hook of this process. Call it once, inside the runtime. An OTLP endpoint
/// that is dead costs spans, never time.
///
/// Errors: the filter cannot be read, the metrics address is taken, telemetry was set up before.
pub fn init(settings: &Settings) -> Result<Telemetry, Error> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(Error::internal)?;
    let traces = settings.otlp_endpoint.as_deref().map(|to| export::traces(&settings.service, to)).transpose()?;
    if let Some(addr) = settings.metrics_addr {
        export::metrics(addr)?;
    }

    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.log_format {
        // A person reads one line a call; what the span around it knows would only say it twice.
        LogFormat::Text => {
            let events = filter_fn(is_event as fn(&Metadata<'_>) -> bool);
            lines.with_ansi(std::io::stderr().is_terminal()).with_filter(events).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let spans = traces.as_ref().map(|traces| {
        // Spans of the exporter's own connection would feed themselves.
        let ours = filter_fn(|of| !EXPORTERS.iter().any(|own| of.target().starts_with(own)));
        tracing_opentelemetry::layer().with_tracer(traces.tracer("bangfu")).with_filter(ours)
    });
    tracing_subscriber::registry().with(filter).with(lines).with(spans).try_init().map_err(Error::internal)?;
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    panics::install();
    Ok(Telemetry { traces })
}

fn is_event(of: &Metadata<'_>) -> bool {
    of.is_event()
}

const EXPORTERS: [&str; 4] = ["h2", "hyper", "tonic", "opentelemetry"];

impl Telemetry {
    /// Sends what is left, waiting five seconds at most. The way out that does not block the runtime the exporter needs.
    pub async fn shutdown(mut self) {
        if let Some(traces) = self.traces.take() {
            // Bounded twice: a thread that is stuck must not hold the process.
            let flush = tokio::task::spawn_blocking(move || export::flush(&traces));
            if tokio::time::timeout(export::FLUSH, flush).await.is_err() {
                tracing::debug!("traces were not flushed in time");
            }
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            export::flush(&traces);
        }
    }
}
