//! What the service does unasked: it listens to case, to know which cases there are and whose they are.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_proto::support::case::v1::{CaseOpened, CaseReopened};

use crate::ops;

/// Applies the events of case.
#[derive(Debug, Clone, Copy, Default)]
pub struct CaseEvents;

impl Consumer for CaseEvents {
    fn event_types(&self) -> Vec<&'static str> {
        // Also when it is reopened: this service may have begun to listen after it was opened.
        vec!["support.case.v1.CaseOpened", "support.case.v1.CaseReopened"]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        apply(tx, event).boxed()
    }
}

async fn apply(tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
    let (case, customer) = if let Some(told) = event.decode::<CaseOpened>()? {
        (told.case_id, told.customer_id)
    } else if let Some(told) = event.decode::<CaseReopened>()? {
        (told.case_id, told.customer_id)
    } else {
        return Ok(());
    };
    ops::note_case(tx, read_field("case_id", &case)?, read_field("customer_id", &customer)?).await?;
    Ok(())
}
