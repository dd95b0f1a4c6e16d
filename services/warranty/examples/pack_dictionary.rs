//! Makes a dictionary for packing decisions, of the terms, prices and plans that are shipped:
//! `cargo run --release -p support-warranty --example pack_dictionary -- services/warranty/packing/2.dictionary`.
//!
//! It asks about devices of all lines sold in all countries over six years, the countries that the terms know more often than the
//! others, and trains on what is stored of each question. The same terms on the same day give the same dictionary.

#![expect(clippy::unwrap_used, reason = "a tool fails by panicking")]
#![expect(clippy::print_stdout, reason = "what it made")]

use std::env;
use std::fs;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_warranty::domain::country::Country;
use support_warranty::domain::coverage::{Damage, decide};
use support_warranty::domain::facts::{Bar, Facts, Incidents, PartFacts, PlanHeld, Question};
use support_warranty::domain::money::{Amount, Currency};
use support_warranty::domain::plan::PlanCover;
use support_warranty::domain::product::ProductLine;
use support_warranty::domain::reproduction::seal;
use support_warranty::domain::sale::{PastRepair, Repairs, Sale};
use support_warranty::standard::plans::PLAN_TERMS;
use support_warranty::standard::{COVERAGE_TERMS, PriceBook, REPAIR_PRICES, Rulebook};
use time::{Date, Duration};

/// How long the dictionary is, in bytes: it and what is looked up in it stay in a core's cache.
const LENGTH: usize = 96 * 1024;
/// How many questions are asked about each country that the terms know, and about each other.
const QUESTIONS: (usize, usize) = (60, 4);
/// What is sold: models, and the groups that they are priced with.
const MODELS: [(&str, ProductLine, &str); 9] = [
    ("PHN-14-128", ProductLine::Phone, "phone-2022"),
    ("PHN-17-256", ProductLine::Phone, "phone-2025"),
    ("LAP-13-A", ProductLine::Laptop, "book-13"),
    ("LAP-16-C", ProductLine::Laptop, "book-16"),
    ("TAB-12-5", ProductLine::Tablet, "slate-12"),
    ("WAT-U2", ProductLine::Watch, "watch-summit"),
    ("AUD-BUDS-2", ProductLine::Audio, "buds"),
    ("DSK-MINI-4", ProductLine::Desktop, "mini"),
    ("ACC-CAM-1", ProductLine::Accessory, "camera"),
];
const COMPONENTS: [&str; 4] = ["battery", "display", "speaker", "housing"];

fn main() {
    let path = env::args().nth(1).unwrap();
    let clock = Clock::system();
    let ids = Ids::seeded("eu".parse().unwrap(), clock.clone(), 1);
    let rules = Rulebook::new(
        Standard::shipped(&COVERAGE_TERMS),
        PriceBook::new(Standard::shipped(&REPAIR_PRICES), clock.clone()),
        Standard::shipped(&PLAN_TERMS),
    );
    let today = clock.now().date();
    let mut chance = StdRng::seed_from_u64(1);
    let mut samples = Vec::new();
    for country in Country::all() {
        let terms = rules.terms(country, today);
        let is_known = terms.rules.iter().any(|rule| rule.law.is_some());
        for _ in 0..if is_known { QUESTIONS.0 } else { QUESTIONS.1 } {
            let symptoms: Vec<String> = terms.symptoms.keys().map(ToString::to_string).collect();
            let (facts, question) = ask(&mut chance, &ids, country, today, &symptoms);
            let held = rules.on(country, &facts, &question);
            let decision = decide(&held.rules(), &facts, &question).unwrap();
            samples.push(seal(&decision).unwrap().0);
            samples.push(json!({ "facts": facts, "question": question }).to_string());
        }
    }
    let dictionary = zstd::dict::from_samples(&samples, LENGTH).unwrap();
    println!("{} bytes of {} samples", dictionary.len(), samples.len());
    fs::write(path, dictionary).unwrap();
}

/// A question about a device that may have been repaired, have a plan or be locked.
fn ask(chance: &mut StdRng, ids: &Ids, country: Country, today: Date, symptoms: &[String]) -> (Facts, Question) {
    let sold = today - Duration::days(chance.random_range(0..2200));
    let (model, line, group) = MODELS.choose(chance).unwrap();
    let sale = Sale {
        day: sold,
        line: *line,
        warranty_months: if chance.random_bool(0.1) { 24 } else { 12 },
        used: chance.random_bool(0.05),
        repairs: Repairs::new(if chance.random_bool(0.1) {
            vec![PastRepair {
                received: sold,
                returned: today.min(sold + Duration::days(9)),
                components: vec!["battery".to_owned()],
            }]
        } else {
            Vec::new()
        }),
    };
    let serial_number = format!("{}{:08}", &model[..2], chance.random_range(0..99_999_999));
    let mut facts = Facts::of(sale, *model, serial_number);
    (*group).clone_into(&mut facts.unit.price_group);
    let component = COMPONENTS.choose(chance).filter(|_| chance.random_bool(0.2));
    if let Some(component) = component {
        facts.unit.parts = vec![PartFacts {
            part_number: format!("661-{:05}", chance.random_range(0..99_999)),
            component: (*component).to_owned(),
            wears: *component == "battery",
            cosmetic: *component == "housing",
        }];
    }
    if chance.random_bool(0.15) {
        facts.plans = vec![plan(ids, sold)];
    }
    if chance.random_bool(0.05) {
        facts.bars = vec![*[Bar::Lost, Bar::Stolen, Bar::Replaced].choose(chance).unwrap()];
    }
    let damage = *[
        Damage::None,
        Damage::None,
        Damage::Accidental,
        Damage::Liquid,
        Damage::Wear,
    ]
    .choose(chance)
    .unwrap();
    let question = Question {
        symptom: symptoms.choose(chance).filter(|_| chance.random_bool(0.2)).cloned(),
        component: component.map(|component| (*component).to_owned()),
        parts: facts.unit.parts.iter().map(|part| part.part_number.clone()).collect(),
        ..Question::of(today, damage, country)
    };
    (facts, question)
}

fn plan(ids: &Ids, sold: Date) -> PlanHeld {
    PlanHeld {
        plan_id: ids.next(),
        kind: "standard".to_owned(),
        version: "warranty/plan-terms@1".to_owned(),
        source: "the maker's terms of the protection plan".to_owned(),
        begins: sold,
        from: sold,
        until: Some(sold + Duration::days(730)),
        incidents: Some(Incidents {
            per_12_months: 2,
            used_on: Vec::new(),
        }),
        covers: vec![PlanCover {
            damages: vec![Damage::None, Damage::Accidental, Damage::Liquid],
            components: Vec::new(),
            fee: Amount::new(Currency::from_code("EUR").unwrap(), 9900),
        }],
    }
}
