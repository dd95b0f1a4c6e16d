//! Redeems a proof: the one way in which a verification comes nearer to its end.

mod grants;
mod proofs;
mod tallies;

use support_chassis::db::Tx;
use time::OffsetDateTime;

use self::grants::{issue, refuse_delegate};
use self::proofs::{held_against, use_up, verified, whose};
use self::tallies::{Tallies, count_failure, count_source, recover};
use super::delegations::mandate;
use super::weigh_risk::{self, AtProof};
use super::{Means, NotAccepted, ended};
use crate::domain::authenticator::{DocumentType, RecoveryCode};
use crate::domain::code::Code;
use crate::domain::delegation::Delegation;
use crate::domain::grant::Grant;
use crate::domain::ids::{CustomerId, VerificationId};
use crate::domain::machine::Step;
use crate::domain::risk::{Assessment, Outcome, Report};
use crate::domain::sends::SendWindow;
use crate::domain::verification::{Checked, Method, Verification};
use crate::error::IdentityError;
use crate::keys::Counted;
use crate::store;
use crate::store::risk::known::Devices;
use crate::webauthn::Assertion;

/// What is brought.
pub enum Proof {
    /// The code that was sent.
    Code(Code),
    /// A code of an authenticator app.
    Totp(Code),
    /// A support PIN.
    Pin(String),
    /// A recovery code; none where what was typed is none.
    Recovery(Option<RecoveryCode>),
    /// The answer of a passkey; none where it could not be read.
    Passkey(Option<Box<Assertion>>),
    /// That a device was asked.
    Push,
    /// A document that somebody saw.
    Document {
        /// Its kind.
        kind: DocumentType,
        /// In which store.
        store: String,
        /// Who saw it.
        witness: String,
    },
}

impl Proof {
    /// The method that it is by.
    fn method(&self, verification: &Verification) -> Method {
        match self {
            Self::Code(_) => verification.method,
            Self::Totp(_) => Method::Totp,
            Self::Pin(_) => Method::SupportPin,
            Self::Recovery(_) => Method::RecoveryCode,
            Self::Passkey(_) => Method::Passkey,
            Self::Push => Method::Push,
            Self::Document { .. } => Method::Document,
        }
    }
}

/// By whom it is brought.
#[derive(Debug, Clone, Default)]
pub struct By {
    /// Where the call comes from; none where that is not known.
    pub source: Option<String>,
    /// The customer in whose session.
    pub session: Option<CustomerId>,
    /// The member of staff who calls.
    pub staff: Option<String>,
    /// What the front end knows of where it is used.
    pub report: Report,
}

/// What came of a proof that was tried.
#[derive(Debug)]
pub struct Redemption {
    /// In short.
    pub checked: Checked,
    /// The verification after it.
    pub verification: Verification,
    /// The grant, where it was approved.
    pub grant: Option<Grant>,
}

/// Tries a proof. A wrong one is no error of this function but an outcome, and the transaction must be committed either
/// way: rolled back, it would not have cost a check. The row's lock makes guesses that come at the same time wait for each
/// other, so that five of them count, however many come.
///
/// A verification without a subject takes the same steps by the same statements and comes to nothing.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::MethodNotAccepted`], [`IdentityError::FactorWait`],
/// [`IdentityError::PushPending`]; these cost nothing.
pub async fn redeem_factor(
    tx: &mut Tx,
    means: &Means,
    id: VerificationId,
    proof: &Proof,
    by: &By,
) -> Result<Redemption, IdentityError> {
    let now = tx.now();
    let mut verification = store::verifications::lock(tx, id)
        .await?
        .ok_or(IdentityError::VerificationNotFound)?;
    if let Some(checked) = verification.closed(now) {
        return Ok(Redemption {
            checked,
            verification,
            grant: None,
        });
    }
    let method = proof.method(&verification);
    if !verification.limits.methods.contains(&method) {
        return Err(NotAccepted::by(&verification).into());
    }
    let rules = means.policy.factors(verification.country_code.as_deref(), now);
    let own_rules = verification
        .subject
        .as_ref()
        .map_or(rules, |subject| means.policy.factors(Some(&subject.country_code), now));

    let source_key = by
        .source
        .as_deref()
        .map(|source| means.keys.counter(Counted::Source(source)));
    // Read, not locked: many people may be behind one source, and need not wait for each other.
    let source = match &source_key {
        Some(key) => store::send_windows::get(tx, key).await?,
        None => SendWindow::default(),
    };
    let source_wait = source.wait(now, rules.failures_per_source);
    let customer = verification.subject.as_ref().map(|subject| subject.customer_id);
    let devices = store::risk::known::devices(tx, whose(&verification), by.report.device.as_ref()).await?;
    let is_session = by.session.is_some() && by.session == customer;
    let is_own = is_session || devices.is_known;
    let tallies = Tallies::lock(tx, &means.keys, &verification, method, is_own, now).await?;
    if let Some(retry_after) = tallies.wait(now).max(source_wait) {
        return Err(IdentityError::FactorWait { retry_after });
    }

    // Codes that are sent have no authenticator that could be locked: their count stands for it. In a session of theirs the
    // customer binds the address anew, by a count of its own.
    let is_locked = method.is_sent() && tallies.in_a_row(is_session) >= own_rules.failures_before_lock;
    let used = held_against(tx, means, &verification, proof, &own_rules, now).await?;
    let is_right = verification.would_count(method, used.is_some() && !is_locked, now);
    let assessment = if is_right {
        weighed(tx, means, &verification, (method, by, devices)).await?
    } else {
        None
    };
    let proof_of = (method, is_right, assessment.as_ref());
    let (checked, delegation) = settle_for(tx, means, &mut verification, proof_of).await?;
    store::verifications::update(tx, &verification).await?;
    tallies.note(tx, is_right, now, rules.failures_before_wait).await?;
    if let (true, Some(used), Some(subject)) = (is_right, used, verification.subject.as_ref()) {
        // What was stopped because of risk has used it up all the same: it has been shown.
        use_up(tx, (id, method), subject, proof, used, now).await?;
        if !matches!(checked, Checked::NotOpen(_)) {
            verified(tx, &means.ids, method, subject, now).await?;
        }
    } else if !is_right {
        count_failure(
            tx,
            &means.ids,
            &verification,
            method,
            own_rules.failures_before_lock,
            now,
        )
        .await?;
        if let Some(key) = &source_key {
            count_source(tx, key, now).await?;
        }
    }
    let grant = match &checked {
        Checked::Approved(subject) => {
            weigh_risk::approved(tx, &verification, subject, by, assessment.as_ref()).await?;
            recover(tx, means, &verification).await?;
            Some(issue(tx, means, (&verification, subject, delegation), by, &own_rules, now).await?)
        }
        _ => None,
    };
    if !verification.state.is_open() {
        tx.append(id, &ended(&verification)).await?;
    }
    Ok(Redemption {
        checked,
        verification,
        grant,
    })
}

/// What speaks against a verification of which something was proven.
async fn weighed(
    tx: &mut Tx,
    means: &Means,
    verification: &Verification,
    (method, by, devices): (Method, &By, Devices),
) -> Result<Option<Assessment>, IdentityError> {
    let Some(subject) = &verification.subject else {
        return Ok(None);
    };
    let proof = AtProof {
        verification,
        subject,
        method,
        by,
        devices,
    };
    weigh_risk::at_proof(tx, means, proof).await
}

/// Counts the proof, unless what speaks against the verification stops it, or asks for more.
fn settle(
    verification: &mut Verification,
    method: Method,
    is_right: bool,
    assessment: Option<&Assessment>,
    now: OffsetDateTime,
) -> Checked {
    let stop = match assessment.map(|assessment| assessment.outcome) {
        Some(Outcome::Blocked) => Some(Step::Block),
        Some(Outcome::Denied) => Some(Step::Deny),
        Some(Outcome::Raised) => {
            verification.raise();
            None
        }
        Some(Outcome::None) | None => None,
    };
    match stop.map(|step| verification.stop(step, now)) {
        Some(Ok(state) | Err(state)) => Checked::NotOpen(state),
        None => verification.check(method, is_right, now),
    }
}

/// The same, and of who would act for a customer whether they may: the delegation, where the proof approves them by one.
async fn settle_for(
    tx: &mut Tx,
    means: &Means,
    verification: &mut Verification,
    (method, is_right, assessment): (Method, bool, Option<&Assessment>),
) -> Result<(Checked, Option<Delegation>), IdentityError> {
    let now = tx.now();
    let before = verification.acts_for.map(|_| verification.clone());
    let checked = settle(verification, method, is_right, assessment, now);
    let mandate = match &checked {
        Checked::Approved(subject) => mandate(tx, means, verification, subject.customer_id).await?,
        _ => None,
    };
    match (mandate, before) {
        (Some(Err(cause)), Some(open)) => {
            // They are who they say, and may not act for whom they say.
            *verification = open;
            refuse_delegate(tx, verification, now).await?;
            Ok((Checked::Refused(cause), None))
        }
        (mandate, _) => Ok((checked, mandate.and_then(Result::ok))),
    }
}
