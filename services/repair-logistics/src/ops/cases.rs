//! The cases that this service has heard of.

use support_chassis::db::{DbError, Tx};

use crate::domain::repair::{CaseId, CustomerId};
use crate::store;

/// Notes that there is a case, and whose concern it is.
pub async fn note_case(tx: &mut Tx, case: CaseId, customer: CustomerId) -> Result<(), DbError> {
    store::cases::put(tx, case, customer).await
}
