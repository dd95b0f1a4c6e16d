//! Answers.

use std::sync::Arc;

use std::fmt::Write as _;

use support_chassis::clock::timestamp;
use support_chassis::day;
use support_proto::support::warranty::v1 as warranty;

use crate::domain::coverage::{LawFacts, PartDecision, PlanDifference, ReturnRight, SparePartRight, Weighed};
use crate::domain::product::Product;
use crate::domain::reproduction::{Reproduction, Seal};
use crate::store::decisions::Kept;
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

/// What became of making a decision again.
pub(super) fn reproduction(of: Reproduction, stored: Seal) -> warranty::Reproduction {
    use warranty::ReproductionState as State;
    let (state, digest) = match of {
        Reproduction::Same(digest) => (State::Same, Some(digest)),
        Reproduction::Different(digest) => (State::Different, Some(digest)),
        Reproduction::EarlierEngine(digest) => (State::EarlierEngine, Some(digest)),
        Reproduction::RulesUnknown => (State::RulesUnknown, None),
        Reproduction::NotRecorded => (State::NotRecorded, None),
    };
    warranty::Reproduction {
        state: state.into(),
        stored_digest: stored.digest.map(hex).unwrap_or_default(),
        digest: digest.map(hex).unwrap_or_default(),
    }
}

fn hex(digest: [u8; 32]) -> String {
    let mut text = String::with_capacity(2 * digest.len());
    for byte in digest {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub(super) fn decision(kept: Kept) -> warranty::CoverageDecision {
    let decision = kept.decision;
    let days_remaining = i32::try_from(decision.days_remaining()).unwrap_or(i32::MAX);
    let version = decision.terms_version;
    let texts = |texts: Vec<Arc<str>>| texts.iter().map(ToString::to_string).collect();
    warranty::CoverageDecision {
        decision_id: kept.id.to_string(),
        device_id: kept.device_id.to_string(),
        day: Some(day::to_proto(decision.day)),
        damage: wire::damage(decision.damage).into(),
        outcome: wire::outcome(decision.outcome).into(),
        covered_until: decision.covered_until.map(day::to_proto),
        days_remaining,
        chain: chain(&decision.chain, &version),
        parts: decision.parts.into_iter().map(|one| part(one, &version)).collect(),
        terms_version: version.to_string(),
        decide_time: Some(timestamp(kept.decided_at)),
        return_rights: decision.returns.iter().map(return_right).collect(),
        spare_parts: decision.spare_parts.iter().map(spare_parts).collect(),
        place_country_code: decision.place.code().to_owned(),
        symptom: decision.symptom.unwrap_or_default(),
        component: decision.component.unwrap_or_default(),
        pays: Some(wire::pays(decision.pays)),
        price: decision.price.map(wire::money),
        uses: Some(wire::uses(&decision.uses)),
        incidents_left: decision.incidents_left.map(i32::from),
        plans_would_have: decision.plans_would_have.into_iter().map(difference).collect(),
        likely_components: texts(decision.likely_components),
        ask_keys: texts(decision.ask),
        sentence: None,
    }
}

/// A chain of a decision by the terms of `version`.
fn chain(chain: &[Weighed], version: &str) -> Vec<warranty::WeighedRule> {
    chain.iter().map(|one| weighed(one, version)).collect()
}

fn weighed(weighed: &Weighed, version: &str) -> warranty::WeighedRule {
    warranty::WeighedRule {
        rule_id: weighed.rule_id.to_string(),
        outcome: wire::outcome(weighed.outcome).into(),
        applies: weighed.applies,
        decided: weighed.decided,
        from: weighed.from.map(day::to_proto),
        until: weighed.until.map(day::to_proto),
        source: weighed.source.to_string(),
        reason_key: weighed.reason.as_str().to_owned(),
        law: weighed.law.as_ref().map(law),
        version: weighed.version.as_deref().unwrap_or(version).to_owned(),
        pays: Some(wire::pays(weighed.pays)),
        uses: Some(wire::uses(&weighed.uses)),
        incidents_left: weighed.incidents_left.map(i32::from),
        suspended: weighed.suspended,
        sentence: None,
    }
}

fn part(part: PartDecision, version: &str) -> warranty::PartDecision {
    warranty::PartDecision {
        part_number: part.part_number,
        component: part.component,
        outcome: wire::outcome(part.outcome).into(),
        covered_until: part.covered_until.map(day::to_proto),
        pays: Some(wire::pays(part.pays)),
        price: part.price.map(wire::money),
        uses: Some(wire::uses(&part.uses)),
        incidents_left: part.incidents_left.map(i32::from),
        chain: chain(&part.chain, version),
        wears: part.wears,
        cosmetic: part.cosmetic,
        sentence: None,
    }
}

fn difference(plan: PlanDifference) -> warranty::PlanDifference {
    warranty::PlanDifference {
        plan_kind: plan.kind,
        pays: Some(wire::pays(plan.pays)),
        saves: plan.saves.map(wire::money),
        covered_until: plan.until.map(day::to_proto),
        version: plan.version,
        source: plan.source,
    }
}

fn law(facts: &LawFacts) -> warranty::LawFacts {
    let law = &facts.law;
    let remedies = law.remedies.iter().map(|step| warranty::RemedyStep {
        any_of: step.iter().map(|remedy| wire::remedy(*remedy).into()).collect(),
    });
    warranty::LawFacts {
        starts: wire::law_start(law.starts).into(),
        length_open: law.length_open,
        limitation_until: facts.limitation_until.map(day::to_proto),
        burden_of_proof_until: facts.burden_of_proof_until.map(day::to_proto),
        notice_months: law.notice_months.into(),
        remedies: remedies.collect(),
        refusal_until: facts.refusal_until.map(day::to_proto),
        suspended_during_repair: law.suspended_during_repair,
        days_added: facts.days_added.into(),
        months_added: facts.months_added.into(),
        note: law.note.clone(),
    }
}

fn return_right(right: &ReturnRight) -> warranty::ReturnRight {
    warranty::ReturnRight {
        rule_id: right.rule_id.to_string(),
        until: Some(day::to_proto(right.until)),
        applies: right.applies,
        distance_only: right.distance_only,
        way_back_free: right.way_back_free,
        source: right.source.to_string(),
    }
}

fn spare_parts(right: &SparePartRight) -> warranty::SparePartRight {
    warranty::SparePartRight {
        rule_id: right.rule_id.to_string(),
        years: right.years.into(),
        source: right.source.to_string(),
    }
}
