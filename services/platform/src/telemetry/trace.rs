//! Trace context across processes, as W3C `traceparent` has it.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    propagation::{Extractor, Injector, TextMapPropagator as _},
    trace::TraceContextExt as _,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::correlation::{self, CorrelationId};

struct Read<'a>(&'a HeaderMap);
struct Write<'a>(&'a mut HeaderMap);

/// Writes the current span's trace context into the headers of an outgoing call, so that the peer's spans continue the
/// trace. The channel to peers does this for every call; nothing happens where traces are off.
pub fn inject(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Write(headers));
}

/// The trace context that the headers of an incoming call carry; without a valid one a context that begins no trace.
pub fn extract(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &Read(headers))
}

/// Makes a span the child of the trace in the headers, and tells the call's correlation id: the id of that trace, of the
/// trace begun here, or a fresh one where traces are off.
pub(crate) fn join(span: &Span, headers: &HeaderMap) -> CorrelationId {
    let parent = extract(headers);
    let known = trace_id(&parent);
    // Fails where no OpenTelemetry layer is installed, or the span is filtered out: then there is nothing to join.
    let _ = span.set_parent(parent);
    known.or_else(|| trace_id(&span.context())).unwrap_or_else(correlation::new)
}

fn trace_id(context: &Context) -> Option<CorrelationId> {
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| CorrelationId(context.trace_id().to_string()))
}

impl Extractor for Read<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

impl Injector for Write<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_traceparent_becomes_parent_and_correlation_id() {
        let mut headers = HeaderMap::new();
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        headers.insert("traceparent", format!("00-{trace}-00f067aa0ba902b7-01").parse().expect("a header"));
        assert_eq!(extract(&headers).span().span_context().trace_id().to_string(), trace);
        assert_eq!(join(&Span::none(), &headers), CorrelationId(trace.to_owned()));
    }

    #[test]
    fn a_damaged_traceparent_begins_no_trace_and_never_becomes_the_correlation_id() {
        for text in ["", "00-zz-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "x"] {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", text.parse().expect("a header"));
            assert!(!extract(&headers).span().span_context().is_valid(), "{text}");
            let CorrelationId(id) = join(&Span::none(), &headers);
            assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
        }
    }
}
