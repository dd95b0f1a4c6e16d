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

    /// The median of what was done in each round, a second.
    pub(crate) fn rate(name: &str, number: usize, rounds: &[Duration]) -> Self {
        let number = f64::from(u32::try_from(number).unwrap());
        let mut rates: Vec<f64> = rounds.iter().map(|time| number / time.as_secs_f64()).collect();
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

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    notes: Vec<String>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            figures: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, figure: Figure) {
        eprintln!("{}: {:.0} {}", figure.name, figure.value, figure.unit);
        self.figures.push(figure);
    }

    pub(crate) fn note(&mut self, note: String) {
        eprintln!("{note}");
        self.notes.push(note);
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<44} {:>15} {:>11} {:>6}  lowest to highest",
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
            println!("{:<44} {value:>15} {limit:>11} {ratio:>6}  {spread}", figure.name);
        }
        for note in &self.notes {
            println!("- {note}");
        }
    }

    /// Writes `bench/warranty.json` in the directory of what is built.
    pub(crate) fn write(&self) {
        println!("written to {}", write_figures("warranty", self).display());
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes and rows, far below 2^53")]
pub(crate) const fn real(number: i64) -> f64 {
    number as f64
}
