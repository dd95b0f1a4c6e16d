//! What is answered.

use support_chassis::clock;
use support_proto::support::localisation::v1 as wire;
use support_words::message::Fault;

use crate::domain::text::{source_hash, written_hash};
use crate::error::FaultyMessage;
use crate::ops::listing::{Entry, EntryState};
use crate::store::catalogues::{Coverage, TextVersion};
use crate::store::sets::Set;
use crate::store::translations::{Draft, DraftState};

fn draft_state(state: DraftState) -> wire::MessageState {
    match state {
        DraftState::Draft => wire::MessageState::Draft,
        DraftState::Review => wire::MessageState::Review,
        DraftState::Approved => wire::MessageState::Approved,
    }
}

pub(super) fn state(entry: &Entry) -> wire::MessageState {
    match entry.state() {
        EntryState::Source => wire::MessageState::Source,
        EntryState::Open(state) => draft_state(state),
        EntryState::Published => wire::MessageState::Published,
    }
}

fn draft(draft: Draft, is_stale: bool) -> wire::MessageDraft {
    wire::MessageDraft {
        pattern: draft.pattern,
        state: draft_state(draft.state).into(),
        revision: draft.revision,
        source_hash: written_hash(draft.source_hash),
        is_stale,
        author: draft.author,
        approver: draft.approver.unwrap_or_default(),
        change_time: Some(clock::timestamp(draft.changed_at)),
        comment: draft.comment,
    }
}

/// A draft as it was just written; whether it is out of date is said by what is found wrong with it.
pub(super) fn saved(saved: (Draft, bool)) -> wire::SavedDraft {
    let (saved, is_stale) = saved;
    wire::SavedDraft {
        key: saved.key.clone(),
        draft: Some(draft(saved, is_stale)),
    }
}

pub(super) fn message(entry: Entry) -> wire::LocalisedMessage {
    let state = state(&entry).into();
    let source_hash = entry.source.as_deref().map(source_hash);
    let version = entry.text.as_ref().map_or(0, |text| text.version);
    wire::LocalisedMessage {
        key: entry.key,
        source: entry.source.unwrap_or_default(),
        source_hash: written_hash(source_hash),
        published: entry.text.map(|text| text.pattern).unwrap_or_default(),
        version,
        is_stale: entry.is_stale,
        draft: entry.draft.map(|open| draft(open, entry.draft_is_stale)),
        state,
    }
}

pub(super) fn version(version: TextVersion) -> wire::MessageVersion {
    wire::MessageVersion {
        version: version.version,
        set_number: version.set_number,
        pattern: version.pattern.unwrap_or_default(),
        source_hash: written_hash(version.source_hash),
        author: version.author.unwrap_or_default(),
        approver: version.approver.unwrap_or_default(),
        publisher: version.published_by,
        publish_time: Some(clock::timestamp(version.published_at)),
    }
}

pub(super) fn set(set: Set) -> wire::MessageSet {
    wire::MessageSet {
        number: set.number,
        publish_time: Some(clock::timestamp(set.published_at)),
        publisher: set.published_by,
        note: set.note,
        kind: set.kind.number().into(),
        rolled_back_to: set.rolled_back_to.unwrap_or_default(),
        locales: set
            .changed
            .into_iter()
            .map(|changed| wire::MessageSetLocale {
                locale: changed.locale.to_string(),
                version: changed.version,
                changed: count(changed.count),
            })
            .collect(),
    }
}

fn count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn coverage(coverage: Coverage) -> wire::LocaleCoverage {
    wire::LocaleCoverage {
        locale: coverage.locale,
        source: count(coverage.source),
        translated: count(coverage.translated),
        stale: count(coverage.stale),
        missing: count(coverage.source - coverage.translated - coverage.stale),
        drafts: count(coverage.drafts),
        in_review: count(coverage.in_review),
        approved: count(coverage.approved),
    }
}

pub(super) fn finding(faulty: FaultyMessage) -> wire::MessageFinding {
    let fault = match &faulty.fault {
        Fault::Malformed { .. } | Fault::UnknownFunction(_) => wire::MessageFault::Malformed,
        Fault::Placeholders { .. } => wire::MessageFault::Placeholders,
        Fault::Markup { .. } | Fault::MarkupOpen(_) => wire::MessageFault::Markup,
        Fault::Plurals { .. } => wire::MessageFault::Plurals,
        Fault::TooLong { .. } => wire::MessageFault::Length,
        Fault::Glossary { .. } => wire::MessageFault::Glossary,
        Fault::Forbidden(_) => wire::MessageFault::Forbidden,
        Fault::ProductName { .. } => wire::MessageFault::ProductName,
        Fault::NoSource => wire::MessageFault::NoSource,
        Fault::Twice => wire::MessageFault::Twice,
        Fault::Stale => wire::MessageFault::Stale,
        Fault::NotApproved => wire::MessageFault::NotApproved,
    };
    wire::MessageFinding {
        locale: faulty.locale.to_string(),
        key: faulty.key,
        fault: fault.into(),
        explanation: faulty.fault.to_string(),
    }
}
