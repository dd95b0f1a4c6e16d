//! What is sealed today is read and known again tomorrow.

mod digests;
mod earlier;

use std::collections::{BTreeMap, HashMap};

use time::Date;
use time::macros::date;

use super::*;
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Outcome, Reason};
use crate::domain::facts::{EarlierUnit, Facts, Incidents, PartFacts, PlanHeld, Question};
use crate::domain::money::{Amount, Currency, Rounding};
use crate::domain::plan::{PlanCover, PlanId, PlanOffer};
use crate::domain::prices::{ListPrice, PriceTerms, Prices, Tax, TaxTreatment};
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::{
    ActivationLock, Certain, Goodwill, Law, Length, Program, Remedy, ReturnRule, Rule, Scope, SparePartRule, Start,
    Symptom, Terms,
};

const MODEL: &str = "PHN-12-128";
const SOLD: Date = date!(2024 - 02 - 29);

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

fn euros(minor: i64) -> Amount {
    Amount::new(Currency::from_code("EUR").unwrap(), minor)
}

fn plan_id(number: u8) -> PlanId {
    format!("eu-0198f2c4-0000-7250-8000-0000000000{number:02x}")
        .parse()
        .unwrap()
}

fn rule(id: &str, outcome: Outcome, length: Length, excludes: &[(Damage, Reason)]) -> Rule {
    Rule {
        id: id.into(),
        outcome,
        scope: Scope::default(),
        length,
        excludes: excludes.to_vec(),
        granted: match outcome {
            Outcome::OutOfWarranty => Reason::RepairAtPrice,
            _ => Reason::WithinPeriod,
        },
        source: format!("the source of {id}").into(),
        places: None,
        wearing_part_months: None,
        cosmetic_parts: outcome != Outcome::LimitedWarranty,
        law: None,
    }
}

fn law() -> Law {
    Law {
        starts: Start::Delivery,
        length_open: false,
        limitation_months: Some(36),
        burden_of_proof_months: Some(12),
        used_burden_of_proof_months: Some(6),
        notice_months: 2,
        remedies: vec![
            vec![Remedy::Repair, Remedy::Replacement],
            vec![Remedy::PriceReduction, Remedy::Refund],
        ],
        refusal_days: 30,
        suspended_during_repair: true,
        repair_adds_months: 6,
        repair_adds_times: 1,
        note: "a note".to_owned(),
    }
}

/// Terms of every kind of rule, which no document says and so none changes.
#[expect(clippy::too_many_lines, reason = "one of every kind of rule")]
fn terms() -> Terms {
    let fell = [
        (Damage::Accidental, Reason::AccidentalDamage),
        (Damage::Liquid, Reason::LiquidDamage),
        (Damage::UnauthorisedChange, Reason::UnauthorisedChange),
        (Damage::Wear, Reason::Wear),
        (Damage::Cosmetic, Reason::CosmeticDamage),
        (Damage::Loss, Reason::Loss),
        (Damage::Theft, Reason::Theft),
    ];
    let gone = [(Damage::Loss, Reason::Loss), (Damage::Theft, Reason::Theft)];
    let changed = [(Damage::UnauthorisedChange, Reason::UnauthorisedChange)];
    let at_hand = [
        (Damage::None, Reason::DeviceAtHand),
        (Damage::Accidental, Reason::DeviceAtHand),
        (Damage::Liquid, Reason::DeviceAtHand),
        (Damage::UnauthorisedChange, Reason::DeviceAtHand),
        (Damage::Wear, Reason::DeviceAtHand),
        (Damage::Cosmetic, Reason::DeviceAtHand),
    ];
    let certain = Certain {
        months: 24,
        days: 0,
        used_months: Some(12),
    };
    let program = Program {
        id: "battery-program".into(),
        serials: vec![("AAAA0000".into(), "AAAA0009".into())],
        components: vec!["battery".into()],
        symptoms: vec!["drains".into()],
        excludes: gone.to_vec(),
        from: date!(2025 - 01 - 01),
        until: Some(date!(2027 - 12 - 31)),
        months_from_purchase: Some(48),
        times: 1,
        source: "the source of the program".into(),
    };
    Terms {
        activation_lock: ActivationLock {
            bars: true,
            ask: Vec::new(),
        },
        version: "warranty/coverage-terms@7+country/DE@2!9f8e7d6c".into(),
        rules: vec![
            Rule {
                places: Some(vec![country("DE"), country("FR")]),
                wearing_part_months: Some(6),
                ..rule(
                    "limited-warranty",
                    Outcome::LimitedWarranty,
                    Length::OfProduct(12),
                    &fell,
                )
            },
            Rule {
                law: Some(law().into()),
                ..rule("statutory", Outcome::StatutoryRight, Length::OfLaw(certain), &fell)
            },
            rule(
                "repair-warranty",
                Outcome::RepairWarranty,
                Length::AfterRepair(90),
                &fell,
            ),
            rule(
                "out-of-warranty",
                Outcome::OutOfWarranty,
                Length::Open,
                &[gone, [changed[0]; 2]].concat(),
            ),
            rule("nothing-to-repair", Outcome::Refused, Length::Open, &at_hand),
        ],
        returns: vec![ReturnRule {
            id: "withdrawal".into(),
            scope: Scope::default(),
            days: 14,
            distance_only: true,
            way_back_free: false,
            source: "the source of the withdrawal".into(),
        }],
        spare_parts: vec![SparePartRule {
            id: "spare-parts".into(),
            scope: Scope::default(),
            years: 7,
            source: "the source of the duty".into(),
        }],
        programs: vec![program],
        programs_of: HashMap::from([(MODEL.into(), vec![0])]),
        goodwill: Some(Goodwill {
            days: 60,
            times: 1,
            limits: BTreeMap::from([(Currency::from_code("EUR").unwrap(), 30_000)]),
            excludes: fell.to_vec(),
            source: "the source of good will".into(),
        }),
        symptoms: HashMap::from([(
            "drains".into(),
            Symptom {
                components: vec!["battery".into()],
                ask: vec!["coverage.ask.since_when".into()],
            },
        )]),
        repair_terms: "the terms of repair".into(),
    }
}

fn prices() -> Prices {
    let terms = PriceTerms {
        currency: Currency::from_code("EUR").unwrap(),
        tax: Tax {
            name: "VAT".to_owned(),
            basis_points: 1900,
            treatment: TaxTreatment::Added,
            source: "an act".to_owned(),
        },
        rounding: Rounding::HalfUp,
        step: 100,
        source: "a list".to_owned(),
    };
    let price = |any| ListPrice {
        any,
        by_damage: vec![(Damage::Liquid, any + 5000)],
    };
    let list = [
        ("phone-12", "whole-unit", price(40_000)),
        ("phone-12", "battery", price(7000)),
    ];
    Prices::new("warranty/repair-prices@3".to_owned(), terms, list)
}

fn cover(damages: &[Damage], fee: i64) -> PlanCover {
    PlanCover {
        damages: damages.to_vec(),
        components: Vec::new(),
        fee: euros(fee),
    }
}

fn offers() -> Vec<PlanOffer> {
    vec![PlanOffer {
        kind: "standard".to_owned(),
        months: Some(36),
        incidents_per_12_months: Some(2),
        covers: vec![cover(&[Damage::Accidental, Damage::Liquid], 2900)],
        version: "warranty/plan-terms@2".to_owned(),
        source: "the terms of plans".to_owned(),
    }]
}

/// A telephone sold new on a leap day, of which nothing else is known.
fn facts() -> Facts {
    let sale = Sale {
        day: SOLD,
        line: ProductLine::Phone,
        warranty_months: 12,
        used: false,
        repairs: Repairs::default(),
    };
    let mut facts = Facts::of(sale, MODEL, "AAAA0001");
    facts.unit.price_group = "phone-12".to_owned();
    facts.unit.parts = [("P-BAT", "battery", true, false), ("P-RIM", "camera", false, true)]
        .map(|(part_number, component, wears, cosmetic)| PartFacts {
            part_number: part_number.to_owned(),
            component: component.to_owned(),
            wears,
            cosmetic,
        })
        .into();
    facts
}

/// A plan from the day of the sale, of which one incident was used.
fn plan() -> PlanHeld {
    PlanHeld {
        plan_id: plan_id(1),
        kind: "theft-and-loss".to_owned(),
        version: "warranty/plan-terms@2".to_owned(),
        source: "the terms of plans".to_owned(),
        begins: SOLD,
        from: SOLD,
        until: Some(date!(2027 - 02 - 28)),
        incidents: Some(Incidents {
            per_12_months: 2,
            used_on: vec![date!(2026 - 05 - 01)],
        }),
        covers: vec![
            cover(&[Damage::Accidental], 2900),
            cover(&[Damage::Theft, Damage::Loss], 14_900),
        ],
    }
}

fn question(day: Date, damage: Damage) -> Question {
    Question::of(day, damage, country("DE"))
}
