//! That the document says nothing wrong and nothing in vain.

mod beyond;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_chassis::standard::{CONTENT_LIMIT, Patch, Schema, content, looser};
use support_proto::descriptors;
use support_proto::support::types::v1::ProductLine as WireLine;
use support_proto::support::warranty::v1::{
    ConsumerLaw, CoverageTerms, Damage as WireDamage, LawStart, LimitedWarranty, Remedy, RemedyStep, RepairDuty,
    SparePartDuty, WithdrawalRight,
};
use support_testing::loosenings;
use time::macros::date;

use super::{COVERAGE_TERMS, terms};
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, decide};
use crate::domain::facts::{Facts, Question, Rules};
use crate::domain::prices::Prices;
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};

const PROMISE: &str = "limited-warranty";
const LAW: &str = "statutory-pt-2022";
const PARTS: &str = "spare-parts-pt-2022";
const WITHDRAWAL: &str = "withdrawal-pt";
const DUTY: &str = "repair-duty-eu-2026";

/// A change of the terms, named by the field it is about.
type Change = (&'static str, fn(&mut CoverageTerms));

fn promise(terms: &mut CoverageTerms) -> &mut LimitedWarranty {
    terms.limited_warranties.get_mut(PROMISE).unwrap()
}

fn law(terms: &mut CoverageTerms) -> &mut ConsumerLaw {
    terms.countries.get_mut("PT").unwrap().editions.get_mut(LAW).unwrap()
}

fn parts(terms: &mut CoverageTerms) -> &mut SparePartDuty {
    terms
        .countries
        .get_mut("PT")
        .unwrap()
        .spare_parts
        .get_mut(PARTS)
        .unwrap()
}

fn duty(terms: &mut CoverageTerms) -> &mut RepairDuty {
    terms.repair_duties.get_mut(DUTY).unwrap()
}

fn withdrawal(terms: &mut CoverageTerms) -> &mut WithdrawalRight {
    terms
        .countries
        .get_mut("PT")
        .unwrap()
        .withdrawals
        .get_mut(WITHDRAWAL)
        .unwrap()
}

/// One change of each field of the document, all the way down.
const CHANGES: &[Change] = &[
    ("CoverageTerms.limited_warranties", |terms| {
        terms.limited_warranties.clear();
    }),
    ("CoverageTerms.countries", |terms| terms.countries.clear()),
    ("CoverageTerms.repair_warranty", |terms| terms.repair_warranty = None),
    ("CoverageTerms.voluntary_return", |terms| terms.voluntary_return = None),
    ("CoverageTerms.priced_repair", |terms| terms.priced_repair = None),
    ("LimitedWarranty.sold_from", |terms| {
        promise(terms).sold_from = "2030-01-01".to_owned();
    }),
    ("LimitedWarranty.sold_until", |terms| {
        promise(terms).sold_until = "2020-01-01".to_owned();
    }),
    ("LimitedWarranty.product_lines", |terms| {
        promise(terms).product_lines = vec![WireLine::Audio.into()];
    }),
    ("LimitedWarranty.months", |terms| promise(terms).months = 24),
    ("LimitedWarranty.excludes", |terms| promise(terms).excludes.clear()),
    ("LimitedWarranty.source", |terms| {
        promise(terms).source = "another paper".to_owned();
    }),
    ("CountryLaw.editions", |terms| {
        terms.countries.get_mut("PT").unwrap().editions.clear();
    }),
    ("CountryLaw.spare_parts", |terms| {
        terms.countries.get_mut("PT").unwrap().spare_parts.clear();
    }),
    ("CountryLaw.withdrawals", |terms| {
        terms.countries.get_mut("PT").unwrap().withdrawals.clear();
    }),
    ("ConsumerLaw.sold_from", |terms| {
        law(terms).sold_from = "2030-01-01".to_owned();
    }),
    ("ConsumerLaw.sold_until", |terms| {
        law(terms).sold_until = "2022-12-31".to_owned();
    }),
    ("ConsumerLaw.product_lines", |terms| {
        law(terms).product_lines = vec![WireLine::Audio.into()];
    }),
    ("ConsumerLaw.starts", |terms| {
        law(terms).starts = LawStart::Invoice.into();
    }),
    ("ConsumerLaw.months", |terms| law(terms).months = 48),
    ("ConsumerLaw.days", |terms| law(terms).days = 9),
    ("ConsumerLaw.length_open", |terms| law(terms).length_open = true),
    ("ConsumerLaw.limitation_months", |terms| {
        law(terms).limitation_months = Some(60);
    }),
    ("ConsumerLaw.burden_of_proof_months", |terms| {
        law(terms).burden_of_proof_months = None;
    }),
    ("ConsumerLaw.used_burden_of_proof_months", |terms| {
        law(terms).used_burden_of_proof_months = Some(12);
    }),
    ("ConsumerLaw.notice_months", |terms| law(terms).notice_months = 2),
    ("ConsumerLaw.remedies", |terms| {
        law(terms).remedies.truncate(1);
    }),
    ("ConsumerLaw.refusal_days", |terms| law(terms).refusal_days = 31),
    ("ConsumerLaw.suspended_during_repair", |terms| {
        law(terms).suspended_during_repair = false;
    }),
    ("ConsumerLaw.repair_adds_months", |terms| {
        law(terms).repair_adds_months = 7;
    }),
    ("ConsumerLaw.repair_adds_times", |terms| {
        law(terms).repair_adds_times = 0;
    }),
    ("ConsumerLaw.used_months", |terms| law(terms).used_months = Some(24)),
    ("ConsumerLaw.excludes", |terms| law(terms).excludes.clear()),
    ("ConsumerLaw.source", |terms| {
        law(terms).source = "another act".to_owned();
    }),
    ("ConsumerLaw.note", |terms| {
        law(terms).note = "something else".to_owned();
    }),
    ("RemedyStep.any_of", |terms| {
        law(terms).remedies[0] = RemedyStep {
            any_of: vec![Remedy::Repair.into()],
        };
    }),
    ("SparePartDuty.sold_from", |terms| {
        parts(terms).sold_from = "2030-01-01".to_owned();
    }),
    ("SparePartDuty.product_lines", |terms| {
        parts(terms).product_lines = vec![WireLine::Audio.into()];
    }),
    ("SparePartDuty.years", |terms| parts(terms).years = 11),
    ("SparePartDuty.source", |terms| {
        parts(terms).source = "another act".to_owned();
    }),
    ("CoverageTerms.repair_duties", |terms| terms.repair_duties.clear()),
    ("RepairDuty.country_codes", |terms| {
        duty(terms).country_codes.retain(|code| code != "PT");
    }),
    ("RepairDuty.sold_from", |terms| {
        duty(terms).sold_from = "2023-07-01".to_owned();
    }),
    ("RepairDuty.repaired_from", |terms| {
        duty(terms).repaired_from = "2023-07-01".to_owned();
    }),
    ("RepairDuty.product_lines", |terms| {
        duty(terms).product_lines = vec![WireLine::Audio.into()];
    }),
    ("RepairDuty.despite_repair_by_others", |terms| {
        duty(terms).despite_repair_by_others = false;
    }),
    ("RepairDuty.source", |terms| {
        duty(terms).source = "another act".to_owned();
    }),
    ("WithdrawalRight.sold_from", |terms| {
        withdrawal(terms).sold_from = "2030-01-01".to_owned();
    }),
    ("WithdrawalRight.days", |terms| withdrawal(terms).days = 15),
    ("WithdrawalRight.distance_only", |terms| {
        withdrawal(terms).distance_only = false;
    }),
    ("WithdrawalRight.seller_pays_way_back", |terms| {
        withdrawal(terms).seller_pays_way_back = true;
    }),
    ("WithdrawalRight.source", |terms| {
        withdrawal(terms).source = "another act".to_owned();
    }),
    ("LimitedWarranty.only_where_sold", |terms| {
        promise(terms).only_where_sold = true;
    }),
    ("LimitedWarranty.also_served_in", |terms| {
        let accessories = terms.limited_warranties.get_mut("limited-warranty-accessory");
        accessories.unwrap().also_served_in = vec!["ES".to_owned()];
    }),
    ("LimitedWarranty.wearing_part_months", |terms| {
        promise(terms).wearing_part_months = None;
    }),
    ("LimitedWarranty.covers_cosmetic_parts", |terms| {
        promise(terms).covers_cosmetic_parts = true;
    }),
    ("RepairWarranty.days", |terms| {
        terms.repair_warranty.as_mut().unwrap().days = 180;
    }),
    ("RepairWarranty.excludes", |terms| {
        terms.repair_warranty.as_mut().unwrap().excludes.clear();
    }),
    ("RepairWarranty.source", |terms| {
        terms.repair_warranty.as_mut().unwrap().source = "another paper".to_owned();
    }),
    ("VoluntaryReturn.days", |terms| {
        terms.voluntary_return.as_mut().unwrap().days = 30;
    }),
    ("VoluntaryReturn.maker_pays_way_back", |terms| {
        terms.voluntary_return.as_mut().unwrap().maker_pays_way_back = true;
    }),
    ("VoluntaryReturn.source", |terms| {
        terms.voluntary_return.as_mut().unwrap().source = "another paper".to_owned();
    }),
    ("PricedRepair.refuses_unauthorised_change", |terms| {
        terms.priced_repair.as_mut().unwrap().refuses_unauthorised_change = false;
    }),
    ("PricedRepair.source", |terms| {
        terms.priced_repair.as_mut().unwrap().source = "another paper".to_owned();
    }),
];

/// Everything that is answered by the terms for devices sold in Portugal.
fn answers(document: &CoverageTerms) -> Vec<Decision> {
    let mut answers = beyond::answers(document);
    answers.extend(of_a_telephone(document));
    answers
}

/// For a telephone, new and used, whatever came to it.
fn of_a_telephone(document: &CoverageTerms) -> Vec<Decision> {
    let portugal = Country::from_code("PT").unwrap();
    let terms = terms(document, "", portugal);
    let rules = Rules {
        terms: &terms,
        prices: &Prices::default(),
        offers: &[],
    };
    let repair = PastRepair {
        received: date!(2024 - 02 - 01),
        returned: date!(2024 - 02 - 10),
        components: Vec::new(),
    };
    let mut answers = Vec::new();
    // One that was sold late enough for the duty to repair, before and after that begins.
    for (sold, asked) in [
        (date!(2025 - 07 - 01), date!(2026 - 07 - 30)),
        (date!(2025 - 07 - 01), date!(2026 - 07 - 31)),
    ] {
        let sale = Sale {
            day: sold,
            line: ProductLine::Phone,
            warranty_months: 0,
            used: false,
            repairs: Repairs::default(),
        };
        let facts = Facts::of(sale, "PHN-12-128", "AAAA0001");
        for damage in Damage::ALL {
            answers.push(decide(&rules, &facts, &Question::of(asked, *damage, portugal)).unwrap());
        }
    }
    for used in [false, true] {
        let sale = Sale {
            day: date!(2023 - 07 - 01),
            line: ProductLine::Phone,
            warranty_months: 0,
            used,
            repairs: Repairs::new(vec![repair.clone()]),
        };
        let facts = Facts::of(sale, "PHN-12-128", "AAAA0001");
        for damage in Damage::ALL {
            let question = Question::of(date!(2024 - 03 - 01), *damage, portugal);
            answers.push(decide(&rules, &facts, &question).unwrap());
        }
    }
    answers
}

/// What is shipped, read and checked once for all tests.
pub(crate) static SHIPPED: LazyLock<CoverageTerms> = LazyLock::new(|| COVERAGE_TERMS.parse_shipped().unwrap());

fn all_changes() -> impl Iterator<Item = &'static Change> {
    CHANGES.iter().chain(beyond::CHANGES)
}

#[test]
fn every_field_of_the_document_takes_effect() {
    let shipped = &*SHIPPED;
    let before = answers(shipped);
    for (field, change) in all_changes() {
        let mut changed = shipped.clone();
        change(&mut changed);
        assert_ne!(changed, *shipped, "{field}");
        assert_ne!(answers(&changed), before, "{field} takes no effect");
    }
}

/// The fields of a message and of those in it, all the way down, as `Message.field`.
pub(crate) fn fields_of(message: &str) -> BTreeSet<String> {
    fn walk(message: &prost_reflect::MessageDescriptor, fields: &mut BTreeSet<String>) {
        for field in message.fields() {
            if !fields.insert(format!("{}.{}", message.name(), field.name())) {
                continue;
            }
            let inner = match field.kind() {
                prost_reflect::Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
                kind => kind,
            };
            if let prost_reflect::Kind::Message(inner) = inner {
                walk(&inner, fields);
            }
        }
    }
    let mut fields = BTreeSet::new();
    walk(&descriptors().get_message_by_name(message).unwrap(), &mut fields);
    fields
}

#[test]
fn every_field_of_the_document_is_changed_by_that_test() {
    let fields = fields_of("support.warranty.v1.CoverageTerms");
    let changed: BTreeSet<String> = all_changes().map(|(field, _)| (*field).to_owned()).collect();
    assert_eq!(changed, fields);
}

#[test]
fn what_the_field_rules_cannot_say_is_checked() {
    let wrong: &[(Change, &str)] = &[
        (
            ("limited_warranties[\"limited-warranty\"].sold_from", |terms| {
                promise(terms).sold_from = "2026-02-29".to_owned();
            }),
            "is no day of the calendar",
        ),
        (
            (
                "countries[\"PT\"].editions[\"statutory-pt-2022\"].sold_until",
                |terms| {
                    law(terms).sold_until = "2021-12-31".to_owned();
                },
            ),
            "lies before sold_from",
        ),
        (
            ("countries[\"PT\"].withdrawals[\"withdrawal-pt\"].sold_from", |terms| {
                withdrawal(terms).sold_from = "2026-13-01".to_owned();
            }),
            "is no day of the calendar",
        ),
        (
            ("repair_duties[\"repair-duty-eu-2026\"].repaired_from", |terms| {
                duty(terms).repaired_from = "2026-06-31".to_owned();
            }),
            "is no day of the calendar",
        ),
        (
            ("repair_duties[\"repair-duty-eu-2026\"].sold_from", |terms| {
                duty(terms).sold_from = "2025-06-31".to_owned();
            }),
            "is no day of the calendar",
        ),
        (
            ("repair_duties[\"repair-duty-eu-2026\"].country_codes[0]", |terms| {
                duty(terms).country_codes[0] = "UK".to_owned();
            }),
            "is no country of ISO 3166-1",
        ),
        (
            ("repair_duties[\"goodwill\"]", |terms| {
                let duty = terms.repair_duties.remove(DUTY).unwrap();
                terms.repair_duties.insert("goodwill".to_owned(), duty);
            }),
            "has the id of the terms themselves",
        ),
        (
            ("countries[\"PT\"].editions[\"statutory-pt-2022\"]", |terms| {
                law(terms).months = 0;
            }),
            "gives nothing: it names months or days, or leaves the length open",
        ),
        (
            (
                "countries[\"PT\"].editions[\"statutory-pt-2022\"].repair_adds_times",
                |terms| law(terms).repair_adds_months = 0,
            ),
            "is given with repair_adds_months, and only with it",
        ),
        (
            ("countries[\"PT\"].editions[\"statutory-pt-2022\"].excludes", |terms| {
                law(terms).excludes.push(WireDamage::None.into());
            }),
            "leaves out what fails in ordinary use, which is what it is for",
        ),
        (
            ("countries[\"UK\"]", |terms| {
                let law = terms.countries.remove("GB").unwrap();
                terms.countries.insert("UK".to_owned(), law);
            }),
            "is no country of ISO 3166-1",
        ),
        (
            ("limited_warranties[\"repair-at-price\"]", |terms| {
                let promise = terms.limited_warranties.remove(PROMISE).unwrap();
                terms.limited_warranties.insert("repair-at-price".to_owned(), promise);
            }),
            "has the id of the terms themselves",
        ),
        (
            ("countries[\"PT\"].spare_parts[\"limited-warranty\"]", |terms| {
                let country = terms.countries.get_mut("PT").unwrap();
                let duty = country.spare_parts.remove(PARTS).unwrap();
                country.spare_parts.insert(PROMISE.to_owned(), duty);
            }),
            "has the id of limited_warranties[\"limited-warranty\"]",
        ),
    ];
    let shipped = &*SHIPPED;
    assert_eq!(super::check::faults(shipped), []);
    for ((path, change), fault) in wrong.iter().chain(beyond::WRONG) {
        let mut terms = shipped.clone();
        change(&mut terms);
        assert_eq!(
            super::check::faults(&terms),
            [((*path).to_owned(), (*fault).to_owned())]
        );
    }
}

#[test]
fn overlays_that_loosen_in_one_place_are_refused_at_that_place() {
    let schema = Schema::of::<CoverageTerms>(|_| Vec::new()).unwrap();
    let global = content::from_yaml(&schema, include_str!("../../standard/coverage-terms.yaml")).unwrap();
    assert!(
        global.print().len() * 3 < CONTENT_LIMIT * 2,
        "{}: no room is left",
        global.print().len()
    );
    // Stricter than what is shipped, where that is as loose as can be.
    let strict = r#"{"priced_repair": {"refuses_unauthorised_change": false}, "voluntary_return": {"maker_pays_way_back": true},
        "countries": {"PT": {"withdrawals": {"withdrawal-pt": {"distance_only": false, "seller_pays_way_back": true}}}}}"#;
    let strict = Patch::from_json(&schema, strict).unwrap();
    // The laws are alike: those of some countries stand for all.
    let mut some = global.to_value();
    let countries = some["countries"].as_object_mut().unwrap();
    countries.retain(|code, _| ["PT", "FR", "GB", "CN"].contains(&code.as_str()));
    assert_eq!(countries.len(), 4);
    let global = content::from_json(&schema, &some.to_string()).unwrap();
    let base = strict.apply(&global);
    assert_eq!(looser(&global, &base), []);
    let mut chance = StdRng::seed_from_u64(20_261_122);
    let mut tried = BTreeSet::new();
    let mut count = 0;
    for loosening in loosenings(schema.message(), &base.to_value(), &mut chance) {
        let patch = Patch::from_json(&schema, &loosening.patch.to_string()).unwrap();
        let departed = looser(&base, &patch.apply(&base));
        let found: Vec<_> = departed.iter().map(|departed| departed.path.as_str()).collect();
        assert!(found.contains(&loosening.path.as_str()), "{loosening:?}: {found:?}");
        tried.insert(loosening.path.rsplit('.').next().unwrap().to_owned());
        count += 1;
    }
    assert!(count > 150, "{count}");
    for field in [
        "months",
        "excludes",
        "sold_from",
        "length_open",
        "limitation_months",
        "burden_of_proof_months",
        "remedies",
        "refusal_days",
        "suspended_during_repair",
        "repair_adds_times",
        "used_months",
        "years",
        "days",
        "distance_only",
        "refuses_unauthorised_change",
        "repaired_from",
        "despite_repair_by_others",
    ] {
        assert!(tried.contains(field), "{field} was never tried: {tried:?}");
    }
}
