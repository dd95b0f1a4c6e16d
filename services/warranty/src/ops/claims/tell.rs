//! What is told of claims.

use support_proto::support::warranty::v1::{
    EntitlementCommitted, EntitlementExpired, EntitlementOverLimit, EntitlementReleased, EntitlementReserved,
};

use crate::domain::claim::Claim;
use crate::wire;

/// A function that makes an event of a claim: all of them say the same of it.
macro_rules! told {
    ($(#[$meta:meta])* $name:ident, $event:ident) => {
        $(#[$meta])*
        pub(super) fn $name(claim: &Claim) -> $event {
            $event {
                entitlement_id: claim.id.to_string(),
                device_id: claim.device_id.to_string(),
                outcome: wire::outcome(claim.grant.outcome).into(),
                plan_id: claim.grant.plan.map(|plan| plan.to_string()).unwrap_or_default(),
                rule_id: claim.grant.rule_id.clone().unwrap_or_default(),
            }
        }
    };
}

told!(
    /// It is reserved, or taken again.
    told_reserved,
    EntitlementReserved
);
told!(
    /// It is used.
    told_committed,
    EntitlementCommitted
);
told!(
    /// It was given back.
    told_released,
    EntitlementReleased
);
told!(
    /// It is over, and nobody finished it.
    told_expired,
    EntitlementExpired
);
told!(
    /// It is used though nothing was left.
    told_over_limit,
    EntitlementOverLimit
);
