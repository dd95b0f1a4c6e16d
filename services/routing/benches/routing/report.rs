//! What was measured: as a table, and as JSON.

use std::time::Duration;

use serde::Serialize;
use support_testing::write_figures;

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    value: f64,
    /// What it must at least, or at most, be; none where nothing is asked of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    /// What it was held against.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<String>,
    /// The value for each of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

impl Figure {
    pub(crate) fn of(name: &str, unit: &'static str, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            unit,
            value,
            limit: None,
            compared_with: None,
            ratio: None,
        }
    }

    /// Holds it against a limit, or against what else was measured in the same run.
    pub(crate) fn against(self, what: &str, limit: f64) -> Self {
        Self {
            limit: Some(limit),
            compared_with: Some(what.to_owned()),
            ratio: Some(self.value / limit),
            ..self
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) const fn new() -> Self {
        Self {
            figures: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        eprintln!("{}: {:.2} {}", figure.name, figure.value, figure.unit);
        self.figures.push(figure);
    }

    pub(crate) fn note(&mut self, note: String) {
        eprintln!("{note}");
        self.notes.push(note);
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<40} {:>14} {:>12} {:>6}  compared with",
            "figure", "value", "limit", "ratio"
        );
        for figure in &self.figures {
            let digits = if figure.value < 1_000.0 { 2 } else { 0 };
            let value = format!("{:.digits$} {}", figure.value, figure.unit);
            let limit = figure.limit.map_or_else(String::new, |limit| format!("{limit:.0}"));
            let ratio = figure.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let with = figure.compared_with.as_deref().unwrap_or_default();
            println!("{:<40} {value:>14} {limit:>12} {ratio:>6}  {with}", figure.name);
        }
        for note in &self.notes {
            println!("- {note}");
        }
    }

    /// Writes `bench/routing.json` in the directory of what is built.
    pub(crate) fn write(&self) {
        println!("written to {}", write_figures("routing", self).display());
    }
}

/// So many of a hundred took this long or less, in microseconds.
pub(crate) fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let place = (times.len() * percent / 100).min(times.len() - 1);
    times[place].as_secs_f64() * 1e6
}

pub(crate) fn real(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}
