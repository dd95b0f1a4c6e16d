//! `support standard history` and `withdraw`.

use anyhow::ensure;
use clap::Args;
use support_chassis::clock;
use support_chassis::day;
use support_chassis::standard::Place;
use support_proto::support::standard::v1::{CreateDraftRequest, Draft, Publication};
use time::Date;

use super::drafts::open_drafts;
use super::file::parse_day;
use super::publish::{Assent, against, check, needs_approval, publish, shown, told, waits};
use super::published::{all, one};
use super::words::day_of;
use crate::connection::{Connection, refused, request_id};
use crate::session::{Caller, call};
use crate::terminal::{confirmed, table};

/// Everything that was published of a document, newest first.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The document, `<service>/<name>`.
    #[arg(value_name = "DOCUMENT")]
    document: String,
    /// Only what was published for this place.
    #[arg(long, value_name = "PLACE")]
    place: Option<Place>,
    #[command(flatten)]
    connection: Connection,
}

/// Withdraws a version: from a day on it no longer holds, and the one before it holds again.
///
/// Of a document that two people publish, the withdrawal waits for somebody else's approval; then the same command again
/// carries it out.
#[derive(Debug, Args)]
pub(super) struct WithdrawArgs {
    /// The document, `<service>/<name>`.
    #[arg(value_name = "DOCUMENT")]
    document: String,
    /// The publication, as `history` names it.
    #[arg(value_name = "PUBLICATION")]
    publication: String,
    /// The first day on which it no longer holds, as 2027-01-01; without it, the day on which this is carried out.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    from: Option<Date>,
    /// Why, for those who will wonder in years.
    #[arg(long, value_name = "WORDS")]
    reason: String,
    #[command(flatten)]
    assent: Assent,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn history(args: &HistoryArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let publications = all(&caller, &args.document, args.place.as_ref()).await?;
    if publications.is_empty() {
        println!("nothing was published");
        return Ok(());
    }
    let mut table = table(&[
        "place",
        "version",
        "from",
        "",
        "published",
        "region",
        "author",
        "approver",
        "publication",
        "reason",
    ]);
    for publication in publications {
        table.add_row(row(publication));
    }
    println!("{table}");
    Ok(())
}

fn row(publication: Publication) -> [String; 10] {
    let fate = match day_of(publication.withdrawn_from.as_ref()) {
        _ if publication.void => "never holds".to_owned(),
        day if day.is_empty() => String::new(),
        day => format!("withdrawn from {day}"),
    };
    let at = publication.published_at.and_then(|at| clock::from_timestamp(&at));
    let published = at.map_or(String::new(), |at| {
        format!("{} {:02}:{:02}", super::file::day(at.date()), at.hour(), at.minute())
    });
    [
        publication.place,
        publication.version.to_string(),
        day_of(publication.effective_from.as_ref()),
        fate,
        published,
        publication.region,
        publication.author,
        publication.approver,
        publication.publication_id,
        publication.reason,
    ]
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn withdraw(args: &WithdrawArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let draft = withdrawal(&caller, args).await?;
    let found = check(&caller, &draft).await?;
    println!("{}", shown(&draft, &found));
    ensure!(!found.digest.is_empty(), "it cannot be withdrawn:\n{}", against(&found));
    if draft.approver.is_empty() && needs_approval(&caller, &args.document).await? {
        println!("{}", waits(&draft));
        return Ok(());
    }
    if !confirmed("withdraw it?", args.assent.yes)? {
        println!("nothing was withdrawn; the draft stays");
        return Ok(());
    }
    let withdrawn = publish(&caller, &draft, args.assent.may_set_aside, Some(found.digest)).await?;
    println!("{}", told(&withdrawn));
    Ok(())
}

/// The draft of the withdrawal: one that is there already, else a new one.
async fn withdrawal(caller: &Caller, args: &WithdrawArgs) -> anyhow::Result<Draft> {
    let same = |draft: &Draft| {
        draft.withdraws == args.publication
            && draft.effective_from.as_ref().and_then(day::from_proto) == args.from
            && draft.reason == args.reason
    };
    if let Some(draft) = open_drafts(caller, &args.document).await?.into_iter().find(same) {
        return Ok(draft);
    }
    let publication = one(caller, &args.document, &args.publication).await?;
    let request = CreateDraftRequest {
        document: args.document.clone(),
        place: publication.place,
        content: String::new(),
        withdraws: args.publication.clone(),
        effective_from: args.from.map(day::to_proto),
        reason: args.reason.clone(),
        request_id: request_id(),
    };
    let answer = call!(caller.standard().create_draft(request.clone())).map_err(|status| refused(&status))?;
    answer.draft.ok_or_else(|| anyhow::anyhow!("the system gave no draft"))
}
