//! Sets a customer's record right.

use support_chassis::db::Tx;

use super::authenticators::{Owner, guarded};
use super::{Means, tell_owner};
use crate::domain::audit::{Action, Deed};
use crate::domain::customer::{Customer, Name};
use crate::domain::happening::Kind;
use crate::error::IdentityError;
use crate::store;

/// What is to be set right; what is absent stays.
#[derive(Debug, Clone)]
pub struct Correction {
    /// The name, as a whole.
    pub name: Option<Name>,
    /// The country of residence, ISO 3166-1 alpha-2.
    pub country_code: Option<String>,
}

/// Sets a name or country right, which the customer is told. What is right already changes nothing. `version` is the version that the
/// caller has read, if it wants to know of other changes.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`], [`IdentityError::Conflict`], [`IdentityError::StepUpNeeded`].
pub async fn update_customer(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    correction: Correction,
    version: Option<i64>,
) -> Result<Customer, IdentityError> {
    let mut customer = store::customers::lock(tx, &means.vault, owner.customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    if version.is_some_and(|version| version != customer.version) {
        return Err(IdentityError::Conflict);
    }
    let mut fields = Vec::new();
    if let Some(name) = correction.name.filter(|name| *name != customer.name) {
        customer.name = name;
        fields.push("name");
    }
    if let Some(country) = correction.country_code.filter(|code| *code != customer.country_code) {
        customer.country_code = country;
        fields.push("country_code");
    }
    if fields.is_empty() {
        return Ok(customer);
    }
    guarded(tx, &means.vault, owner).await?;
    store::customers::update(tx, &means.vault, &customer).await?;
    let deed = Deed {
        fields,
        ..Deed::new(Action::CustomerUpdated, customer.id)
    };
    store::audit::record(tx, &deed).await?;
    tell_owner(tx, &means.ids, Kind::RecordChanged, customer.id).await?;
    store::customers::get(tx, &means.vault, customer.id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)
}
