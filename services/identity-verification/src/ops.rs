//! What this service does: one use case a file, one transaction each. Called by `api` and `work` alike.

pub mod add_contact_point;
pub mod authenticate_client;
pub mod cancel_verification;
pub mod check_code;
pub mod create_customer;
pub mod create_partner_client;
pub mod expire_verifications;
pub mod resend_code;
pub mod revoke_grant;
pub mod start_verification;

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_proto::support::identity::v1::VerificationEnded;
use time::OffsetDateTime;

use crate::api::present;
use crate::chance::Chance;
use crate::domain::ids::CaseId;
use crate::domain::machine::State;
use crate::domain::rules::Limits;
use crate::domain::verification::Verification;
use crate::error::IdentityError;
use crate::keys::CodeKeys;
use crate::standard::Policy;
use crate::store;

/// What verifications are made with.
#[derive(Debug, Clone)]
pub struct Means {
    /// Where ids come from.
    pub ids: Ids,
    /// Where codes come from.
    pub chance: Chance,
    /// For codes at rest.
    pub keys: CodeKeys,
    /// The rules that new verifications are under.
    pub policy: Policy,
    /// Whether telephones can be reached.
    pub reaches_phones: bool,
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

/// An optional id as the contract carries it.
fn text_of(case_id: Option<CaseId>) -> String {
    case_id.map(|id| id.to_string()).unwrap_or_default()
}
