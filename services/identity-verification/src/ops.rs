//! What this service does: one use case a file, one transaction each. Called by `api` and `work` alike.

pub mod add_contact_point;
pub mod authenticate_client;
pub mod authenticators;
pub mod cancel_verification;
pub mod challenge_factor;
pub mod change_partner_client;
pub mod create_customer;
pub mod create_partner_client;
pub mod decide_happening;
pub mod delegations;
pub mod erase_customer;
pub mod expire_verifications;
pub mod export_customer;
pub mod issue_grant_token;
pub mod look_up_customer;
pub mod organisations;
pub mod profiles;
pub mod redeem_factor;
pub mod remove_contact_point;
pub mod renew_session;
pub mod resend_code;
pub mod reveal_customer;
pub mod review_risk;
pub mod revoke_grant;
pub mod set_contact_preferences;
pub mod start_verification;
pub mod update_customer;
pub mod weigh_risk;

use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::VerificationEnded;
use time::OffsetDateTime;

use crate::api::present;
use crate::chance::Chance;
use crate::domain::grant::Assurance;
use crate::domain::happening::Kind;
use crate::domain::ids::{CaseId, ContactPointId, CustomerId};
use crate::domain::machine::State;
use crate::domain::rules::{Limits, Rules};
use crate::domain::verification::{Method, Purpose, Verification};
use crate::error::IdentityError;
use crate::keys::CodeKeys;
use crate::standard::Policy;
use crate::store;
use crate::store::happenings::Happening;
use crate::webauthn::RelyingParty;

/// What verifications are made with.
#[derive(Debug, Clone)]
pub struct Means {
    /// Where ids come from.
    pub ids: Ids,
    /// Where codes come from.
    pub chance: Chance,
    /// For codes at rest.
    pub keys: CodeKeys,
    /// For personal data at rest.
    pub vault: Vault,
    /// The rules that new verifications are under.
    pub policy: Policy,
    /// For whom passkeys are made.
    pub passkeys: RelyingParty,
    /// Whether telephones can be reached.
    pub reaches_phones: bool,
}

/// What the rules take instead of what was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAccepted {
    /// What for.
    pub purpose: Purpose,
    /// What must be reached; none where the purpose is closed.
    pub assurance: Option<Assurance>,
    /// What counts.
    pub methods: Vec<Method>,
    /// What the rules are made of.
    pub basis: String,
}

impl NotAccepted {
    /// By rules that hold.
    #[must_use]
    pub fn under(purpose: Purpose, rules: Rules) -> Self {
        let asked = rules.purpose;
        Self {
            purpose,
            assurance: asked.as_ref().map(|asked| asked.assurance),
            methods: asked.map(|asked| asked.methods).unwrap_or_default(),
            basis: rules.basis,
        }
    }

    /// By what a verification keeps of its rules.
    #[must_use]
    pub fn by(verification: &Verification) -> Self {
        Self {
            purpose: verification.purpose,
            assurance: Some(verification.limits.assurance),
            methods: verification.limits.methods.clone(),
            basis: verification.limits.basis.clone(),
        }
    }
}

impl From<NotAccepted> for IdentityError {
    fn from(told: NotAccepted) -> Self {
        Self::MethodNotAccepted(Box::new(told))
    }
}

/// Counts a send to a contact point, and says how many there were within the hour, this one included.
async fn admit_send(
    tx: &mut Tx,
    contact_key: &[u8; 32],
    now: OffsetDateTime,
    limits: &Limits,
) -> Result<usize, IdentityError> {
    let mut window = store::send_windows::lock(tx, contact_key, now).await?;
    let limit = usize::try_from(limits.sends_per_hour).unwrap_or(0);
    window.admit(now, limit).map_err(|full| IdentityError::TooManySends {
        retry_after: Some(full.retry_after),
    })?;
    store::send_windows::update(tx, contact_key, &window).await?;
    Ok(window.sent_at().len())
}

/// Puts the code that was just counted as sent on its way.
async fn dispatch(
    tx: &mut Tx,
    means: &Means,
    verification: &Verification,
    sent_lately: usize,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let way = verification.way(sent_lately, now);
    Ok(store::deliveries::insert(tx, means.ids.next(), verification.id, way, now).await?)
}

/// The event of a verification that has ended.
fn ended(verification: &Verification) -> VerificationEnded {
    let approved = (verification.state == State::Approved)
        .then_some(verification.subject.as_ref())
        .flatten();
    VerificationEnded {
        verification_id: verification.id.to_string(),
        state: present::state(verification.state).into(),
        customer_id: approved
            .map(|subject| subject.customer_id.to_string())
            .unwrap_or_default(),
        case_id: text_of(verification.case_id),
    }
}

/// That an address of a customer was added, or verified for the first time.
fn contact_point_changed(
    ids: &Ids,
    kind: Kind,
    customer_id: CustomerId,
    contact_point_id: ContactPointId,
    now: OffsetDateTime,
) -> Happening {
    Happening {
        contact_point_id: Some(contact_point_id),
        ..Happening::of_account(ids.next(), kind, customer_id, now)
    }
}

/// Writes down what happened to a customer's account, of which they are told at all their addresses: whoever else did it, its owner
/// hears of it.
async fn tell_owner(tx: &mut Tx, ids: &Ids, kind: Kind, customer_id: CustomerId) -> Result<(), DbError> {
    let now = tx.now();
    let told = Happening::of_account(ids.next(), kind, customer_id, now);
    store::happenings::record(tx, &told, now).await
}

/// An optional id as the contract carries it.
fn text_of(case_id: Option<CaseId>) -> String {
    case_id.map(|id| id.to_string()).unwrap_or_default()
}
