//! What a benchmark asks of the machine that it runs on, and where it leaves what it measured.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Serialize;

/// Writes figures as JSON to `bench/<name>.json` in the directory of what is built; gives the file.
pub fn write_figures(name: &str, figures: &impl Serialize) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let directory = target.join("bench");
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join(format!("{name}.json"));
    fs::write(&path, serde_json::to_string_pretty(figures).unwrap() + "\n").unwrap();
    path
}

/// The load of the machine, over one, five and fifteen minutes.
#[must_use]
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// How much memory this process has, in bytes.
#[must_use]
pub fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() * 1024.0
}

/// How many processor seconds were used: by this process, which is the service and the one who asks, and by the database.
#[derive(Debug, Clone, Copy)]
pub struct Processor {
    /// By this process, in seconds; after [`Processor::each`] in microseconds.
    pub here: f64,
    /// By the database, alike.
    pub database: f64,
}

impl Processor {
    /// Until now; the database is the process with this number and those that it began.
    #[must_use]
    pub fn used(database: u32) -> Self {
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
    #[must_use]
    pub fn each(self, before: Self, number: u32) -> Self {
        let each = |now: f64, before: f64| (now - before) / f64::from(number) * 1e6;
        Self {
            here: each(self.here, before.here),
            database: each(self.database, before.database),
        }
    }
}

/// How many processor seconds this process has used.
#[must_use]
pub fn processor_seconds() -> f64 {
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
