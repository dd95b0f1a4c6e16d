//! What was measured: as a table, and as JSON.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
            PathBuf::from,
        );
        let directory = target.join("bench");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("warranty.json");
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
pub(crate) fn resident() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<i64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

/// How many processor seconds were used: by this process, which is the service and the one who asks, and by the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processor {
    pub(crate) here: f64,
    pub(crate) database: f64,
}

impl Processor {
    /// Until now; the database is the process with this number and those that it began.
    pub(crate) fn used(database: u32) -> Self {
        let children = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let process: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let times = Times::of(&process.to_string())?;
            (times.parent == database).then_some(times.own)
        });
        // Of those that have ended the one that began them tells.
        let database = Times::of(&database.to_string()).map_or(0.0, |times| times.own + times.ended);
        Self {
            database: database + children.sum::<f64>(),
            here: processor_seconds(),
        }
    }

    /// Since `before`, for each of `number`, in microseconds.
    pub(crate) fn each(self, before: Self, number: u32) -> Self {
        let each = |now: f64, before: f64| (now - before) / f64::from(number) * 1e6;
        Self {
            here: each(self.here, before.here),
            database: each(self.database, before.database),
        }
    }
}

/// How many processor seconds this process has used.
pub(crate) fn processor_seconds() -> f64 {
    Times::of("self").map_or(0.0, |times| times.own)
}

/// Of a process: who began it, and how many processor seconds it has used, and those of its own that have ended.
struct Times {
    parent: u32,
    own: f64,
    ended: f64,
}

impl Times {
    fn of(process: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // After the name in parentheses come the state, who began it and nine more; then, in hundredths of seconds, its own time as
        // user and as system, and that of its own.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let seconds = |place: usize| Some(fields.get(place)?.parse::<f64>().ok()? / 100.0);
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: seconds(11)? + seconds(12)?,
            ended: seconds(13)? + seconds(14)?,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes and rows, far below 2^53")]
pub(crate) const fn real(number: i64) -> f64 {
    number as f64
}
