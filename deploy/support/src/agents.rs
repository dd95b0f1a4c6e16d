//! `support agents`: the people who answer, and when they are planned to be at work, taken in by the thousand from a file.
//!
//! `rows` and `planned` read the files, `import` hands them in. Everything goes through the public API (`crate::connection`).

mod import;
mod planned;
mod rows;

use clap::{Args, Subcommand};

/// How the table looks.
const HELP: &str = "\
A table (.csv) has a line of names first. Needed: subject, display_name, site, time_zone, languages, skills, capacity;
beside them: picture, region, team, abilities, channels, certifications. Lists are parted by spaces:
  languages       en:5 de:3                      the language and how well it is spoken, 1 to 5
  skills          phone:4 laptop:2               product lines
  abilities       area/account-security:4        what else is known
  channels        phone:all email:1+chat chat:2  how much each takes, and what is held beside it; empty as usual
  certifications  cert/battery@2027-01-31        until the end of that day in UTC; without a day for ever

A list (.json) holds the bodies of CreateAgent, without request ids.

The same file again changes nothing. Where a line is wrong, nothing is written, and every fault is told.";

/// How the table of a roster looks.
const ROSTER_HELP: &str = "\
A table (.csv) has a line of names first: subject, from_day, day, kind, hours. The agent is named by the subject of their sign-in.
A line is a week that repeats from a day on, or a day that departs from it:
  from_day  hours                                          a week, until the day from which another holds; without hours never
  day       kind: off | extra | changed | usual, hours     a day; `usual` takes back what was said of it
Hours are on a clock where the agent is, parted by spaces:
  subject,from_day,day,kind,hours
  amy,2026-03-30,,,\"mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00\"
  amy,,2026-04-06,off,
  ben,,2026-04-06,changed,10:00-16:00

A list (.json) holds the rows of ImportRosters.

The same file again changes nothing. Where a line is wrong, nothing is written, and every fault is told.";

/// What `support agents` is told.
#[derive(Debug, Args)]
pub struct AgentsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(after_help = HELP)]
    Import(import::ImportArgs),
    #[command(after_help = ROSTER_HELP)]
    ImportRosters(import::ImportRostersArgs),
}

/// Carries it out.
///
/// # Errors
///
/// What failed or was refused, in words for people.
pub async fn run(args: &AgentsArgs) -> anyhow::Result<()> {
    match &args.command {
        Command::Import(args) => import::run(args).await,
        Command::ImportRosters(args) => import::rosters(args).await,
    }
}
