//! `support replay`: a real day of a call centre, played through the running system by its public API alone.
//!
//! - [`trace`], [`people`], [`repairs`] read the data.
//! - [`clock`] is the day's compressed time; it stands still while the system is away.
//! - [`contact`] is one caller's life, [`staff`] the agents', [`workshop`] the partners'; they meet on the [`floor`], and
//!   what they say to each other on the telephone stands on the [`board`].
//! - [`proof`] fetches everything back and checks that nothing was lost or doubled; [`report`] says what it came to.
//!
//! Everything asked for has a request id that follows from the run's name and the call, so the system can die at any
//! moment, and the replay too: started again with the same `--run` it goes on where it was.

pub mod board;
pub mod clock;
pub mod contact;
pub mod faults;
pub mod floor;
pub mod people;
pub mod proof;
pub mod repairs;
pub mod report;
pub mod staff;
mod stage;
pub mod trace;
pub mod workshop;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::task::JoinSet;

use self::clock::written;
use self::contact::{Contact, Plan};
use self::floor::Floor;
use self::people::People;
use self::repairs::Faulty;
use self::report::{Report, by_outcome};
use self::stage::Stage;
use self::trace::Day;

const HELP: &str = "\
Every call of the day becomes a customer who proves who they are by a code, a case, and a routed task. As many simulated
agents as the day had servers connect, take offers as they come and talk as long as the trace says; every n-th call is
about a broken device, which a partner repairs. Time is compressed: at --speed 200 a second of the day takes 5 ms, so
the waits shown hold 200 times the system's own answering time.

How the data are read:
  - Whoever gave up in the trace (HANG), or was gone when a server came (PHANTOM), gives up after waiting as long,
    unless an agent answers before. Of those who were answered (AGENT) the data tell only that they were willing to
    wait as long as they had to: they never give up, so the replay invents no loss that the day did not have.
  - A server is at work from their first service of the day to the end of their last; breaks are not in the data. Calls
    that an unnamed server took (NO_SERVER) bring work but no hands. The last to go home stay until all are served.
  - A call that the day did not serve takes, if the replay serves it, as long as the others on average.
  - Rows that are not as the data's description says are skipped, counted and shown.

Then everything is fetched back and held against what was played. The exit code is 0 only if all of it holds: every
contact has exactly one case; every case one history without gaps; every task ended exactly once; no agent was ever over
capacity; every repair is at its outcome.

The system may die in the middle (kill -9) and be started again: the day stands still meanwhile, and every request is
sent again with the same request id, for up to three minutes. A replay that was stopped goes on with the same --run.

Examples:
  support replay ../shared/data
  support replay ../shared/data --day 990203 --speed 600 --json report.json";

/// What a replay is told.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct ReplayArgs {
    /// The directory of the data: calls/bank-1999-02.tsv, people/customers.csv, repairs/open-repair.csv.
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// The day to play, YYMMDD, in February 1999.
    #[arg(long, value_name = "YYMMDD", default_value = "990201", value_parser = day)]
    day: String,
    /// How many times faster than in 1999 time passes, 1 to 10000.
    #[arg(long, value_name = "FACTOR", default_value_t = 200.0, value_parser = speed)]
    speed: f64,
    /// The gateway to call; without it, the one that was last started in the data directory.
    #[arg(long, value_name = "URL")]
    gateway: Option<String>,
    /// The data directory of the system: its development issuer vouches for the staff, and its partners' credentials are
    /// there.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Write everything that was found, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Every how many calls one is about a broken device; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 10)]
    repair_every: usize,
    /// The run's name: lower-case letters, digits and hyphens, up to 40. The same name goes on with the same run; without
    /// it, a new run is named after the day and the present moment.
    #[arg(long, value_name = "NAME", value_parser = run_name)]
    run: Option<String>,
}

fn day(text: &str) -> Result<String, String> {
    let is_day = text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit());
    is_day
        .then(|| text.to_owned())
        .ok_or_else(|| "six digits, as in 990201".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (1.0..=10_000.0).contains(speed));
    speed.ok_or_else(|| "a number from 1 to 10000".to_owned())
}

fn run_name(text: &str) -> Result<String, String> {
    let is_name = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| "1 to 40 lower-case letters, digits and hyphens".to_owned())
}

/// Carries it out.
///
/// # Errors
///
/// Where the data cannot be read, the system refuses, or the proof does not hold.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub async fn run(args: ReplayArgs) -> anyhow::Result<()> {
    let began = Instant::now();
    let path = args.data.join("calls/bank-1999-02.tsv");
    let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let trace = Day::read(file, &args.day)?;
    anyhow::ensure!(
        !trace.calls.is_empty(),
        "{} has no call of {}",
        path.display(),
        args.day
    );
    let faulty = Faulty::read(&args.data.join("repairs/open-repair.csv"))?;
    let people = People::read(&args.data.join("people/customers.csv"), &trace.calls)?;
    #[expect(clippy::disallowed_methods, reason = "a run is named after the real world's now")]
    let now = OffsetDateTime::now_utc();
    let run = match &args.run {
        Some(run) => run.clone(),
        None => format!(
            "{}-{}",
            args.day,
            now.format(format_description!("[year][month][day]t[hour][minute][second]"))?
        ),
    };
    println!(
        "run {run}: {} calls, {} servers",
        trace.calls.len(),
        trace.shifts().len()
    );
    if !trace.malformed.is_empty() || faulty.malformed > 0 {
        println!(
            "skipped {} malformed rows of calls (in the whole file) and {} of repairs",
            trace.malformed.len(),
            faulty.malformed
        );
    }

    let stage = Stage {
        args: &args,
        run: &run,
        trace: &trace,
        people,
        faulty: &faulty,
        today: now.date(),
    };
    let (floor, staff, plans) = stage.set().await?;
    let (contacts, planned) = play(&floor, &staff, plans).await;
    println!("fetching everything back");
    let bar = bar(trace.calls.len(), "{pos}/{len} cases looked at {wide_bar} {elapsed}");
    let proof = proof::prove(&floor.operator, &floor.board, &contacts, staff::CAPACITY, || bar.inc(1)).await?;
    bar.finish_and_clear();

    let report = Report {
        run: &run,
        day: &args.day,
        speed: args.speed,
        trace: &trace,
        contacts: &contacts,
        agents: staff.len(),
        planned_repairs: planned,
        proof: &proof,
        faults: floor.faults.all(),
        outages: (floor.session.presence().outages(), floor.clock.stood().as_secs_f64()),
        resent: floor.session.presence().resent(),
        took: began.elapsed().as_secs_f64(),
    };
    print!("{}", report.table());
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&report.json())?;
        std::fs::write(path, format!("{text}\n")).with_context(|| format!("cannot write {}", path.display()))?;
    }
    anyhow::ensure!(report.holds(), "the proof of conservation does not hold");
    println!("the proof of conservation holds");
    Ok(())
}

/// Plays the day; gives what became of each contact, and how many repairs were planned by outcome.
async fn play(
    floor: &Arc<Floor>,
    staff: &[Arc<staff::Agent>],
    plans: Vec<Plan>,
) -> (Vec<Contact>, BTreeMap<&'static str, usize>) {
    let planned = by_outcome(
        plans
            .iter()
            .filter_map(|plan| plan.device.as_ref())
            .map(|device| device.fault.outcome),
    );
    let following = tokio::spawn({
        let (clock, away) = (floor.clock.clone(), floor.session.presence().watch());
        async move { clock.follow(away).await }
    });
    let mut shifts = JoinSet::new();
    for agent in staff {
        shifts.spawn(Arc::clone(agent).work(Arc::clone(floor)));
    }
    let mut lives = JoinSet::new();
    for plan in plans {
        let floor = Arc::clone(floor);
        lives.spawn(async move {
            let ending = contact::live(&floor, &plan).await;
            floor.settled.send_modify(|settled| *settled += 1);
            ending.map_err(|error| format!("call {}: {error:#}", plan.call.key))
        });
    }
    let bar = bar(floor.calls, "{prefix} {pos}/{len} calls {wide_bar} {msg} {elapsed}");
    let mut contacts = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            ending = lives.join_next() => match ending {
                Some(Ok(Ok(contact))) => contacts.push(contact),
                Some(Ok(Err(fault))) => floor.faults.note(fault),
                Some(Err(panic)) => floor.faults.note(format!("a caller's life broke off: {panic}")),
                None => break,
            },
            _ = tick.tick() => {
                bar.set_position(u64::try_from(*floor.settled.borrow()).unwrap_or_default());
                bar.set_prefix(written(floor.clock.now()));
                let away = *floor.session.presence().watch().borrow();
                bar.set_message(if away {
                    "the system is away; the day stands still".to_owned()
                } else {
                    format!("{} waiting, {} agents", *floor.waiting.borrow(), *floor.at_work.borrow())
                });
            }
        }
    }
    bar.finish_and_clear();
    while shifts.join_next().await.is_some() {}
    following.abort();
    (contacts, planned)
}

fn bar(length: usize, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_checked() {
        assert!(day("990201").is_ok() && day("1999-02-01").is_err());
        assert!(speed("200").is_ok() && speed("0.5").is_err() && speed("nan").is_err());
        assert!(run_name("monday-1").is_ok() && run_name("Monday").is_err() && run_name("").is_err());
    }
}
