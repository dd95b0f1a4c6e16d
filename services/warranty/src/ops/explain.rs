//! What to tell about a decision.

use sqlx::PgConnection;
use support_chassis::standard::Standard;
use support_proto::support::warranty::v1::CoverageTerms;

use super::{Viewer, decision};
use crate::domain::coverage::DecisionId;
use crate::domain::explain::{Explanation, Known, explanation};
use crate::domain::facts::{Facts, Question, Rules};
use crate::domain::prices::Prices;
use crate::domain::zone;
use crate::error::Error;
use crate::store::decisions::Kept;
use crate::{standard, store};

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
    terms: &Standard<CoverageTerms>,
    viewer: &Viewer,
    id: DecisionId,
) -> Result<Explained, Error> {
    let kept = decision(connection, terms, viewer, id).await?;
    let registered = store::devices::get(connection, kept.device_id)
        .await?
        .ok_or(Error::DecisionNotFound)?;
    let (device, product) = (registered.device, registered.product);
    let facts = Facts::of(kept.sale.clone(), product.model_code, device.serial_number);
    let question = Question {
        symptom: kept.decision.symptom.clone(),
        component: kept.decision.component.clone(),
        parts: kept
            .decision
            .parts
            .iter()
            .map(|part| part.part_number.clone())
            .collect(),
        ..Question::of(kept.decision.day, kept.decision.damage, kept.decision.place)
    };
    let held = standard::terms_of_version(terms, &kept.decision.terms_version, kept.country);
    let prices = Prices::default();
    let rules = held.as_ref().map(|terms| Rules {
        terms,
        prices: &prices,
        offers: &[],
    });
    let registered_on = zone::latest_day(device.registered_at, kept.country);
    let known = Known {
        rules: rules.as_ref(),
        facts: &facts,
        question: &question,
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
