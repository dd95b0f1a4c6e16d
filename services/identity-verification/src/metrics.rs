//! What operators count.

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};

use crate::api::verifications::stored::StoredCheck;
use crate::domain::happening::Kind;
use crate::store::deliveries::Freight;

/// The service's own metrics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    checks: Counter<u64>,
    deliveries: Counter<u64>,
    fallbacks: Counter<u64>,
    overdue: Gauge<i64>,
    withheld: Counter<u64>,
    unknown_numbers: Counter<u64>,
    notifications: Counter<u64>,
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
                .with_description("attempts to deliver a code or notifications, by what it was and outcome")
                .build(),
            fallbacks: meter
                .u64_counter("support.identity.delivery.fallbacks")
                .with_description("codes sent without words, as localisation did not give any")
                .build(),
            overdue: meter
                .i64_gauge("support.identity.delivery.overdue")
                .with_description("codes that have waited for more than a minute")
                .build(),
            withheld: meter
                .u64_counter("support.identity.delivery.withheld")
                .with_description("codes to telephones that were withheld, as few like them come back")
                .build(),
            unknown_numbers: meter
                .u64_counter("support.identity.numbers.unknown")
                .with_description("telephone numbers that the provider said nothing of, as it did not answer")
                .build(),
            notifications: meter
                .u64_counter("support.identity.notifications")
                .with_description("what customers were told or were not, by what happened, channel and outcome")
                .build(),
        }
    }

    /// A code was tried.
    pub fn checked(&self, outcome: &StoredCheck) {
        self.checks.add(1, &[KeyValue::new("outcome", outcome.name())]);
    }

    /// An attempt to deliver something ended.
    pub fn delivered(&self, freight: Freight, outcome: &'static str) {
        let freight = match freight {
            Freight::Code(_) => "code",
            Freight::Notice => "notice",
        };
        let labels = [KeyValue::new("freight", freight), KeyValue::new("outcome", outcome)];
        self.deliveries.add(1, &labels);
    }

    /// Something was told at an address of this kind, or at none, or was not: `sent`, or why not.
    pub fn notified(&self, kind: Kind, channel: &'static str, outcome: &'static str) {
        let labels = [
            KeyValue::new("happening", kind.as_str()),
            KeyValue::new("channel", channel),
            KeyValue::new("outcome", outcome),
        ];
        self.notifications.add(1, &labels);
    }

    /// A code goes out without words.
    pub fn fell_back(&self) {
        self.fallbacks.add(1, &[]);
    }

    /// A code to a telephone is withheld.
    pub fn withheld(&self) {
        self.withheld.add(1, &[]);
    }

    /// Nothing was learned of a number.
    pub fn number_unknown(&self) {
        self.unknown_numbers.add(1, &[]);
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
