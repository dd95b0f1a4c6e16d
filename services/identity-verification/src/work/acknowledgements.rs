//! Listens to every service for whom it has erased.

use std::fmt;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_proto::support::privacy::v1::PersonalDataErased;

use crate::domain::ids::ErasureId;
use crate::error::IdentityError;
use crate::ops::erase_customer::acknowledge_erasure;

const ERASED: &str = "support.privacy.v1.PersonalDataErased";

/// Listens to a service for whom it has erased, and for what else there is to hear from it: a source is followed once.
#[derive(Debug)]
pub struct Erasing<C>(pub C);

/// Nothing else is heard from a service.
#[derive(Debug, Clone, Copy)]
pub struct NothingElse;

impl Consumer for NothingElse {
    fn event_types(&self) -> Vec<&'static str> {
        Vec::new()
    }

    fn apply<'t>(&'t self, _: &'t mut Tx, _: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

impl<C: Consumer + fmt::Debug> Consumer for Erasing<C> {
    fn event_types(&self) -> Vec<&'static str> {
        let mut types = self.0.event_types();
        types.push(ERASED);
        types
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        if event.event_type == ERASED {
            acknowledge(tx, event).boxed()
        } else {
            self.0.apply(tx, event)
        }
    }

    fn is_repeatable(&self) -> bool {
        self.0.is_repeatable()
    }

    fn heard(&self) {
        self.0.heard();
    }
}

async fn acknowledge(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let Some(told) = event.decode::<PersonalDataErased>()? else {
        return Ok(());
    };
    let id: ErasureId = read_field("erasure_id", &told.erasure_id)?;
    acknowledge_erasure(tx, id, &event.source, told.records, event.occurred_at)
        .await
        .map_err(|error| match error {
            IdentityError::Database(error) => error.into(),
            other => ApplyError::Fault(other.into()),
        })
}
