//! `support texts check`, `submit` and `approve`.

use std::fmt::Write as _;

use anyhow::bail;
use clap::Args;
use support_proto::support::localisation::v1::{
    CheckDraftsRequest, DraftName, ListMessagesRequest, LocalisedMessage, MessageFinding, MessageState, ReviewDecision,
    ReviewDraftsRequest, SubmitDraftsRequest,
};

use crate::connection::{Connection, refused, request_id};
use crate::session::{Caller, call};
use crate::terminal::{confirmed, count};

/// The most messages in a page.
const PAGE: i32 = 500;

/// Says all that is wrong with what is in the making, and changes nothing.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// The languages, by their locale's tag; without one, all.
    #[arg(value_name = "LOCALE")]
    locales: Vec<String>,
    /// Only keys with this beginning.
    #[arg(long, value_name = "KEY", default_value = "")]
    prefix: String,
    #[command(flatten)]
    connection: Connection,
}

/// Hands the drafts of a language in for review: all of them or, where one has a fault, none.
#[derive(Debug, Args)]
pub(super) struct SubmitArgs {
    /// The language, by its locale's tag.
    #[arg(value_name = "LOCALE")]
    locale: String,
    /// Only keys with this beginning.
    #[arg(long, value_name = "KEY", default_value = "")]
    prefix: String,
    #[command(flatten)]
    connection: Connection,
}

/// Approves what is in review in a language, after showing it beside its source.
#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// The language, by its locale's tag.
    #[arg(value_name = "LOCALE")]
    locale: String,
    /// Only keys with this beginning.
    #[arg(long, value_name = "KEY", default_value = "")]
    prefix: String,
    /// Hand it back to its authors with this word, instead of approving it.
    #[arg(long, value_name = "WORD")]
    return_with: Option<String>,
    /// Without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let request = CheckDraftsRequest {
        locales: args.locales.clone(),
        key_prefix: args.prefix.clone(),
        only_approved: false,
    };
    let answer = call!(caller.translations().check_drafts(request.clone())).map_err(|status| refused(&status))?;
    print!("{}", findings(&answer.findings));
    let looked_at = count(usize::try_from(answer.checked).unwrap_or(0), "draft");
    if answer.findings.is_empty() {
        println!("{looked_at}: nothing is wrong");
        return Ok(());
    }
    bail!("{looked_at}: {}", count(answer.findings.len(), "fault"));
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn submit(args: &SubmitArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let drafts = in_state(&caller, &args.locale, &args.prefix, MessageState::Draft).await?;
    if drafts.is_empty() {
        println!("{}: no drafts", args.locale);
        return Ok(());
    }
    for drafts in drafts.chunks(usize::try_from(PAGE)?) {
        let request = SubmitDraftsRequest {
            request_id: request_id(),
            locale: args.locale.clone(),
            drafts: names(drafts),
        };
        call!(caller.translations().submit_drafts(request.clone())).map_err(|status| refused(&status))?;
    }
    println!("{}: {} in review now", args.locale, count(drafts.len(), "draft"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn approve(args: &ApproveArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let drafts = in_state(&caller, &args.locale, &args.prefix, MessageState::Review).await?;
    if drafts.is_empty() {
        println!("{}: nothing is in review", args.locale);
        return Ok(());
    }
    for draft in &drafts {
        println!("{}\n  {}\n  {}", draft.key, draft.source, words(draft));
    }
    let (decision, question, done) = match &args.return_with {
        None => (ReviewDecision::Approve, "approve", "approved"),
        Some(_) => (ReviewDecision::Return, "hand back", "handed back"),
    };
    let number = count(drafts.len(), "draft");
    if !confirmed(&format!("{question} {number}?"), args.yes)? {
        bail!("nothing was changed");
    }
    for drafts in drafts.chunks(usize::try_from(PAGE)?) {
        let request = ReviewDraftsRequest {
            request_id: request_id(),
            locale: args.locale.clone(),
            drafts: names(drafts),
            decision: decision.into(),
            comment: args.return_with.clone().unwrap_or_default(),
        };
        call!(caller.translations().review_drafts(request.clone())).map_err(|status| refused(&status))?;
    }
    println!("{}: {number} {done}", args.locale);
    Ok(())
}

/// Faults, a line each.
pub(super) fn findings(findings: &[MessageFinding]) -> String {
    let mut lines = String::new();
    for finding in findings {
        let _ = writeln!(lines, "  {} {}: {}", finding.locale, finding.key, finding.explanation);
    }
    lines
}

/// All messages of a language that are in this state.
async fn in_state(
    caller: &Caller,
    locale: &str,
    prefix: &str,
    state: MessageState,
) -> anyhow::Result<Vec<LocalisedMessage>> {
    let mut request = ListMessagesRequest {
        locale: locale.to_owned(),
        key_prefix: prefix.to_owned(),
        state: state.into(),
        only_stale: false,
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut messages = Vec::new();
    loop {
        let page = call!(caller.translations().list_messages(request.clone())).map_err(|status| refused(&status))?;
        messages.extend(page.messages);
        if page.next_page_token.is_empty() {
            return Ok(messages);
        }
        request.page_token = page.next_page_token;
    }
}

/// The drafts as they were seen.
fn names(messages: &[LocalisedMessage]) -> Vec<DraftName> {
    messages
        .iter()
        .filter_map(|message| {
            Some(DraftName {
                key: message.key.clone(),
                revision: message.draft.as_ref()?.revision,
            })
        })
        .collect()
}

fn words(message: &LocalisedMessage) -> &str {
    message.draft.as_ref().map_or("", |draft| draft.pattern.as_str())
}
