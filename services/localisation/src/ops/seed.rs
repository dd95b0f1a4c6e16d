//! Publishing the texts that come with the software, so that every deployment has words from its first minute.

use std::collections::BTreeMap;

use support_chassis::db::Db;
use support_chassis::id::Ids;

use super::publish::{self, NewMessage, NewSet};
use crate::NAME;
use crate::domain::text::source_hash;
use crate::error::Error;
use crate::shipped::Shipped;
use crate::store::catalogues::NewText;
use crate::store::sets::SetKind;
use support_words::message::{Rules, check_all};
use support_words::tag::Tag;

/// Publishes what is new or changed in `shipped` as one set, and nothing where nothing is: it may run at every start, in
/// several replicas at once. A text that somebody has published is never touched. Gives the number of messages published.
///
/// What comes with the software is what it needs to run, so that the rules of the standard are no reason to go without: it
/// is held against what a message is and what its source takes. That it keeps to the rules that come with it is tested.
///
/// # Errors
///
/// Where the database fails. A shipped message that does not fit what is published (somebody gave the source text other
/// placeholders) is left out with a warning.
pub async fn seed_messages(db: &Db, ids: &Ids, shipped: &[Shipped]) -> Result<usize, Error> {
    let tags = shipped
        .iter()
        .map(|shipped| Tag::parse(shipped.locale).ok_or(Error::LocaleNotFound))
        .collect::<Result<Vec<Tag>, Error>>()?;
    let mut tx = db.begin().await?;
    let held = publish::hold(&mut tx, tags.iter().cloned()).await?;
    let mut changes: Vec<(Tag, Vec<NewText>)> = Vec::new();
    // The source goes first: the others are translations of what it says then.
    let mut files: Vec<(&Tag, &Shipped)> = tags.iter().zip(shipped).collect();
    files.sort_by_key(|(tag, _)| *tag != held.source_tag());
    let mut source = held.source_with([]);
    let made_from = files.first().filter(|(tag, _)| *tag == held.source_tag());
    let made_from = made_from
        .map(|(_, shipped)| &shipped.messages)
        .cloned()
        .unwrap_or_default();
    for (tag, Shipped { messages, .. }) in files {
        let published = &held.locale(tag).ok_or(Error::LocaleNotFound)?.texts;
        let renewed: Vec<NewMessage> = messages
            .iter()
            .filter(|(key, pattern)| {
                published
                    .get(*key)
                    .is_none_or(|text| text.is_shipped && text.pattern != **pattern)
            })
            .map(|(key, pattern)| NewMessage {
                key: key.clone(),
                pattern: pattern.clone(),
            })
            .collect();
        let is_source = tag == held.source_tag();
        let mut texts = fitting(tag, &renewed, (!is_source).then_some(&source));
        for text in texts.iter_mut().filter(|_| !is_source) {
            // It was made from the source text beside it in the software, whatever that has become here since.
            let made_from = made_from.get(&text.key).or_else(|| source.get(&text.key));
            text.source_hash = made_from.map(|source| source_hash(source));
        }
        if is_source {
            source.extend(
                texts
                    .iter()
                    .filter_map(|text| Some((text.key.clone(), text.pattern.clone()?))),
            );
        }
        if !texts.is_empty() {
            changes.push((tag.clone(), texts));
        }
    }
    if changes.is_empty() {
        tx.rollback().await?;
        return Ok(0);
    }
    let messages = changes.iter().map(|(_, texts)| texts.len()).sum();
    let set = publish::write(&mut tx, ids, &held, changes, NewSet::new(SetKind::Shipped, NAME)).await?;
    tx.commit().await?;
    tracing::info!(
        set = set.number,
        messages,
        locales = set.changed.len(),
        "shipped messages published"
    );
    Ok(messages)
}

/// Those of the messages that fit the source texts they stand beside.
fn fitting(tag: &Tag, messages: &[NewMessage], source: Option<&BTreeMap<String, String>>) -> Vec<NewText> {
    let pairs = messages
        .iter()
        .map(|message| (message.key.as_str(), message.pattern.as_str()));
    let faulty = check_all(tag, pairs, source, &Rules::default());
    for (index, fault) in &faulty {
        tracing::warn!(locale = %tag, key = messages[*index].key, %fault, "a shipped message does not fit what is published");
    }
    messages
        .iter()
        .enumerate()
        .filter(|(index, _)| !faulty.iter().any(|(faulty, _)| faulty == index))
        .map(|(_, message)| NewText {
            key: message.key.clone(),
            pattern: Some(message.pattern.clone()),
            is_shipped: true,
            source_hash: None,
            author: None,
            approver: None,
        })
        .collect()
}
