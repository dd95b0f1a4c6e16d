//! Records as the contract's events carry them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use support_proto::support::standard::v1::{AuthorityMoved, StandardPublished, StandardWithdrawn};

use super::{Publication, Tenure, TenureId, Withdrawal};
use crate::clock::{from_timestamp, timestamp};
use crate::day;
use crate::id::Id;
use crate::standard::content::{self, CONTENT_LIMIT};
use crate::standard::place::{Place, is_name};

/// An event that is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("record has no valid {field}")]
pub struct InvalidRecord {
    /// The field of the event that is wrong.
    pub field: &'static str,
}

fn invalid<E>(field: &'static str) -> impl FnOnce(E) -> InvalidRecord {
    move |_| InvalidRecord { field }
}

fn id<T: From<Id>>(field: &'static str, text: &str) -> Result<T, InvalidRecord> {
    text.parse::<Id>().map(T::from).map_err(invalid(field))
}

/// Whether a text is a document's name, `<service>/<name>`.
fn is_document(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(service, name)| is_name(service) && is_name(name))
}

fn require(holds: bool, field: &'static str) -> Result<(), InvalidRecord> {
    if holds { Ok(()) } else { Err(InvalidRecord { field }) }
}

impl TryFrom<StandardPublished> for Publication {
    type Error = InvalidRecord;

    /// Reads the event; its digest must be that of its content.
    fn try_from(event: StandardPublished) -> Result<Self, InvalidRecord> {
        require(is_document(&event.document), "document")?;
        require(event.version > 0, "version")?;
        require(event.content.len() <= CONTENT_LIMIT, "content")?;
        require(content::digest(&event.content) == event.digest, "digest")?;
        let place: Place = event.place.parse().map_err(invalid("place"))?;
        let tenure = match event.tenure_id.as_str() {
            "" => None,
            text => Some(id::<TenureId>("tenure_id", text)?),
        };
        require(tenure.is_none() || place == Place::Global, "tenure_id")?;
        Ok(Self {
            id: id("publication_id", &event.publication_id)?,
            document: event.document,
            place,
            version: event.version,
            effective_from: event
                .effective_from
                .as_ref()
                .and_then(day::from_proto)
                .ok_or(InvalidRecord {
                    field: "effective_from",
                })?,
            published_at: event
                .published_at
                .as_ref()
                .and_then(from_timestamp)
                .ok_or(InvalidRecord { field: "published_at" })?,
            author: event.author,
            approver: event.approver,
            reason: event.reason,
            content: Arc::from(event.content),
            digest: event.digest,
            tenure,
        })
    }
}

impl From<&Publication> for StandardPublished {
    fn from(publication: &Publication) -> Self {
        Self {
            publication_id: publication.id.to_string(),
            document: publication.document.clone(),
            place: publication.place.to_string(),
            version: publication.version,
            effective_from: Some(day::to_proto(publication.effective_from)),
            published_at: Some(timestamp(publication.published_at)),
            author: publication.author.clone(),
            approver: publication.approver.clone(),
            reason: publication.reason.clone(),
            content: publication.content.to_string(),
            digest: publication.digest.clone(),
            tenure_id: publication.tenure.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}

impl TryFrom<StandardWithdrawn> for Withdrawal {
    type Error = InvalidRecord;

    fn try_from(event: StandardWithdrawn) -> Result<Self, InvalidRecord> {
        Ok(Self {
            id: id("withdrawal_id", &event.withdrawal_id)?,
            publication: id("publication_id", &event.publication_id)?,
            from_day: event
                .from_day
                .as_ref()
                .and_then(day::from_proto)
                .ok_or(InvalidRecord { field: "from_day" })?,
            withdrawn_at: event
                .withdrawn_at
                .as_ref()
                .and_then(from_timestamp)
                .ok_or(InvalidRecord { field: "withdrawn_at" })?,
            author: event.author,
            approver: event.approver,
            reason: event.reason,
        })
    }
}

impl From<&Withdrawal> for StandardWithdrawn {
    fn from(withdrawal: &Withdrawal) -> Self {
        Self {
            withdrawal_id: withdrawal.id.to_string(),
            publication_id: withdrawal.publication.to_string(),
            from_day: Some(day::to_proto(withdrawal.from_day)),
            withdrawn_at: Some(timestamp(withdrawal.withdrawn_at)),
            author: withdrawal.author.clone(),
            approver: withdrawal.approver.clone(),
            reason: withdrawal.reason.clone(),
        }
    }
}

impl TryFrom<AuthorityMoved> for Tenure {
    type Error = InvalidRecord;

    fn try_from(event: AuthorityMoved) -> Result<Self, InvalidRecord> {
        require(event.number > 0, "number")?;
        let last_versions: BTreeMap<String, i64> = event.last_versions.into_iter().collect();
        require(
            last_versions
                .iter()
                .all(|(document, last)| is_document(document) && *last >= 0),
            "last_versions",
        )?;
        Ok(Self {
            id: id("tenure_id", &event.tenure_id)?,
            number: event.number,
            region: event.region.parse().map_err(invalid("region"))?,
            taken: event.taken,
            last_versions,
            moved_at: event
                .moved_at
                .as_ref()
                .and_then(from_timestamp)
                .ok_or(InvalidRecord { field: "moved_at" })?,
            author: event.author,
            reason: event.reason,
        })
    }
}

impl From<&Tenure> for AuthorityMoved {
    fn from(tenure: &Tenure) -> Self {
        Self {
            tenure_id: tenure.id.to_string(),
            number: tenure.number,
            region: tenure.region.to_string(),
            taken: tenure.taken,
            last_versions: tenure.last_versions.clone().into_iter().collect::<HashMap<_, _>>(),
            moved_at: Some(timestamp(tenure.moved_at)),
            author: tenure.author.clone(),
            reason: tenure.reason.clone(),
        }
    }
}
