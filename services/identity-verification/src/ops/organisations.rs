//! Makes organisations, and says who belongs to them.

use support_chassis::db::Tx;
use support_chassis::id::Ids;

use crate::domain::audit::{Action, Deed};
use crate::domain::ids::{CustomerId, OrganisationId};
use crate::domain::profile::{Membership, Organisation, OrganisationKind, Role};
use crate::error::IdentityError;
use crate::store;

/// Makes an organisation.
///
/// # Errors
///
/// Those of the database.
pub async fn create_organisation(
    tx: &mut Tx,
    ids: &Ids,
    kind: OrganisationKind,
    display_name: String,
    country_code: String,
) -> Result<Organisation, IdentityError> {
    let organisation = Organisation {
        id: ids.next(),
        kind,
        display_name,
        country_code,
        created_at: tx.now(),
    };
    store::organisations::insert(tx, &organisation).await?;
    let deed = Deed {
        subject_id: Some(organisation.id.uuid()),
        ..Deed::new(Action::OrganisationCreated, None)
    };
    store::audit::record(tx, &deed).await?;
    Ok(organisation)
}

/// Makes a customer a member, or gives a member another role: the membership in the old one ends, so that what was is not lost.
///
/// # Errors
///
/// [`IdentityError::OrganisationNotFound`], [`IdentityError::CustomerNotFound`].
pub async fn set_membership(
    tx: &mut Tx,
    ids: &Ids,
    organisation: OrganisationId,
    customer: CustomerId,
    role: Role,
) -> Result<Membership, IdentityError> {
    store::organisations::get(tx, organisation)
        .await?
        .ok_or(IdentityError::OrganisationNotFound)?;
    // Whoever changes the same customer's memberships waits here.
    store::customers::lock_outline(tx, customer)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    let now = tx.now();
    if let Some(held) = store::organisations::membership(tx, organisation, customer).await?
        && held.ended_at.is_none()
    {
        if held.role == role {
            return Ok(held);
        }
        store::organisations::end_membership(tx, held.id, now.max(held.started_at)).await?;
    }
    let membership = Membership {
        id: ids.next(),
        organisation_id: organisation,
        customer_id: customer,
        role,
        started_at: now,
        ended_at: None,
    };
    store::organisations::insert_membership(tx, &membership).await?;
    let deed = Deed {
        subject_id: Some(organisation.uuid()),
        fields: vec![role.as_str()],
        ..Deed::new(Action::MembershipSet, customer)
    };
    store::audit::record(tx, &deed).await?;
    Ok(membership)
}

/// Ends a membership. One that has ended stays as it is.
///
/// # Errors
///
/// [`IdentityError::MembershipNotFound`].
pub async fn end_membership(
    tx: &mut Tx,
    organisation: OrganisationId,
    customer: CustomerId,
) -> Result<Membership, IdentityError> {
    store::customers::lock_outline(tx, customer)
        .await?
        .ok_or(IdentityError::MembershipNotFound)?;
    let mut held = store::organisations::membership(tx, organisation, customer)
        .await?
        .ok_or(IdentityError::MembershipNotFound)?;
    if held.ended_at.is_none() {
        let end = tx.now().max(held.started_at);
        store::organisations::end_membership(tx, held.id, end).await?;
        held.ended_at = Some(end);
        store::audit::record_change(tx, Action::MembershipEnded, customer, organisation.uuid()).await?;
    }
    Ok(held)
}
