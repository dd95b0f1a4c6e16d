//! Listens to case: which cases were resolved with an article, and which followed an answer that was to spare them.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_proto::support::case::v1::{CaseOpened, CaseReopened, CaseResolved};

use crate::ops::answers;
use crate::standard::knowledge::Rules;

/// Applies the events of case.
#[derive(Debug, Clone)]
pub(crate) struct CaseEvents {
    /// How long after an offer a case counts against it.
    pub(crate) rules: Rules,
}

impl Consumer for CaseEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.case.v1.CaseOpened",
            "support.case.v1.CaseResolved",
            "support.case.v1.CaseReopened",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        apply(tx, &self.rules, event).boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

async fn apply(tx: &mut Tx, rules: &Rules, event: &Received) -> Result<(), ApplyError> {
    let at = event.occurred_at;
    if let Some(told) = event.decode::<CaseOpened>()? {
        let customer = read_field("customer_id", &told.customer_id)?;
        let case = read_field("case_id", &told.case_id)?;
        answers::case_opened(tx, rules, customer, case, told.product_line(), at).await?;
    } else if let Some(told) = event.decode::<CaseResolved>()? {
        answers::case_resolved(tx, read_field("case_id", &told.case_id)?, Some(at)).await?;
    } else if let Some(told) = event.decode::<CaseReopened>()? {
        answers::case_resolved(tx, read_field("case_id", &told.case_id)?, None).await?;
    }
    Ok(())
}
