//! Redeems a proof: the one way in which a verification comes nearer to its end.

mod tallies;

use subtle::ConstantTimeEq as _;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_proto::support::identity::v1::{AuthenticatorEnded, GrantIssued};
use time::OffsetDateTime;
use uuid::Uuid;

use self::tallies::Tallies;
use super::delegations::mandate;
use super::weigh_risk::{self, AtProof};
use super::{Means, NotAccepted, contact_point_changed, ended, text_of};
use crate::api::present;
use crate::domain::audit::{Action, Deed};
use crate::domain::authenticator::{DocumentType, RecoveryCode};
use crate::domain::code::Code;
use crate::domain::delegation::Delegation;
use crate::domain::grant::{Assurance, Decay, Grant};
use crate::domain::happening::Kind;
use crate::domain::ids::{AuthenticatorId, CustomerId, VerificationId};
use crate::domain::machine::Step;
use crate::domain::risk::{Assessment, Outcome, Report};
use crate::domain::rules::FactorRules;
use crate::domain::sends::SendWindow;
use crate::domain::totp::TotpSecret;
use crate::domain::verification::{Checked, Method, Subject, Verification};
use crate::error::IdentityError;
use crate::keys::{Counted, Kept};
use crate::store;
use crate::store::factors::PromptAnswer;
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

/// What a right proof used.
enum Used {
    /// Nothing that is written down.
    Nothing,
    /// This authenticator.
    Authenticator(AuthenticatorId),
    /// A step of this app.
    Step(AuthenticatorId, i64),
    /// This PIN, which is gone.
    Pin(AuthenticatorId),
    /// This code of this set.
    Recovery(AuthenticatorId, i16),
    /// This passkey, of which something has changed.
    Passkey(AuthenticatorId, Vec<u8>),
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
        count_failure(tx, &verification, method, own_rules.failures_before_lock, now).await?;
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

/// Counts a failure of a source of calls.
async fn count_source(tx: &mut Tx, key: &[u8; 32], now: OffsetDateTime) -> Result<(), IdentityError> {
    let mut source = store::send_windows::lock(tx, key, now).await?;
    source.add(now);
    Ok(store::send_windows::update(tx, key, &source).await?)
}

/// Whose authenticators are looked for: the customer's, or, so that it is looked for all the same, those of an id that nobody has.
fn whose(verification: &Verification) -> Uuid {
    let subject = verification.subject.as_ref();
    subject.map_or_else(|| verification.id.uuid(), |subject| subject.customer_id.uuid())
}

/// What the proof used, where it is right. The lookups are made for nobody's verifications as well.
async fn held_against(
    tx: &mut Tx,
    means: &Means,
    verification: &Verification,
    proof: &Proof,
    rules: &FactorRules,
    now: OffsetDateTime,
) -> Result<Option<Used>, IdentityError> {
    let customer = verification.subject.as_ref().map(|subject| subject.customer_id);
    let whose = whose(verification);
    Ok(match proof {
        Proof::Code(code) => means
            .keys
            .is_code(verification.id, code, &verification.code_mac)
            .then_some(Used::Nothing),
        Proof::Totp(code) => {
            let number = code.number();
            let mut found = None;
            let apps = store::authenticators::lock_apps(tx, whose).await?;
            if apps.is_empty() {
                let _ = TotpSecret::new([0; 20]).step_of(number, now, rules.totp_drift_steps, None);
            }
            for app in apps {
                let secret = means.keys.open_secret(app.id, &app.secret)?;
                let step = secret.step_of(number, now, rules.totp_drift_steps, app.last_step);
                found = found.or(step.map(|step| Used::Step(app.id, step)));
            }
            found
        }
        Proof::Pin(pin) => {
            let mac = means.keys.kept_mac(Kept::Pin, whose, pin);
            store::authenticators::lock_pin(tx, whose, now)
                .await?
                .filter(|(_, kept)| kept.ct_eq(&mac).into())
                .map(|(id, _)| Used::Pin(id))
        }
        Proof::Recovery(code) => {
            let letters = code.as_ref().map_or("", RecoveryCode::letters);
            let mac = means.keys.kept_mac(Kept::Recovery, whose, letters);
            // Found by the keyed hash: how much of it is right nobody can tell from the time.
            store::authenticators::lock_recovery_code(tx, whose, &mac)
                .await?
                .map(|(id, ordinal)| Used::Recovery(id, ordinal))
        }
        Proof::Passkey(assertion) => {
            let ceremony = store::factors::take_ceremony(tx, verification.id, now).await?;
            let credential: &[u8] = assertion.as_ref().map_or(&[], |assertion| assertion.credential_id());
            let passkey = store::authenticators::lock_passkey(tx, whose, credential).await?;
            match (ceremony, assertion, passkey, customer) {
                (Some(ceremony), Some(assertion), Some(passkey), Some(customer)) => means
                    .passkeys
                    .end_authentication(
                        &ceremony,
                        assertion,
                        customer,
                        &passkey.static_state,
                        &passkey.dynamic_state,
                    )
                    .ok()
                    .map(|changed| Used::Passkey(passkey.id, changed)),
                _ => None,
            }
        }
        Proof::Push => match store::factors::take_answer(tx, verification.id, now).await? {
            PromptAnswer::None => return Err(IdentityError::PushPending),
            PromptAnswer::Confirmed(device) => Some(Used::Authenticator(device)),
            PromptAnswer::Refused => None,
        },
        Proof::Document { .. } => customer.map(|_| Used::Nothing),
    })
}

/// Writes down that the customer holds the address that a code came back from.
async fn verified(
    tx: &mut Tx,
    ids: &Ids,
    method: Method,
    subject: &Subject,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let point = subject.contact_point_id;
    // From now on the address proves who its customer is, if it did not before: they hear of it at the others.
    if method.is_sent() && !store::customers::set_verified(tx, point, now).await? {
        let verified = contact_point_changed(ids, Kind::ContactPointVerified, subject.customer_id, point, now);
        store::happenings::record(tx, &verified, now).await?;
        let customer = subject.customer_id;
        store::audit::record_change(tx, Action::ContactPointVerified, customer, point.uuid()).await?;
    }
    Ok(())
}

/// Writes down what a right proof used, so that what is good once is good once.
async fn use_up(
    tx: &mut Tx,
    (id, method): (VerificationId, Method),
    subject: &Subject,
    proof: &Proof,
    used: Used,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let authenticator = match used {
        Used::Nothing => None,
        Used::Authenticator(authenticator) => Some(authenticator),
        Used::Step(app, step) => {
            store::authenticators::use_step(tx, app, step).await?;
            Some(app)
        }
        Used::Pin(pin) => {
            store::authenticators::end(tx, subject.customer_id, Method::SupportPin, Some(pin), now).await?;
            Some(pin)
        }
        Used::Recovery(set, ordinal) => {
            store::authenticators::use_recovery_code(tx, set, ordinal, now).await?;
            Some(set)
        }
        Used::Passkey(passkey, changed) => {
            store::authenticators::set_dynamic_state(tx, passkey, &changed).await?;
            Some(passkey)
        }
    };
    if let Some(authenticator) = authenticator {
        store::authenticators::succeed(tx, authenticator, now).await?;
    }
    let document = match proof {
        Proof::Document { kind, store, witness } => Some((*kind, store.as_str(), witness.as_str())),
        _ => None,
    };
    let proof = store::factors::Proof {
        authenticator,
        document,
    };
    Ok(store::factors::insert_proof(tx, id, method, &proof, now).await?)
}

/// Counts a failure on what the customer has, and tells of what it has locked.
async fn count_failure(
    tx: &mut Tx,
    verification: &Verification,
    method: Method,
    limit: i16,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let locked = store::authenticators::fail(tx, whose(verification), method, limit, now).await?;
    let subject = verification.subject.as_ref();
    for (authenticator, subject) in locked.into_iter().zip(subject.into_iter().cycle()) {
        let event = AuthenticatorEnded {
            authenticator_id: authenticator.to_string(),
            customer_id: subject.customer_id.to_string(),
            method: present::method(method).into(),
            locked: true,
        };
        tx.append(authenticator, &event).await?;
        let (customer, locked) = (subject.customer_id, authenticator.uuid());
        store::audit::record_change(tx, Action::AuthenticatorLocked, customer, locked).await?;
    }
    Ok(())
}

/// Who is verified at AAL2 has lost nothing to whoever guessed: what was failed with codes to the contact point that they named is
/// forgotten, so that it can be used again.
async fn recover(tx: &mut Tx, means: &Means, verification: &Verification) -> Result<(), IdentityError> {
    if verification.reached() < Some(Assurance::Aal2) {
        return Ok(());
    }
    let sent = [Method::EmailCode, Method::SmsCode];
    let keys = means.keys.failure_counters(&verification.contact_key, &sent);
    Ok(store::factors::forget_failures(tx, &keys).await?)
}

/// Denies a verification whose person may not act for the customer they named, which is on record.
async fn refuse_delegate(
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
async fn issue(
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
