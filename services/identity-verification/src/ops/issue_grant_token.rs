//! Gives a customer's grant into the hands of a member of staff.

use support_chassis::db::Tx;

use crate::domain::audit::{Action, Deed};
use crate::domain::grant::Grant;
use crate::domain::ids::GrantId;
use crate::error::IdentityError;
use crate::store;

/// What came of it.
#[derive(Debug)]
pub enum Given {
    /// It serves them.
    Given(Box<Grant>),
    /// It is a colleague's, or a session of the customer's own.
    Refused,
}

/// The grant, where it serves the member of staff `agent`. The transaction must be committed either way, and before anything is
/// given: what is refused is on record too.
///
/// # Errors
///
/// [`IdentityError::GrantNotFound`], [`IdentityError::GrantEnded`].
pub async fn issue_grant_token(tx: &mut Tx, id: GrantId, agent: &str) -> Result<Given, IdentityError> {
    let now = tx.now();
    let grant = store::grants::lock(tx, id).await?.ok_or(IdentityError::GrantNotFound)?;
    if !grant.is_live(now) {
        return Err(IdentityError::GrantEnded);
    }
    let serves = grant.serves(agent);
    let deed = Deed {
        is_refused: !serves,
        ..Deed::of_grant(Action::GrantGiven, &grant)
    };
    store::audit::record(tx, &deed).await?;
    Ok(if serves {
        Given::Given(Box::new(grant))
    } else {
        Given::Refused
    })
}
