//! `support standard check`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use support_chassis::day;
use support_chassis::standard::Place;
use support_proto::support::standard::v1::{CheckContentRequest, CheckReport, Publication};
use tonic::Status;

use super::file::{Problem, RuleFile};
use super::words::{against, report};
use super::{offline, published, tree};
use crate::connection::{Connection, reason, refused};
use crate::session::{Caller, call};
use crate::terminal::count;

/// How it is used.
const HELP: &str = "\
Without --offline every file is held against what holds in the system: faults, what loosens the standard (path, rule and
both values), what would change at which place, and what would turn out differently for whom. A file whose content was
published from its day on is told to be as published.

With --offline no system is needed, as in the checks of a pull request: each file's form, the field rules, and every overlay
against the standard above it as the other files say it; what no file says is as the program ships it.

Nothing is changed either way. The exit code is 1 where anything is wrong; all files are told of, each problem as
FILE:LINE:COLUMN.

Examples:
  support standard check rules/ --offline
  support standard check rules/warranty/coverage-terms/country/DE.yaml";

/// Says what is wrong with files of the standard, and what they would change.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct CheckArgs {
    /// Files, and folders of files.
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<PathBuf>,
    /// Check the files by themselves, without a system.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let read = tree::read(&args.paths)?;
    for problem in &read.problems {
        println!("{problem}");
    }
    let mut wrong = read.count - read.files.len();
    if args.offline {
        for (file, problems) in read.files.iter().zip(offline::check(&read.files)) {
            wrong += usize::from(!problems.is_empty());
            if problems.is_empty() {
                println!("{}: ok, {}", file.file.display(), file.subject());
            }
            for problem in problems {
                println!("{problem}");
            }
        }
    } else {
        let caller = args.connection.connect()?;
        for file in &read.files {
            let found = online(&caller, file).await?;
            wrong += usize::from(!found.is_well());
            print!("{}", found.told(file));
        }
    }
    match wrong {
        0 => Ok(()),
        wrong => bail!("{} of {} wrong", wrong, count(read.count, "file")),
    }
}

/// What a system says of a file.
#[derive(Debug)]
pub(crate) enum Found {
    /// It says what was published.
    Published(Publication),
    /// It can be published, and would change this.
    Well(CheckReport),
    /// It cannot.
    Wrong(Vec<Problem>),
}

impl Found {
    pub(crate) fn is_well(&self) -> bool {
        !matches!(self, Self::Wrong(_))
    }

    /// All of it, line by line.
    pub(crate) fn told(&self, file: &RuleFile) -> String {
        let name = file.file.display();
        match self {
            Self::Published(held) => format!("{name}: as published, {} version {}\n", file.subject(), held.version),
            Self::Well(found) => {
                let changes = report(found, "    ");
                let what = if changes.is_empty() {
                    ", changes nothing today"
                } else {
                    ""
                };
                format!("{name}: ok, {}{what}\n{changes}", file.subject())
            }
            Self::Wrong(problems) => lines(problems),
        }
    }
}

/// Holds a file against what holds in the system.
pub(crate) async fn online(caller: &Caller, file: &RuleFile) -> anyhow::Result<Found> {
    if let Some(held) = published::same(caller, file).await? {
        return Ok(Found::Published(held));
    }
    let request = CheckContentRequest {
        document: file.document().to_owned(),
        place: file.place.to_string(),
        content: file.says.canonical(),
        effective_from: file.effective_from.map(day::to_proto),
    };
    match call!(caller.standard().check_content(request.clone())) {
        Ok(answer) => {
            let found = answer.report.unwrap_or_default();
            let problems = problems(file, &found);
            Ok(if problems.is_empty() {
                Found::Well(found)
            } else {
                Found::Wrong(problems)
            })
        }
        Err(status) => match of_the_file(file, &status) {
            Some(problem) => Ok(Found::Wrong(vec![problem])),
            None => Err(refused(&status)),
        },
    }
}

/// What a report has against a file.
pub(crate) fn problems(file: &RuleFile, found: &CheckReport) -> Vec<Problem> {
    let faults = found.faults.iter().map(|fault| file.problem(&fault.path, &fault.fault));
    let loosened = found.loosened.iter();
    let own = found
        .changes
        .iter()
        .find(|change| change.place == file.place.to_string());
    let set_aside = own.is_some_and(|change| change.set_aside) && file.place != Place::Global;
    let mut problems: Vec<Problem> = faults
        .chain(loosened.map(|departed| file.problem(&departed.path, against(departed))))
        .chain(set_aside.then(|| file.problem("", "with this the document is not valid")))
        .collect();
    problems.sort();
    problems
}

/// A refusal that is about the file, told where the file says it.
fn of_the_file(file: &RuleFile, status: &Status) -> Option<Problem> {
    let key = match reason(status).as_str() {
        "DOCUMENT_NOT_FOUND" => "document",
        "PLACE_NOT_FOUND" => "place",
        "DAY_PASSED" => {
            let what = format!(
                "effective_from: {}: say a day to come, or leave it out",
                refused(status)
            );
            return Some(file.problem_of("effective_from", what));
        }
        "CONTENT_TOO_LARGE" => return Some(file.problem("", refused(status))),
        _ => return None,
    };
    Some(file.problem_of(key, format!("{key}: {}", refused(status))))
}

fn lines(problems: &[Problem]) -> String {
    let mut lines = String::new();
    for problem in problems {
        let _ = writeln!(lines, "{problem}");
    }
    lines
}
