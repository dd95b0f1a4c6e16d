//! Small random worlds: terms, prices and plans for Germany or the United States, and what is known of a telephone there.

use std::sync::Arc;

use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::{Date, Duration};

use super::country;
use crate::domain::coverage::{Damage, Decision, Outcome, Reason, Undecided, decide};
use crate::domain::facts::{Bar, Facts, Incidents, PartFacts, PlanHeld, Question, Rules, Unit, Used};
use crate::domain::money::{Amount, Currency, Rounding};
use crate::domain::plan::{PlanCover, PlanId, PlanOffer};
use crate::domain::prices::{ListPrice, PriceTerms, Prices, Tax, TaxTreatment};
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::{
    ActivationLock, Certain, Goodwill, Law, Length, Program, Remedy, Rule, Scope, Start, Symptom, Terms,
};

pub(super) const MODEL: &str = "PHN-12-128";
pub(super) const GROUP: &str = "phone-12";
pub(super) const COMPONENTS: [&str; 3] = ["battery", "display", "camera"];
pub(super) const SYMPTOMS: [&str; 2] = ["drains", "dark"];
/// The first day in these worlds.
const BEGIN: i32 = 2_460_000;
/// For how many days they go on.
const SPAN: i64 = 1500;

/// Everything that a decision goes by.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) terms: Terms,
    pub(super) prices: Prices,
    pub(super) offers: Vec<PlanOffer>,
    pub(super) facts: Facts,
    pub(super) question: Question,
}

impl World {
    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            terms: &self.terms,
            prices: &self.prices,
            offers: &self.offers,
        }
    }

    pub(super) fn decide(&self) -> Result<Decision, Undecided> {
        decide(&self.rules(), &self.facts, &self.question)
    }

    /// The same world on another day of the question.
    pub(super) fn on(&self, day: Date) -> Self {
        let mut other = self.clone();
        other.question.day = day;
        other
    }
}

pub(super) fn euros(minor: i64) -> Amount {
    amount("EUR", minor)
}

pub(super) fn amount(code: &str, minor: i64) -> Amount {
    Amount::new(Currency::from_code(code).unwrap(), minor)
}

/// Prices in euros, by component or for the `whole-unit`.
pub(super) fn prices_of(list: &[(&str, i64)]) -> Prices {
    let terms = PriceTerms {
        currency: Currency::from_code("EUR").unwrap(),
        tax: Tax {
            name: "VAT".to_owned(),
            basis_points: 0,
            treatment: TaxTreatment::InList,
            source: "a test".to_owned(),
        },
        rounding: Rounding::HalfUp,
        step: 1,
        source: "a test".to_owned(),
    };
    let price = |any| ListPrice {
        any,
        by_damage: Vec::new(),
    };
    let list = list.iter().map(|(component, minor)| (GROUP, *component, price(*minor)));
    Prices::new("prices@1".to_owned(), terms, list)
}

pub(super) fn plan_id() -> PlanId {
    Ids::new("eu".parse().unwrap(), Clock::system()).next()
}

/// A telephone sold new on `day`, without anything else known.
pub(super) fn phone_facts(day: Date) -> Facts {
    let sale = Sale {
        day,
        line: ProductLine::Phone,
        warranty_months: 12,
        used: false,
        repairs: Repairs::default(),
    };
    let mut facts = Facts::of(sale, MODEL, "AAAA0001");
    facts.unit.price_group = GROUP.to_owned();
    facts.unit.parts = parts();
    facts
}

/// A part of each component, one that wears, one for looks.
pub(super) fn parts() -> Vec<PartFacts> {
    [
        ("P-BAT", "battery", true, false),
        ("P-DIS", "display", false, false),
        ("P-CAM", "camera", false, false),
        ("P-RIM", "camera", false, true),
    ]
    .map(|(part_number, component, wears, cosmetic)| PartFacts {
        part_number: part_number.to_owned(),
        component: component.to_owned(),
        wears,
        cosmetic,
    })
    .into()
}

fn days() -> impl Strategy<Value = Date> {
    (0..SPAN).prop_map(|days| Date::from_julian_day(BEGIN).unwrap() + Duration::days(days))
}

fn later() -> impl Strategy<Value = Option<Date>> {
    prop::option::weighted(0.7, days())
}

pub(super) fn damages() -> impl Strategy<Value = Damage> {
    prop_oneof![1 => Just(Damage::None), 1 => prop::sample::select(Damage::ALL)]
}

fn some_damages() -> impl Strategy<Value = Vec<Damage>> {
    prop::sample::subsequence(Damage::ALL, 1..Damage::ALL.len())
}

pub(super) fn reason_of(damage: Damage) -> Reason {
    match damage {
        Damage::None => Reason::DeviceAtHand,
        Damage::Accidental => Reason::AccidentalDamage,
        Damage::Liquid => Reason::LiquidDamage,
        Damage::UnauthorisedChange => Reason::UnauthorisedChange,
        Damage::Wear => Reason::Wear,
        Damage::Cosmetic => Reason::CosmeticDamage,
        Damage::Loss => Reason::Loss,
        Damage::Theft => Reason::Theft,
    }
}

fn excludes() -> impl Strategy<Value = Vec<(Damage, Reason)>> {
    prop::sample::subsequence(&Damage::ALL[1..], 0..Damage::ALL.len())
        .prop_map(|left_out| left_out.into_iter().map(|damage| (damage, reason_of(damage))).collect())
}

/// Nothing, more often than not.
fn few_excludes() -> impl Strategy<Value = Vec<(Damage, Reason)>> {
    prop_oneof![2 => Just(Vec::new()), 1 => excludes()]
}

fn components() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![2 => Just(Vec::new()), 3 => prop::sample::subsequence(&COMPONENTS[..], 1..3)]
}

fn texts(texts: &[&str]) -> Vec<Arc<str>> {
    texts.iter().map(|text| (*text).into()).collect()
}

pub(super) fn laws() -> impl Strategy<Value = Law> {
    (
        any::<bool>(),
        prop::option::of(1..60_u16),
        any::<bool>(),
        0..7_u16,
        0..3_u16,
    )
        .prop_map(
            |(length_open, limitation_months, suspended_during_repair, repair_adds_months, repair_adds_times)| Law {
                starts: Start::Delivery,
                length_open,
                limitation_months,
                burden_of_proof_months: None,
                notice_months: 0,
                remedies: vec![vec![Remedy::Repair]],
                refusal_days: 0,
                suspended_during_repair,
                repair_adds_months,
                repair_adds_times,
                used_burden_of_proof_months: None,
                note: String::new(),
            },
        )
}

/// A rule that gives something, under the id `id`.
pub(super) fn rights(id: &'static str) -> impl Strategy<Value = Rule> {
    let of_law =
        (0..24_u16, 0..60_u16, prop::option::of(0..20_u16), laws()).prop_map(|(months, days, used_months, law)| {
            let certain = Certain {
                months,
                days,
                used_months,
            };
            (Outcome::StatutoryRight, Length::OfLaw(certain), Some(Arc::new(law)))
        });
    let kinds = prop_oneof![
        (0..24_u16).prop_map(|months| (Outcome::LimitedWarranty, Length::OfProduct(months), None)),
        of_law,
        (0..400_u16).prop_map(|days| (Outcome::RepairWarranty, Length::AfterRepair(days), None)),
    ];
    let places = prop::option::weighted(0.3, Just(vec![country("DE")]));
    let lines = prop::sample::select(vec![vec![], vec![ProductLine::Phone], vec![ProductLine::Watch]]);
    (
        kinds,
        (later(), later(), lines),
        few_excludes(),
        places,
        prop::option::weighted(0.3, 1..20_u16),
        any::<bool>(),
    )
        .prop_map(
            move |((outcome, length, law), (from, until, lines), excludes, places, wearing, cosmetic_parts)| Rule {
                id: id.into(),
                outcome,
                scope: Scope {
                    from: from.min(until),
                    until,
                    lines,
                },
                length,
                excludes,
                granted: Reason::WithinPeriod,
                source: "a test".into(),
                // Only the limited warranty knows places and kinds of parts.
                places: places.filter(|_| outcome == Outcome::LimitedWarranty),
                wearing_part_months: wearing.filter(|_| outcome == Outcome::LimitedWarranty),
                cosmetic_parts: cosmetic_parts || outcome != Outcome::LimitedWarranty,
                law,
            },
        )
}

pub(super) fn programs(id: &'static str) -> impl Strategy<Value = Program> {
    let serials = prop::sample::select(vec![
        vec![],
        vec![("AAAA0000", "AAAA0009")],
        vec![("AAAA00000", "AAAA00099"), ("BBBB0000", "BBBB9999")],
    ]);
    let symptoms = prop::sample::select(vec![vec![], vec!["drains"], vec!["dark"]]);
    (
        serials,
        components(),
        symptoms,
        excludes(),
        days(),
        prop::option::of(0..900_i64),
        prop::option::of(1..40_u16),
        1..3_u16,
    )
        .prop_map(
            move |(serials, components, symptoms, excludes, from, lasts, months_from_purchase, times)| Program {
                id: id.into(),
                serials: serials
                    .into_iter()
                    .map(|(first, last)| (first.into(), last.into()))
                    .collect(),
                components: texts(&components),
                symptoms: texts(&symptoms),
                excludes,
                from,
                until: lasts.map(|days| from + Duration::days(days)),
                months_from_purchase,
                times,
                source: "a test".into(),
            },
        )
}

pub(super) fn goodwill() -> impl Strategy<Value = Goodwill> {
    (
        0..500_u16,
        0..4_u16,
        prop::option::weighted(0.8, 50..300_i64),
        few_excludes(),
    )
        .prop_map(|(days, times, limit, excludes)| Goodwill {
            days,
            times,
            limits: limit
                .map(|limit| (Currency::from_code("EUR").unwrap(), limit))
                .into_iter()
                .collect(),
            excludes,
            source: "a test".into(),
        })
}

fn covers() -> impl Strategy<Value = Vec<PlanCover>> {
    let fees = prop_oneof![3 => (0..300_i64).prop_map(euros), 1 => (0..300_i64).prop_map(|fee| amount("USD", fee))];
    let cover = (some_damages(), components(), fees).prop_map(|(damages, components, fee)| PlanCover {
        damages,
        components: components.into_iter().map(str::to_owned).collect(),
        fee,
    });
    prop::collection::vec(cover, 1..4)
}

pub(super) fn plans(kind: &'static str) -> impl Strategy<Value = PlanHeld> {
    let incidents = prop::option::of((0..3_u16, prop::collection::vec(days(), 0..4)));
    (days(), prop::option::of(0..900_i64), incidents, covers()).prop_map(move |(from, lasts, incidents, covers)| {
        PlanHeld {
            plan_id: plan_id(),
            kind: kind.to_owned(),
            version: "plans@1".to_owned(),
            source: "a test".to_owned(),
            begins: from,
            from,
            until: lasts.map(|days| from + Duration::days(days)),
            incidents: incidents.map(|(per_12_months, used_on)| Incidents { per_12_months, used_on }),
            covers,
        }
    })
}

fn offers() -> impl Strategy<Value = Vec<PlanOffer>> {
    let offer = (
        prop::sample::select(vec!["basic", "full", "other"]),
        prop::option::of(1..40_u16),
        covers(),
    );
    prop::collection::vec(offer, 0..3).prop_map(|offers| {
        let offers = offers.into_iter().map(|(kind, months, covers)| PlanOffer {
            kind: kind.to_owned(),
            months,
            incidents_per_12_months: None,
            covers,
            version: "plans@1".to_owned(),
            source: "a test".to_owned(),
        });
        offers.collect()
    })
}

pub(super) fn prices() -> impl Strategy<Value = Prices> {
    prop::sample::subsequence(
        vec![("whole-unit", 250), ("battery", 70), ("display", 150), ("camera", 0)],
        0..=4,
    )
    .prop_map(|list| prices_of(&list))
}

/// Repair at a price and two refusals, as the terms have them: one of the three applies.
fn last_resorts() -> Vec<Rule> {
    let all_but = |kept: &[Damage]| -> Vec<(Damage, Reason)> {
        let left_out = Damage::ALL.iter().filter(|damage| !kept.contains(damage));
        left_out.map(|damage| (*damage, reason_of(*damage))).collect()
    };
    let changed = [Damage::UnauthorisedChange];
    let gone = [Damage::Loss, Damage::Theft];
    let only = |kept: &[Damage]| {
        kept.iter()
            .map(|damage| (*damage, reason_of(*damage)))
            .collect::<Vec<_>>()
    };
    let rule = |id: &str, outcome, excludes, granted| Rule {
        id: id.into(),
        outcome,
        scope: Scope::default(),
        length: Length::Open,
        excludes,
        granted,
        source: "a test".into(),
        places: None,
        wearing_part_months: None,
        cosmetic_parts: true,
        law: None,
    };
    let unpriced = [only(&changed), only(&gone)].concat();
    vec![
        rule(
            "repair-at-price",
            Outcome::OutOfWarranty,
            unpriced,
            Reason::RepairAtPrice,
        ),
        rule(
            "unauthorised-change",
            Outcome::Refused,
            all_but(&changed),
            Reason::UnauthorisedChange,
        ),
        rule(
            "nothing-to-repair",
            Outcome::Refused,
            all_but(&gone),
            Reason::NothingToRepair,
        ),
    ]
}

/// A duty to repair at a price, from a day on.
pub(super) fn duties(id: &'static str) -> impl Strategy<Value = Rule> {
    let lines = prop::sample::select(vec![vec![], vec![ProductLine::Phone], vec![ProductLine::Watch]]);
    (days(), later(), lines, excludes()).prop_map(move |(first, from, lines, excludes)| Rule {
        id: id.into(),
        outcome: Outcome::OutOfWarranty,
        scope: Scope {
            from,
            until: None,
            lines,
        },
        length: Length::InForceFrom(first),
        excludes,
        granted: Reason::DutyToRepair,
        source: "a test".into(),
        places: None,
        wearing_part_months: None,
        cosmetic_parts: true,
        law: None,
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    let rights = (
        prop::option::of(rights("one")),
        prop::option::of(rights("two")),
        prop::option::of(rights("three")),
    );
    let programs = (
        prop::option::of(programs("first")),
        prop::option::of(programs("second")),
    );
    let duty = prop::option::of(duties("duty"));
    let goodwill = prop::option::weighted(0.8, goodwill());
    (rights, programs, goodwill, duty, any::<bool>()).prop_map(
        |((one, two, three), (first, second), goodwill, duty, lock_bars)| {
            let mut terms = Terms {
                version: "terms@1".into(),
                rules: one.into_iter().chain(two).chain(three).collect(),
                returns: Vec::new(),
                spare_parts: Vec::new(),
                programs: first.into_iter().chain(second).collect(),
                programs_of: std::collections::HashMap::new(),
                goodwill,
                symptoms: SYMPTOMS
                    .iter()
                    .zip([vec!["battery"], vec!["display", "camera"]])
                    .map(|(code, components)| {
                        let symptom = Symptom {
                            components: texts(&components),
                            ask: texts(&["coverage.ask.since_when"]),
                        };
                        ((*code).into(), symptom)
                    })
                    .collect(),
                repair_terms: "a test".into(),
                activation_lock: ActivationLock {
                    bars: lock_bars,
                    ask: Vec::new(),
                },
            };
            terms
                .programs_of
                .insert(MODEL.into(), (0..terms.programs.len()).collect());
            terms.rules.extend(last_resorts());
            terms.rules.extend(duty);
            terms
        },
    )
}

pub(super) fn repairs() -> impl Strategy<Value = PastRepair> {
    (days(), 0..30_i64, components()).prop_map(|(received, away, components)| PastRepair {
        received,
        returned: received + Duration::days(away),
        components: components.into_iter().map(str::to_owned).collect(),
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let sale = (
        days(),
        prop::sample::select(vec![ProductLine::Phone, ProductLine::Watch]),
        0..30_u8,
        any::<bool>(),
        prop::collection::vec(repairs(), 0..4),
    );
    let plans = (prop::option::of(plans("basic")), prop::option::of(plans("full")));
    let used = (
        prop::collection::vec(prop::sample::select(vec!["first", "second"]), 0..3),
        prop::collection::vec(days(), 0..3),
    );
    let bars = prop_oneof![5 => Just(Vec::new()), 1 => prop::sample::subsequence(Bar::ALL, 1..3)];
    let serials = prop::sample::select(vec!["AAAA0005", "BBBB1111", "CCCC2222"]);
    (sale, plans, used, bars, serials, prop::option::weighted(0.2, days())).prop_map(
        |(
            (day, line, warranty_months, used, repairs),
            (basic, full),
            (programs, goodwill_on),
            bars,
            serial,
            obsolete_from,
        )| {
            let repairs = repairs.into_iter().filter(|repair| day <= repair.received);
            Facts {
                sale: Sale {
                    day,
                    line,
                    warranty_months,
                    used,
                    repairs: Repairs::new(repairs.collect()),
                },
                unit: Unit {
                    model_code: MODEL.to_owned(),
                    serial_number: serial.to_owned(),
                    price_group: GROUP.to_owned(),
                    parts: parts(),
                    obsolete_from,
                    earlier: Vec::new(),
                },
                plans: basic.into_iter().chain(full).collect(),
                used: Used {
                    programs: programs.into_iter().map(str::to_owned).collect(),
                    goodwill_on,
                },
                bars,
            }
        },
    )
}

fn questions() -> impl Strategy<Value = Question> {
    let of = |codes: &'static [&'static str]| prop::option::of(prop::sample::select(codes).prop_map(str::to_owned));
    let places = prop::sample::select(vec!["DE", "US"]);
    let parts = prop::sample::subsequence(vec!["P-BAT", "P-DIS", "P-CAM", "P-RIM"], 0..=4);
    (days(), damages(), places, of(&SYMPTOMS), of(&COMPONENTS), parts).prop_map(
        |(day, damage, place, symptom, component, parts)| Question {
            day,
            damage,
            place: country(place),
            symptom,
            component,
            parts: parts.into_iter().map(str::to_owned).collect(),
        },
    )
}

/// A world in which something can be decided: the day is not before the sale.
pub(super) fn worlds() -> impl Strategy<Value = World> {
    (terms(), prices(), offers(), facts(), questions()).prop_map(|(terms, prices, offers, facts, mut question)| {
        if question.day < facts.sale.day {
            question.day = facts.sale.day + (facts.sale.day - question.day);
        }
        World {
            terms,
            prices,
            offers,
            facts,
            question,
        }
    })
}
