//! What the feed shows of itself.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};

struct Instruments {
    fence_delay: Gauge<f64>,
    applied: Counter<u64>,
    failures: Counter<u64>,
}

static INSTRUMENTS: LazyLock<Instruments> = LazyLock::new(|| {
    let meter = global::meter("support-chassis");
    Instruments {
        fence_delay: meter
            .f64_gauge("support.feed.fence.delay")
            .with_unit("s")
            .with_description("How long transactions in flight have held back the feed")
            .build(),
        applied: meter
            .u64_counter("support.feed.applied")
            .with_unit("{event}")
            .with_description("Events applied")
            .build(),
        failures: meter
            .u64_counter("support.feed.failures")
            .with_unit("{failure}")
            .with_description("Batches that could not be applied and are tried again")
            .build(),
    }
});

fn source(name: &str) -> [KeyValue; 1] {
    [KeyValue::new("support.feed.source", name.to_owned())]
}

pub(super) fn fence_delay(delay: Duration) {
    INSTRUMENTS.fence_delay.record(delay.as_secs_f64(), &[]);
}

pub(super) fn applied(from: &str, events: u64) {
    INSTRUMENTS.applied.add(events, &source(from));
}

pub(super) fn failure(from: &str) {
    INSTRUMENTS.failures.add(1, &source(from));
}
