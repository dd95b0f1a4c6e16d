//! The rules of risk, as the policy says them.

use support_proto::support::identity::v1 as pb;

use super::lifetime;
use crate::domain::risk::{PumpingRules, RiskRules, Weights};

/// A policy that says nothing of risk is under the rules that this build ships.
pub(super) fn rules(told: Option<&pb::RiskRules>) -> RiskRules {
    let shipped = RiskRules::SHIPPED;
    let Some(told) = told else { return shipped };
    RiskRules {
        weights: told.weights.as_ref().map_or(shipped.weights, weights),
        raise_at: told.raise_at,
        block_at: told.block_at,
        deny_at: told.deny_at,
        clearance: lifetime(told.clearance_lifetime).unwrap_or(shipped.clearance),
        contact_changed_days: told.contact_changed_days.into(),
        ported_days: told.ported_days.into(),
        sim_swapped_days: told.sim_swapped_days.into(),
        travel_km_per_hour: told.travel_km_per_hour,
        travel_least_km: told.travel_least_km,
        subjects_per_network: told.subjects_per_network.into(),
        subjects_per_person: told.subjects_per_person.into(),
        cases_per_source: told.cases_per_source.into(),
        pumping: told.pumping.as_ref().map_or(shipped.pumping, |pumping| PumpingRules {
            sends_per_prefix: pumping.sends_per_prefix.into(),
            sends_per_country: pumping.sends_per_country.into(),
            approved_percent: pumping.approved_percent.into(),
        }),
    }
}

/// In the order of [`crate::domain::risk::Signal`].
fn weights(told: &pb::RiskWeights) -> Weights {
    let weights = [
        told.contact_changed,
        told.number_ported,
        told.number_voip,
        told.number_premium,
        told.sim_swapped,
        told.impossible_travel,
        told.new_device,
        told.device_switched,
        told.many_subjects,
        told.many_cases,
        told.number_pumped,
    ];
    Weights(weights.map(|weight| i16::try_from(weight).unwrap_or(i16::MAX)))
}
