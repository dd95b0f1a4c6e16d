//! What leads from one catalogue to another.

use std::collections::BTreeMap;

use support_words::digest;

/// What leads from one catalogue to another. Texts are copies: a change is sent in parts while catalogues go on changing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Messages that are new or have another text, by key.
    pub set: Vec<(String, String)>,
    /// Keys of messages that are gone.
    pub removed: Vec<String>,
    /// The digest of what it leads to.
    pub digest: String,
}

impl Change {
    /// What leads from `from` to `to`, of the messages `wanted`.
    #[must_use]
    pub fn between(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>, wanted: &Wanted) -> Self {
        let set = wanted
            .of(to)
            .filter(|(key, pattern)| from.get(*key).is_none_or(|held| held != pattern))
            .map(|(key, pattern)| (key.to_owned(), pattern.to_owned()))
            .collect();
        let removed = wanted
            .of(from)
            .filter(|(key, _)| !to.contains_key(*key))
            .map(|(key, _)| key.to_owned())
            .collect();
        Self {
            set,
            removed,
            digest: digest(wanted.of(to)),
        }
    }
}

/// Which messages somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The beginnings of their keys; empty for all.
    pub key_prefixes: Vec<String>,
}

impl Wanted {
    /// Those that are wanted, by key.
    pub fn of<'c>(&self, catalogue: &'c BTreeMap<String, String>) -> impl Iterator<Item = (&'c str, &'c str)> {
        catalogue
            .iter()
            .map(|(key, pattern)| (key.as_str(), pattern.as_str()))
            .filter(|(key, _)| {
                self.key_prefixes.is_empty() || self.key_prefixes.iter().any(|prefix| key.starts_with(prefix))
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(prefixes: &[&str]) -> Wanted {
        Wanted {
            key_prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_not_wanted_is_no_change() {
        let catalogue = |texts: &[(&str, &str)]| -> BTreeMap<String, String> {
            texts
                .iter()
                .map(|(key, pattern)| ((*key).to_owned(), (*pattern).to_owned()))
                .collect()
        };
        let from = catalogue(&[("a.x", "1"), ("a.y", "1"), ("b.x", "1"), ("b.y", "1")]);
        let to = catalogue(&[("a.x", "2"), ("a.z", "1"), ("b.x", "2"), ("b.z", "1")]);
        let change = Change::between(&from, &to, &wanted(&["b.", "c"]));
        let texts = |texts: &[(&str, &str)]| catalogue(texts).into_iter().collect::<Vec<_>>();
        assert_eq!(change.set, texts(&[("b.x", "2"), ("b.z", "1")]));
        assert_eq!(change.removed, ["b.y"]);
        assert_eq!(change.digest, digest([("b.x", "2"), ("b.z", "1")]));
        assert_eq!(Change::between(&from, &to, &wanted(&[])).set.len(), 4);
    }

    proptest! {
        #[test]
        fn a_change_leads_from_one_catalogue_to_the_other(
            from in proptest::collection::btree_map("[a-c]{1,2}", "[x-z]", 0..8),
            to in proptest::collection::btree_map("[a-c]{1,2}", "[x-z]", 0..8),
        ) {
            let all = Wanted::default();
            let change = Change::between(&from, &to, &all);
            let mut held = from.clone();
            for key in &change.removed {
                prop_assert!(held.remove(key).is_some());
            }
            for (key, pattern) in change.set {
                prop_assert_ne!(held.insert(key, pattern.clone()), Some(pattern));
            }
            prop_assert_eq!(&held, &to);
            prop_assert_eq!(change.digest, digest(all.of(&held)));
        }
    }
}
