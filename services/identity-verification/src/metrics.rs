//! What operators count.

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};

use crate::api::verifications::stored::StoredCheck;

/// The service's own metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    checks: Counter<u64>,
    deliveries: Counter<u64>,
    fallbacks: Counter<u64>,
    overdue: Gauge<i64>,
}

impl Metrics {
    /// The metrics of the process.
    #[must_use]
    pub fn new() -> Self {
        let meter = global::meter("support.identity");
        Self {
            checks: meter
                .u64_counter("support.identity.checks")
                .with_description("codes that were tried, by outcome")
                .build(),
            deliveries: meter
                .u64_counter("support.identity.deliveries")
                .with_description("attempts to deliver a code, by outcome")
                .build(),
            fallbacks: meter
                .u64_counter("support.identity.delivery.fallbacks")
                .with_description("codes sent without words, as localisation did not give any")
                .build(),
            overdue: meter
                .i64_gauge("support.identity.delivery.overdue")
                .with_description("codes that have waited for more than a minute")
                .build(),
        }
    }

    /// A code was tried.
    pub fn checked(&self, outcome: &StoredCheck) {
        self.checks.add(1, &[KeyValue::new("outcome", outcome.name())]);
    }

    /// An attempt to deliver a code ended.
    pub fn delivered(&self, outcome: &'static str) {
        self.deliveries.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    /// A code goes out without words.
    pub fn fell_back(&self) {
        self.fallbacks.add(1, &[]);
    }

    /// So many codes have waited for more than a minute.
    pub fn overdue(&self, count: i64) {
        self.overdue.record(count, &[]);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
