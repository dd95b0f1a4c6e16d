//! What to tell about a decision.

use sqlx::PgConnection;

use super::{Viewer, decision};
use crate::domain::coverage::DecisionId;
use crate::domain::explain::{Explanation, Known, explanation};
use crate::domain::zone;
use crate::error::Error;
use crate::standard::{Held, Rulebook};
use crate::store;
use crate::store::decisions::Kept;

/// A decision, explained.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The decision.
    pub kept: Kept,
    /// The explanation.
    pub explanation: Explanation,
    /// Whether the rules that it was made by could be had.
    pub rules_at_hand: bool,
}

/// Explains the decision with this id, if the viewer may see it.
pub async fn explain_coverage(
    connection: &mut PgConnection,
    rules: &Rulebook,
    viewer: &Viewer,
    id: DecisionId,
) -> Result<Explained, Error> {
    let (kept, _) = decision(connection, rules, viewer, id).await?;
    let registered = store::devices::get(connection, kept.device_id)
        .await?
        .ok_or(Error::DecisionNotFound)?;
    let device = registered.device;
    let held = rules.of(&kept);
    let rules = held.as_ref().map(Held::rules);
    let registered_on = zone::latest_day(device.registered_at, kept.country);
    let known = Known {
        rules: rules.as_ref(),
        facts: &kept.facts,
        question: &kept.question,
        country: kept.country,
        evidence: device.evidence,
        purchased: device.purchase_date,
        bought_by: device.first_activated_on.unwrap_or(registered_on).min(registered_on),
    };
    Ok(Explained {
        explanation: explanation(&kept.decision, &known),
        rules_at_hand: rules.is_some(),
        kept,
    })
}
