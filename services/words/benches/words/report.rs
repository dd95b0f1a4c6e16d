//! What was measured: as a table, and as JSON.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    value: f64,
    /// What it must at least be; none where nothing is asked of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    /// The lowest and the highest of the rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<(f64, f64)>,
}

impl Figure {
    pub(crate) fn of(name: &str, unit: &'static str, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            unit,
            value,
            limit: None,
            spread: None,
        }
    }

    /// The median of the rates of all rounds.
    pub(crate) fn rate(name: &str, mut rates: Vec<f64>) -> Self {
        rates.sort_unstable_by(f64::total_cmp);
        Self {
            spread: rates.first().copied().zip(rates.last().copied()),
            ..Self::of(name, "/s", rates[rates.len() / 2])
        }
    }

    pub(crate) fn at_least(self, limit: f64) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<36} {:>15} {:>11} {:>6}  lowest to highest",
            "figure", "value", "at least", "ratio"
        );
        for figure in &self.figures {
            let limit = figure.limit.map_or_else(String::new, |limit| format!("{limit:.0}"));
            let ratio = figure
                .limit
                .map_or_else(String::new, |limit| format!("{:.2}", figure.value / limit));
            let spread = figure
                .spread
                .map_or_else(String::new, |(low, high)| format!("{low:.0} to {high:.0}"));
            let value = format!("{:.0} {}", figure.value, figure.unit);
            println!("{:<36} {value:>15} {limit:>11} {ratio:>6}  {spread}", figure.name);
        }
        for note in &self.notes {
            println!("- {note}");
        }
    }

    /// Writes `bench/words.json` in the directory of what is built.
    pub(crate) fn write(&self) {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            PathBuf::from,
        );
        let directory = target.join("bench");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("words.json");
        fs::write(&path, serde_json::to_string_pretty(self).unwrap() + "\n").unwrap();
        println!("written to {}", path.display());
    }
}

/// The load of the machine, over one, five and fifteen minutes.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// How much memory this process has, in bytes.
pub(crate) fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap() * 1024.0
}

/// How long this thread, the only one, has been on a processor, in nanoseconds.
pub(crate) fn processor_nanoseconds() -> f64 {
    let schedule = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    schedule.split(' ').next().unwrap().parse().unwrap()
}
