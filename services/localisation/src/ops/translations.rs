//! Drafts: written, submitted, reviewed, thrown away, published as a set.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;

use super::publish::{self, NewSet};
use crate::domain::text::{SourceHash, source_hash};
use crate::error::{Error, FaultyMessage};
use crate::standard::TextRules;
use crate::store::catalogues::{self, NewText};
use crate::store::sets::{Set, SetKind};
use crate::store::translations::{self, Chosen, Draft, DraftState};
use support_words::message::{Fault, Source, faults};
use support_words::tag::Tag;

/// A text to be kept as a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftText {
    /// The key.
    pub key: String,
    /// The pattern.
    pub pattern: String,
    /// The source text that its author saw; none for the one of now.
    pub made_from: Option<SourceHash>,
    /// The revision of the draft that its author saw; 0 for any.
    pub expected_revision: i64,
}

/// A draft as its reader saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The key.
    pub key: String,
    /// The revision.
    pub revision: i64,
}

/// What texts stand beside while they are in the making: the source text in the making where there is one, else the one
/// published. Nothing where the locale is the source itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    is_source: bool,
    published: BTreeMap<String, String>,
    open: BTreeMap<String, String>,
}

impl Sources {
    /// What texts of `tag` stand beside.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub async fn of(connection: &mut PgConnection, tag: &Tag) -> Result<Self, Error> {
        let source = catalogues::source(connection).await?;
        let version = catalogues::version(connection, &source).await?.unwrap_or(0);
        let published = catalogues::texts(connection, source.as_str(), version).await?;
        let chosen = Chosen {
            locales: &[source.to_string()],
            key_prefix: "",
            only_approved: false,
        };
        let open = translations::list(connection, chosen).await?;
        Ok(Self {
            is_source: *tag == source,
            published: published.into_iter().map(|text| (text.key, text.pattern)).collect(),
            open: open.into_iter().map(|draft| (draft.key, draft.pattern)).collect(),
        })
    }

    /// Whether the locale is the source itself.
    #[must_use]
    pub fn is_source(&self) -> bool {
        self.is_source
    }

    /// What is published in the source language, by key.
    #[must_use]
    pub fn published(&self) -> &BTreeMap<String, String> {
        &self.published
    }

    /// The source text of now.
    #[must_use]
    pub fn now(&self, key: &str) -> Option<&str> {
        self.open
            .get(key)
            .or_else(|| self.published.get(key))
            .map(String::as_str)
    }

    /// The keys that the source language has, published or in the making.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<&str> {
        self.open
            .keys()
            .chain(self.published.keys())
            .map(String::as_str)
            .collect()
    }

    /// Whether a draft that was made from `made_from` is out of date: its source has another text now, and will have
    /// another.
    #[must_use]
    pub fn is_stale(&self, key: &str, made_from: Option<SourceHash>) -> bool {
        let sources = [self.open.get(key), self.published.get(key)];
        !self.is_source
            && !sources
                .into_iter()
                .flatten()
                .any(|source| made_from == Some(source_hash(source)))
    }

    /// What is wrong with a draft so far.
    #[must_use]
    pub fn faults(&self, draft: &Draft, rules: &TextRules) -> Vec<Fault> {
        let source = match (self.is_source, self.now(&draft.key)) {
            (true, _) => Source::Itself,
            (false, Some(source)) => Source::Text(source),
            (false, None) => Source::None,
        };
        let mut found = faults(&draft.locale, &draft.key, &draft.pattern, source, &rules.words);
        if self.now(&draft.key).is_some() && self.is_stale(&draft.key, draft.source_hash) {
            found.push(Fault::Stale);
        }
        found
    }
}

/// What became of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The drafts as they are now, in the order of the texts, each with whether it is out of date.
    pub drafts: Vec<(Draft, bool)>,
    /// What is wrong with them so far.
    pub findings: Vec<FaultyMessage>,
}

/// Writes drafts; `by` is who writes. One that says the same of the same source stays as it is, its author too.
///
/// # Errors
///
/// No such locale, a draft that is not at the revision that was seen, a key that stands twice.
pub async fn save(tx: &mut Tx, rules: &TextRules, tag: &Tag, texts: &[DraftText], by: &str) -> Result<Saved, Error> {
    require_locale(tx, tag).await?;
    require_each_once(tag, texts.iter().map(|text| text.key.as_str()))?;
    let sources = Sources::of(tx, tag).await?;
    let keys: Vec<String> = texts.iter().map(|text| text.key.clone()).collect();
    let mut there = by_key(translations::lock(tx, tag, &keys).await?);
    let now = tx.now();
    let mut drafts = Vec::with_capacity(texts.len());
    let mut written = Vec::new();
    for text in texts {
        let old = there.remove(&text.key);
        let revision = old.as_ref().map_or(0, |old| old.revision);
        if text.expected_revision != 0 && text.expected_revision != revision {
            return Err(Error::Changed);
        }
        let now_hash = || sources.now(&text.key).map(source_hash);
        let made_from = if sources.is_source() {
            None
        } else {
            text.made_from.or_else(now_hash)
        };
        if let Some(old) = old.filter(|old| old.pattern == text.pattern && old.source_hash == made_from) {
            drafts.push(old);
            continue;
        }
        let draft = Draft {
            locale: tag.clone(),
            key: text.key.clone(),
            state: DraftState::Draft,
            revision: revision + 1,
            pattern: text.pattern.clone(),
            source_hash: made_from,
            author: by.to_owned(),
            approver: None,
            changed_at: now,
            comment: String::new(),
        };
        drafts.push(draft.clone());
        written.push(draft);
    }
    put(tx, tag, &written).await?;
    Ok(Saved {
        findings: findings(&drafts, &sources, rules),
        drafts: with_staleness(drafts, &sources),
    })
}

/// Submits drafts for review.
///
/// # Errors
///
/// No such locale or draft, one that was changed since it was seen or is no draft any more, one that has faults: all of
/// them.
pub async fn submit(tx: &mut Tx, rules: &TextRules, tag: &Tag, seen: &[Seen]) -> Result<Vec<(Draft, bool)>, Error> {
    let mut drafts = lock(tx, tag, seen, Some(DraftState::Draft)).await?;
    let sources = Sources::of(tx, tag).await?;
    let mut faulty = findings(&drafts, &sources, rules);
    if !faulty.is_empty() {
        for fault in &mut faulty {
            let index = seen.iter().position(|seen| seen.key == fault.key).unwrap_or_default();
            fault.field = format!("drafts[{index}]");
        }
        return Err(Error::MessagesInvalid(faulty));
    }
    let now = tx.now();
    for draft in &mut drafts {
        draft.state = DraftState::Review;
        draft.revision += 1;
        draft.changed_at = now;
    }
    put(tx, tag, &drafts).await?;
    Ok(with_staleness(drafts, &sources))
}

/// Approves drafts, or hands them back with a word; `by` is who reviews.
///
/// # Errors
///
/// No such locale or draft, one that was changed since it was seen or is not in review, one that `by` wrote where the
/// standard asks for four eyes.
pub async fn review(
    tx: &mut Tx,
    rules: &TextRules,
    tag: &Tag,
    seen: &[Seen],
    approves: bool,
    comment: &str,
    by: &str,
) -> Result<Vec<(Draft, bool)>, Error> {
    let mut drafts = lock(tx, tag, seen, Some(DraftState::Review)).await?;
    if approves && rules.four_eyes && drafts.iter().any(|draft| draft.author == by) {
        return Err(Error::TextApproverIsAuthor);
    }
    let now = tx.now();
    for draft in &mut drafts {
        draft.state = if approves {
            DraftState::Approved
        } else {
            DraftState::Draft
        };
        draft.approver = approves.then(|| by.to_owned());
        draft.revision += 1;
        draft.changed_at = now;
        comment.clone_into(&mut draft.comment);
    }
    put(tx, tag, &drafts).await?;
    let sources = Sources::of(tx, tag).await?;
    Ok(with_staleness(drafts, &sources))
}

/// Throws drafts away.
///
/// # Errors
///
/// No such locale or draft, or one that was changed since it was seen.
pub async fn discard(tx: &mut Tx, tag: &Tag, seen: &[Seen]) -> Result<(), Error> {
    let gone = lock(tx, tag, seen, None).await?;
    remove(tx, &gone).await
}

/// What is wrong with drafts as a set, and how many were looked at. Each is held against the source text that it would
/// stand beside if they were published together.
///
/// # Errors
///
/// Where the database fails.
pub async fn check(
    connection: &mut PgConnection,
    rules: &TextRules,
    chosen: Chosen<'_>,
) -> Result<(Vec<FaultyMessage>, usize), Error> {
    let source = catalogues::source(connection).await?;
    let version = catalogues::version(connection, &source).await?.unwrap_or(0);
    let published = catalogues::texts(connection, source.as_str(), version).await?;
    let published = published.into_iter().map(|text| (text.key, text.pattern)).collect();
    let drafts = translations::list(connection, chosen).await?;
    Ok((set_faults(&drafts, &source, published, rules), drafts.len()))
}

/// Publishes what is approved of the chosen drafts as the next set.
///
/// # Errors
///
/// Nothing is approved, or a draft has faults: all of them; another set than the expected one is the newest.
pub async fn publish(
    tx: &mut Tx,
    ids: &Ids,
    rules: &TextRules,
    chosen: Chosen<'_>,
    new: PublishedBy<'_>,
) -> Result<Set, Error> {
    let chosen = Chosen {
        only_approved: true,
        ..chosen
    };
    let locales: BTreeSet<Tag> = translations::list(tx, chosen)
        .await?
        .into_iter()
        .map(|draft| draft.locale)
        .collect();
    let held = publish::hold(tx, locales).await?;
    // Again, now that nobody else publishes them: what was approved meanwhile in other locales is left for the next set.
    let mut approved = translations::list(tx, chosen).await?;
    approved.retain(|draft| held.locale(&draft.locale).is_some());
    if approved.is_empty() {
        return Err(Error::NoneApproved);
    }
    let faulty = set_faults(&approved, held.source_tag(), held.source_with([]), rules);
    if !faulty.is_empty() {
        return Err(Error::MessagesInvalid(faulty));
    }
    let mut changes: BTreeMap<Tag, Vec<NewText>> = BTreeMap::new();
    for draft in &approved {
        changes.entry(draft.locale.clone()).or_default().push(NewText {
            key: draft.key.clone(),
            pattern: Some(draft.pattern.clone()),
            is_shipped: false,
            source_hash: draft.source_hash,
            author: Some(draft.author.clone()),
            approver: draft.approver.clone(),
        });
    }
    remove(tx, &approved).await?;
    let set = NewSet {
        note: new.note,
        expected: new.expected_set,
        ..NewSet::new(SetKind::Approved, new.by)
    };
    publish::write(tx, ids, &held, changes.into_iter().collect(), set).await
}

/// Who publishes, and what they say of it.
#[derive(Debug, Clone, Copy)]
pub struct PublishedBy<'p> {
    /// Who.
    pub by: &'p str,
    /// What the set is about.
    pub note: &'p str,
    /// The set that they have seen as the newest; 0 for any.
    pub expected_set: i64,
}

/// What is wrong with drafts that are to be published together, over the source texts `published`.
fn set_faults(
    set: &[Draft],
    source_tag: &Tag,
    mut published: BTreeMap<String, String>,
    rules: &TextRules,
) -> Vec<FaultyMessage> {
    let own = set.iter().filter(|draft| draft.locale == *source_tag);
    published.extend(own.map(|draft| (draft.key.clone(), draft.pattern.clone())));
    let of = |draft: &Draft| {
        let is_source = draft.locale == *source_tag;
        let source = published.get(&draft.key);
        let beside = match (is_source, source) {
            (true, _) => Source::Itself,
            (false, Some(source)) => Source::Text(source),
            (false, None) => Source::None,
        };
        let mut found = faults(&draft.locale, &draft.key, &draft.pattern, beside, &rules.words);
        if !is_source && source.is_some_and(|source| draft.source_hash != Some(source_hash(source))) {
            found.push(Fault::Stale);
        }
        let is_unseen = draft
            .approver
            .as_ref()
            .is_some_and(|approver| *approver == draft.author);
        if rules.four_eyes && is_unseen {
            found.push(Fault::NotApproved);
        }
        found
    };
    set.iter().flat_map(|draft| faulty(draft, of(draft))).collect()
}

fn faulty(draft: &Draft, faults: Vec<Fault>) -> impl Iterator<Item = FaultyMessage> {
    faults.into_iter().map(|fault| FaultyMessage {
        field: draft.locale.to_string(),
        locale: draft.locale.clone(),
        key: draft.key.clone(),
        fault,
    })
}

fn findings(drafts: &[Draft], sources: &Sources, rules: &TextRules) -> Vec<FaultyMessage> {
    drafts
        .iter()
        .flat_map(|draft| faulty(draft, sources.faults(draft, rules)))
        .collect()
}

fn with_staleness(drafts: Vec<Draft>, sources: &Sources) -> Vec<(Draft, bool)> {
    let is_stale = |draft: &Draft| sources.is_stale(&draft.key, draft.source_hash);
    drafts
        .into_iter()
        .map(|draft| {
            let is_stale = is_stale(&draft);
            (draft, is_stale)
        })
        .collect()
}

/// The drafts that were seen, locked, in the order in which they are named.
async fn lock(tx: &mut Tx, tag: &Tag, seen: &[Seen], state: Option<DraftState>) -> Result<Vec<Draft>, Error> {
    require_locale(tx, tag).await?;
    require_each_once(tag, seen.iter().map(|seen| seen.key.as_str()))?;
    let keys: Vec<String> = seen.iter().map(|seen| seen.key.clone()).collect();
    let mut there = by_key(translations::lock(tx, tag, &keys).await?);
    let mut found = Vec::with_capacity(seen.len());
    for seen in seen {
        let draft = there
            .remove(&seen.key)
            .ok_or_else(|| Error::TextDraftNotFound(seen.key.clone()))?;
        if draft.revision != seen.revision {
            return Err(Error::Changed);
        }
        if state.is_some_and(|state| state != draft.state) {
            return Err(Error::TextDraftState(draft.key));
        }
        found.push(draft);
    }
    Ok(found)
}

async fn put(tx: &mut Tx, tag: &Tag, drafts: &[Draft]) -> Result<(), Error> {
    let written = translations::put(tx, tag, drafts).await?;
    require_all(written, drafts.len())
}

async fn remove(tx: &mut Tx, drafts: &[Draft]) -> Result<(), Error> {
    let removed = translations::remove(tx, drafts).await?;
    require_all(removed, drafts.len())
}

/// What was not touched was changed by somebody else in between.
fn require_all(touched: u64, of: usize) -> Result<(), Error> {
    if usize::try_from(touched).is_ok_and(|touched| touched == of) {
        return Ok(());
    }
    Err(Error::Changed)
}

async fn require_locale(tx: &mut Tx, tag: &Tag) -> Result<(), Error> {
    catalogues::version(tx, tag)
        .await?
        .map(drop)
        .ok_or(Error::LocaleNotFound)
}

fn require_each_once<'k>(tag: &Tag, keys: impl Iterator<Item = &'k str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let twice: Vec<FaultyMessage> = keys
        .enumerate()
        .filter(|(_, key)| !seen.insert(*key))
        .map(|(index, key)| FaultyMessage {
            field: format!("drafts[{index}].key"),
            locale: tag.clone(),
            key: key.to_owned(),
            fault: Fault::Twice,
        })
        .collect();
    if twice.is_empty() {
        return Ok(());
    }
    Err(Error::MessagesInvalid(twice))
}

fn by_key(drafts: Vec<Draft>) -> BTreeMap<String, Draft> {
    drafts.into_iter().map(|draft| (draft.key.clone(), draft)).collect()
}
