//! The document as a decision reads it.
//!
//! Only what concerns the country is read, so the cost is that of its few rules and not of the whole world's.

mod beyond;

use std::collections::HashMap;
use std::sync::Arc;

use support_proto::support::types::v1::ProductLine as WireLine;
use support_proto::support::warranty::v1::{self as wire, CountryLaw, CoverageTerms};
use time::Date;
use time::format_description::well_known::Iso8601;

use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Outcome, Reason};
use crate::domain::product::ProductLine;
use crate::domain::terms::{Certain, Law, Length, ReturnRule, Rule, Scope, SparePartRule, Start, Terms};
use crate::wire::{read_damage, read_law_start, read_product_line, read_remedy};

/// The id of the rule that says that a country's law is not in the terms.
const ELSEWHERE: &str = "statutory-elsewhere";
/// The id of the warranty on a repair.
const REPAIR_WARRANTY: &str = "repair-warranty";
/// The id of the right to give a device back that the maker gives.
const VOLUNTARY_RETURN: &str = "voluntary-return";
/// The id of repair at a price.
const REPAIR_AT_PRICE: &str = "repair-at-price";
/// The id of the refusal of devices that were changed without authority.
const UNAUTHORISED_CHANGE: &str = "unauthorised-change";
/// The id of the refusal to repair what is gone.
const NOTHING_TO_REPAIR: &str = "nothing-to-repair";
/// The ids that are none of the document's: of what decisions weigh beside it.
pub(super) const OWN: &[&str] = &[
    ELSEWHERE,
    REPAIR_WARRANTY,
    VOLUNTARY_RETURN,
    REPAIR_AT_PRICE,
    UNAUTHORISED_CHANGE,
    NOTHING_TO_REPAIR,
    "goodwill",
    "parts-unavailable",
];
/// What the ids of bars and plans begin with in a chain.
pub(super) const OWN_PREFIXES: &[&str] = &["bar-", "plan-"];

/// The terms of `document` for sales in `country`. The order of the rules does not depend on that of the document's maps.
pub(super) fn terms(document: &CoverageTerms, version: Arc<str>, country: Country) -> Terms {
    let law = document.countries.get(country.code());
    let mut rules: Vec<Rule> = sorted(&document.limited_warranties)
        .map(|(id, promise)| limited_warranty(id, promise, country))
        .collect();
    match law {
        Some(law) => rules.extend(statutory(law)),
        None => rules.push(law_not_in_terms()),
    }
    rules.extend(document.repair_warranty.as_ref().map(repair_warranty));
    rules.extend(document.priced_repair.iter().flat_map(priced_repair));
    rules.extend(repair_duties(document, country));
    let (programs, programs_of) = beyond::programs(document);
    Terms {
        version,
        rules,
        returns: returns(document, law),
        spare_parts: law.into_iter().flat_map(spare_parts).collect(),
        programs,
        programs_of,
        goodwill: document.goodwill.as_ref().map(beyond::goodwill),
        symptoms: beyond::symptoms(document),
        activation_lock: document
            .activation_lock
            .as_ref()
            .map_or_else(Default::default, beyond::activation_lock),
        repair_terms: document.priced_repair.as_ref().map_or("", |given| &given.source).into(),
    }
}

/// A map's entries by their keys: the order of a hash map is none.
fn sorted<V>(map: &HashMap<String, V>) -> impl Iterator<Item = (&String, &V)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(id, _)| *id);
    entries.into_iter()
}

fn limited_warranty(id: &str, promise: &wire::LimitedWarranty, country: Country) -> Rule {
    let also = promise
        .also_served_in
        .iter()
        .filter_map(|code| Country::from_code(code));
    Rule {
        places: promise
            .only_where_sold
            .then(|| [country].into_iter().chain(also).collect()),
        wearing_part_months: promise.wearing_part_months.map(number),
        cosmetic_parts: promise.covers_cosmetic_parts,
        id: id.into(),
        outcome: Outcome::LimitedWarranty,
        scope: scope(&promise.sold_from, &promise.sold_until, promise.product_lines()),
        length: Length::OfProduct(number(promise.months)),
        excludes: excludes(promise.excludes()),
        granted: Reason::WithinPeriod,
        source: promise.source.as_str().into(),
        law: None,
    }
}

/// The editions of a country's law, the older one first.
fn statutory(country: &CountryLaw) -> Vec<Rule> {
    let mut editions: Vec<_> = country.editions.iter().collect();
    editions.sort_unstable_by_key(|(id, law)| (&law.sold_from, *id));
    editions
        .into_iter()
        .map(|(id, law)| Rule {
            id: id.as_str().into(),
            outcome: Outcome::StatutoryRight,
            scope: scope(&law.sold_from, &law.sold_until, law.product_lines()),
            length: Length::OfLaw(Certain {
                months: number(law.months),
                days: number(law.days),
                used_months: law.used_months.map(number),
            }),
            excludes: excludes(law.excludes()),
            granted: Reason::WithinPeriod,
            source: law.source.as_str().into(),
            places: None,
            wearing_part_months: None,
            cosmetic_parts: true,
            law: Some(Arc::new(facts(law))),
        })
        .collect()
}

fn facts(law: &wire::ConsumerLaw) -> Law {
    Law {
        starts: read_law_start(law.starts()).unwrap_or(Start::Delivery),
        length_open: law.length_open,
        limitation_months: law.limitation_months.map(number),
        burden_of_proof_months: law.burden_of_proof_months.map(number),
        used_burden_of_proof_months: law.used_burden_of_proof_months.map(number),
        notice_months: number(law.notice_months),
        remedies: law
            .remedies
            .iter()
            .map(|step| step.any_of().filter_map(read_remedy).collect())
            .collect(),
        refusal_days: number(law.refusal_days),
        suspended_during_repair: law.suspended_during_repair,
        repair_adds_months: number(law.repair_adds_months),
        repair_adds_times: number(law.repair_adds_times),
        note: law.note.clone(),
    }
}

fn law_not_in_terms() -> Rule {
    Rule {
        id: ELSEWHERE.into(),
        outcome: Outcome::StatutoryRight,
        scope: Scope::default(),
        length: Length::NotInTerms,
        excludes: Vec::new(),
        granted: Reason::WithinPeriod,
        source: "the consumer law of the country of purchase".into(),
        places: None,
        wearing_part_months: None,
        cosmetic_parts: true,
        law: None,
    }
}

fn repair_warranty(given: &wire::RepairWarranty) -> Rule {
    Rule {
        id: REPAIR_WARRANTY.into(),
        outcome: Outcome::RepairWarranty,
        scope: Scope::default(),
        length: Length::AfterRepair(number(given.days)),
        excludes: excludes(given.excludes()),
        granted: Reason::WithinPeriod,
        source: given.source.as_str().into(),
        places: None,
        wearing_part_months: None,
        cosmetic_parts: true,
        law: None,
    }
}

/// Repair at a price, and what is refused even so: always one of them applies.
fn priced_repair(given: &wire::PricedRepair) -> [Rule; 3] {
    let is_gone = |damage: &Damage| matches!(damage, Damage::Loss | Damage::Theft);
    let is_refused = |damage: &Damage| *damage == Damage::UnauthorisedChange && given.refuses_unauthorised_change;
    let open = |id: &str, outcome, excludes, granted| Rule {
        id: id.into(),
        outcome,
        scope: Scope::default(),
        length: Length::Open,
        excludes,
        granted,
        source: given.source.as_str().into(),
        places: None,
        wearing_part_months: None,
        cosmetic_parts: true,
        law: None,
    };
    let all_but = |left_out: &dyn Fn(&Damage) -> Option<Reason>| {
        let reasons = Damage::ALL.iter().map(|damage| (*damage, left_out(damage)));
        reasons
            .filter_map(|(damage, reason)| reason.map(|reason| (damage, reason)))
            .collect()
    };
    let not_priced = all_but(&|damage| match damage {
        gone if is_gone(gone) => Some(Reason::NothingToRepair),
        changed if is_refused(changed) => Some(Reason::UnauthorisedChange),
        _ => None,
    });
    let not_changed = all_but(&|damage| match damage {
        Damage::UnauthorisedChange if is_refused(damage) => None,
        Damage::UnauthorisedChange => Some(Reason::RepairAtPrice),
        _ => Some(Reason::NoUnauthorisedChange),
    });
    let not_gone = all_but(&|damage| (!is_gone(damage)).then_some(Reason::DeviceAtHand));
    let (at_price, refused) = (Outcome::OutOfWarranty, Outcome::Refused);
    [
        open(REPAIR_AT_PRICE, at_price, not_priced, Reason::RepairAtPrice),
        open(UNAUTHORISED_CHANGE, refused, not_changed, Reason::UnauthorisedChange),
        open(NOTHING_TO_REPAIR, refused, not_gone, Reason::NothingToRepair),
    ]
}

/// What the maker must repair at a price, whatever it would do of its own will.
fn repair_duties(document: &CoverageTerms, country: Country) -> impl Iterator<Item = Rule> {
    let holding = sorted(&document.repair_duties)
        .filter(move |(_, duty)| duty.country_codes.iter().any(|code| code == country.code()));
    holding.filter_map(|(id, duty)| {
        let gone = [Damage::Loss, Damage::Theft].map(|gone| (gone, Reason::NothingToRepair));
        let changed =
            (!duty.despite_repair_by_others).then_some((Damage::UnauthorisedChange, Reason::UnauthorisedChange));
        Some(Rule {
            id: id.as_str().into(),
            outcome: Outcome::OutOfWarranty,
            scope: scope(&duty.sold_from, "", duty.product_lines()),
            // Checked before a version is published; what is no day gives nothing.
            length: Length::InForceFrom(day(&duty.repaired_from)?),
            excludes: gone.into_iter().chain(changed).collect(),
            granted: Reason::DutyToRepair,
            source: duty.source.as_str().into(),
            places: None,
            wearing_part_months: None,
            cosmetic_parts: true,
            law: None,
        })
    })
}

/// The maker's own right first, then the law's.
fn returns(document: &CoverageTerms, law: Option<&CountryLaw>) -> Vec<ReturnRule> {
    let own = document
        .voluntary_return
        .iter()
        .filter(|given| given.days > 0)
        .map(|given| ReturnRule {
            id: VOLUNTARY_RETURN.into(),
            scope: Scope::default(),
            days: number(given.days),
            distance_only: false,
            way_back_free: given.maker_pays_way_back,
            source: given.source.as_str().into(),
        });
    let of_law = law.into_iter().flat_map(|law| {
        sorted(&law.withdrawals).map(|(id, right)| ReturnRule {
            id: id.as_str().into(),
            scope: scope(&right.sold_from, "", std::iter::empty()),
            days: number(right.days),
            distance_only: right.distance_only,
            way_back_free: right.seller_pays_way_back,
            source: right.source.as_str().into(),
        })
    });
    own.chain(of_law).collect()
}

fn spare_parts(law: &CountryLaw) -> impl Iterator<Item = SparePartRule> {
    sorted(&law.spare_parts).map(|(id, duty)| SparePartRule {
        id: id.as_str().into(),
        scope: scope(&duty.sold_from, "", duty.product_lines()),
        years: number(duty.years),
        source: duty.source.as_str().into(),
    })
}

fn scope(from: &str, until: &str, lines: impl Iterator<Item = WireLine>) -> Scope {
    Scope {
        from: day(from),
        until: day(until),
        lines: lines.filter_map(read_product_line).collect::<Vec<ProductLine>>(),
    }
}

fn excludes(damages: impl Iterator<Item = wire::Damage>) -> Vec<(Damage, Reason)> {
    damages
        .filter_map(read_damage)
        .filter_map(|damage| reason(damage).map(|reason| (damage, reason)))
        .collect()
}

/// The reason to give where a rule leaves the damage out; none of what it cannot leave out.
pub(super) fn reason(damage: Damage) -> Option<Reason> {
    match damage {
        Damage::None => None,
        Damage::Accidental => Some(Reason::AccidentalDamage),
        Damage::Liquid => Some(Reason::LiquidDamage),
        Damage::UnauthorisedChange => Some(Reason::UnauthorisedChange),
        Damage::Wear => Some(Reason::Wear),
        Damage::Cosmetic => Some(Reason::CosmeticDamage),
        Damage::Loss => Some(Reason::Loss),
        Damage::Theft => Some(Reason::Theft),
    }
}

/// A day as the document writes it: `2022-01-01`; none where it says nothing, or no day of the calendar.
pub(super) fn day(text: &str) -> Option<Date> {
    Date::parse(text, &Iso8601::DATE).ok()
}

/// A number that the field rules keep within bounds far below this type's.
fn number(value: i32) -> u16 {
    u16::try_from(value.max(0)).unwrap_or(u16::MAX)
}
