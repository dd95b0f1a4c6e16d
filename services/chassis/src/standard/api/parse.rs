//! Requests, read into what the use cases take.

use support_proto::support::standard::v1 as wire;
use support_proto::support::types::v1 as types;
use time::Date;

use crate::day;
use crate::error::{InvalidFields, Violation, Violations};
use crate::id::{self, Region};
use crate::standard::basis::Basis;
use crate::standard::ops::draft::{DraftId, DraftState, Intent};
use crate::standard::ops::{Desk, DraftChange, NewDraft, Proposal};
use crate::standard::place::Place;

/// Sees that a call that names its service has come to it.
pub(super) fn service(desk: &Desk, name: &str) -> Result<(), Violation> {
    if name == desk.book.service() {
        Ok(())
    } else {
        Err(Violation::new("service", "is not this service"))
    }
}

/// The day in a field; none where it is not set.
fn day_in(field: &str, day: Option<&types::Date>) -> Result<Option<Date>, Violation> {
    day.map(|day| day::from_proto(day).ok_or_else(|| Violation::new(field, "is no day of the calendar")))
        .transpose()
}

/// The place in a field; the world where it is empty.
fn place_in(field: &str, place: &str) -> Result<Place, Violation> {
    if place.is_empty() {
        return Ok(Place::Global);
    }
    place.parse().map_err(|_| Violation::new(field, "is not a place"))
}

/// The place and the day that are asked for.
pub(super) fn place_and_day(request: &wire::GetEffectiveRequest) -> Result<(Place, Option<Date>), InvalidFields> {
    let mut fields = Violations::new();
    let place = fields.take(place_in("place", &request.place));
    let day = fields.take(day_in("day", request.day.as_ref()));
    fields.finish((place, day))
}

/// What a decision was made by.
pub(super) fn basis(text: &str) -> Result<Basis, Violation> {
    text.parse()
        .map_err(|_| Violation::new("basis", "is not what a decision names"))
}

/// The place that a list is for; none for all.
pub(super) fn filter_of_place(place: &str) -> Result<Option<Place>, Violation> {
    if place.is_empty() {
        Ok(None)
    } else {
        place_in("place", place).map(Some)
    }
}

/// A region.
pub(super) fn region(text: &str) -> Result<Region, Violation> {
    text.parse().map_err(|_| Violation::new("region", "is not a region"))
}

/// A draft's id.
pub(super) fn draft_id(text: &str) -> Result<DraftId, Violation> {
    id::parse("draft_id", text)
}

/// A content that is to be checked.
pub(super) fn content(request: wire::CheckContentRequest, today: Date) -> Result<Proposal, InvalidFields> {
    let mut fields = Violations::new();
    let place = fields.take(place_in("place", &request.place));
    let day = fields.take(day_in("effective_from", request.effective_from.as_ref()));
    let (place, day) = fields.finish((place, day))?;
    Ok(Proposal {
        document: request.document,
        place,
        intent: Intent::Publish(request.content),
        day: day.unwrap_or(today),
    })
}

/// A draft that is to be kept.
pub(super) fn new_draft(request: &wire::CreateDraftRequest, author: String) -> Result<NewDraft, InvalidFields> {
    let mut fields = Violations::new();
    let place = fields.take(filter_of_place(&request.place));
    let day = fields.take(day_in("effective_from", request.effective_from.as_ref()));
    // The field rules see to it that there is one of the two.
    let intent = fields.take(if request.withdraws.is_empty() {
        Ok(Intent::Publish(request.content.clone()))
    } else {
        id::parse("withdraws", &request.withdraws).map(Intent::Withdraw)
    });
    fields.require(!request.reason.trim().is_empty(), "reason", "must not be blank");
    let (place, effective_from, intent) = fields.finish((place, day, intent))?;
    Ok(NewDraft {
        document: request.document.clone(),
        place,
        intent,
        effective_from,
        reason: request.reason.clone(),
        author,
    })
}

/// What is to be changed in a draft.
pub(super) fn draft_change(request: &wire::UpdateDraftRequest, author: String) -> Result<DraftChange, InvalidFields> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut fields = Violations::new();
    let draft = fields.take(draft_id(&request.draft_id));
    let day = fields.take(day_in("effective_from", request.effective_from.as_ref()));
    let is_said = request.reason.is_empty() || request.reason.trim().chars().count() >= 3;
    fields.require(is_said, "reason", "must have at least 3 characters");
    let (draft, effective_from) = fields.finish((draft, day))?;
    Ok(DraftChange {
        document: request.document.clone(),
        draft,
        etag: request.etag.clone(),
        content: given(&request.content),
        effective_from,
        reason: given(&request.reason),
        author,
    })
}

/// The states of the drafts that are asked for.
pub(super) fn states(request: &wire::ListDraftsRequest) -> Vec<DraftState> {
    request
        .states()
        .filter_map(|state| match state {
            wire::DraftState::Unspecified => None,
            wire::DraftState::Open => Some(DraftState::Open),
            wire::DraftState::Approved => Some(DraftState::Approved),
            wire::DraftState::Published => Some(DraftState::Published),
            wire::DraftState::Discarded => Some(DraftState::Discarded),
        })
        .collect()
}
