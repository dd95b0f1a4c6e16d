//! What other playbooks would mean: which of their texts a reader would not get in their own language, or not at all.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::{Db, DbError};
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Findings, WhatIf};
use support_proto::support::localisation::v1::Playbooks;

use crate::store::catalogues;
use support_words::locale::Locales;
use support_words::tag::Tag;

/// How many keys are named.
const EXAMPLES: usize = 10;

/// The keys of a locale's messages.
#[derive(Debug)]
struct Words {
    locale: Tag,
    is_source: bool,
    keys: BTreeSet<String>,
}

/// Looks up the texts that would be said and are not said today.
pub(super) fn simulate(what_if: WhatIf<Playbooks>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let said = texts(&what_if.held);
        let proposed = texts(&what_if.proposed);
        let new: BTreeSet<&str> = proposed.difference(&said).copied().collect();
        if new.is_empty() {
            return Ok(Findings::default());
        }
        Ok(consequences(&new, &words(&what_if.db).await?).into())
    }
    .boxed()
}

/// The keys of all texts in the playbooks.
fn texts(document: &Playbooks) -> BTreeSet<&str> {
    let own = document.purposes.values().flat_map(|playbook| {
        let steps = playbook.steps.values().map(|step| step.text.as_str());
        steps.chain([playbook.title.as_str()])
    });
    let always = document.always.values().map(|step| step.text.as_str());
    always.chain(own).collect()
}

/// The locales that have words, each with its own and those that it inherits. Where nothing was ever published, all is said
/// in another language anyway.
async fn words(db: &Db) -> Result<Vec<Words>, DbError> {
    let mut connection = db.read().await?;
    let mut words = Vec::new();
    let stored = catalogues::locales(&mut connection).await?;
    for stored in stored.iter().filter(|stored| stored.version > 0) {
        let locale = &stored.locale.tag;
        let texts = catalogues::texts(&mut connection, locale.as_str(), stored.version).await?;
        words.push(Words {
            locale: locale.clone(),
            is_source: stored.is_default,
            keys: texts.into_iter().map(|text| text.key).collect(),
        });
    }
    let default = stored
        .iter()
        .find(|stored| stored.is_default)
        .map(|stored| stored.locale.tag.clone());
    let locales =
        default.and_then(|default| Locales::new(stored.into_iter().map(|stored| stored.locale), &default).ok());
    Ok(locales.map_or_else(Vec::new, |locales| inherited(&words, &locales)))
}

fn inherited(words: &[Words], locales: &Locales) -> Vec<Words> {
    let keys = |locale: &Tag| {
        words
            .iter()
            .filter(|other| locales.inherits(locale, &other.locale))
            .flat_map(|other| other.keys.iter().cloned())
            .collect()
    };
    words
        .iter()
        .map(|own| Words {
            locale: own.locale.clone(),
            is_source: own.is_source,
            keys: keys(&own.locale),
        })
        .collect()
}

/// What becomes of the texts that are new. A text that lacks its source is said to nobody, whatever translations it has.
fn consequences(new: &BTreeSet<&str>, words: &[Words]) -> Vec<Consequence> {
    let lacking = |words: &Words| -> BTreeSet<&str> {
        let lacks = |key: &&str| !words.keys.contains(*key);
        new.iter().copied().filter(lacks).collect()
    };
    let source = words.iter().find(|words| words.is_source);
    let wordless = source.map(lacking).unwrap_or_default();
    let of_everybody = consequence("everybody", &wordless, "said without words: no message has the key");
    let of_readers = words.iter().filter(|words| !words.is_source).filter_map(|words| {
        let fallen_back: BTreeSet<&str> = lacking(words).difference(&wordless).copied().collect();
        let source = source.map_or("", |source| source.locale.as_str());
        consequence(
            &format!("readers of {}", words.locale),
            &fallen_back,
            &format!("not translated: said in {source}"),
        )
    });
    of_everybody.into_iter().chain(of_readers).collect()
}

fn consequence(whom: &str, keys: &BTreeSet<&str>, after: &str) -> Option<Consequence> {
    (!keys.is_empty()).then(|| Consequence {
        whom: whom.to_owned(),
        count: i64::try_from(keys.len()).unwrap_or(i64::MAX),
        before: "not said".to_owned(),
        after: after.to_owned(),
        examples: keys.iter().take(EXAMPLES).map(|key| (*key).to_owned()).collect(),
        ..Consequence::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(locale: &str, is_source: bool, keys: &[&str]) -> Words {
        Words {
            locale: Tag::parse(locale).unwrap(),
            is_source,
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    #[test]
    fn a_locale_has_the_words_of_those_it_inherits_from() {
        let shipped = support_words::locale::shipped().unwrap();
        let locales = Locales::new(shipped.locales, &shipped.default).unwrap();
        let catalogues = [
            words("en", true, &["a"]),
            words("es", false, &["b"]),
            words("es-419", false, &["c"]),
        ];
        let found: Vec<String> = inherited(&catalogues, &locales)
            .iter()
            .map(|words| words.keys.iter().cloned().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(found, ["a", "b", "b c"]);
    }

    #[test]
    fn who_would_miss_words_is_told_with_the_keys() {
        let catalogues = [
            words("de", false, &["a", "d"]),
            words("en", true, &["a", "b"]),
            words("ja", false, &["a", "b"]),
        ];
        let found = consequences(&BTreeSet::from(["a", "b", "c", "d"]), &catalogues);
        let told: Vec<_> = found
            .iter()
            .map(|told| (told.whom.as_str(), told.count, told.examples.join(" ")))
            .collect();
        // A translation without a source, as `d` has, is shown to nobody.
        assert_eq!(
            told,
            [("everybody", 2, "c d".to_owned()), ("readers of de", 1, "b".to_owned())]
        );
        assert!(found[1].after.ends_with("said in en"), "{found:?}");
        assert_eq!(consequences(&BTreeSet::from(["a"]), &catalogues), []);
    }
}
