//! What a service holds on customers: handed out whole, and erased when identity-verification orders it.
//!
//! A service says both of itself with [`PersonalData`], and [`Parts::personal`](crate::service::Parts::personal) does the rest: it
//! serves `PersonalDataService`, by which identity-verification gathers an export, and it follows `CustomerErased`. That event is
//! kept for ever, so it reaches a service that was away for a month, and once more one that was restored from a backup of the time
//! before. In one transaction the customer's data key is destroyed, what stands in the clear is removed, and `PersonalDataErased`
//! says so to identity-verification: an erasure is acknowledged exactly if it has taken place.
//!
//! The row that is left in `customer_keys` keeps a key from being made ever again for that customer: also where the service had
//! none before, and where it has no vault.

mod api;
mod eraser;

use std::fmt;

use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use api::Api;
pub(crate) use eraser::Eraser;

use crate::db::{DbError, Tx};

/// The service that orders erasures and gathers exports.
pub const ORDERED_BY: &str = "identity-verification";

/// What a service holds on customers.
pub trait PersonalData: Send + Sync + 'static {
    /// All records of a customer, those of one collection one after another; what is sealed is opened. Secrets that prove who somebody
    /// is are left out: they would be worth stealing, and tell nobody anything.
    fn export<'t>(
        &'t self,
        connection: &'t mut PgConnection,
        customer: Uuid,
    ) -> BoxFuture<'t, Result<Vec<Record>, DbError>>;

    /// Removes what names the customer or what they said, wherever it stands in the clear, and says of how many records. What is sealed
    /// is noise already. To do it once more changes nothing.
    fn erase<'t>(&'t self, tx: &'t mut Tx, customer: Uuid) -> BoxFuture<'t, Result<u64, DbError>>;
}

/// A record that is held on a customer. Prints its collection alone.
#[derive(Clone, PartialEq)]
pub struct Record {
    /// What kind of record it is, in the service's own terms: mostly its table.
    pub collection: &'static str,
    /// What it says: a JSON object.
    pub document: Value,
}

impl Record {
    /// Records of a collection.
    pub fn all(collection: &'static str, documents: impl IntoIterator<Item = Value>) -> impl Iterator<Item = Self> {
        documents.into_iter().map(move |document| Self { collection, document })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Record({})", self.collection)
    }
}
