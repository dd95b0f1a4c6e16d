//! What happens to cases, and what follows for their tasks.

use futures_util::future::BoxFuture;
use support_chassis::clock::Clock;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_chassis::id::Ids;
use support_proto::support::case::v1 as pb;
use support_proto::support::types::v1 as types;

use crate::contract;
use crate::domain::{Attributes, Cause, Channel, Country, Opening};
use crate::error::Error;
use crate::ops::tasks::{self, CaseEnd};
use crate::plan::Book;

/// Makes a task of each opening of a case, queues one that waits for the language it is held in, and cancels what the end of a case makes needless.
#[derive(Clone, Debug)]
pub struct CaseEvents {
    /// Where task ids come from.
    pub ids: Ids,
    /// What time it is.
    pub clock: Clock,
    /// The routing plans that hold.
    pub book: Book,
}

impl Consumer for CaseEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.case.v1.CaseOpened",
            "support.case.v1.CaseReopened",
            "support.case.v1.CaseLanguageChanged",
            "support.case.v1.CaseResolved",
            "support.case.v1.CaseClosed",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        Box::pin(self.take(tx, event))
    }
}

impl CaseEvents {
    async fn take(&self, tx: &mut Tx, event: &Received) -> Result<(), ApplyError> {
        let now = self.clock.now();
        if let Some(opening) = opening(event)? {
            let source = event.event_id.uuid();
            tasks::open(tx, &self.ids, &self.book, opening, source, event.occurred_at, now)
                .await
                .map_err(apply_error)?;
        } else if let Some(respoken) = respoken(event)? {
            let source = event.event_id.uuid();
            tasks::queue_for_language(tx, &self.ids, &self.book, respoken, source, now)
                .await
                .map_err(apply_error)?;
        } else if let Some(resolved) = event.decode::<pb::CaseResolved>()? {
            let case = read_field("case_id", &resolved.case_id)?;
            tasks::cancel_of_case(tx, case, CaseEnd::Resolved, now)
                .await
                .map_err(apply_error)?;
        } else if let Some(closed) = event.decode::<pb::CaseClosed>()? {
            let case = read_field("case_id", &closed.case_id)?;
            tasks::cancel_of_case(tx, case, CaseEnd::Closed, now)
                .await
                .map_err(apply_error)?;
        }
        Ok(())
    }
}

/// What a case asks for by being opened, for the first time or again.
fn opening(event: &Received) -> Result<Option<Opening>, ApplyError> {
    if let Some(opened) = event.decode::<pb::CaseOpened>()? {
        return Ok(Some(Opening {
            case_id: read_field("case_id", &opened.case_id)?,
            attributes: Attributes {
                product_line: contract::read_product_line(opened.product_line()),
                severity: contract::read_severity(opened.severity()),
                area: contract::read_area(opened.area()),
                country: country(&opened.country_code)?,
                cause: Cause::Opened,
                ..Attributes::new(channel(opened.channel())?, read_field("language", &opened.language)?)
            },
            account_manager: None,
        }));
    }
    if let Some(reopened) = event.decode::<pb::CaseReopened>()? {
        return Ok(Some(Opening {
            case_id: read_field("case_id", &reopened.case_id)?,
            attributes: Attributes {
                product_line: contract::read_product_line(reopened.product_line()),
                severity: contract::read_severity(reopened.severity()),
                area: contract::read_area(reopened.area()),
                country: country(&reopened.country_code)?,
                cause: Cause::Reopened,
                ..Attributes::new(
                    channel(reopened.channel())?,
                    read_field("language", &reopened.language)?,
                )
            },
            account_manager: None,
        }));
    }
    Ok(None)
}

/// What a case asks for by being held in another language.
fn respoken(event: &Received) -> Result<Option<Opening>, ApplyError> {
    let Some(changed) = event.decode::<pb::CaseLanguageChanged>()? else {
        return Ok(None);
    };
    Ok(Some(Opening {
        case_id: read_field("case_id", &changed.case_id)?,
        attributes: Attributes {
            product_line: contract::read_product_line(changed.product_line()),
            severity: contract::read_severity(changed.severity()),
            area: contract::read_area(changed.area()),
            country: country(&changed.country_code)?,
            cause: Cause::LanguageChanged,
            ..Attributes::new(channel(changed.channel())?, read_field("language", &changed.language)?)
        },
        account_manager: None,
    }))
}

fn country(code: &str) -> Result<Option<Country>, ApplyError> {
    if code.is_empty() {
        return Ok(None);
    }
    read_field("country_code", code).map(Some)
}

/// A channel of a newer contract has no weight here; a person has to see to it.
fn channel(channel: types::Channel) -> Result<Channel, ApplyError> {
    contract::read_channel(channel).ok_or_else(|| ApplyError::Park("channel is not known".to_owned()))
}

/// A lost race is tried again; that the books do not fit is a fault.
fn apply_error(error: Error) -> ApplyError {
    match error {
        Error::Db(error) => error.into(),
        Error::Race => ApplyError::Retry(error.into()),
        error => ApplyError::Fault(error.into()),
    }
}
