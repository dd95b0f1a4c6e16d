//! Plans: cover that customers buy.

use serde::{Deserialize, Serialize};
use support_chassis::id_type;

use super::coverage::Damage;
use super::money::Amount;

id_type! {
    /// Names a plan that somebody holds.
    PlanId
}

/// What a plan covers, under one fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCover {
    /// The kinds of damage.
    pub damages: Vec<Damage>,
    /// The components; none for all of them.
    pub components: Vec<String>,
    /// What the customer pays for a repair under it.
    pub fee: Amount,
}

/// A plan that could have been bought with a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOffer {
    /// Its key in the terms of plans.
    pub kind: String,
    /// For how many months from the day of the sale; none where it goes on while it is paid for.
    pub months: Option<u16>,
    /// How many repairs it gives in twelve months; none where it sets no limit.
    pub incidents_per_12_months: Option<u16>,
    /// What it covers.
    pub covers: Vec<PlanCover>,
    /// The version of the terms of plans.
    pub version: String,
    /// Where it is written down.
    pub source: String,
}
