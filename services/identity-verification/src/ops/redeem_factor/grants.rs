//! What an approval brings: a grant, or none to a delegate who may not act.

use support_chassis::db::Tx;
use support_proto::support::identity::v1::GrantIssued;
use time::OffsetDateTime;

use super::By;
use crate::api::present;
use crate::domain::audit::{Action, Deed};
use crate::domain::delegation::Delegation;
use crate::domain::grant::{Assurance, Decay, Grant};
use crate::domain::machine::Step;
use crate::domain::rules::FactorRules;
use crate::domain::verification::{Subject, Verification};
use crate::error::IdentityError;
use crate::ops::{Means, text_of};
use crate::store;

/// Denies a verification whose person may not act for the customer they named, which is on record.
pub(super) async fn refuse_delegate(
    tx: &mut Tx,
    verification: &mut Verification,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    verification
        .stop(Step::Deny, now)
        .map_err(|_| IdentityError::Impossible("what could be approved could not be denied"))?;
    let deed = Deed {
        is_refused: true,
        case_id: verification.case_id,
        subject_id: verification.subject.as_ref().map(|subject| subject.customer_id.uuid()),
        ..Deed::new(Action::DelegateRefused, verification.acts_for)
    };
    store::audit::record(tx, &deed).await?;
    Ok(())
}

/// Makes the grant of the subject, or of the customer for whom they may act by the delegation: no longer than that.
pub(super) async fn issue(
    tx: &mut Tx,
    means: &Means,
    (verification, subject, delegation): (&Verification, &Subject, Option<Delegation>),
    by: &By,
    rules: &FactorRules,
    now: OffsetDateTime,
) -> Result<Grant, IdentityError> {
    let assurance = verification
        .reached()
        .ok_or(IdentityError::Impossible("an approval without a proof"))?;
    let grant = Grant {
        id: means.ids.next(),
        customer_id: delegation
            .as_ref()
            .map_or(subject.customer_id, |delegation| delegation.customer_id),
        verification_id: verification.id,
        assurance,
        decay: decay(assurance, rules, now),
        methods: verification.proven.clone(),
        purpose: verification.purpose,
        case_id: verification.case_id,
        delegation: delegation
            .as_ref()
            .map(|delegation| (delegation.delegate_id, delegation.id)),
        agent: verification.agent.clone().or_else(|| by.staff.clone()),
        standard_basis: subject.limits.basis.clone(),
        granted_at: now,
        expires_at: match &delegation {
            Some(delegation) => delegation.expires_at.min(now + subject.grant_lifetime),
            None => now + subject.grant_lifetime,
        },
        revoked_at: None,
    };
    store::grants::insert(tx, &grant).await?;
    store::audit::record(tx, &Deed::of_grant(Action::GrantIssued, &grant)).await?;
    let event = GrantIssued {
        grant_id: grant.id.to_string(),
        customer_id: grant.customer_id.to_string(),
        assurance: present::assurance(grant.assurance).into(),
        case_id: text_of(grant.case_id),
        standard_basis: grant.standard_basis.clone(),
        delegate_customer_id: grant
            .delegation
            .map(|(delegate, _)| delegate.to_string())
            .unwrap_or_default(),
    };
    tx.append(grant.id, &event).await?;
    Ok(grant)
}

fn decay(assurance: Assurance, rules: &FactorRules, now: OffsetDateTime) -> Option<Decay> {
    (assurance > Assurance::Aal1).then(|| Decay {
        assured_until: now + rules.aal2_lifetime,
        idle: rules.aal2_idle,
        renewed_at: now,
    })
}
