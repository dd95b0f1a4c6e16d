//! Asking a running system.

use std::path::Path;

use anyhow::Context as _;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use support_proto::support::routing::v1 as pb;

use super::{SimulateArgs, StaffArgs, write};
use crate::connection::refused;
use crate::session::call;
use crate::terminal::{count, table};

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn simulate(args: &SimulateArgs) -> anyhow::Result<()> {
    let request: pb::SimulateRequest = read(&args.file)?;
    let caller = args.connection.connect()?;
    let answer = if let Some(file) = &args.plot {
        let request = pb::PlotRequest {
            demand: request.demand,
            teams: request.teams,
        };
        let answer = call!(caller.simulations().plot(request.clone())).map_err(|status| refused(&status))?;
        write(file, &answer.svg)?;
        answer.outcome.unwrap_or_default()
    } else {
        call!(caller.simulations().simulate(request.clone())).map_err(|status| refused(&status))?
    };
    println!("{}", told(&answer));
    save(args.json.as_deref(), &answer)
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn staff(args: &StaffArgs) -> anyhow::Result<()> {
    let request: pb::StaffRequest = read(&args.file)?;
    let caller = args.connection.connect()?;
    let answer = call!(caller.simulations().staff(request.clone())).map_err(|status| refused(&status))?;
    for roster in &answer.rosters {
        println!("{} {}: by shift {:?}", roster.name, roster.site, roster.agents);
    }
    let met = |met: bool| if met { "yes" } else { "no" };
    println!(
        "cost {:.2}, at the least {:.2} by the closed forms; {} simulated\nmeets the targets: {}; nobody can be spared: {}\n",
        answer.cost,
        answer.least_cost,
        count(usize::try_from(answer.simulated).unwrap_or_default(), "roster"),
        met(answer.meets_targets),
        met(answer.is_tight),
    );
    println!("{}", told(&answer.outcome.clone().unwrap_or_default()));
    save(args.json.as_deref(), &answer)
}

/// How everybody fared, as tables.
fn told(answer: &pb::SimulateResponse) -> String {
    let mut works = table(&[
        "contacts",
        "number",
        "in time",
        "gave up",
        "mean wait",
        "90 of 100",
        "99 of 100",
    ]);
    let named = answer
        .works
        .iter()
        .map(|work| (work.name.as_str(), work.faring.as_ref()));
    for (name, faring) in named.chain([("all", answer.all.as_ref())]) {
        let faring = faring.copied().unwrap_or_default();
        works.add_row([
            name.to_owned(),
            number(faring.contacts, 1.0, ""),
            number(faring.service_level, 100.0, " %"),
            number(faring.abandonment, 100.0, " %"),
            number(faring.wait_seconds, 1.0, " s"),
            number(faring.wait_p90_seconds, 1.0, " s"),
            number(faring.wait_p99_seconds, 1.0, " s"),
        ]);
    }
    let mut teams = table(&["team", "hours", "answered", "busy"]);
    for team in &answer.teams {
        teams.add_row([
            team.name.clone(),
            number(team.hours, 1.0, ""),
            number(team.answered, 1.0, ""),
            number(team.occupancy, 100.0, " %"),
        ]);
    }
    format!("{works}\n{teams}")
}

/// A figure with how sure it is.
fn number(figure: Option<pb::SimulatedFigure>, by: f64, unit: &str) -> String {
    let Some(figure) = figure else {
        return "-".to_owned();
    };
    let sure = figure
        .half_width
        .map_or_else(String::new, |width| format!(" ± {:.1}", width * by));
    format!("{:.1}{sure}{unit}", figure.mean * by)
}

fn kind(name: &str) -> anyhow::Result<MessageDescriptor> {
    let pool = support_proto::descriptors();
    pool.get_message_by_name(name)
        .with_context(|| format!("the contract has no {name}"))
}

/// Reads a request as the contract writes it in JSON.
fn read<T: Message + Default + prost::Name>(file: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let read = DynamicMessage::deserialize(kind(&T::full_name())?, &mut json);
    let read = read.with_context(|| format!("{} is no {}", file.display(), T::NAME))?;
    json.end()
        .with_context(|| format!("{} goes on after its end", file.display()))?;
    Ok(read.transcode_to()?)
}

fn save<T: Message + prost::Name>(file: Option<&Path>, answer: &T) -> anyhow::Result<()> {
    let Some(file) = file else { return Ok(()) };
    let mut message = DynamicMessage::new(kind(&T::full_name())?);
    message.transcode_from(answer)?;
    write(file, serde_json::to_string_pretty(&message)?.as_bytes())
}
