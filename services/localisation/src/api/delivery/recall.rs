//! A text as it once stood.

use std::collections::{BTreeMap, BTreeSet};

use support_chassis::clock;
use support_proto::support::localisation::v1 as wire;
use support_words::catalogue::{Arguments, Item, Value};
use support_words::locale::{Locales, nearest};
use support_words::reader::Reader;
use support_words::snapshot::{Published, Snapshot};
use support_words::wire as words;

use super::DeliveryApi;
use crate::error::Error;
use crate::store::recall;

impl DeliveryApi {
    pub(super) async fn recall(
        &self,
        request: wire::RecallMessageRequest,
    ) -> Result<wire::RecallMessageResponse, Error> {
        // The field is required.
        let wire::TextOrigin { key, locale, version } = request.origin.unwrap_or_default();
        let arguments = words::values(request.arguments);
        let reader = Reader::new(&request.languages).in_zone(&request.time_zone);
        let languages = request.languages;
        let current = self.catalogues.current();
        let locale = current.locales().find(&locale).ok_or(Error::LocaleNotFound)?.clone();
        let tag = locale.tag.clone();

        let mut connection = self.db.read().await?;
        if !recall::had_version(&mut connection, tag.as_str(), version).await? {
            return Err(Error::VersionNotFound);
        }
        let mut keys = said_by_others(&arguments);
        keys.insert(key.clone());
        let keys: Vec<String> = keys.into_iter().collect();
        let stood = recall::stood(&mut connection, tag.as_str(), version, &keys).await?;
        drop(connection);

        let text = stood.iter().find(|stood| stood.key == key);
        let (text, pattern) = text
            .and_then(|text| Some((text, text.pattern.clone()?)))
            .ok_or(Error::MessageNotFound)?;
        let (published_version, published_at) = (text.version, text.published_at);
        let is_current = current
            .published(&tag)
            .and_then(|published| published.patterns.get(&key))
            .is_some_and(|now| *now == pattern);
        let patterns: BTreeMap<String, String> = stood
            .into_iter()
            .filter_map(|stood| Some((stood.key, stood.pattern?)))
            .collect();
        let rendered = tokio::task::spawn_blocking(move || {
            let (published, _) = Published::compile(&tag, version, patterns)?;
            // A locale by itself: nothing of today's texts can stand in for one of then.
            let alone = Locales::new([locale], &tag)?;
            let then = Snapshot::new(alone, BTreeMap::from([(tag.clone(), published.into())]));
            // What somebody read in another language they were given in this locale all the same, and in its formats.
            let own = nearest(&languages, std::slice::from_ref(&tag)).is_some();
            let read = if own { languages } else { vec![tag.to_string()] };
            Ok::<_, Error>(words::text_or_key_for(&then, &key, &read, &arguments, &reader))
        })
        .await??;
        Ok(wire::RecallMessageResponse {
            text: Some(rendered),
            pattern,
            published_version,
            publish_time: Some(clock::timestamp(published_at)),
            is_current,
        })
    }
}

/// The keys of the messages whose texts are values.
fn said_by_others(arguments: &Arguments) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for value in arguments.values() {
        match value {
            Value::Message(key) => drop(keys.insert(key.clone())),
            Value::List(list) => keys.extend(list.items.iter().filter_map(|item| match item {
                Item::Message(key) => Some(key.clone()),
                Item::Text(_) => None,
            })),
            _ => {}
        }
    }
    keys
}
