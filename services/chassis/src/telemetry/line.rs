//! What a log line looks like.

use std::fmt;

use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::clock::Clock;

/// For people: the time, the level, who says it, what; the trace id at the end. Without the fields of the spans around,
/// which would drown the words; the trace has them.
#[derive(Debug)]
pub(super) struct Text;

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let colour = match *level {
            _ if !writer.has_ansi_escapes() => None,
            Level::ERROR => Some(31),
            Level::WARN => Some(33),
            Level::INFO => Some(32),
            Level::DEBUG | Level::TRACE => Some(34),
        };
        match colour {
            Some(colour) => write!(writer, "{} \x1b[{colour}m{level:>5}\x1b[0m {target}: ", now())?,
            None => write!(writer, "{} {level:>5} {target}: ", now())?,
        }
        ctx.field_format().format_fields(writer.by_ref(), event)?;
        match trace() {
            Some((trace, _)) => writeln!(writer, " trace_id={trace}"),
            None => writeln!(writer),
        }
    }
}

/// For collectors: one JSON object a line, the event's fields beside the fixed ones.
#[derive(Debug)]
pub(super) struct Json {
    service: String,
}

impl Json {
    pub(super) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Map::new();
        event.record(&mut Fields(&mut line));
        // Last, so that no field can pass itself off as one of these.
        line.insert("timestamp".to_owned(), now().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        line.insert("service".to_owned(), self.service.as_str().into());
        if let Some((trace, span)) = trace() {
            line.insert("trace_id".to_owned(), trace.into());
            line.insert("span_id".to_owned(), span.into());
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

fn now() -> String {
    Clock::system().now().format(&Rfc3339).unwrap_or_default()
}

/// The trace and the span this happens in.
fn trace() -> Option<(String, String)> {
    // The layer for spans makes each span it enters the current one of OpenTelemetry, too.
    opentelemetry::Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_valid()
            .then(|| (span.trace_id().to_string(), span.span_id().to_string()))
    })
}

struct Fields<'l>(&'l mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, crate::lifecycle::chain(value).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Lines {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    /// What is written where nobody collects traces, as on a developer's machine.
    fn written(json: bool, log: impl FnOnce()) -> String {
        let lines = Lines::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(lines.clone());
        let layer = if json {
            layer.event_format(Json::new("case")).boxed()
        } else {
            layer.event_format(Text).boxed()
        };
        let tracer = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOff)
            .build()
            .tracer("test");
        let subscriber = tracing_subscriber::registry()
            .with(layer)
            .with(tracing_opentelemetry::layer().with_tracer(tracer));
        tracing::subscriber::with_default(subscriber, log);
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_json_line_carries_the_trace_and_the_fields() {
        let line = written(true, || {
            tracing::info_span!("call", secret = "span").in_scope(|| {
                tracing::warn!(case_id = "eu-1", tries = 3, level = "forged", "slow");
            });
        });
        let line: Map<String, Value> = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "slow");
        assert_eq!(line["case_id"], "eu-1");
        assert_eq!(line["tries"], 3);
        assert_eq!(line["service"], "case");
        assert_eq!(line["level"], "WARN", "no field passes itself off as the level");
        assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
        assert_eq!(line["span_id"].as_str().unwrap().len(), 16);
    }

    #[test]
    fn a_line_for_people_ends_with_the_trace() {
        let line = written(false, || {
            tracing::info_span!("call").in_scope(|| tracing::warn!(case_id = "eu-1", "slow"));
            tracing::info!("outside");
        });
        let (within, outside) = line.split_once('\n').unwrap();
        assert!(
            within.contains(" WARN support_chassis::telemetry::line::tests: slow case_id=\"eu-1\" trace_id="),
            "{within}"
        );
        assert!(
            outside.contains("outside") && !outside.contains("trace_id"),
            "{outside}"
        );
    }
}
