//! What was measured: as lines, and as JSON.

use std::time::Duration;

use serde_json::{Value, json};
use support_testing::write_figures;

/// What p99 of a search must stay below, in milliseconds.
const SEARCH_MS: f64 = 20.0;
/// The same for how long it takes until a publishing is found everywhere.
const PUBLISHING_MS: f64 = 1_000.0;

pub(crate) struct Report(Vec<Value>);

impl Report {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn note(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name}: {value:.1} {unit}");
        self.0.push(json!({"name": name, "value": value, "unit": unit}));
    }

    /// How long searches took.
    pub(crate) fn searches(&mut self, name: &str, took: Vec<Duration>) {
        self.times(name, took, SEARCH_MS);
    }

    /// How long it took until publishings were found.
    pub(crate) fn publishings(&mut self, name: &str, took: Vec<Duration>) {
        self.times(name, took, PUBLISHING_MS);
    }

    fn times(&mut self, name: &str, mut took: Vec<Duration>, limit: f64) {
        took.sort_unstable();
        let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
        let (p50, p99, most) = (at(50), at(99), at(100));
        println!(
            "{name}: p50 {p50:.2} ms, p99 {p99:.2} ms, at most {most:.1} ms, of {}; {:.1} times faster than {limit:.0} ms",
            took.len(),
            limit / p99
        );
        self.0
            .push(json!({"name": format!("{name}_p50_ms"), "value": p50, "unit": "ms"}));
        self.0.push(json!({
            "name": format!("{name}_p99_ms"), "value": p99, "unit": "ms", "compared_with": limit, "ratio": limit / p99,
        }));
    }

    /// Writes `bench/localisation-search.json` in the directory of what is built.
    pub(crate) fn write(&self) {
        println!("written to {}", write_figures("localisation-search", &self.0).display());
    }
}
