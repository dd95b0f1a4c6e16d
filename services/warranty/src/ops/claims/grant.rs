//! What a decision grants.

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};

use super::device_of;
use crate::domain::claim::Grant;
use crate::domain::coverage::Uses;
use crate::domain::plan::PlanId;
use crate::error::Error;
use crate::standard::Rulebook;
use crate::store;
use crate::store::decisions::Kept;

/// What a decision grants by the terms that it names; none where it grants nothing that could be used.
pub(super) async fn of(connection: &mut PgConnection, rules: &Rulebook, kept: &Kept) -> Result<Option<Grant>, DbError> {
    let decision = &kept.decision;
    if !decision.outcome.is_covered() {
        return Ok(None);
    }
    // A decision that can be relied on was made here not long ago, so that its terms are known.
    let terms = || rules.terms_of_version(&decision.terms_version, kept.country);
    Ok(match &decision.uses {
        Uses::Nothing => Some(Grant::free(decision.outcome)),
        Uses::Plan(plan) => {
            let mut held = kept.facts.plans.iter().filter(|held| held.plan_id == *plan);
            let held =
                held.find(|held| held.from <= decision.day && held.until.is_none_or(|until| decision.day <= until));
            held.and_then(|held| {
                let per_12_months = held.incidents.as_ref().map(|incidents| incidents.per_12_months);
                Grant::incident(*plan, held.begins, per_12_months, decision.day)
            })
        }
        // The devices that replaced each other use what is given for good as one.
        Uses::Program(id) => {
            let unit = device_of(connection, kept.device_id).await?.origin();
            terms().and_then(|terms| {
                let program = terms.programs.iter().find(|program| program.id == *id)?;
                Some(Grant::program(id.to_string(), unit, program.times))
            })
        }
        Uses::Goodwill => {
            let unit = device_of(connection, kept.device_id).await?.origin();
            let rule = decision.chain.iter().find(|weighed| weighed.decided);
            let times = terms().and_then(|terms| terms.goodwill.as_ref().map(|goodwill| goodwill.times));
            rule.zip(times)
                .map(|(rule, times)| Grant::goodwill(rule.rule_id.to_string(), unit, times))
        }
    })
}

/// Looks again at the plan by which a decision grants something, and keeps it as it is until the transaction ends: since the decision
/// it may have come to an end, gone to another device, or been paid back as a whole.
///
/// # Errors
///
/// [`Error::DecisionNotCurrent`] where it would have to be decided anew.
pub(super) async fn check_plan(tx: &mut Tx, kept: &Kept, id: PlanId) -> Result<(), Error> {
    let plan = store::plans::lock(tx, id).await?;
    let has_ended_since = plan.is_none_or(|plan| plan.state.is_final() && kept.decided_at <= plan.state_changed_at);
    let device = kept.device_id;
    let held = store::plans::held(tx, &[device])
        .await?
        .remove(&device)
        .unwrap_or_default();
    let day = kept.decision.day;
    let mut of_plan = held.iter().filter(|held| held.plan_id == id);
    let covers = of_plan.any(|held| held.from <= day && held.until.is_none_or(|until| day <= until));
    if has_ended_since || !covers {
        return Err(Error::DecisionNotCurrent);
    }
    Ok(())
}

/// The components it is about; none for the whole device.
pub(super) fn components(kept: &Kept) -> Vec<String> {
    kept.decision.component.iter().cloned().collect()
}
