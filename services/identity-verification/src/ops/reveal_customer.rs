//! Shows a customer to staff who help them.

use support_chassis::db::Tx;
use support_chassis::vault::Vault;

use crate::domain::audit::{Action, Deed, Reason};
use crate::domain::customer::Customer;
use crate::domain::grant::Assurance;
use crate::domain::ids::{CaseId, CustomerId, GrantId};
use crate::domain::profile::Need;
use crate::error::IdentityError;
use crate::standard::Policy;
use crate::store;

/// The name under which it is on record that somebody saw what a customer needs.
pub const NEEDS: &str = "accessibility_needs";

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct Look {
    /// Of whom.
    pub customer_id: CustomerId,
    /// For which case.
    pub case_id: CaseId,
    /// Why.
    pub reason: Reason,
    /// Which fields, by name.
    pub fields: Vec<&'static str>,
}

/// What came of it.
#[derive(Debug)]
pub enum Revealed {
    /// It is shown.
    Shown {
        /// The customer.
        customer: Box<Customer>,
        /// What they need to be helped, where that was asked for.
        needs: Vec<Need>,
        /// The grant that it stands on.
        grant_id: GrantId,
        /// The entry that holds the look.
        entry: i64,
    },
    /// No grant for this case stands at the level asked for.
    Refused {
        /// The level.
        needed: Assurance,
    },
}

/// Puts a look at a customer on record, and gives the customer where a grant of theirs for the case stands at the level that the
/// policy asks for where they live, and was made with nobody of the staff but the one who looks. The transaction must be committed either way, and before anything is shown: what is refused is on
/// record too.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`].
pub async fn reveal_customer(
    tx: &mut Tx,
    vault: &Vault,
    policy: &Policy,
    look: &Look,
) -> Result<Revealed, IdentityError> {
    let now = tx.now();
    let call = tx.call().cloned();
    let viewer = call.as_ref().map_or("", |call| call.caller().subject.as_str());
    let customer = store::customers::get(tx, vault, look.customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    let needed = policy.disclosure(&customer.country_code, now).assurance;
    let grant = store::grants::live_for_case(tx, look.customer_id, look.case_id, now)
        .await?
        .into_iter()
        .find(|grant| grant.assurance_at(now) >= needed && grant.shows_to(viewer));
    let deed = Deed {
        is_refused: grant.is_none(),
        case_id: Some(look.case_id),
        grant_id: grant.as_ref().map(|grant| grant.id),
        fields: look.fields.clone(),
        reason: Some(look.reason),
        ..Deed::new(Action::CustomerRevealed, look.customer_id)
    };
    let entry = store::audit::record(tx, &deed).await?;
    Ok(match grant {
        Some(grant) => Revealed::Shown {
            customer: Box::new(customer),
            needs: if look.fields.contains(&NEEDS) {
                store::profiles::needs(tx, vault, look.customer_id).await?
            } else {
                Vec::new()
            },
            grant_id: grant.id,
            entry,
        },
        None => Revealed::Refused { needed },
    })
}
