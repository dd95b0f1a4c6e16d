//! Publishing messages.

use std::collections::BTreeMap;

use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::CataloguePublished;

use crate::error::{Error, FaultyMessage};
use crate::ids::CatalogueVersionId;
use crate::store::catalogues::{self, NewVersion, Text};
use support_words::message::{Placeholders, check, check_all};
use support_words::tag::Tag;

/// A message to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The key.
    pub key: String,
    /// The pattern.
    pub pattern: String,
}

/// What a publishing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The new version.
    pub version: i64,
    /// How many messages the locale has of its own.
    pub message_count: usize,
}

/// A locale whose catalogue nobody else can publish to until the transaction ends.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) tag: Tag,
    pub(super) version: i64,
    /// What is published now, by key.
    pub(super) texts: BTreeMap<String, Text>,
    /// What the source texts take; none where the locale is the source.
    pub(super) source: Option<BTreeMap<String, Placeholders>>,
}

/// Publishes messages as the next version of a locale's catalogue. `expected_version` is the one that the publisher has
/// seen, 0 for any; `by` is who publishes.
///
/// # Errors
///
/// No such locale, another version than the expected one, or messages that cannot be published: all of them.
pub async fn publish(
    tx: &mut Tx,
    ids: &Ids,
    tag: &Tag,
    messages: &[NewMessage],
    expected_version: i64,
    by: &str,
) -> Result<Published, Error> {
    let held = hold(tx, tag).await?.ok_or(Error::LocaleNotFound)?;
    if expected_version != 0 && expected_version != held.version {
        return Err(Error::CatalogueChanged);
    }
    let faulty = faults(messages, &held);
    if !faulty.is_empty() {
        return Err(Error::MessagesInvalid(faulty));
    }
    let new = messages
        .iter()
        .filter(|message| !held.texts.contains_key(&message.key))
        .count();
    let version = write(tx, ids, &held, messages, by, false).await?;
    Ok(Published {
        version,
        message_count: held.texts.len() + new,
    })
}

/// Locks a locale; none where there is no such locale. The source is locked before a translation of it, by everyone, so
/// that nobody waits in a circle; and it is only shared, so that translations do not wait for each other.
pub(super) async fn hold(tx: &mut Tx, tag: &Tag) -> Result<Option<Held>, DbError> {
    let Some(is_source) = catalogues::is_default(tx, tag).await? else {
        return Ok(None);
    };
    let source = if is_source {
        None
    } else {
        catalogues::hold_source(tx).await?
    };
    let Some(version) = catalogues::lock(tx, tag).await? else {
        return Ok(None);
    };
    let texts = catalogues::texts(tx, tag.as_str(), version).await?;
    let source = match source {
        Some((source, version)) => Some(placeholders(&catalogues::texts(tx, &source, version).await?)),
        None => None,
    };
    let texts = texts.into_iter().map(|text| (text.key.clone(), text)).collect();
    Ok(Some(Held {
        tag: tag.clone(),
        version,
        texts,
        source,
    }))
}

/// What stored texts take. One that does not compile any more takes nothing that a translation could match.
fn placeholders(texts: &[Text]) -> BTreeMap<String, Placeholders> {
    texts
        .iter()
        .filter_map(|text| Some((text.key.clone(), check(&text.pattern).ok()?)))
        .collect()
}

/// Which of the messages cannot be published in the locale, and why.
pub(super) fn faults(messages: &[NewMessage], held: &Held) -> Vec<FaultyMessage> {
    let pairs = messages
        .iter()
        .map(|message| (message.key.as_str(), message.pattern.as_str()));
    check_all(pairs, held.source.as_ref())
        .into_iter()
        .map(|(index, fault)| FaultyMessage {
            index,
            key: messages[index].key.clone(),
            fault,
        })
        .collect()
}

/// Writes the next version, and the event that tells of it.
pub(super) async fn write(
    tx: &mut Tx,
    ids: &Ids,
    held: &Held,
    messages: &[NewMessage],
    by: &str,
    is_shipped: bool,
) -> Result<i64, DbError> {
    let new = NewVersion {
        locale: &held.tag,
        version: held.version + 1,
        id: ids.next::<CatalogueVersionId>(),
        by,
        at: tx.now(),
        is_shipped,
    };
    let (keys, patterns): (Vec<_>, Vec<_>) = messages
        .iter()
        .map(|message| (message.key.clone(), message.pattern.clone()))
        .unzip();
    catalogues::insert_version(tx, new, &keys, &patterns).await?;
    tx.append(
        new.id,
        &CataloguePublished {
            locale: held.tag.to_string(),
            version: new.version,
        },
    )
    .await?;
    Ok(new.version)
}
