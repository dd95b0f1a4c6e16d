//! What earlier services stored stays readable: JSON as it lies in their rows.

use super::*;
use crate::domain::coverage::{Decision, Pays, Uses, Weighed, decide};
use crate::domain::facts::Rules;

/// As the migration wrote the facts of what was decided before decisions were stored whole.
const FACTS: &str = r#"{
    "sale": {"day": "2024-02-29", "line": "phone", "warranty_months": 12, "used": false,
             "repairs": [{"received": "2025-03-01", "returned": "2025-03-04"}]},
    "unit": {"model_code": "PHN-12-128", "serial_number": "AAAA0001", "price_group": "", "parts": []},
    "plans": [], "used": {"programs": [], "goodwill_on": []}, "bars": []
}"#;

/// With a plan that goes on, of what units of before knew of themselves.
const FACTS_WITH_PLAN: &str = r#"{
    "sale": {"day": "2024-02-29", "line": "phone", "warranty_months": 12, "used": true, "repairs": []},
    "unit": {"model_code": "PHN-12-128", "serial_number": "AAAA0001", "price_group": "phone-12",
             "parts": [{"part_number": "P-BAT", "component": "battery", "wears": true, "cosmetic": false}]},
    "plans": [{"plan_id": "eu-0198f2c4-0000-7250-8000-000000000001", "kind": "monthly", "version": "warranty/plan-terms@2",
               "source": "the terms of plans", "begins": "2024-03-01", "from": "2024-03-01",
               "incidents": {"per_12_months": 2, "used_on": ["2025-03-01"]},
               "covers": [{"damages": ["accidental"], "components": [], "fee": {"currency": "EUR", "minor": 2900}}]}],
    "used": {"programs": ["battery-program"], "goodwill_on": ["2025-06-01"]}, "bars": ["activation_locked"]
}"#;

const QUESTION: &str =
    r#"{"day": "2026-01-03", "damage": "none", "place": "DE", "symptom": null, "component": null, "parts": []}"#;

/// Without what a decision came to say of symptoms, parts, plans, returns and laws.
const ANSWER: &str = r#"{
    "day": "2026-01-03", "damage": "none", "place": "DE", "outcome": "statutory_right", "covered_until": "2026-02-28",
    "pays": "nothing", "price": null, "uses": "nothing", "incidents_left": null,
    "chain": [
        {"rule_id": "statutory-eu", "outcome": "statutory_right", "applies": true, "decided": true,
         "from": "2024-02-29", "until": "2026-02-28", "pays": "nothing", "uses": "nothing",
         "reason": "coverage.reason.within_period", "source": "Directive (EU) 2019/771"},
        {"rule_id": "out-of-warranty", "outcome": "out_of_warranty", "applies": false, "decided": false,
         "from": null, "until": null, "pays": "unknown", "uses": "nothing",
         "reason": "coverage.reason.liquid_damage", "source": "maker"}
    ],
    "terms_version": "1"
}"#;

#[test]
fn facts_and_questions_of_before_are_read() {
    let read: Facts = serde_json::from_str(FACTS).unwrap();
    let expected = {
        let mut expected = facts();
        expected.unit.price_group.clear();
        expected.unit.parts.clear();
        expected.sale.repairs = Repairs::new(vec![PastRepair {
            received: date!(2025 - 03 - 01),
            returned: date!(2025 - 03 - 04),
            components: Vec::new(),
        }]);
        expected
    };
    assert_eq!(read, expected);

    let read: Facts = serde_json::from_str(FACTS_WITH_PLAN).unwrap();
    let plan = &read.plans[0];
    assert_eq!(
        (plan.plan_id, plan.until, plan.covers[0].fee),
        (plan_id(1), None, euros(2900))
    );
    assert_eq!((read.unit.obsolete_from, read.unit.earlier.len()), (None, 0));

    let question: Question = serde_json::from_str(QUESTION).unwrap();
    assert_eq!(question, super::question(date!(2026 - 01 - 03), Damage::None));
}

#[test]
fn answers_of_before_are_read() {
    let read: Decision = serde_json::from_str(ANSWER).unwrap();
    let weighed = Weighed {
        rule_id: "statutory-eu".into(),
        outcome: Outcome::StatutoryRight,
        applies: true,
        decided: true,
        suspended: false,
        from: Some(SOLD),
        until: Some(date!(2026 - 02 - 28)),
        pays: Pays::Nothing,
        uses: Uses::Nothing,
        incidents_left: None,
        reason: Reason::WithinPeriod,
        version: None,
        source: "Directive (EU) 2019/771".into(),
        law: None,
    };
    let priced = Weighed {
        rule_id: "out-of-warranty".into(),
        outcome: Outcome::OutOfWarranty,
        applies: false,
        decided: false,
        from: None,
        until: None,
        pays: Pays::Unknown,
        reason: Reason::LiquidDamage,
        source: "maker".into(),
        ..weighed.clone()
    };
    let expected = Decision {
        day: date!(2026 - 01 - 03),
        damage: Damage::None,
        place: country("DE"),
        symptom: None,
        component: None,
        outcome: Outcome::StatutoryRight,
        covered_until: Some(date!(2026 - 02 - 28)),
        pays: Pays::Nothing,
        price: None,
        uses: Uses::Nothing,
        incidents_left: None,
        chain: vec![weighed, priced],
        parts: Vec::new(),
        plans_would_have: Vec::new(),
        terms_version: "1".into(),
        returns: Vec::new(),
        spare_parts: Vec::new(),
        likely_components: Vec::new(),
        ask: Vec::new(),
    };
    assert_eq!(read, expected);
}

/// A field that nothing was said of has no place in what is written, so that what came later changes no digest of before.
#[test]
fn what_is_read_is_written_alike() {
    fn same<T: serde::Serialize + serde::de::DeserializeOwned>(text: &str) {
        let before: serde_json::Value = serde_json::from_str(text).unwrap();
        let read: T = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), before);
    }
    same::<Facts>(FACTS);
    same::<Question>(QUESTION);
    same::<Decision>(ANSWER);
}

#[test]
fn decisions_can_be_made_of_what_was_known_before() {
    let (terms, prices) = (terms(), Prices::default());
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers: &[],
    };
    let question: Question = serde_json::from_str(QUESTION).unwrap();
    for (text, outcome) in [(FACTS, Outcome::StatutoryRight), (FACTS_WITH_PLAN, Outcome::Refused)] {
        let facts: Facts = serde_json::from_str(text).unwrap();
        assert_eq!(decide(&rules, &facts, &question).unwrap().outcome, outcome);
    }
}
