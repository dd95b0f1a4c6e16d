//! `support texts`: the words of the system, from the file that a translator's tool reads to the set that customers read.
//!
//! `files` writes and reads the files, `drafts` takes what came in through review, and `sets` publishes it or goes back.
//! Everything goes through the public API (`crate::connection`).

mod coverage;
mod drafts;
mod files;
mod sets;

use clap::{Args, Subcommand};

/// How it is used.
const HELP: &str = "\
From a text that is missing to one that customers read:
  support texts coverage                        # what is translated, out of date, missing
  support texts export de ja --only-open        # de.xlf and ja.xlf, for the translators
  support texts import de.xlf ja.xlf            # drafts, none of them published
  support texts submit de                       # to whoever reviews German
  support texts approve de                      # somebody else
  support texts publish --note 'spring'         # all that is approved, every language at the same moment
  support texts roll-back 7                     # the words of set 7 again";

/// What `support texts` is told.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct TextsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Coverage(coverage::CoverageArgs),
    Export(files::ExportArgs),
    Import(files::ImportArgs),
    Check(drafts::CheckArgs),
    Submit(drafts::SubmitArgs),
    Approve(drafts::ApproveArgs),
    Publish(sets::PublishArgs),
    Sets(sets::SetsArgs),
    RollBack(sets::RollBackArgs),
}

/// Carries it out.
///
/// # Errors
///
/// What failed or was refused, in words for people; of checks, that something is wrong.
pub async fn run(args: &TextsArgs) -> anyhow::Result<()> {
    match &args.command {
        Command::Coverage(args) => coverage::run(args).await,
        Command::Export(args) => files::export(args).await,
        Command::Import(args) => files::import(args).await,
        Command::Check(args) => drafts::check(args).await,
        Command::Submit(args) => drafts::submit(args).await,
        Command::Approve(args) => drafts::approve(args).await,
        Command::Publish(args) => sets::publish(args).await,
        Command::Sets(args) => sets::list(args).await,
        Command::RollBack(args) => sets::roll_back(args).await,
    }
}
