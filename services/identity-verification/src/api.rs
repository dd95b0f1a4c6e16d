//! The gRPC door: parse the request, call an op, present the answer.

pub mod audit;
pub mod credentials;
pub mod customers;
pub mod delegations;
pub mod disclosure;
pub mod erasures;
pub mod factors;
pub mod grants;
pub mod local_outbox;
pub mod notifications;
pub mod organisations;
pub(crate) mod parse;
pub mod partner_clients;
pub mod present;
pub mod profiles;
pub mod risk;
pub mod verifications;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_proto::support::options::v1::CallerKind;

use crate::domain::audit::Deed;
use crate::domain::ids::CustomerId;
use crate::error::IdentityError;
use crate::store;

/// Puts a refusal on record that has undone all else of its call: whoever tries what they may not is seen.
async fn refusal_on_record<T>(
    db: &Db,
    call: &Call,
    outcome: Result<T, IdentityError>,
    deed: impl FnOnce(&IdentityError) -> Option<Deed>,
) -> Result<T, IdentityError> {
    if let Err(error) = &outcome
        && let Some(deed) = deed(error)
    {
        let deed = Deed {
            is_refused: true,
            ..deed
        };
        let mut tx = db.begin_for(call).await?;
        store::audit::record(&mut tx, &deed).await?;
        tx.commit().await?;
    }
    outcome
}

/// Whose records the caller is confined to: a customer's own; none where the caller sees everybody's.
///
/// A customer whose passport names no customer of this form is confined to nobody.
fn own(call: &Call) -> Result<Option<CustomerId>, IdentityError> {
    if call.caller().kind != CallerKind::Customer {
        return Ok(None);
    }
    call.customer_id().map(Some).ok_or(IdentityError::CustomerNotFound)
}

/// Refuses a customer who asks for somebody else, and staff who show somebody else's grant where they must show one.
fn may_see(call: &Call, customer: CustomerId) -> Result<(), IdentityError> {
    match own(call)? {
        Some(own) if own != customer => Err(IdentityError::CustomerNotFound),
        Some(_) | None => Ok(call.check_grant(customer)?),
    }
}
