//! `support texts publish`, `sets` and `roll-back`.

use anyhow::bail;
use clap::Args;
use support_chassis::clock;
use support_proto::support::localisation::v1::{
    ListSetsRequest, MessageSet, MessageSetKind, PublishSetRequest, RollBackSetRequest,
};

use crate::connection::{Connection, refused, request_id};
use crate::session::{Caller, call};
use crate::terminal::{confirmed, count, table};

/// Publishes all that is approved as the next set: the words of all its languages change at the same moment.
#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// The languages, by their locale's tag; without one, all.
    #[arg(value_name = "LOCALE")]
    locales: Vec<String>,
    /// Only keys with this beginning.
    #[arg(long, value_name = "KEY", default_value = "")]
    prefix: String,
    /// What the set is about.
    #[arg(long, value_name = "WORDS", default_value = "")]
    note: String,
    #[command(flatten)]
    connection: Connection,
}

/// The newest sets, and what each changed.
#[derive(Debug, Args)]
pub(super) struct SetsArgs {
    /// How many to show at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..=200))]
    limit: i32,
    #[command(flatten)]
    connection: Connection,
}

/// Publishes the words of an older set again, in every language. Drafts stay.
#[derive(Debug, Args)]
pub(super) struct RollBackArgs {
    /// The set.
    #[arg(value_name = "SET", value_parser = clap::value_parser!(i64).range(1..))]
    number: i64,
    /// Why.
    #[arg(long, value_name = "WORDS", default_value = "")]
    note: String,
    /// Without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn publish(args: &PublishArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let request = PublishSetRequest {
        request_id: request_id(),
        locales: args.locales.clone(),
        key_prefix: args.prefix.clone(),
        expected_set: 0,
        note: args.note.clone(),
    };
    let answer = call!(caller.translations().publish_set(request.clone())).map_err(|status| refused(&status))?;
    told(&answer.set.unwrap_or_default());
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn list(args: &SetsArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let mut table = table(&["set", "published", "by", "", "changed", "note"]);
    for set in newest(&caller, args.limit).await? {
        table.add_row([
            set.number.to_string(),
            published(&set),
            set.publisher.clone(),
            kind(&set),
            changed(&set),
            set.note.clone(),
        ]);
    }
    println!("{table}");
    Ok(())
}

pub(super) async fn roll_back(args: &RollBackArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    // What was seen as the newest when the question was answered: a set that came in between is not rolled back unseen.
    let newest = newest(&caller, 1).await?.first().map_or(0, |set| set.number);
    let question = format!(
        "put the words of set {} in the place of those of set {newest}?",
        args.number
    );
    if !confirmed(&question, args.yes)? {
        bail!("nothing was changed");
    }
    let request = RollBackSetRequest {
        request_id: request_id(),
        number: args.number,
        expected_set: newest,
        note: args.note.clone(),
    };
    let answer = call!(caller.translations().roll_back_set(request.clone())).map_err(|status| refused(&status))?;
    told(&answer.set.unwrap_or_default());
    Ok(())
}

async fn newest(caller: &Caller, limit: i32) -> anyhow::Result<Vec<MessageSet>> {
    let request = ListSetsRequest {
        page_size: limit,
        page_token: String::new(),
    };
    let page = call!(caller.translations().list_sets(request.clone())).map_err(|status| refused(&status))?;
    Ok(page.sets)
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn told(set: &MessageSet) {
    println!("set {}: {}", set.number, changed(set));
}

/// `de 3, ja 1`: the messages that changed, by language.
fn changed(set: &MessageSet) -> String {
    if set.locales.is_empty() {
        return "nothing changed".to_owned();
    }
    let shown: Vec<String> = set
        .locales
        .iter()
        .take(6)
        .map(|locale| format!("{} {}", locale.locale, locale.changed))
        .collect();
    match set.locales.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{}, and {}", shown.join(", "), count(more, "more language")),
    }
}

fn published(set: &MessageSet) -> String {
    set.publish_time
        .as_ref()
        .and_then(clock::from_timestamp)
        .map(|time| format!("{} {:02}:{:02}", time.date(), time.hour(), time.minute()))
        .unwrap_or_default()
}

fn kind(set: &MessageSet) -> String {
    match set.kind() {
        MessageSetKind::Approved => "approved".to_owned(),
        MessageSetKind::Direct => "direct".to_owned(),
        MessageSetKind::Shipped => "shipped".to_owned(),
        MessageSetKind::RollBack => format!("back to {}", set.rolled_back_to),
        MessageSetKind::Unspecified => String::new(),
    }
}
