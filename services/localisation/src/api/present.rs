//! What is answered.

use support_proto::support::localisation::v1 as wire;

use support_words::locale::Locale;
use support_words::snapshot::Snapshot;

/// A locale with what is published in it now.
pub(super) fn locale(locale: &Locale, snapshot: &Snapshot) -> wire::Locale {
    let published = snapshot.published(&locale.tag);
    locale_at(
        locale,
        published.map_or(0, |published| published.patterns.len()),
        published.map_or(0, |published| published.version),
    )
}

/// A locale with what is said to be published in it.
pub(super) fn locale_at(locale: &Locale, message_count: usize, version: i64) -> wire::Locale {
    wire::Locale {
        tag: locale.tag.to_string(),
        native_name: locale.native_name.clone(),
        english_name: locale.english_name.clone(),
        direction: support_words::wire::direction(locale.direction).into(),
        message_count: i32::try_from(message_count).unwrap_or(i32::MAX),
        catalogue_version: version,
    }
}
