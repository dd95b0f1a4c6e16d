//! What a grant costs those who check it, and how many proofs are redeemed in a second: `cargo bench -p
//! support-identity-verification`, with `-- --quick` for a tenth of it.
//!
//! Everything runs on this machine and shares it: the ones who ask, the use cases of the service, and its database, which
//! flushes what is committed to the disk. What is printed is also written to `target/bench/identity-verification.json`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what was measured")]

mod grants;
mod redemptions;

use std::time::Duration;

use serde_json::{Value, json};
use support_testing::{load, write_figures};

/// One figure.
struct Figure {
    name: &'static str,
    unit: &'static str,
    /// The median of the rounds, and the lowest and highest.
    value: f64,
    spread: (f64, f64),
    /// What it must stay below.
    below: Option<f64>,
}

impl Figure {
    fn of(name: &'static str, unit: &'static str, mut rounds: Vec<f64>) -> Self {
        rounds.sort_unstable_by(f64::total_cmp);
        Self {
            name,
            unit,
            value: rounds[rounds.len() / 2],
            spread: (rounds[0], rounds[rounds.len() - 1]),
            below: None,
        }
    }

    fn below(self, limit: f64) -> Self {
        Self {
            below: Some(limit),
            ..self
        }
    }
}

fn micros_each(took: Duration, number: u32) -> f64 {
    took.as_secs_f64() * 1e6 / f64::from(number)
}

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let scale = if is_quick { 1 } else { 10 };
    let load = load();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{cores} cores, load before: {load}");
    let mut figures = grants::measure(2_000 * scale);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    // The server starts and ends on threads that may wait.
    let server = redemptions::server();
    figures.extend(runtime.block_on(redemptions::measure(&server, 100 * scale)));

    println!(
        "{:<28} {:>12} {:>6} {:>7} {:>7}  lowest to highest",
        "figure", "value", "", "below", "ratio"
    );
    for figure in &figures {
        let below = figure.below.map_or_else(String::new, |below| format!("{below:.0}"));
        let ratio = figure
            .below
            .map_or_else(String::new, |below| format!("{:.2}", below / figure.value));
        let (low, high) = figure.spread;
        println!(
            "{:<28} {:>12.2} {:>6} {below:>7} {ratio:>7}  {low:.2} to {high:.2}",
            figure.name, figure.value, figure.unit
        );
    }
    let told: Vec<Value> = figures
        .iter()
        .map(|figure| {
            json!({
                "name": figure.name, "unit": figure.unit, "value": figure.value, "spread": figure.spread,
                "below": figure.below,
            })
        })
        .collect();
    let told = json!({ "figures": told, "load": load, "cores": cores });
    println!("written to {}", write_figures("identity-verification", &told).display());
}
