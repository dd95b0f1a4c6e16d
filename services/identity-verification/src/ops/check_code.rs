//! Redeems a code.

use support_chassis::db::Tx;
use support_proto::support::identity::v1::GrantIssued;

use super::{Means, ended, text_of};
use crate::api::present;
use crate::domain::code::Code;
use crate::domain::grant::{Assurance, Grant};
use crate::domain::ids::VerificationId;
use crate::domain::verification::{Checked, Subject, Verification};
use crate::error::IdentityError;
use crate::store;

/// What came of a code that was tried.
#[derive(Debug)]
pub struct Redemption {
    /// In short.
    pub checked: Checked,
    /// The verification after it.
    pub verification: Verification,
    /// The grant, where it was approved.
    pub grant: Option<Grant>,
}

/// Tries a code. A wrong one is no error of this function but an outcome, and the transaction must be committed either
/// way: rolled back, it would not have cost a check. The row's lock makes guesses that come at the same time wait for each
/// other, so that five of them count, however many come.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`].
pub async fn check_code(
    tx: &mut Tx,
    means: &Means,
    id: VerificationId,
    code: &Code,
) -> Result<Redemption, IdentityError> {
    let now = tx.now();
    let mut verification = store::verifications::lock(tx, id)
        .await?
        .ok_or(IdentityError::VerificationNotFound)?;
    let matches = means.keys.is_code(id, code, &verification.code_mac);
    let was = verification.clone();
    let checked = verification.check(matches, now);
    if verification != was {
        store::verifications::update(tx, &verification).await?;
    }
    let grant = match &checked {
        Checked::Approved(subject) => Some(issue(tx, means, &verification, subject.clone()).await?),
        Checked::Wrong { .. } | Checked::TooMany | Checked::NotOpen(_) => None,
    };
    if !verification.state.is_open() && was.state.is_open() {
        tx.append(id, &ended(&verification)).await?;
    }
    Ok(Redemption {
        checked,
        verification,
        grant,
    })
}

async fn issue(
    tx: &mut Tx,
    means: &Means,
    verification: &Verification,
    subject: Subject,
) -> Result<Grant, IdentityError> {
    let now = tx.now();
    let grant = Grant {
        id: means.ids.next(),
        customer_id: subject.customer_id,
        verification_id: verification.id,
        assurance: Assurance::from(verification.method),
        methods: vec![verification.method],
        purpose: verification.purpose,
        case_id: verification.case_id,
        standard_basis: subject.limits.basis,
        granted_at: now,
        expires_at: now + subject.grant_lifetime,
        revoked_at: None,
    };
    store::grants::insert(tx, &grant).await?;
    store::customers::set_verified(tx, subject.contact_point_id, now).await?;
    let event = GrantIssued {
        grant_id: grant.id.to_string(),
        customer_id: grant.customer_id.to_string(),
        assurance: present::assurance(grant.assurance).into(),
        case_id: text_of(grant.case_id),
        standard_basis: grant.standard_basis.clone(),
    };
    tx.append(grant.id, &event).await?;
    Ok(grant)
}
