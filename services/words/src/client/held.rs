//! What a watcher holds, and how what is delivered changes it. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use support_proto::support::localisation::v1 as wire;

use crate::catalogue::CompileError;
use crate::digest::digest;
use crate::locale::{Locale, Locales};
use crate::snapshot::{Published, Snapshot};
use crate::tag::Tag;
use crate::wire::read_direction;

/// What a watcher holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    locales: Option<Locales>,
    /// What is compiled, and can be gone on from.
    settled: BTreeMap<Tag, Settled>,
    /// What has come whole since, and is not compiled yet.
    changed: BTreeMap<Tag, Changed>,
    /// A change of which a part is still to come.
    open: Option<Changed>,
}

#[derive(Debug)]
struct Settled {
    digest: String,
    published: Arc<Published>,
}

#[derive(Debug, PartialEq, Eq)]
struct Changed {
    tag: Tag,
    version: i64,
    digest: String,
    patterns: BTreeMap<String, String>,
}

/// Why what was delivered cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// A tag that is none, or a default that is not among the locales.
    #[error("the locales cannot be read")]
    Locales,
    /// A change whose parts do not follow each other.
    #[error("a change of {0} was broken off")]
    BrokenOff(Tag),
    /// A change that does not lead to the catalogue it should.
    #[error("the catalogue of {0} is not what it should be")]
    Differs(Tag),
}

impl Held {
    /// What to tell the source.
    pub(super) fn told(&self) -> Vec<wire::HeldCatalogue> {
        self.settled
            .iter()
            .map(|(tag, settled)| wire::HeldCatalogue {
                locale: tag.to_string(),
                version: settled.published.version,
                digest: settled.digest.clone(),
            })
            .collect()
    }

    /// Forgets what has not been settled: the source begins anew.
    pub(super) fn begin(&mut self) {
        self.changed.clear();
        self.open = None;
    }

    /// Whether there is a change that is whole and not compiled.
    pub(super) fn is_unsettled(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Takes a message.
    pub(super) fn take(&mut self, message: wire::WatchCataloguesResponse) -> Result<(), Malformed> {
        if !message.locales.is_empty() {
            self.locales = Some(read_locales(message.locales, &message.default_locale)?);
        }
        message
            .changes
            .into_iter()
            .try_for_each(|change| self.take_change(change))
    }

    fn take_change(&mut self, change: wire::CatalogueChange) -> Result<(), Malformed> {
        let tag = Tag::parse(&change.locale).ok_or(Malformed::Locales)?;
        let mut open = match self.open.take() {
            Some(open) if open.tag == tag && open.version == change.version => open,
            Some(open) => return Err(Malformed::BrokenOff(open.tag)),
            None => Changed {
                patterns: if change.replaces_all {
                    BTreeMap::new()
                } else {
                    self.patterns(&tag)
                },
                tag,
                version: change.version,
                digest: String::new(),
            },
        };
        for key in change.removed_keys {
            open.patterns.remove(&key);
        }
        let messages = change.messages.into_iter();
        open.patterns
            .extend(messages.map(|message| (message.key, message.pattern)));
        if change.digest.is_empty() {
            self.open = Some(open);
            return Ok(());
        }
        let is = digest(
            open.patterns
                .iter()
                .map(|(key, pattern)| (key.as_str(), pattern.as_str())),
        );
        if is != change.digest {
            // Next time it comes whole.
            self.settled.remove(&open.tag);
            self.changed.remove(&open.tag);
            return Err(Malformed::Differs(open.tag));
        }
        open.digest = is;
        self.changed.insert(open.tag.clone(), open);
        Ok(())
    }

    fn patterns(&self, tag: &Tag) -> BTreeMap<String, String> {
        match (self.changed.get(tag), self.settled.get(tag)) {
            (Some(changed), _) => changed.patterns.clone(),
            (None, Some(settled)) => settled.published.patterns.clone(),
            (None, None) => BTreeMap::new(),
        }
    }

    /// Compiles what has changed and gives the whole; none where no locales have come.
    pub(super) fn settle(&mut self) -> Result<Option<Snapshot>, CompileError> {
        let Some(locales) = &self.locales else {
            return Ok(None);
        };
        for (tag, changed) in std::mem::take(&mut self.changed) {
            let Changed {
                version,
                digest,
                patterns,
                ..
            } = changed;
            let (published, refused) = Published::compile(&tag, version, patterns)?;
            for key in refused {
                tracing::warn!(locale = %tag, version, key, "a message cannot be compiled here and is passed over");
            }
            let published = Arc::new(published);
            self.settled.insert(tag, Settled { digest, published });
        }
        let known: BTreeSet<&Tag> = locales.iter().map(|locale| &locale.tag).collect();
        self.settled.retain(|tag, _| known.contains(tag));
        let published = self
            .settled
            .iter()
            .map(|(tag, settled)| (tag.clone(), Arc::clone(&settled.published)))
            .collect();
        Ok(Some(Snapshot::new(locales.clone(), published)))
    }
}

fn read_locales(locales: Vec<wire::Locale>, default: &str) -> Result<Locales, Malformed> {
    let read = |locale: wire::Locale| {
        Some(Locale {
            tag: Tag::parse(&locale.tag)?,
            direction: read_direction(locale.direction()),
            native_name: locale.native_name,
            english_name: locale.english_name,
        })
    };
    let locales: Option<Vec<Locale>> = locales.into_iter().map(read).collect();
    let default = Tag::parse(default).ok_or(Malformed::Locales)?;
    Locales::new(locales.ok_or(Malformed::Locales)?, &default).map_err(|_| Malformed::Locales)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> wire::Locale {
        wire::Locale {
            tag: tag.to_owned(),
            ..wire::Locale::default()
        }
    }

    fn locales() -> wire::WatchCataloguesResponse {
        wire::WatchCataloguesResponse {
            locales: vec![locale("en"), locale("de")],
            default_locale: "en".to_owned(),
            ..wire::WatchCataloguesResponse::default()
        }
    }

    /// A change of German; `whole` is what it leads to, none where more is to come.
    fn change(
        version: i64,
        set: &[(&str, &str)],
        removed: &[&str],
        whole: Option<&[(&str, &str)]>,
    ) -> wire::CatalogueChange {
        wire::CatalogueChange {
            locale: "de".to_owned(),
            version,
            replaces_all: false,
            messages: set
                .iter()
                .map(|(key, pattern)| wire::DeliveredMessage {
                    key: (*key).to_owned(),
                    pattern: (*pattern).to_owned(),
                })
                .collect(),
            removed_keys: removed.iter().map(|key| (*key).to_owned()).collect(),
            digest: whole.map(|whole| digest(whole.iter().copied())).unwrap_or_default(),
        }
    }

    fn message(changes: Vec<wire::CatalogueChange>) -> wire::WatchCataloguesResponse {
        wire::WatchCataloguesResponse { changes, ..locales() }
    }

    fn texts(held: &mut Held) -> Vec<(String, String)> {
        let snapshot = held.settle().unwrap().unwrap();
        let published = snapshot.published(&Tag::parse("de").unwrap());
        published.map_or_else(Vec::new, |published| published.patterns.clone().into_iter().collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, pattern)| ((*key).to_owned(), (*pattern).to_owned()))
            .collect()
    }

    #[test]
    fn changes_are_applied_in_their_order_and_in_parts() {
        let mut held = Held::default();
        let first = change(1, &[("a", "A"), ("b", "B")], &[], Some(&[("a", "A"), ("b", "B")]));
        held.take(message(vec![first])).unwrap();
        assert_eq!(texts(&mut held), pairs(&[("a", "A"), ("b", "B")]));
        held.take(message(vec![change(3, &[("c", "C")], &[], None)])).unwrap();
        assert_eq!(
            texts(&mut held),
            pairs(&[("a", "A"), ("b", "B")]),
            "half a change is none"
        );
        held.take(message(vec![
            change(3, &[("b", "B3")], &["a"], Some(&[("b", "B3"), ("c", "C")])),
            change(4, &[("d", "D")], &[], Some(&[("b", "B3"), ("c", "C"), ("d", "D")])),
        ]))
        .unwrap();
        assert_eq!(texts(&mut held), pairs(&[("b", "B3"), ("c", "C"), ("d", "D")]));
        let told = held.told();
        assert_eq!((told.len(), told[0].version), (1, 4));
        let replacing = wire::CatalogueChange {
            replaces_all: true,
            ..change(2, &[("z", "Z")], &[], Some(&[("z", "Z")]))
        };
        held.take(message(vec![replacing])).unwrap();
        assert_eq!(texts(&mut held), pairs(&[("z", "Z")]));
    }

    #[test]
    fn a_catalogue_that_is_not_what_it_should_be_is_asked_for_whole() {
        let mut held = Held::default();
        held.take(message(vec![change(1, &[("a", "A")], &[], Some(&[("a", "A")]))]))
            .unwrap();
        held.settle().unwrap();
        assert_eq!(held.told().len(), 1);
        let wrong = change(2, &[("b", "B")], &[], Some(&[("b", "B")]));
        let tag = Tag::parse("de").unwrap();
        assert_eq!(held.take(message(vec![wrong])), Err(Malformed::Differs(tag.clone())));
        assert_eq!(held.told(), []);
        // A part of one change does not stand in for that of another.
        held.take(message(vec![change(2, &[("b", "B")], &[], None)])).unwrap();
        let other = change(3, &[("c", "C")], &[], Some(&[("b", "B"), ("c", "C")]));
        assert_eq!(held.take(message(vec![other])), Err(Malformed::BrokenOff(tag)));
        held.begin();
        held.take(message(vec![change(3, &[("c", "C")], &[], Some(&[("c", "C")]))]))
            .unwrap();
        assert_eq!(texts(&mut held), pairs(&[("c", "C")]));
    }

    #[test]
    fn a_locale_that_is_gone_goes_with_its_messages() {
        let mut held = Held::default();
        held.take(message(vec![change(1, &[("a", "A")], &[], Some(&[("a", "A")]))]))
            .unwrap();
        assert_eq!(texts(&mut held).len(), 1);
        let english = wire::WatchCataloguesResponse {
            locales: vec![locale("en")],
            ..locales()
        };
        held.take(english).unwrap();
        assert_eq!(texts(&mut held), []);
        assert_eq!(held.told(), []);
        let broken = wire::WatchCataloguesResponse {
            locales: vec![locale("de")],
            ..locales()
        };
        assert_eq!(held.take(broken), Err(Malformed::Locales));
    }
}
