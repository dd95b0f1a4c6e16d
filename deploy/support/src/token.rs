//! `support token`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::builder::NonEmptyStringValueParser;
use clap::{ArgGroup, Args};

use crate::world::{OPERATOR, Secrets};

/// How it is used.
const EXAMPLE: &str = "\
Example:
  curl -H \"authorization: Bearer $(support token --operator)\" -H 'content-type: application/json' \\
    -d '{}' http://127.0.0.1:8080/support.routing.v1.AgentService/ListAgents

Where two people are asked for, as to publish some documents of the standard, two subjects are two people:
  SUPPORT_TOKEN=$(support token --operator --subject ada) support standard publish rules/";

/// Prints a bearer token that the gateway of a local system believes, signed by its development issuer. A gateway in
/// production is given the operator's own identity provider instead.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE, group = ArgGroup::new("who").required(true))]
pub struct TokenArgs {
    /// For an operator: sets the system up and looks at all of it.
    #[arg(long, group = "who")]
    operator: bool,
    /// Who the operator is.
    #[arg(long, value_name = "SUBJECT", default_value = OPERATOR, requires = "operator", value_parser = NonEmptyStringValueParser::new())]
    subject: String,
    /// For the agent with this subject, as `agent-cork-01` (`ListAgents` shows them).
    #[arg(long, value_name = "SUBJECT", group = "who")]
    agent: Option<String>,
    /// The data directory of the local system.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// For how many minutes it is good.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    minutes: u32,
}

/// Carries it out.
///
/// # Errors
///
/// Where no local system was ever started in the data directory.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub fn run(args: &TokenArgs) -> anyhow::Result<()> {
    let secrets = Secrets::load(&args.data_dir)?.with_context(|| {
        format!(
            "no system was started in {}: run `support up` first",
            args.data_dir.display()
        )
    })?;
    let issuer = secrets.issuer();
    let lifetime = Duration::from_mins(u64::from(args.minutes));
    match &args.agent {
        Some(subject) => println!("{}", issuer.agent_token(subject, lifetime)),
        None => println!("{}", issuer.operator_token_of(&args.subject, lifetime)),
    }
    Ok(())
}
