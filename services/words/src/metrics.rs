//! What is counted.

use std::sync::LazyLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;

use super::catalogue::MESSAGE_DEGRADED;
use super::tag::Tag;

/// How messages degraded, by `degradation.kind` (`argument`, `message`, `locale`) and by the `locale` negotiated.
static DEGRADATIONS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("support-words")
        .u64_counter("localisation.render.degradations")
        .with_description("messages written out with something missing or wrong")
        .with_unit("{degradation}")
        .build()
});

/// Counts what was missing or wrong in a message for a reader of `locale`.
pub(super) fn degraded(locale: &Tag, degradations: &[String], fell_back: bool) {
    let count = |kind: &'static str| {
        DEGRADATIONS.add(
            1,
            &[
                KeyValue::new("degradation.kind", kind),
                KeyValue::new("locale", locale.to_string()),
            ],
        );
    };
    for name in degradations {
        count(if name == MESSAGE_DEGRADED {
            "message"
        } else {
            "argument"
        });
    }
    if fell_back {
        count("locale");
    }
}

/// How often there were no words at all, by `missing`: `catalogues` (none have come yet), `message` (no locale has it).
static WORDLESS: LazyLock<Counter<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("support-words")
        .u64_counter("support.words.missing")
        .with_description("messages for which there were no words")
        .with_unit("{message}")
        .build()
});

/// Counts a message for which there were no words.
pub(super) fn wordless(missing: &'static str) {
    WORDLESS.add(1, &[KeyValue::new("missing", missing)]);
}
