//! `support agents import`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use support_proto::support::routing::v1::ImportAgentsRequest;

use super::rows;
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
    let faults = usize::try_from(answer.fault_count).unwrap_or_default();
    if faults == 0 {
        println!(
            "{} made, {} changed, {} as they were",
            answer.created, answer.updated, answer.unchanged
        );
        return Ok(());
    }
    for fault in &answer.faults {
        println!("row {}, {}: {}", fault.row, fault.field, fault.fault);
    }
    if let Some(more @ 1..) = faults.checked_sub(answer.faults.len()) {
        println!("and {} more", count(more, "fault"));
    }
    bail!("{}, nothing was written", count(faults, "fault"))
}
