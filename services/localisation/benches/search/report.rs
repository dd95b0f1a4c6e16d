//! What was measured: as lines, and as JSON.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

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
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            PathBuf::from,
        );
        let directory = target.join("bench");
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("localisation-search.json");
        std::fs::write(&path, serde_json::to_string_pretty(&self.0).unwrap() + "\n").unwrap();
        println!("written to {}", path.display());
    }
}

/// The load of the machine, over one, five and fifteen minutes.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// How many processor seconds this process has used: the service and who asks, without the database.
pub(crate) fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in parentheses come the state and ten more; then its own time as user and as system, in hundredths.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = rest.split_whitespace().skip(11).take(2);
    times.filter_map(|time| time.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// How much memory this process has, in megabytes.
pub(crate) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() * 1024.0 / 1e6
}
