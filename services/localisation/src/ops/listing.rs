//! The messages of a locale with everything that is known of them, as lists show them and files hold them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::translations::Sources;
use crate::domain::text::is_stale;
use crate::error::Error;
use crate::exchange::{Progress, Unit};
use crate::store::catalogues::{self, Text};
use crate::store::translations::{self, Chosen, Draft, DraftState};
use support_words::tag::Tag;

/// A message in one locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The source text of now: the one in the making, else the one published.
    pub source: Option<String>,
    /// What is published in the locale.
    pub text: Option<Text>,
    /// Whether that is out of date beside what is published in the source language.
    pub is_stale: bool,
    /// What is in the making.
    pub draft: Option<Draft>,
    /// Whether that is out of date.
    pub draft_is_stale: bool,
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// There is a source text and nothing else.
    Source,
    /// There is a draft.
    Open(DraftState),
    /// It is published, and nothing newer is in the making.
    Published,
}

impl Entry {
    /// How far it is.
    #[must_use]
    pub fn state(&self) -> EntryState {
        match (&self.draft, &self.text) {
            (Some(draft), _) => EntryState::Open(draft.state),
            (None, Some(_)) => EntryState::Published,
            (None, None) => EntryState::Source,
        }
    }

    /// Whether a translator has something to do here: nothing is there, or what is there is out of date.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state() {
            EntryState::Source => true,
            EntryState::Open(_) => self.draft_is_stale,
            EntryState::Published => self.is_stale,
        }
    }

    /// The message in a file; none where there is no source text to translate from.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        let draft = self.draft.as_ref().map(|draft| &draft.pattern);
        let progress = match self.state() {
            _ if self.is_open() => Progress::Initial,
            EntryState::Source => Progress::Initial,
            EntryState::Open(DraftState::Approved) => Progress::Reviewed,
            EntryState::Open(_) => Progress::Translated,
            EntryState::Published => Progress::Final,
        };
        Some(Unit {
            key: self.key.clone(),
            source: self.source.clone()?,
            target: draft.or(self.text.as_ref().map(|text| &text.pattern)).cloned(),
            progress,
        })
    }
}

/// The messages of a locale whose key begins with `key_prefix`, by key.
///
/// # Errors
///
/// No such locale, or the database fails.
pub async fn entries(connection: &mut PgConnection, tag: &Tag, key_prefix: &str) -> Result<Vec<Entry>, Error> {
    let version = catalogues::version(connection, tag)
        .await?
        .ok_or(Error::LocaleNotFound)?;
    let sources = Sources::of(connection, tag).await?;
    let texts = catalogues::texts(connection, tag.as_str(), version).await?;
    let mut texts: BTreeMap<String, Text> = texts.into_iter().map(|text| (text.key.clone(), text)).collect();
    let chosen = Chosen {
        locales: &[tag.to_string()],
        key_prefix,
        only_approved: false,
    };
    let open = translations::list(connection, chosen).await?;
    let mut open: BTreeMap<String, Draft> = open.into_iter().map(|draft| (draft.key.clone(), draft)).collect();
    let mut keys: BTreeSet<String> = sources.keys().into_iter().map(str::to_owned).collect();
    keys.extend(texts.keys().chain(open.keys()).cloned());
    keys.retain(|key| key.starts_with(key_prefix));
    Ok(keys
        .into_iter()
        .map(|key| {
            let text = texts.remove(&key);
            let draft = open.remove(&key);
            let is_old = |text: &Text| {
                let source = sources.published().get(&key);
                !sources.is_source() && source.is_none_or(|source| is_stale(text.source_hash, source))
            };
            Entry {
                source: sources.now(&key).map(str::to_owned),
                is_stale: text.as_ref().is_some_and(is_old),
                draft_is_stale: draft
                    .as_ref()
                    .is_some_and(|draft| sources.is_stale(&key, draft.source_hash)),
                key,
                text,
                draft,
            }
        })
        .collect())
}
