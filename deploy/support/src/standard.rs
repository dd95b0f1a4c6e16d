//! `support standard`: the rules of the services, read, compared, checked and published by those who run the system.
//!
//! Rules are kept as files (`file`) under version control, a folder of them (`tree`); `offline` checks them in a pull
//! request, `check` against a running system, and `publish` makes them hold. `show` and `export` write them from what
//! holds, explained by the contract (`annotate`) and without losing a comment that somebody made (`yaml`). Everything goes
//! through the public API (`crate::connection`), and what it says to people stands in `words`.

mod annotate;
mod authority;
mod check;
mod diff;
mod drafts;
mod export;
mod file;
mod history;
mod library;
mod list;
mod offline;
mod publish;
mod published;
mod show;
mod tree;
mod words;
mod yaml;

pub(crate) use list::{authority, documents, heard, silence};

use clap::{Args, Subcommand};

/// How it is used.
const HELP: &str = "\
One document rules a subject everywhere; a group of countries, a country or a site may depart from it only as each field
allows. Operators keep the documents as files, one a document and place, under version control:

  document: warranty/coverage-terms
  place: country/DE            # left out: the whole world
  effective_from: 2027-01-01   # left out: the day on which it is published
  reason: What the courts decided in June.
  changes:                     # of a place: what differs, as a merge patch (RFC 7386)
    ...                        # of the whole world it is `content:`, the whole document

From nothing to a change that holds:
  support standard list                                    # what there is
  support standard export rules/                           # all of it as files
  $EDITOR rules/warranty/coverage-terms/global.yaml
  support standard check rules/ --offline                  # in the pull request
  support standard check rules/                            # what would change, for whom
  support standard publish rules/                          # a draft, where two people publish it
  support standard approve warranty/coverage-terms DRAFT   # somebody else
  support standard publish rules/                          # now it is published";

/// What `support standard` is told.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct StandardArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::ListArgs),
    Show(Box<show::ShowArgs>),
    Diff(Box<diff::DiffArgs>),
    Check(check::CheckArgs),
    Publish(publish::PublishArgs),
    Approve(drafts::ApproveArgs),
    Drafts(drafts::DraftsArgs),
    Discard(drafts::DiscardArgs),
    History(history::HistoryArgs),
    Withdraw(Box<history::WithdrawArgs>),
    Authority(authority::AuthorityArgs),
    Export(export::ExportArgs),
}

/// Carries it out.
///
/// # Errors
///
/// What failed or was refused, in words for people; of checks, that something is wrong.
pub async fn run(args: &StandardArgs) -> anyhow::Result<()> {
    match &args.command {
        Command::List(args) => list::run(args).await,
        Command::Show(args) => show::run(args).await,
        Command::Diff(args) => diff::run(args).await,
        Command::Check(args) => check::run(args).await,
        Command::Publish(args) => publish::run(args).await,
        Command::Approve(args) => drafts::approve(args).await,
        Command::Drafts(args) => drafts::list(args).await,
        Command::Discard(args) => drafts::discard(args).await,
        Command::History(args) => history::history(args).await,
        Command::Withdraw(args) => history::withdraw(args).await,
        Command::Authority(args) => authority::run(args).await,
        Command::Export(args) => export::run(args).await,
    }
}
