//! What is answered.

use support_chassis::clock;
use support_proto::support::localisation::v1 as wire;

use crate::domain::article::Audience;
use crate::ops::articles::Read;
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

fn audience(audience: Audience) -> wire::Audience {
    match audience {
        Audience::Customer => wire::Audience::Customer,
        Audience::Partner => wire::Audience::Partner,
        Audience::Staff => wire::Audience::Staff,
    }
}

pub(super) fn article(read: Read) -> wire::Article {
    wire::Article {
        article_id: read.article.id.to_string(),
        slug: read.article.slug,
        audience: audience(read.article.audience).into(),
        product_lines: read.article.product_lines.into_iter().map(i32::from).collect(),
        language: read.language.to_string(),
        title: read.text.title,
        blocks: read
            .blocks
            .into_iter()
            .map(|block| wire::Block {
                kind: block.kind.into(),
                text: block.body,
            })
            .collect(),
        version: read.text.version,
        publish_time: Some(clock::timestamp(read.text.published_at)),
        available_languages: read.article.languages.iter().map(ToString::to_string).collect(),
    }
}
