//! The use cases: what is done with drafts, publications and the authority.
//!
//! Whoever adds a record does so under one lock for all records of the service ([`Book::adding`]), against the records of that
//! moment: what a check said before is worth nothing by itself. Publishing is rare; nobody waits long.

mod authority;
pub mod draft;
mod drafts;
mod proposal;
mod publish;
mod read;
mod report;

use time::Date;

pub use authority::{hand_over, take};
pub use drafts::{DraftChange, NewDraft, approve, change, create, discard, draft, list_drafts};
pub use proposal::Proposal;
pub use publish::{PublishDraft, publish};
pub use read::{DocumentStatus, PublicationKey, documents, effective, effective_by_basis, publication, publications};
pub use report::{Report, accepted, report, report_of_draft};

pub use super::store::drafts::Filter as DraftFilter;

use super::book::Book;
use super::day_of;
use super::error::Error;
use super::snapshot::{Registered, Snapshot};
use crate::call::Call;
use crate::db::Tx;
use crate::id::Ids;

/// What the use cases stand on. Clones share it.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What is known.
    pub book: Book,
    /// Where new ids come from.
    pub ids: Ids,
}

/// Who calls, as records name people: `<kind>:<subject>`.
#[must_use]
pub fn person(call: &Call) -> String {
    let caller = call.caller();
    format!("{}:{}", caller.kind_name(), caller.subject)
}

/// A document of the service.
fn registered<'s>(snapshot: &'s Snapshot, document: &str) -> Result<&'s Registered, Error> {
    snapshot.document(document).ok_or_else(|| Error::DocumentNotFound {
        document: document.to_owned(),
    })
}

/// The day, UTC.
fn today(tx: &Tx) -> Date {
    day_of(tx.now())
}

/// Runs what only computes, and for long where documents are large and overlays many, beside the calls.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and this call with it.
            Err(_) => std::future::pending().await,
        },
    }
}
