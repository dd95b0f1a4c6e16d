//! Follows the erasures that are ordered.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_proto::support::privacy::v1::{CustomerErased, PersonalDataErased};

use super::PersonalData;
use crate::db::Tx;
use crate::feed::{ApplyError, Consumer, Received, read_field};
use crate::id::Id;
use crate::vault;

/// Erases whom identity-verification says.
pub(crate) struct Eraser(pub(crate) Arc<dyn PersonalData>);

impl Consumer for Eraser {
    fn event_types(&self) -> Vec<&'static str> {
        vec!["support.privacy.v1.CustomerErased"]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        apply(self.0.as_ref(), tx, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

async fn apply(data: &dyn PersonalData, tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let Some(erased) = event.decode::<CustomerErased>()? else {
        return Ok(());
    };
    let customer: Id = read_field("customer_id", &erased.customer_id)?;
    let now = tx.now();
    // First, so that whoever is about to seal something for this customer waits, and then finds no key.
    vault::destroy(tx.conn(), customer.uuid(), now).await?;
    let records = data.erase(tx, customer.uuid()).await?;
    let done = PersonalDataErased {
        customer_id: erased.customer_id,
        erasure_id: erased.erasure_id,
        records: i64::try_from(records).unwrap_or(i64::MAX),
    };
    tx.append(customer, &done).await?;
    Ok(())
}
