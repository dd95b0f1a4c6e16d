//! Makes a customer.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::CustomerCreated;

use crate::domain::audit::Action;
use crate::domain::contact::Contact;
use crate::domain::customer::{ContactPoint, Customer, Name};
use crate::error::IdentityError;
use crate::store;

/// What a new customer is made of.
pub struct NewCustomer {
    /// The name.
    pub name: Name,
    /// What they read, best first.
    pub languages: Vec<String>,
    /// The country of residence.
    pub country_code: String,
    /// Where they can be reached; no two alike.
    pub contacts: Vec<Contact>,
}

/// Makes a customer.
///
/// # Errors
///
/// [`IdentityError::ContactPointTaken`].
pub async fn create_customer(
    tx: &mut Tx,
    ids: &Ids,
    vault: &Vault,
    new: NewCustomer,
) -> Result<Customer, IdentityError> {
    let customer = Customer {
        id: ids.next(),
        name: new.name,
        languages: new.languages,
        country_code: new.country_code,
        created_at: tx.now(),
        version: 1,
        contact_points: new
            .contacts
            .into_iter()
            .map(|contact| ContactPoint {
                id: ids.next(),
                contact,
                verified_at: None,
                vouched: true,
            })
            .collect(),
    };
    store::customers::insert(tx, vault, &customer).await?;
    store::audit::record_change(tx, Action::CustomerCreated, customer.id, None).await?;
    let event = CustomerCreated {
        customer_id: customer.id.to_string(),
        country_code: customer.country_code.clone(),
    };
    tx.append(customer.id, &event).await?;
    Ok(customer)
}
