//! Answers.

use support_chassis::clock::timestamp;
use support_chassis::day;
use support_proto::support::warranty::v1 as warranty;

use crate::domain::coverage::{LawFacts, ReturnRight, SparePartRight, Weighed};
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
        release_date: Some(day::to_proto(product.release_date)),
        ..warranty::Product::default()
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
        purchase_date: Some(day::to_proto(device.purchase_date)),
        purchase_date_evidence: wire::evidence(device.evidence).into(),
        register_time: Some(timestamp(device.registered_at)),
        sold_used: device.sold_used,
    }
}

pub(super) fn decision(kept: Kept) -> warranty::CoverageDecision {
    let decision = kept.decision;
    warranty::CoverageDecision {
        decision_id: kept.id.to_string(),
        device_id: kept.device_id.to_string(),
        day: Some(day::to_proto(decision.day)),
        damage: wire::damage(decision.damage).into(),
        outcome: wire::outcome(decision.outcome).into(),
        covered_until: decision.covered_until.map(day::to_proto),
        days_remaining: i32::try_from(decision.days_remaining()).unwrap_or(i32::MAX),
        chain: decision.chain.into_iter().map(weighed).collect(),
        terms_version: decision.terms_version,
        decide_time: Some(timestamp(kept.decided_at)),
        return_rights: decision.returns.into_iter().map(return_right).collect(),
        spare_parts: decision.spare_parts.into_iter().map(spare_parts).collect(),
    }
}

fn weighed(weighed: Weighed) -> warranty::WeighedRule {
    warranty::WeighedRule {
        rule_id: weighed.rule_id,
        outcome: wire::outcome(weighed.outcome).into(),
        applies: weighed.applies,
        decided: weighed.decided,
        from: weighed.from.map(day::to_proto),
        until: weighed.until.map(day::to_proto),
        source: weighed.source,
        reason_key: weighed.reason_key,
        law: weighed.law.map(law),
    }
}

fn law(facts: LawFacts) -> warranty::LawFacts {
    let remedies = facts.remedies.into_iter().map(|step| warranty::RemedyStep {
        any_of: step.into_iter().map(|remedy| wire::remedy(remedy).into()).collect(),
    });
    warranty::LawFacts {
        starts: wire::law_start(facts.starts).into(),
        length_open: facts.length_open,
        limitation_until: facts.limitation_until.map(day::to_proto),
        burden_of_proof_until: facts.burden_of_proof_until.map(day::to_proto),
        notice_months: facts.notice_months.into(),
        remedies: remedies.collect(),
        refusal_until: facts.refusal_until.map(day::to_proto),
        suspended_during_repair: facts.suspended_during_repair,
        days_added: facts.days_added.into(),
        months_added: facts.months_added.into(),
        note: facts.note,
    }
}

fn return_right(right: ReturnRight) -> warranty::ReturnRight {
    warranty::ReturnRight {
        rule_id: right.rule_id,
        until: Some(day::to_proto(right.until)),
        applies: right.applies,
        distance_only: right.distance_only,
        way_back_free: right.way_back_free,
        source: right.source,
    }
}

fn spare_parts(right: SparePartRight) -> warranty::SparePartRight {
    warranty::SparePartRight {
        rule_id: right.rule_id,
        years: right.years.into(),
        source: right.source,
    }
}
