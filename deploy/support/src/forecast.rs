//! `support simulate`, `support staff`, `support replay-calls`: what would be.
//!
//! The first two ask a running system by its public API; what they ask stands in a file, in JSON as the contract says
//! it. The third needs no system: it plays a real bank's calls of February 1999 through the engine that routing decides with.

mod ask;
mod bank;
mod bank_report;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::connection::Connection;

const SIMULATE_HELP: &str = "\
FILE is a SimulateRequest in JSON (proto/support/routing/v1/simulation.proto): what customers ask for and when, how long it takes, who
is there. Whatever it leaves out is as the contract says; the plan is what holds in the system.

A day of calls in English with twelve agents:
  {\"demand\": {\"length\": \"28800s\", \"works\": [{\"name\": \"calls\", \"channel\": \"CHANNEL_PHONE\", \"language\": \"en\",
      \"arrivals\": [40, 60, 60, 40], \"handling\": {\"mean\": \"240s\"}, \"patience\": {\"mean\": \"180s\"}}]},
   \"teams\": [{\"group\": {\"name\": \"cork\", \"languages\": [{\"language\": \"en\", \"level\": 4}]},
      \"shifts\": [{\"agents\": 12, \"to\": \"28800s\"}]}]}

Example:
  support simulate day.json --plot day.svg";

const STAFF_HELP: &str = "\
FILE is a StaffRequest in JSON (proto/support/routing/v1/simulation.proto): what customers ask for, who can be had and which shifts they
may work, and what is to be met.

Example:
  support staff month.json --json roster.json";

const REPLAY_HELP: &str = "\
Each day is played by its own rules: who called when and for what, how long each call was served, whom each server
served. A caller of the first priority stands in line as if they had waited a minute and a half already. How patient
callers are, is what the month's waits speak for (Kaplan and Meier). A server is away from one call to their next where somebody
waited meanwhile whom they serve. Callers who hung up before they stood in line are left out, on both sides.

Then the same callers are served by the routing plan as it is shipped, which relaxes what it asks for while they wait.

Example:
  support replay-calls ../shared/data --plot bank.svg";

/// Plays customers and agents who are not there, and says how they fare.
#[derive(Debug, Args)]
#[command(after_help = SIMULATE_HELP)]
pub struct SimulateArgs {
    /// What is to be played.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Draw waits and service level over the time.
    #[arg(long, value_name = "SVG")]
    plot: Option<PathBuf>,
    /// Write the whole answer.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// Finds the cheapest roster that meets its targets.
#[derive(Debug, Args)]
#[command(after_help = STAFF_HELP)]
pub struct StaffArgs {
    /// What is asked for, who can be had and what is to be met.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the whole answer.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// Plays a real month of calls day by day through the engine, and holds it against what was.
#[derive(Debug, Args)]
#[command(after_help = REPLAY_HELP)]
pub struct ReplayCallsArgs {
    /// The directory of the data: calls/bank-1999-02.tsv.
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// How often each day is played.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..=1000))]
    replications: u16,
    /// Only this day, YYMMDD.
    #[arg(long, value_name = "YYMMDD")]
    day: Option<String>,
    /// Draw the day with the most calls of those that are played.
    #[arg(long, value_name = "SVG")]
    plot: Option<PathBuf>,
    /// Write all figures.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// `support simulate`.
///
/// # Errors
///
/// What failed or was refused, in words for people.
pub async fn simulate(args: &SimulateArgs) -> anyhow::Result<()> {
    ask::simulate(args).await
}

/// `support staff`.
///
/// # Errors
///
/// What failed or was refused, in words for people.
pub async fn staff(args: &StaffArgs) -> anyhow::Result<()> {
    ask::staff(args).await
}

/// `support replay-calls`.
///
/// # Errors
///
/// Where the data cannot be read, or a day cannot be played.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub fn replay_calls(args: &ReplayCallsArgs) -> anyhow::Result<()> {
    let path = args.data.join("calls/bank-1999-02.tsv");
    let file = std::fs::File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let month = bank::Month::read(file)?;
    let replayed = month.replay(args.day.as_deref(), usize::from(args.replications), true)?;
    println!("{}", bank_report::told(&replayed));
    if let Some(file) = &args.plot {
        write(file, month.plot(&replayed)?.as_bytes())?;
    }
    if let Some(file) = &args.json {
        write(file, serde_json::to_string_pretty(&replayed)?.as_bytes())?;
    }
    Ok(())
}

fn write(file: &Path, content: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The real month, where it is at hand.
    #[expect(clippy::print_stderr, reason = "why it was skipped")]
    #[test]
    fn a_month_is_replayed_to_within_the_spread_between_its_days() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/calls/bank-1999-02.tsv");
        let Ok(file) = std::fs::File::open(&data) else {
            eprintln!("skipped: there is no {}", data.display());
            return;
        };
        let month = bank::Month::read(file).unwrap();
        let replayed = month.replay(None, 2, false).unwrap();
        assert_eq!(replayed.len(), 28);
        let of = |figure: fn(&bank::Played) -> f64| replayed.iter().map(figure).collect::<Vec<_>>();
        for (was, played) in [
            (of(|day| day.was.0), of(|day| day.own.gave_up)),
            (of(|day| day.was.1), of(|day| day.own.wait)),
        ] {
            let (missed, spread) = (bank_report::missed(&was, &played), bank_report::deviation(&was));
            assert!(missed < spread, "a day is missed by {missed}, days differ by {spread}");
        }
    }
}
