//! `support standard publish`: from files to versions that hold.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use support_chassis::day;
use support_proto::support::standard::v1::{
    CheckDraftRequest, CheckReport, CreateDraftRequest, Draft, Publication, PublishDraftRequest,
};

use super::check::{Found, online};
use super::drafts::{open_drafts, with_content};
use super::file::RuleFile;
use super::list::documents;
use super::words::{day_of, report};
use super::{show, tree};
use crate::connection::{Connection, reason, refused, request_id};
use crate::session::{Caller, call};
use crate::terminal::{confirmed, count};

/// How it is used.
const HELP: &str = "\
Every file is checked first, and what it would change is shown; where one is wrong nothing happens at all. Files whose
content was published from their day on are left alone. Then each of the others becomes a draft.

A document that two people publish stops there: its draft waits for somebody else, who is told the command to approve it.
After that, the same command again publishes it (or the other person does, by `approve --publish`). What needs nobody
else's approval is published after a question, or at once with --yes.

What is published cannot be changed, only withdrawn or followed by another version.

Examples:
  support standard publish rules/warranty/coverage-terms/country/DE.yaml
  SUPPORT_TOKEN=$TOKEN support standard publish rules/ --yes";

/// Publishes what files of the standard say.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct PublishArgs {
    /// Files, and folders of files.
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    assent: Assent,
    #[command(flatten)]
    connection: Connection,
}

/// What may happen without being asked for again.
#[derive(Debug, Args)]
pub(super) struct Assent {
    /// Publish without a question.
    #[arg(long)]
    pub(super) yes: bool,
    /// Publish even where overlays of other places would be set aside as a whole.
    #[arg(long)]
    pub(super) may_set_aside: bool,
}

/// A file and its draft.
struct Prepared<'f> {
    file: &'f RuleFile,
    draft: Draft,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &PublishArgs) -> anyhow::Result<()> {
    let read = tree::read(&args.paths)?;
    for problem in &read.problems {
        println!("{problem}");
    }
    let caller = args.connection.connect()?;
    let mut wrong = read.count - read.files.len();
    let mut changed = Vec::new();
    for file in &read.files {
        let found = online(&caller, file).await?;
        print!("{}", found.told(file));
        match found {
            Found::Published(_) => {}
            Found::Well(_) => changed.push(file),
            Found::Wrong(_) => wrong += 1,
        }
    }
    ensure!(
        wrong == 0,
        "{wrong} of {} wrong; nothing was published",
        count(read.count, "file")
    );
    let mut ready = Vec::new();
    for file in changed {
        let draft = draft_of(&caller, file).await?;
        if needs_approval(&caller, file.document()).await? && draft.approver.is_empty() {
            println!("\n{}", waits(&draft));
        } else {
            ready.push(Prepared { file, draft });
        }
    }
    if ready.is_empty() {
        return Ok(());
    }
    println!();
    let question = format!("publish {}?", count(ready.len(), "version"));
    if !confirmed(&question, args.assent.yes)? {
        println!("nothing was published; the drafts stay");
        return Ok(());
    }
    for Prepared { file, draft } in ready {
        let published = publish(&caller, &draft, args.assent.may_set_aside, None).await?;
        println!("{}: {}", file.file.display(), told(&published));
    }
    Ok(())
}

/// The words for whoever has to approve a draft.
pub(super) fn waits(draft: &Draft) -> String {
    format!(
        "{} for {} waits for somebody else than {} to approve it:\n  support standard approve {} {}",
        draft.document, draft.place, draft.author, draft.document, draft.draft_id
    )
}

/// What was published, in words.
pub(super) fn told(publication: &Publication) -> String {
    let subject = format!("{} for {}", publication.document, publication.place);
    match day_of(publication.withdrawn_from.as_ref()) {
        day if day.is_empty() => format!(
            "published {subject}, version {}, from {} on",
            publication.version,
            day_of(publication.effective_from.as_ref())
        ),
        day => format!("withdrew {subject}, version {}, from {day} on", publication.version),
    }
}

/// Whether a version of a document needs somebody else's approval.
pub(super) async fn needs_approval(caller: &Caller, document: &str) -> anyhow::Result<bool> {
    let (service, _) = document.split_once('/').unwrap_or((document, ""));
    let documents = documents(caller, service).await?.unwrap_or_default().documents;
    Ok(documents
        .iter()
        .any(|known| known.document == document && known.four_eyes))
}

/// The draft that says what the file says: one that is there already, else a new one.
async fn draft_of(caller: &Caller, file: &RuleFile) -> anyhow::Result<Draft> {
    for draft in open_drafts(caller, file.document()).await? {
        let same_day = draft.effective_from.as_ref().and_then(day::from_proto) == file.effective_from;
        if draft.place == file.place.to_string()
            && draft.withdraws.is_empty()
            && same_day
            && draft.reason == file.reason
        {
            let draft = with_content(caller, &draft).await?;
            if show::said(file.known, &file.place, &draft.content).is_ok_and(|says| says == file.says) {
                return Ok(draft);
            }
        }
    }
    let request = CreateDraftRequest {
        document: file.document().to_owned(),
        place: file.place.to_string(),
        content: file.says.canonical(),
        withdraws: String::new(),
        effective_from: file.effective_from.map(day::to_proto),
        reason: file.reason.clone(),
        request_id: request_id(),
    };
    let answer = call!(caller.standard().create_draft(request.clone())).map_err(|status| refused(&status))?;
    answer.draft.ok_or_else(|| anyhow::anyhow!("the system gave no draft"))
}

/// What a draft would change.
pub(super) async fn check(caller: &Caller, draft: &Draft) -> anyhow::Result<CheckReport> {
    let request = CheckDraftRequest {
        document: draft.document.clone(),
        draft_id: draft.draft_id.clone(),
    };
    let answer = call!(caller.standard().check_draft(request.clone())).map_err(|status| refused(&status))?;
    Ok(answer.report.unwrap_or_default())
}

/// Publishes a draft by a check of it: the one whose `digest` is given, which somebody has seen, or one of now.
pub(super) async fn publish(
    caller: &Caller,
    draft: &Draft,
    may_set_aside: bool,
    digest: Option<String>,
) -> anyhow::Result<Publication> {
    let digest = if let Some(digest) = digest {
        digest
    } else {
        let found = check(caller, draft).await?;
        ensure!(
            !found.digest.is_empty(),
            "{} cannot be published any more:\n{}",
            draft.draft_id,
            against(&found)
        );
        found.digest
    };
    let request = PublishDraftRequest {
        document: draft.document.clone(),
        draft_id: draft.draft_id.clone(),
        digest,
        may_set_aside,
        request_id: request_id(),
    };
    let answer = call!(caller.standard().publish_draft(request.clone())).map_err(|status| {
        let refusal = refused(&status);
        match reason(&status).as_str() {
            "OVERLAYS_SET_ASIDE" => refusal.context("say --may-set-aside if that is meant"),
            "CHECK_OUTDATED" => refusal.context("something else was published meanwhile: look at the check again"),
            _ => refusal,
        }
    })?;
    answer
        .publication
        .ok_or_else(|| anyhow::anyhow!("the system gave no publication"))
}

/// What keeps a draft from being published.
pub(super) fn against(found: &CheckReport) -> String {
    let faults = found
        .faults
        .iter()
        .map(|fault| format!("  {}: {}", fault.path, fault.fault));
    let loosened = found
        .loosened
        .iter()
        .map(|departed| format!("  {}: {}", departed.path, super::words::against(departed)));
    faults.chain(loosened).collect::<Vec<_>>().join("\n")
}

/// A draft with what it would change, for whoever has to decide about it.
pub(super) fn shown(draft: &Draft, found: &CheckReport) -> String {
    let what = if draft.withdraws.is_empty() {
        format!("a version of {} for {}", draft.document, draft.place)
    } else {
        format!(
            "the withdrawal of {} of {} for {}",
            draft.withdraws, draft.document, draft.place
        )
    };
    let from = match day_of(draft.effective_from.as_ref()) {
        day if day.is_empty() => "the day of its publication".to_owned(),
        day => day,
    };
    let changes = match report(found, "    ") {
        changes if changes.is_empty() => "    changes nothing\n".to_owned(),
        changes => changes,
    };
    let told = format!(
        "{what}\n  by {}, from {from}, because: {}\n{changes}{}",
        draft.author,
        draft.reason,
        against(found)
    );
    told.trim_end().to_owned()
}
