//! `support standard drafts`, `approve` and `discard`.

use clap::Args;
use support_proto::support::standard::v1::{
    ApproveDraftRequest, DiscardDraftRequest, Draft, DraftState, GetDraftRequest, ListDraftsRequest,
};
use tonic::Code;

use super::publish::{Assent, check, publish, shown, told};
use super::words::day_of;
use crate::connection::{Connection, refused, request_id};
use crate::services::SERVICES;
use crate::session::{Caller, call};
use crate::terminal::{confirmed, table};

/// The most drafts in a page.
const PAGE: i32 = 100;

/// Drafts that were neither published nor thrown away.
#[derive(Debug, Args)]
pub(super) struct DraftsArgs {
    /// The service whose drafts are listed, or one document, `<service>/<name>`; without it, those of all services.
    #[arg(value_name = "SERVICE|DOCUMENT")]
    of: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

/// Approves a draft that somebody else wrote, after showing what it would change.
#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    /// The document, `<service>/<name>`.
    #[arg(value_name = "DOCUMENT")]
    document: String,
    /// The draft, as `publish` or `drafts` names it.
    #[arg(value_name = "DRAFT")]
    draft: String,
    /// Publish it at once.
    #[arg(long)]
    publish: bool,
    #[command(flatten)]
    assent: Assent,
    #[command(flatten)]
    connection: Connection,
}

/// Throws a draft away.
#[derive(Debug, Args)]
pub(super) struct DiscardArgs {
    /// The document, `<service>/<name>`.
    #[arg(value_name = "DOCUMENT")]
    document: String,
    /// The draft.
    #[arg(value_name = "DRAFT")]
    draft: String,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn list(args: &DraftsArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let mut drafts = Vec::new();
    match &args.of {
        Some(of) => drafts.extend(open_drafts(&caller, of).await?),
        None => {
            for service in SERVICES {
                drafts.extend(open_drafts(&caller, service.name).await?);
            }
        }
    }
    if drafts.is_empty() {
        println!("no drafts");
        return Ok(());
    }
    let mut table = table(&["document", "place", "draft", "", "from", "author", "approver", "reason"]);
    for draft in drafts {
        let state = match draft.state() {
            DraftState::Approved => "approved",
            _ => "open",
        };
        let kind = if draft.withdraws.is_empty() {
            state.to_owned()
        } else {
            format!("{state}, withdraws {}", draft.withdraws)
        };
        let from = day_of(draft.effective_from.as_ref());
        table.add_row([
            draft.document,
            draft.place,
            draft.draft_id,
            kind,
            from,
            draft.author,
            draft.approver,
            draft.reason,
        ]);
    }
    println!("{table}");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn approve(args: &ApproveArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let draft = get(&caller, &args.document, &args.draft).await?;
    let found = check(&caller, &draft).await?;
    println!("{}", shown(&draft, &found));
    let question = if args.publish {
        "approve and publish it?"
    } else {
        "approve it?"
    };
    if !confirmed(question, args.assent.yes)? {
        println!("it was not approved");
        return Ok(());
    }
    let request = ApproveDraftRequest {
        document: draft.document.clone(),
        draft_id: draft.draft_id.clone(),
        // What was shown, and nothing that was written since.
        etag: draft.etag.clone(),
        request_id: request_id(),
    };
    call!(caller.standard().approve_draft(request.clone())).map_err(|status| refused(&status))?;
    if args.publish {
        let published = publish(&caller, &draft, args.assent.may_set_aside, Some(found.digest)).await?;
        println!("approved, and {}", told(&published));
    } else {
        println!("approved; whoever may publish it can now, by the command that made the draft");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn discard(args: &DiscardArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let request = DiscardDraftRequest {
        document: args.document.clone(),
        draft_id: args.draft.clone(),
        request_id: request_id(),
    };
    call!(caller.standard().discard_draft(request.clone())).map_err(|status| refused(&status))?;
    println!("thrown away");
    Ok(())
}

/// The open and approved drafts of a service, or of one document, newest first, without content. None where the service
/// has no documents.
pub(super) async fn open_drafts(caller: &Caller, of: &str) -> anyhow::Result<Vec<Draft>> {
    let (service, document) = match of.split_once('/') {
        Some((service, _)) => (service, of),
        None => (of, ""),
    };
    let mut request = ListDraftsRequest {
        service: service.to_owned(),
        document: document.to_owned(),
        states: vec![DraftState::Open.into(), DraftState::Approved.into()],
        page_size: PAGE,
        page_token: String::new(),
    };
    let mut drafts = Vec::new();
    loop {
        match call!(caller.standard().list_drafts(request.clone())) {
            Ok(page) => {
                drafts.extend(page.drafts);
                if page.next_page_token.is_empty() {
                    return Ok(drafts);
                }
                request.page_token = page.next_page_token;
            }
            Err(status) if status.code() == Code::Unimplemented => return Ok(drafts),
            Err(status) => return Err(refused(&status)),
        }
    }
}

/// A draft with its content.
pub(super) async fn with_content(caller: &Caller, draft: &Draft) -> anyhow::Result<Draft> {
    get(caller, &draft.document, &draft.draft_id).await
}

async fn get(caller: &Caller, document: &str, draft: &str) -> anyhow::Result<Draft> {
    let request = GetDraftRequest {
        document: document.to_owned(),
        draft_id: draft.to_owned(),
    };
    let answer = call!(caller.standard().get_draft(request.clone())).map_err(|status| refused(&status))?;
    answer.draft.ok_or_else(|| anyhow::anyhow!("the system gave no draft"))
}
