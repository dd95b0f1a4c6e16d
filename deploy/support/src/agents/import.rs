//! `support agents import` and `support agents import-rosters`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use support_proto::support::routing::v1::{ImportAgentsRequest, ImportFault, ImportRostersRequest};

use super::{planned, rows};
use crate::connection::{Connection, refused};
use crate::terminal::count;

/// How many rows go in one message.
const IN_MESSAGE: usize = 500;

/// Takes in agents: who is not there is made, who is there is changed to what their line says, nobody else is touched.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file, `.csv` or `.json`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

/// Takes in weeks and days of rosters: what a line says holds instead of what was said before, nothing else is touched.
#[derive(Debug, Args)]
pub(super) struct ImportRostersArgs {
    /// The file, `.csv` or `.json`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn rosters(args: &ImportRostersArgs) -> anyhow::Result<()> {
    let rows = planned::read(&args.file)?;
    let caller = args.connection.connect()?;
    let messages: Vec<_> = rows
        .chunks(IN_MESSAGE)
        .map(|rows| ImportRostersRequest { rows: rows.to_vec() })
        .collect();
    let answer = caller
        .rosters()
        .import_rosters(futures_util::stream::iter(messages))
        .await
        .map_err(|status| refused(&status))?
        .into_inner();
    check(answer.fault_count, &answer.faults)?;
    println!("{} changed, {} as they were", answer.changed, answer.unchanged);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &ImportArgs) -> anyhow::Result<()> {
    let rows = rows::read(&args.file)?;
    let caller = args.connection.connect()?;
    let messages: Vec<_> = rows
        .chunks(IN_MESSAGE)
        .map(|agents| ImportAgentsRequest {
            agents: agents.to_vec(),
        })
        .collect();
    let answer = caller
        .agents()
        .import_agents(futures_util::stream::iter(messages))
        .await
        .map_err(|status| refused(&status))?
        .into_inner();
    check(answer.fault_count, &answer.faults)?;
    println!(
        "{} made, {} changed, {} as they were",
        answer.created, answer.updated, answer.unchanged
    );
    Ok(())
}

/// Tells the faults, where there are any.
#[expect(clippy::print_stdout, reason = "a command's answer")]
fn check(fault_count: i32, told: &[ImportFault]) -> anyhow::Result<()> {
    let faults = usize::try_from(fault_count).unwrap_or_default();
    if faults == 0 {
        return Ok(());
    }
    for fault in told {
        println!("row {}, {}: {}", fault.row, fault.field, fault.fault);
    }
    if let Some(more @ 1..) = faults.checked_sub(told.len()) {
        println!("and {} more", count(more, "fault"));
    }
    bail!("{}, nothing was written", count(faults, "fault"))
}
