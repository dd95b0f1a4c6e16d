//! Publishing: the one way in which texts come to be read, whoever wrote them. Directly by an operator, as a set of
//! approved drafts, with the software, or again from an older set: all write a set through [`write`], and all but the last are held
//! against the same checks.

use std::collections::{BTreeMap, BTreeSet};

use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::CataloguePublished;

use crate::domain::text::source_hash;
use crate::error::{Error, FaultyMessage};
use crate::ids::CatalogueVersionId;
use crate::standard::TextRules;
use crate::store::catalogues::{self, NewText, NewVersion, Text};
use crate::store::sets::{self, Changed, Set, SetKind};
use support_words::message::{Rules, check_all};
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

/// Locales whose catalogues nobody else can publish to until the transaction ends.
#[derive(Debug)]
pub(super) struct Held {
    source_tag: Tag,
    /// What is published in the source language, by key.
    source: BTreeMap<String, Text>,
    locales: BTreeMap<Tag, HeldLocale>,
}

#[derive(Debug)]
pub(super) struct HeldLocale {
    pub(super) version: i64,
    /// What is published now, by key.
    pub(super) texts: BTreeMap<String, Text>,
}

impl Held {
    /// The source language.
    pub(super) fn source_tag(&self) -> &Tag {
        &self.source_tag
    }

    /// What is published in the source language.
    pub(super) fn source(&self) -> &BTreeMap<String, Text> {
        self.locales
            .get(&self.source_tag)
            .map_or(&self.source, |held| &held.texts)
    }

    pub(super) fn locales(&self) -> impl Iterator<Item = (&Tag, &HeldLocale)> {
        self.locales.iter()
    }

    pub(super) fn locale(&self, tag: &Tag) -> Option<&HeldLocale> {
        self.locales.get(tag)
    }

    /// The source texts beside which texts would stand that are published together with `new` ones of the source.
    pub(super) fn source_with<'n>(
        &self,
        new: impl IntoIterator<Item = (&'n str, &'n str)>,
    ) -> BTreeMap<String, String> {
        let mut source: BTreeMap<String, String> = self
            .source()
            .iter()
            .map(|(key, text)| (key.clone(), text.pattern.clone()))
            .collect();
        source.extend(
            new.into_iter()
                .map(|(key, pattern)| (key.to_owned(), pattern.to_owned())),
        );
        source
    }
}

/// Publishes messages directly as the next version of a locale's catalogue. `expected_version` is the one that the
/// publisher has seen, 0 for any; `by` is who publishes.
///
/// # Errors
///
/// The standard does not allow it, no such locale, another version than the expected one, or messages that cannot be
/// published: all of them.
pub async fn publish(
    tx: &mut Tx,
    ids: &Ids,
    rules: &TextRules,
    tag: &Tag,
    messages: &[NewMessage],
    expected_version: i64,
    by: &str,
) -> Result<Published, Error> {
    if !rules.direct_publishing {
        return Err(Error::DirectPublishingClosed);
    }
    let held = hold(tx, [tag.clone()]).await?;
    let locale = held.locale(tag).ok_or(Error::LocaleNotFound)?;
    if expected_version != 0 && expected_version != locale.version {
        return Err(Error::CatalogueChanged);
    }
    let faulty = faults(messages, tag, &held, &rules.words);
    if !faulty.is_empty() {
        return Err(Error::MessagesInvalid(faulty));
    }
    let new = messages
        .iter()
        .filter(|message| !locale.texts.contains_key(&message.key))
        .count();
    let message_count = locale.texts.len() + new;
    let texts = messages
        .iter()
        .map(|message| NewText {
            author: Some(by.to_owned()),
            ..own_text(message, tag, &held)
        })
        .collect();
    let set = write(
        tx,
        ids,
        &held,
        vec![(tag.clone(), texts)],
        NewSet::new(SetKind::Direct, by),
    )
    .await?;
    let version = set.changed.first().map_or(0, |changed| changed.version);
    Ok(Published { version, message_count })
}

/// A text whose source is what is published now.
pub(super) fn own_text(message: &NewMessage, tag: &Tag, held: &Held) -> NewText {
    let source = held.source().get(&message.key).filter(|_| *tag != held.source_tag);
    NewText {
        key: message.key.clone(),
        pattern: Some(message.pattern.clone()),
        is_shipped: false,
        source_hash: source.map(|source| source_hash(&source.pattern)),
        author: None,
        approver: None,
    }
}

/// Locks locales; what is no locale is not among the held. The source is locked before its translations, by everyone, and
/// these by their tags, so that nobody waits in a circle; where nothing is published in the source it is only shared, so
/// that translations do not wait for each other.
pub(super) async fn hold(tx: &mut Tx, tags: impl IntoIterator<Item = Tag>) -> Result<Held, DbError> {
    let mut tags: BTreeSet<Tag> = tags.into_iter().collect();
    let source_tag = catalogues::source(tx).await?;
    let mut locales = BTreeMap::new();
    let mut source = BTreeMap::new();
    if tags.remove(&source_tag) {
        locales.extend(hold_one(tx, &source_tag).await?.map(|held| (source_tag.clone(), held)));
    } else {
        let version = catalogues::hold_source(tx).await?;
        source = texts(tx, &source_tag, version).await?;
    }
    for tag in tags {
        if let Some(held) = hold_one(tx, &tag).await? {
            locales.insert(tag, held);
        }
    }
    Ok(Held {
        source_tag,
        source,
        locales,
    })
}

async fn hold_one(tx: &mut Tx, tag: &Tag) -> Result<Option<HeldLocale>, DbError> {
    let Some(version) = catalogues::lock(tx, tag).await? else {
        return Ok(None);
    };
    let texts = texts(tx, tag, version).await?;
    Ok(Some(HeldLocale { version, texts }))
}

pub(super) async fn texts(tx: &mut Tx, tag: &Tag, version: i64) -> Result<BTreeMap<String, Text>, DbError> {
    let texts = catalogues::texts(tx, tag.as_str(), version).await?;
    Ok(texts.into_iter().map(|text| (text.key.clone(), text)).collect())
}

/// Which of the messages cannot be published in the locale, and why.
pub(super) fn faults(messages: &[NewMessage], tag: &Tag, held: &Held, rules: &Rules) -> Vec<FaultyMessage> {
    let pairs = messages
        .iter()
        .map(|message| (message.key.as_str(), message.pattern.as_str()));
    let source = (*tag != held.source_tag).then(|| held.source_with([]));
    check_all(tag, pairs, source.as_ref(), rules)
        .into_iter()
        .map(|(index, fault)| FaultyMessage {
            field: format!("messages[{index}].pattern"),
            locale: tag.clone(),
            key: messages[index].key.clone(),
            fault,
        })
        .collect()
}

/// What is said of a new set.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewSet<'n> {
    pub(super) kind: SetKind,
    pub(super) by: &'n str,
    pub(super) note: &'n str,
    pub(super) rolled_back_to: Option<i64>,
    /// The set that the publisher has seen as the newest; 0 for any.
    pub(super) expected: i64,
}

impl<'n> NewSet<'n> {
    pub(super) fn new(kind: SetKind, by: &'n str) -> Self {
        Self {
            kind,
            by,
            note: "",
            rolled_back_to: None,
            expected: 0,
        }
    }
}

/// Writes a set: the next version of each locale, and the events that tell of them. The locales must be held.
///
/// # Errors
///
/// Where the database fails, or another set than the expected one is the newest.
pub(super) async fn write(
    tx: &mut Tx,
    ids: &Ids,
    held: &Held,
    changes: Vec<(Tag, Vec<NewText>)>,
    new: NewSet<'_>,
) -> Result<Set, Error> {
    let newest = sets::lock_head(tx).await?;
    if new.expected != 0 && new.expected != newest {
        return Err(Error::Changed);
    }
    let mut set = Set {
        number: newest + 1,
        kind: new.kind,
        published_at: tx.now(),
        published_by: new.by.to_owned(),
        note: new.note.to_owned(),
        rolled_back_to: new.rolled_back_to,
        changed: Vec::new(),
    };
    sets::insert(tx, &set).await?;
    for (locale, texts) in changes {
        let Some(version) = held.locale(&locale).map(|held| held.version + 1) else {
            return Err(Error::LocaleNotFound);
        };
        let id = ids.next::<CatalogueVersionId>();
        let version_of = NewVersion {
            locale: &locale,
            version,
            set_number: set.number,
            id,
            by: new.by,
            at: set.published_at,
        };
        catalogues::insert_version(tx, version_of, &texts).await?;
        let event = CataloguePublished {
            locale: locale.to_string(),
            version,
            set_number: set.number,
        };
        tx.append(id, &event).await?;
        set.changed.push(Changed {
            locale,
            version,
            count: i64::try_from(texts.len()).unwrap_or(i64::MAX),
        });
    }
    Ok(set)
}
