//! The commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::agents::AgentsArgs;
use crate::demo::DemoArgs;
use crate::doctor::DoctorArgs;
use crate::forecast::{ReplayCallsArgs, SimulateArgs, StaffArgs};
use crate::keys::KeysArgs;
use crate::migrate::MigrateArgs;
use crate::replay::ReplayArgs;
use crate::standard::StandardArgs;
use crate::texts::TextsArgs;
use crate::token::TokenArgs;
use crate::up::UpArgs;
use crate::{agents, demo, doctor, forecast, keys, migrate, one, replay, standard, texts, token, up};

/// As a shell reports a program that SIGPIPE ended.
const NOBODY_READS: i32 = 141;
/// Wrong use or wrong settings (sysexits' `EX_USAGE`).
const BAD_CONFIGURATION: u8 = 64;

/// Customer support for a maker of devices: identity verification, cases, routing, warranty, repairs and localisation
/// behind one gateway.
#[derive(Debug, Parser)]
#[command(name = "support", version, propagate_version = true, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
To try everything at once:
  support up                     all of it on this machine, with a private PostgreSQL
  support demo                   one customer's story, every call shown
  support doctor                 what is configured, reachable, wrong

To run it for real, a process a service, each with its own database:
  SUPPORT_SETTINGS=/etc/support.toml support migrate
  SUPPORT_SETTINGS=/etc/support.toml support case

Exit codes: 0 all went well, 1 something failed, 64 wrong use or wrong settings.";

const ONE_HELP: &str = "\
It is told what to do by a TOML file (its path in SUPPORT_SETTINGS) and by the environment, which wins:
SUPPORT__SECTION__KEY for all services, SUPPORT_<SERVICE>__SECTION__KEY for one, as in SUPPORT_CASE__DATABASE__URL.
`support doctor <service>` lists every setting with its meaning and what holds.

It refuses to start on a database that `support migrate` has not brought up to date. SIGTERM lets calls in flight finish.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: a private PostgreSQL, the six services, the gateway, a small world to try.
    Up(UpArgs),
    /// Tell one customer's story from the first word to the repaired device, each call and answer shown.
    Demo(DemoArgs),
    /// Play a real day of calls through a running system, and prove that nothing was lost.
    Replay(ReplayArgs),
    /// Play customers and agents who are not there, and say how they fare.
    Simulate(SimulateArgs),
    /// Find the cheapest roster that meets its targets.
    Staff(StaffArgs),
    /// Play a real month of calls through the engine, and hold it against what was.
    ReplayCalls(ReplayCallsArgs),
    /// Say what is configured, what is reachable and what is wrong, in plain words.
    Doctor(DoctorArgs),
    /// Read, compare, check and publish the rules that the services go by.
    Standard(StandardArgs),
    /// Give texts to translators and take them back, through review to the set that customers read.
    Texts(TextsArgs),
    /// Take in the people who answer customers, from a file.
    Agents(AgentsArgs),
    /// Print a bearer token of a local system, to call its gateway as an operator or an agent.
    Token(TokenArgs),
    /// Make the keys of a deployment, and a settings file that names them.
    Keys(KeysArgs),
    /// Bring the databases of the services up to date.
    Migrate(MigrateArgs),
    /// Run the gateway alone: the one door for front ends, partners and operators.
    #[command(after_help = ONE_HELP)]
    Gateway,
    /// Run one service alone: customers, verifications, grants, partners' credentials.
    #[command(after_help = ONE_HELP)]
    IdentityVerification,
    /// Run one service alone: cases, messages, timelines.
    #[command(after_help = ONE_HELP)]
    Case,
    /// Run one service alone: agents, presence, tasks, offers.
    #[command(after_help = ONE_HELP)]
    Routing,
    /// Run one service alone: products, devices, coverage decisions.
    #[command(after_help = ONE_HELP)]
    Warranty,
    /// Run one service alone: providers and repairs.
    #[command(after_help = ONE_HELP)]
    RepairLogistics,
    /// Run one service alone: locales, message catalogues, articles.
    #[command(after_help = ONE_HELP)]
    Localisation,
}

/// Carries a command out.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Up(args) => Box::pin(up::run(args)).await,
        Command::Demo(args) => Box::pin(demo::run(args)).await,
        Command::Replay(args) => Box::pin(replay::run(args)).await,
        Command::Simulate(args) => Box::pin(forecast::simulate(&args)).await,
        Command::Staff(args) => Box::pin(forecast::staff(&args)).await,
        Command::ReplayCalls(args) => forecast::replay_calls(&args),
        Command::Doctor(args) => doctor::run(args).await,
        Command::Standard(args) => Box::pin(standard::run(&args)).await,
        Command::Texts(args) => Box::pin(texts::run(&args)).await,
        Command::Agents(args) => agents::run(&args).await,
        Command::Token(args) => token::run(&args),
        Command::Keys(args) => keys::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Gateway => one::gateway().await,
        Command::IdentityVerification => one::service(&support_identity_verification::SERVICE).await,
        Command::Case => one::service(&support_case::SERVICE).await,
        Command::Routing => one::service(&support_routing::SERVICE).await,
        Command::Warranty => one::service(&support_warranty::SERVICE).await,
        Command::RepairLogistics => one::service(&support_repair_logistics::SERVICE).await,
        Command::Localisation => one::service(&support_localisation::SERVICE).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

/// Ends the process without a word once nobody reads what it prints, as `support demo | head` does: what the standard
/// library calls a panic then is no fault of ours.
pub fn end_quietly_without_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            std::process::exit(NOBODY_READS);
        }
        usual(panic);
    }));
}

/// Says what went wrong, with its causes, and gives the exit code that goes with it.
#[expect(clippy::print_stderr, reason = "the last word of a command")]
#[must_use]
pub fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("support: {error:#}");
    ExitCode::from(exit_code(error))
}

fn exit_code(error: &anyhow::Error) -> u8 {
    use support_chassis::service::StartError;
    use support_chassis::settings::SettingsError;

    error
        .chain()
        .find_map(|cause| {
            cause
                .downcast_ref::<StartError>()
                .map(StartError::exit_code)
                .or_else(|| {
                    cause
                        .downcast_ref::<support_gateway::StartError>()
                        .map(support_gateway::StartError::exit_code)
                })
                .or_else(|| cause.downcast_ref::<SettingsError>().map(|_| BAD_CONFIGURATION))
        })
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_service_is_a_command() {
        let command = Cli::command();
        for name in crate::services::names() {
            assert!(command.find_subcommand(name).is_some(), "no command {name}");
        }
    }
}
