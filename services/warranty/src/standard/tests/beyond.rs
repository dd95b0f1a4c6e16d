//! Service programs, good will, symptoms, places and parts.

use support_proto::support::warranty::v1::{
    CoverageTerms, Damage as WireDamage, Goodwill, LimitedWarranty, SerialRange, ServiceProgram, Symptom,
};
use time::macros::date;

use super::{Change, PROMISE, terms};
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, decide};
use crate::domain::facts::{Bar, Facts, PartFacts, Question, Rules};
use crate::domain::money::{Currency, Rounding};
use crate::domain::prices::{ListPrice, PriceTerms, Prices, Tax, TaxTreatment};
use crate::domain::product::ProductLine;
use crate::domain::sale::{Repairs, Sale};

fn program(terms: &mut CoverageTerms) -> &mut ServiceProgram {
    terms.service_programs.get_mut("battery-phone-14").unwrap()
}

fn serials(terms: &mut CoverageTerms) -> &mut SerialRange {
    &mut program(terms).serial_ranges[0]
}

fn goodwill(terms: &mut CoverageTerms) -> &mut Goodwill {
    terms.goodwill.as_mut().unwrap()
}

fn symptom(terms: &mut CoverageTerms) -> &mut Symptom {
    terms.symptoms.get_mut("battery-drains-fast").unwrap()
}

fn promise(terms: &mut CoverageTerms) -> &mut LimitedWarranty {
    terms.limited_warranties.get_mut(PROMISE).unwrap()
}

/// One change of each field.
pub(super) const CHANGES: &[Change] = &[
    ("CoverageTerms.service_programs", |terms| terms.service_programs.clear()),
    ("CoverageTerms.goodwill", |terms| terms.goodwill = None),
    ("CoverageTerms.symptoms", |terms| terms.symptoms.clear()),
    ("ServiceProgram.model_codes", |terms| {
        program(terms).model_codes = vec!["PHN-17-256".to_owned()];
    }),
    ("ServiceProgram.serial_ranges", |terms| {
        program(terms).serial_ranges.remove(0);
    }),
    ("ServiceProgram.components", |terms| {
        program(terms).components = vec!["camera".to_owned()];
    }),
    ("ServiceProgram.symptoms", |terms| {
        program(terms).symptoms = vec!["gets-hot".to_owned()];
    }),
    ("ServiceProgram.excludes", |terms| {
        program(terms).excludes.clear();
    }),
    ("ServiceProgram.from", |terms| {
        program(terms).from = "2024-02-06".to_owned();
    }),
    ("ServiceProgram.until", |terms| {
        program(terms).until = "2030-12-31".to_owned();
    }),
    ("ServiceProgram.months_from_purchase", |terms| {
        program(terms).months_from_purchase = Some(240);
    }),
    ("ServiceProgram.times", |terms| program(terms).times = 2),
    ("ServiceProgram.source", |terms| {
        program(terms).source = "another paper".to_owned();
    }),
    ("SerialRange.first", |terms| {
        serials(terms).first = "HP14B00000".to_owned();
    }),
    ("SerialRange.last", |terms| {
        serials(terms).last = "HP14A00000".to_owned();
    }),
    ("Goodwill.days", |terms| goodwill(terms).days = 60),
    ("Goodwill.times", |terms| goodwill(terms).times = 2),
    ("Goodwill.limits", |terms| {
        goodwill(terms).limits.remove("EUR");
    }),
    ("Goodwill.excludes", |terms| goodwill(terms).excludes.clear()),
    ("Goodwill.source", |terms| {
        goodwill(terms).source = "another paper".to_owned();
    }),
    ("GoodwillLimit.minor_units", |terms| {
        goodwill(terms).limits.get_mut("EUR").unwrap().minor_units = 1;
    }),
    ("Symptom.components", |terms| {
        symptom(terms).components = vec!["camera".to_owned()];
    }),
    ("Symptom.ask_keys", |terms| symptom(terms).ask_keys.clear()),
    ("CoverageTerms.activation_lock", |terms| terms.activation_lock = None),
    ("ActivationLock.bars_repair", |terms| {
        terms.activation_lock.as_mut().unwrap().bars_repair = true;
    }),
    ("ActivationLock.ask_keys", |terms| {
        terms.activation_lock.as_mut().unwrap().ask_keys.clear();
    }),
];

/// What the field rules cannot say: a change that breaks it, with the path of its field, and the fault.
pub(super) const WRONG: &[(Change, &str)] = &[
    (
        ("limited_warranties[\"limited-warranty\"].also_served_in[0]", |terms| {
            promise(terms).also_served_in = vec!["UK".to_owned()];
        }),
        "is no country of ISO 3166-1",
    ),
    (
        ("service_programs[\"bar-of-soap\"]", |terms| {
            let program = terms.service_programs.remove("battery-phone-14").unwrap();
            terms.service_programs.insert("bar-of-soap".to_owned(), program);
        }),
        "begins with bar-, as what decisions weigh beside the terms",
    ),
    (
        ("service_programs[\"goodwill\"]", |terms| {
            let program = terms.service_programs.remove("battery-phone-14").unwrap();
            terms.service_programs.insert("goodwill".to_owned(), program);
        }),
        "has the id of the terms themselves",
    ),
    (
        ("service_programs[\"battery-phone-14\"].from", |terms| {
            program(terms).from = "2024-02-30".to_owned();
        }),
        "is no day of the calendar",
    ),
    (
        ("service_programs[\"battery-phone-14\"].until", |terms| {
            program(terms).until = "2024-02-04".to_owned();
        }),
        "lies before from",
    ),
    (
        (
            "service_programs[\"battery-phone-14\"].serial_ranges[0].last",
            |terms| {
                serials(terms).last = "HP14DZZZZ".to_owned();
            },
        ),
        "is not as long as first",
    ),
    (
        (
            "service_programs[\"battery-phone-14\"].serial_ranges[0].last",
            |terms| {
                serials(terms).last = "HP13A00000".to_owned();
            },
        ),
        "lies before first",
    ),
    (
        ("service_programs[\"battery-phone-14\"].symptoms[0]", |terms| {
            program(terms).symptoms = vec!["no-such-thing".to_owned()];
        }),
        "is none of the terms' symptoms",
    ),
    (
        ("service_programs[\"battery-phone-14\"].excludes", |terms| {
            program(terms).excludes.push(WireDamage::None.into());
        }),
        "leaves out what fails in ordinary use, which is what it is for",
    ),
    (
        ("goodwill.limits[\"XAU\"]", |terms| {
            let limit = goodwill(terms).limits["EUR"];
            goodwill(terms).limits.insert("XAU".to_owned(), limit);
        }),
        "is no currency of ISO 4217 that people pay with",
    ),
];

fn prices() -> Prices {
    let terms = PriceTerms {
        currency: Currency::from_code("EUR").unwrap(),
        tax: Tax {
            name: "IVA".to_owned(),
            basis_points: 2300,
            treatment: TaxTreatment::InList,
            source: "a test".to_owned(),
        },
        rounding: Rounding::HalfUp,
        step: 1,
        source: "a test".to_owned(),
    };
    let price = ListPrice {
        any: 9900,
        by_damage: Vec::new(),
    };
    Prices::new("prices@1".to_owned(), terms, [("phone", "battery", price)])
}

fn part(part_number: &str, wears: bool) -> PartFacts {
    PartFacts {
        part_number: part_number.to_owned(),
        component: "battery".to_owned(),
        wears,
        cosmetic: !wears,
    }
}

/// What is answered for a telephone of a program and for an accessory: at home and abroad, for parts that wear and parts for looks,
/// while the warranty lasts, shortly after, and long after.
pub(super) fn answers(document: &CoverageTerms) -> Vec<Decision> {
    let portugal = Country::from_code("PT").unwrap();
    let terms = terms(document, "", portugal);
    let prices = prices();
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers: &[],
    };
    let sale = |line| Sale {
        day: date!(2023 - 03 - 01),
        line,
        warranty_months: 24,
        used: true,
        repairs: Repairs::default(),
    };
    let mut phone = Facts::of(sale(ProductLine::Phone), "PHN-14-128", "HP14A00005");
    phone.unit.price_group = "phone".to_owned();
    phone.unit.parts = vec![part("P-WEARS", true), part("P-LOOKS", false)];
    let mut used = phone.clone();
    used.used.programs = vec!["battery-phone-14".to_owned()];
    used.used.goodwill_on = vec![date!(2026 - 03 - 02)];
    used.bars = vec![Bar::ActivationLocked];
    let accessory = Facts::of(sale(ProductLine::Accessory), "ACC-PRN-1", "AAAA0001");
    let mut answers = Vec::new();
    for facts in [phone, used, accessory] {
        for day in [
            date!(2024 - 02 - 05),
            date!(2025 - 02 - 28),
            date!(2026 - 03 - 10),
            date!(2026 - 04 - 20),
            date!(2035 - 01 - 01),
        ] {
            for place in ["PT", "ES"] {
                for damage in Damage::ALL {
                    let question = Question {
                        symptom: Some("battery-drains-fast".to_owned()),
                        parts: facts.unit.parts.iter().map(|part| part.part_number.clone()).collect(),
                        ..Question::of(day, *damage, Country::from_code(place).unwrap())
                    };
                    answers.push(decide(&rules, &facts, &question).unwrap());
                    let component = Some("battery".to_owned());
                    answers.push(decide(&rules, &facts, &Question { component, ..question }).unwrap());
                }
            }
        }
    }
    answers
}
