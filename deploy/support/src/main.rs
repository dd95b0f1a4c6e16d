//! The support platform in one executable.

use std::process::ExitCode;

use clap::Parser as _;
use support::cli::Cli;

/// Services take and give back memory from all threads at once, which the system's allocator is slow at.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    support::cli::end_quietly_without_reader();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return support::cli::complain(&anyhow::Error::new(error).context("cannot start")),
    };
    let code = runtime.block_on(support::cli::run(cli));
    // What is still at work was asked to end and did not: it must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}
