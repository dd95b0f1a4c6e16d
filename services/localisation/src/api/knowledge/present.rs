//! Articles and drafts as they are answered.

use support_chassis::clock;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::types::v1 as types;
use time::Date;

use crate::domain::article::{Audience, Block, Profile};
use crate::ops::articles::Read;
use crate::store::articles::Version;
use crate::store::drafts::Draft;

pub(in crate::api) fn audience(audience: Audience) -> wire::Audience {
    match audience {
        Audience::Customer => wire::Audience::Customer,
        Audience::Partner => wire::Audience::Partner,
        Audience::Staff => wire::Audience::Staff,
    }
}

pub(in crate::api) fn date(date: Date) -> types::Date {
    types::Date {
        year: date.year(),
        month: i32::from(u8::from(date.month())),
        day: i32::from(date.day()),
    }
}

fn blocks(blocks: Vec<Block>) -> Vec<wire::Block> {
    blocks
        .into_iter()
        .map(|block| wire::Block {
            kind: block.kind.into(),
            text: block.body,
        })
        .collect()
}

/// An article as it reads on `today`.
pub(super) fn article(read: Read, today: Date) -> wire::Article {
    let profile = read.article.profile;
    let translation_state = if read.language == read.article.source {
        wire::TranslationState::Source
    } else if read.text.is_stale {
        wire::TranslationState::Stale
    } else {
        wire::TranslationState::Current
    };
    wire::Article {
        article_id: read.article.id.to_string(),
        slug: read.article.slug,
        audience: audience(profile.audience).into(),
        product_lines: profile.product_lines.into_iter().map(i32::from).collect(),
        language: read.language.to_string(),
        title: read.text.title,
        blocks: blocks(read.blocks),
        version: read.text.version,
        publish_time: Some(clock::timestamp(read.text.published_at)),
        available_languages: read.article.languages.iter().map(ToString::to_string).collect(),
        kind: profile.kind.into(),
        products: profile.products,
        symptoms: profile.symptoms,
        owner: profile.owner,
        review_date: profile.review_on.map(date),
        is_review_due: profile.review_on.is_some_and(|day| day <= today),
        source_language: read.article.source.to_string(),
        translation_state: translation_state.into(),
        source_version: read.text.source_version.unwrap_or_default(),
    }
}

fn profile(profile: Profile) -> wire::ArticleProfile {
    wire::ArticleProfile {
        kind: profile.kind.into(),
        audience: audience(profile.audience).into(),
        product_lines: profile.product_lines.into_iter().map(i32::from).collect(),
        products: profile.products,
        symptoms: profile.symptoms,
        owner: profile.owner,
        review_date: profile.review_on.map(date),
    }
}

pub(super) fn draft(draft: Draft) -> wire::ArticleDraft {
    let etag = draft.etag();
    wire::ArticleDraft {
        draft_id: draft.id.to_string(),
        slug: draft.slug,
        language: draft.language.to_string(),
        state: draft.state.into(),
        profile: draft.profile.map(profile),
        title: draft.title,
        blocks: blocks(draft.blocks),
        source_version: draft.source_version.unwrap_or_default(),
        writers: draft.writers,
        approver: draft.approver.unwrap_or_default(),
        remark: draft.remark,
        published_version: draft.published_version.unwrap_or_default(),
        create_time: Some(clock::timestamp(draft.created_at)),
        update_time: Some(clock::timestamp(draft.updated_at)),
        etag,
        is_stale: draft.is_stale,
    }
}

pub(super) fn version(version: Version) -> wire::ArticleVersion {
    let content_digest = version.content_hash.iter().fold(String::new(), |mut digits, byte| {
        use std::fmt::Write as _;
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    wire::ArticleVersion {
        version: version.version,
        title: version.title,
        publish_time: Some(clock::timestamp(version.published_at)),
        publisher: version.published_by,
        approver: version.approved_by,
        source_version: version.source_version.unwrap_or_default(),
        content_digest,
    }
}
