//! What the claims of a device say of its past, for the next decision about it.

use time::Date;

use super::{Claim, State};
use crate::domain::coverage::Outcome;
use crate::domain::sale::PastRepair;

/// The service programs that are reserved or used, in the order of the claims.
#[must_use]
pub fn programs_used(claims: &[Claim]) -> Vec<String> {
    live(claims)
        .filter(|claim| claim.grant.outcome == Outcome::ServiceProgram)
        .filter_map(|claim| claim.grant.rule_id.clone())
        .collect()
}

/// The days for which goodwill is reserved or was shown, in the order of the claims.
#[must_use]
pub fn goodwill_on(claims: &[Claim]) -> Vec<Date> {
    let goodwill = live(claims).filter(|claim| claim.grant.outcome == Outcome::Goodwill);
    goodwill.map(|claim| claim.day).collect()
}

/// The repairs after which the device went back repaired.
#[must_use]
pub fn past_repairs(claims: &[Claim]) -> Vec<PastRepair> {
    let used = claims.iter().filter(|claim| claim.state == State::Committed);
    used.filter_map(|claim| {
        Some(PastRepair {
            received: claim.received_on?,
            returned: claim.returned_on?,
            components: claim.components.clone(),
        })
    })
    .collect()
}

fn live(claims: &[Claim]) -> impl Iterator<Item = &Claim> {
    claims.iter().filter(|claim| claim.state.is_live())
}
