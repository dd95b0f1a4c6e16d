//! Cases, messages and histories as the contract shows them.

use support_chassis::clock::timestamp;
use support_proto::support::case::v1 as contract;
use support_proto::support::localisation::v1 as localisation;
use time::OffsetDateTime;

use crate::domain::case::Case;
use crate::domain::message::{Message, TextOrigin};
use crate::domain::playbook::Mark;
use crate::domain::timeline::Entry;
use crate::domain::words::SourceReference;
use crate::store::marks::Shown;
use crate::wire::Mirrored;

/// The number of a value in the contract; 0 for none.
fn number<T: Mirrored<Wire: Into<i32>>>(value: Option<T>) -> i32 {
    value.map(|value| value.to_wire().into()).unwrap_or_default()
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The case, with its clocks as they stand `now`.
pub(super) fn case(case: &Case, now: OffsetDateTime) -> contract::Case {
    let concern = &case.concern;
    let promise = case.promise.as_ref();
    let closed = case.standing.closed();
    let words = concern.words.as_ref();
    contract::Case {
        case_id: case.id.to_string(),
        case_number: case.number.to_string(),
        customer_id: concern.customer.to_string(),
        state: case.state().to_wire().into(),
        channel: concern.channel.to_wire().into(),
        language: concern.language.to_string(),
        product_line: number(concern.product_line),
        device_id: text(concern.device),
        severity: concern.severity.to_wire().into(),
        subject: words.map(|words| words.subject.as_str().to_owned()).unwrap_or_default(),
        description: words
            .map(|words| words.description.as_str().to_owned())
            .unwrap_or_default(),
        assigned_agent_id: text(case.standing.agent()),
        resolution: number(case.standing.resolution()),
        close_reason: number(closed.map(|(reason, _)| reason)),
        source_reference: text(concern.source_reference.as_ref().map(SourceReference::as_str)),
        open_time: Some(timestamp(case.open_time)),
        update_time: Some(timestamp(case.update_time)),
        resolve_time: case.resolve_time.map(timestamp),
        close_time: closed.map(|(_, at)| timestamp(at)),
        etag: case.etag(),
        country_code: text(concern.country),
        area: number(concern.area),
        standard_basis: text(promise.map(|promise| &promise.basis)),
        first_response_due_time: promise.map(|promise| timestamp(promise.first_response_due)),
        first_response_time: case.first_response_time.map(timestamp),
        first_response_clock: number(case.first_response_clock(now)),
        resolve_due_time: promise.map(|promise| timestamp(promise.resolve_due)),
        resolution_clock: number(case.resolution_clock(now)),
        reopen_end_time: case.reopen_end().map(timestamp),
        language_origin: concern.speech.origin.to_wire().into(),
        stated_language: concern.speech.stated.to_string(),
        read_languages: concern.speech.reads.iter().map(ToString::to_string).collect(),
        detected_language: text(concern.speech.detected.as_ref()),
        language_mismatch: case.language_mismatch(),
        words_erased: words.is_none(),
        calendar_basis: text(promise.and_then(|promise| promise.calendar_basis.as_ref())),
    }
}

/// Where words came from.
pub(super) fn text_origin(text: &TextOrigin) -> localisation::TextOrigin {
    localisation::TextOrigin {
        key: text.key.clone(),
        locale: text.locale.to_string(),
        version: text.version,
    }
}

/// What became of a step.
pub(crate) fn mark(mark: &Mark) -> contract::StepMark {
    contract::StepMark {
        outcome: mark.outcome.to_wire().into(),
        channel: mark.channel.to_wire().into(),
        actor_id: mark.actor.clone(),
        mark_time: Some(timestamp(mark.at)),
        text_origin: mark.text.as_ref().map(text_origin),
    }
}

/// A text of the catalogues that a customer was shown.
pub(super) fn shown(shown: &Shown) -> contract::ShownText {
    contract::ShownText {
        origin: Some(text_origin(&shown.text)),
        message_id: text(shown.message),
        step: text(shown.step.as_ref()),
        channel: shown.channel.to_wire().into(),
        show_time: Some(timestamp(shown.at)),
    }
}

pub(super) fn message(message: &Message) -> contract::Message {
    contract::Message {
        message_id: message.id.to_string(),
        case_id: message.case.to_string(),
        author: message.author.to_wire().into(),
        author_id: message.author_id.clone().unwrap_or_default(),
        channel: message.channel.to_wire().into(),
        language: message.language.to_string(),
        body: message
            .body
            .as_ref()
            .map(|body| body.as_str().to_owned())
            .unwrap_or_default(),
        send_time: Some(timestamp(message.send_time)),
        text_origin: message.text.as_ref().map(text_origin),
        words_erased: message.body.is_none(),
    }
}

pub(super) fn entry(entry: &Entry) -> contract::TimelineEntry {
    let note = &entry.note;
    contract::TimelineEntry {
        sequence: entry.sequence,
        kind: note.kind.to_wire().into(),
        source: note.source.as_str().to_owned(),
        subject_id: note.subject.to_string(),
        detail: text(note.detail.as_ref()),
        actor_id: note.actor.clone().unwrap_or_default(),
        occur_time: Some(timestamp(note.occur_time)),
        text_origin: entry.text.as_ref().map(text_origin),
    }
}
