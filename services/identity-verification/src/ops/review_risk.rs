//! What reviewers decide on verifications that something speaks against, and what is reported of numbers.

use support_chassis::db::Tx;
use support_chassis::id::Id;
use support_proto::support::identity::v1::RiskReviewed;
use time::OffsetDateTime;

use super::{Means, ended};
use crate::api::risk::shown;
use crate::domain::audit::{Action, Deed};
use crate::domain::contact::Contact;
use crate::domain::ids::VerificationId;
use crate::domain::machine::{State, Step};
use crate::domain::risk::{Assessment, Decision, Ground};
use crate::domain::verification::Verification;
use crate::error::IdentityError;
use crate::store;
use crate::store::risk::Review;
use crate::store::risk::known::NumberReport;

/// What there is to show of an assessment.
pub struct Reviewed {
    /// The verification.
    pub verification: Verification,
    /// What was noticed about it.
    pub assessment: Assessment,
    /// What was decided, oldest first.
    pub reviews: Vec<Review>,
}

/// Clears a blocked verification for `reviewer`. It stays ended; until the clearance runs out, the next verifications of the same
/// contact point need AAL2 where they would be blocked.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::VerificationNotBlocked`], [`IdentityError::ReviewerInvolved`] where
/// the reviewer started it.
pub async fn clear_block(
    tx: &mut Tx,
    means: &Means,
    id: VerificationId,
    ground: Ground,
    reviewer: String,
) -> Result<Reviewed, IdentityError> {
    let now = tx.now();
    let (verification, assessment) = locked(tx, id).await?;
    if verification.state != State::Blocked {
        return Err(IdentityError::VerificationNotBlocked {
            id,
            state: verification.state_at(now),
        });
    }
    if assessment.started_by.as_deref() == Some(reviewer.as_str()) {
        return Err(IdentityError::ReviewerInvolved);
    }
    let country = verification
        .subject
        .as_ref()
        .map(|subject| subject.country_code.as_str())
        .or(verification.country_code.as_deref());
    let (rules, _) = means.policy.risk(country, now);
    let clears = Some((verification.contact_key, now + rules.clearance));
    decide(
        tx,
        means,
        (verification, assessment),
        (Decision::Cleared, ground, reviewer),
        clears,
    )
    .await
}

/// Denies an open verification for `reviewer`: nothing approves it any more.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::VerificationNotOpen`].
pub async fn deny_verification(
    tx: &mut Tx,
    means: &Means,
    id: VerificationId,
    ground: Ground,
    reviewer: String,
) -> Result<Reviewed, IdentityError> {
    let now = tx.now();
    let (mut verification, assessment) = locked(tx, id).await?;
    verification
        .stop(Step::Deny, now)
        .map_err(|state| IdentityError::VerificationNotOpen { id, state })?;
    store::verifications::update(tx, &verification).await?;
    tx.append(id, &ended(&verification)).await?;
    decide(
        tx,
        means,
        (verification, assessment),
        (Decision::Denied, ground, reviewer),
        None,
    )
    .await
}

/// The verification first, as in every other change: who takes locks in one order never deadlocks.
async fn locked(tx: &mut Tx, id: VerificationId) -> Result<(Verification, Assessment), IdentityError> {
    let verification = store::verifications::lock(tx, id).await?;
    let assessment = store::risk::lock(tx, id).await?;
    verification.zip(assessment).ok_or(IdentityError::VerificationNotFound)
}

async fn decide(
    tx: &mut Tx,
    means: &Means,
    (verification, assessment): (Verification, Assessment),
    (decision, ground, reviewer): (Decision, Ground, String),
    clears: Option<([u8; 32], OffsetDateTime)>,
) -> Result<Reviewed, IdentityError> {
    let now = tx.now();
    let event = RiskReviewed {
        verification_id: verification.id.to_string(),
        decision: shown::decision(decision).into(),
        ground: shown::ground(ground).into(),
        reviewer: reviewer.clone(),
    };
    let review = Review {
        verification_id: verification.id,
        decision,
        ground,
        reviewer,
        reviewed_at: now,
        clears,
    };
    let review_id: Id = means.ids.next();
    store::risk::insert_review(tx, review_id, &review).await?;
    let deed = Deed {
        case_id: verification.case_id,
        subject_id: Some(verification.id.uuid()),
        fields: vec![review.decision.as_str(), review.ground.as_str()],
        ..Deed::new(
            Action::RiskReviewed,
            verification.subject.as_ref().map(|subject| subject.customer_id),
        )
    };
    store::audit::record(tx, &deed).await?;
    tx.append(verification.id, &event).await?;
    let reviews = store::risk::reviews(tx, &[verification.id]).await?;
    Ok(Reviewed {
        verification,
        assessment,
        reviews,
    })
}

/// Takes a report on a number, of whomever it is: what was reported later about the same stands.
///
/// # Errors
///
/// Those of the database.
pub async fn report_number(
    tx: &mut Tx,
    means: &Means,
    number: &Contact,
    report: &NumberReport,
) -> Result<(), IdentityError> {
    let now = tx.now();
    let key = means.keys.contact_key(number);
    Ok(store::risk::known::report_number(tx, &key, report, now).await?)
}
