//! What happens to cases, and what follows for their tasks.

use futures_util::future::BoxFuture;
use support_chassis::clock::Clock;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_chassis::id::Ids;
use support_proto::support::case::v1 as pb;
use support_proto::support::types::v1 as types;

use crate::contract;
use crate::domain::{Attributes, CaseId, Cause, Channel, Country, CustomerId, Language, Named, Opening};
use crate::error::Error;
use crate::ops::tasks::{self, CaseEnd};
use crate::plan::Book;
use crate::store;

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
        if let Some((case, customer)) = whose(event)? {
            store::waits::note_customer(tx.conn(), case, customer)
                .await
                .map_err(ApplyError::from)?;
        }
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

/// Whose case it is, where the event says so.
fn whose(event: &Received) -> Result<Option<(CaseId, CustomerId)>, ApplyError> {
    let (case, customer) = if let Some(opened) = event.decode::<pb::CaseOpened>()? {
        (opened.case_id, opened.customer_id)
    } else if let Some(reopened) = event.decode::<pb::CaseReopened>()? {
        (reopened.case_id, reopened.customer_id)
    } else {
        return Ok(None);
    };
    if customer.is_empty() {
        return Ok(None);
    }
    let customer = read_field("customer_id", &customer)?;
    Ok(Some((read_field("case_id", &case)?, customer)))
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
                model: opened.model.clone(),
                segment: contract::read_segment(opened.segment()),
                further_languages: languages(&opened.further_languages)?,
                cause: Cause::Opened,
                ..Attributes::new(channel(opened.channel())?, read_field("language", &opened.language)?)
            },
            named: named(&opened.account_manager_id)?,
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
                model: reopened.model.clone(),
                segment: contract::read_segment(reopened.segment()),
                further_languages: languages(&reopened.further_languages)?,
                cause: Cause::Reopened,
                ..Attributes::new(
                    channel(reopened.channel())?,
                    read_field("language", &reopened.language)?,
                )
            },
            named: named(&reopened.account_manager_id)?,
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
            model: changed.model.clone(),
            segment: contract::read_segment(changed.segment()),
            further_languages: languages(&changed.further_languages)?,
            cause: Cause::LanguageChanged,
            ..Attributes::new(channel(changed.channel())?, read_field("language", &changed.language)?)
        },
        named: named(&changed.account_manager_id)?,
    }))
}

/// Whom a case names; who helped last with it, routing knows itself.
fn named(account_manager: &str) -> Result<Named, ApplyError> {
    let is_known = !account_manager.is_empty();
    let account_manager = is_known.then(|| read_field("account_manager_id", account_manager));
    Ok(Named {
        last_agent: None,
        account_manager: account_manager.transpose()?,
    })
}

fn languages(tags: &[String]) -> Result<Vec<Language>, ApplyError> {
    tags.iter().map(|tag| read_field("further_languages", tag)).collect()
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
