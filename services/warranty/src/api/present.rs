//! Answers.

use support_chassis::clock::timestamp;
use support_proto::support::warranty::v1 as warranty;

use crate::domain::coverage::Weighed;
use crate::domain::product::Product;
use crate::ops::Viewer;
use crate::store::decisions::Kept;
use crate::store::devices::Registered;
use crate::wire;

pub(super) fn product(product: Product) -> warranty::Product {
    warranty::Product {
        product_id: product.id.to_string(),
        model_code: product.model_code,
        name: product.name,
        product_line: wire::product_line(product.product_line).into(),
        limited_warranty_months: product.limited_warranty_months.into(),
        release_date: Some(wire::date(product.release_date)),
    }
}

/// A device as `viewer` may see it.
pub(super) fn device(registered: Registered, viewer: &Viewer) -> warranty::Device {
    let device = registered.device;
    let owner = device.owner.filter(|_| viewer.sees_owner());
    warranty::Device {
        device_id: device.id.to_string(),
        product: Some(product(registered.product)),
        serial_number: device.serial_number,
        owner_customer_id: owner.map(|owner| owner.to_string()).unwrap_or_default(),
        purchase_country_code: device.purchase_country.code().to_owned(),
        purchase_date: Some(wire::date(device.purchase_date)),
        purchase_date_evidence: wire::evidence(device.evidence).into(),
        register_time: Some(timestamp(device.registered_at)),
    }
}

pub(super) fn decision(kept: Kept) -> warranty::CoverageDecision {
    let decision = kept.decision;
    warranty::CoverageDecision {
        decision_id: kept.id.to_string(),
        device_id: kept.device_id.to_string(),
        day: Some(wire::date(decision.day)),
        damage: wire::damage(decision.damage).into(),
        outcome: wire::outcome(decision.outcome).into(),
        covered_until: decision.covered_until.map(wire::date),
        days_remaining: i32::try_from(decision.days_remaining()).unwrap_or(i32::MAX),
        chain: decision.chain.into_iter().map(weighed).collect(),
        terms_version: decision.terms_version.into_owned(),
        decide_time: Some(timestamp(kept.decided_at)),
    }
}

fn weighed(weighed: Weighed) -> warranty::WeighedRule {
    warranty::WeighedRule {
        rule_id: weighed.rule_id.into_owned(),
        outcome: wire::outcome(weighed.outcome).into(),
        applies: weighed.applies,
        decided: weighed.decided,
        from: weighed.from.map(wire::date),
        until: weighed.until.map(wire::date),
        source: weighed.source.into_owned(),
        reason_key: weighed.reason_key.into_owned(),
    }
}
