//! What is said and asked, by the terms that are shipped.

use proptest::prelude::*;
use time::Duration;
use time::macros::date;

use super::*;
use crate::domain::country::Country;
use crate::domain::coverage::{Decision, Pays, decide};
use crate::domain::device::Evidence;
use crate::domain::facts::{Bar, Facts, Question, Rules};
use crate::domain::prices::Prices;
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::Terms;
use crate::standard::terms;
use crate::standard::tests::SHIPPED;

const DAY: Date = date!(2026 - 03 - 10);

fn germany() -> Country {
    Country::from_code("DE").unwrap()
}

fn shipped() -> Terms {
    terms(&SHIPPED, "shipped", germany())
}

/// A telephone sold in Germany.
fn facts(bought: Date) -> Facts {
    let sale = Sale {
        day: bought,
        line: ProductLine::Phone,
        warranty_months: 12,
        used: false,
        repairs: Repairs::default(),
    };
    Facts::of(sale, "PHN-12-128", "AAAA0001")
}

fn question(damage: Damage) -> Question {
    Question::of(DAY, damage, germany())
}

/// The decision and its explanation, of a device that was registered on the day of the decision.
fn explained(facts: &Facts, question: &Question, evidence: Evidence) -> (Decision, Explanation) {
    let (terms, prices) = (shipped(), Prices::default());
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers: &[],
    };
    let decision = decide(&rules, facts, question).unwrap();
    let known = Known {
        rules: Some(&rules),
        facts,
        question,
        country: germany(),
        evidence,
        purchased: facts.sale.day,
        bought_by: DAY,
    };
    let explanation = explanation(&decision, &known);
    (decision, explanation)
}

fn proof(explanation: &Explanation) -> Option<(Date, Outcome)> {
    explanation.would_change.iter().find_map(|one| match one.change {
        Change::ProofOfPurchase(from) => Some((from, one.outcome)),
        _ => None,
    })
}

fn kinds(explanation: &Explanation) -> Vec<FollowUpKind> {
    explanation.ask.iter().map(|one| one.kind).collect()
}

#[test]
fn the_day_that_a_receipt_must_show_is_the_first_that_makes_the_answer_better() {
    // The law gives 24 months: bought on 10 March 2024, the tenth of March 2026 is the last day.
    let old = facts(date!(2023 - 01 - 05));
    let (_, explanation) = explained(&old, &question(Damage::None), Evidence::Estimated);
    assert_eq!(
        proof(&explanation),
        Some((date!(2024 - 03 - 10), Outcome::StatutoryRight))
    );
    assert_eq!(kinds(&explanation)[0], FollowUpKind::ProofOfPurchase);
    // Nobody asks where the day is sure, or the device was known to be in use too early for a receipt to help.
    for evidence in [Evidence::Declared, Evidence::Proven] {
        let (_, explanation) = explained(&old, &question(Damage::None), evidence);
        assert_eq!(proof(&explanation), None);
        assert!(!kinds(&explanation).contains(&FollowUpKind::ProofOfPurchase));
    }
    let repaired = Facts {
        sale: Sale {
            repairs: Repairs::new(vec![PastRepair {
                received: date!(2023 - 06 - 01),
                returned: date!(2023 - 06 - 04),
                components: Vec::new(),
            }]),
            ..old.sale.clone()
        },
        ..old
    };
    let (_, explanation) = explained(&repaired, &question(Damage::None), Evidence::Estimated);
    assert_eq!(proof(&explanation), None);
}

#[test]
fn whether_it_fell_is_asked_where_that_hangs_on_it() {
    let (decision, explanation) = explained(&facts(date!(2026 - 01 - 05)), &question(Damage::None), Evidence::Proven);
    assert_eq!(decision.outcome, Outcome::LimitedWarranty);
    assert!(kinds(&explanation).contains(&FollowUpKind::Damage));
    let worse: Vec<_> = explanation
        .would_change
        .iter()
        .map(|one| (one.change.clone(), one.better))
        .collect();
    assert_eq!(
        worse,
        [
            (Change::Damage(Damage::Accidental), false),
            (Change::Damage(Damage::Liquid), false)
        ]
    );
    // Of a device that nothing covers any more it makes no difference.
    let (_, explanation) = explained(&facts(date!(2020 - 01 - 05)), &question(Damage::None), Evidence::Proven);
    assert!(!kinds(&explanation).contains(&FollowUpKind::Damage));
    // What fell is not asked whether it fell; that it did not would change the answer all the same.
    let (_, explanation) = explained(
        &facts(date!(2026 - 01 - 05)),
        &question(Damage::Accidental),
        Evidence::Proven,
    );
    assert!(!kinds(&explanation).contains(&FollowUpKind::Damage));
    assert_eq!(explanation.would_change[0].change, Change::Damage(Damage::None));
    assert!(explanation.would_change[0].better);
    // And why nothing pays is said, rule by rule.
    let keys: Vec<_> = explanation.say.iter().map(|sentence| sentence.key.as_ref()).collect();
    assert_eq!(
        keys,
        [
            "coverage.said.out_of_warranty_no_price",
            "coverage.rule.because",
            "coverage.rule.because"
        ]
    );
}

#[test]
fn who_sends_a_locked_device_in_is_asked_to_unlock_it() {
    let mut locked = facts(date!(2026 - 01 - 05));
    let (before, _) = explained(&locked, &question(Damage::None), Evidence::Proven);
    locked.bars = vec![Bar::ActivationLocked];
    let (decision, explanation) = explained(&locked, &question(Damage::None), Evidence::Proven);
    assert_eq!(decision.outcome, before.outcome, "it is repaired all the same");
    assert_eq!(decision.chain, before.chain);
    let asked = |explanation: &Explanation, kind| {
        let mut asked = explanation.ask.iter();
        asked
            .find(|one| one.kind == kind)
            .map(|one| one.question.key.to_string())
    };
    assert_eq!(
        asked(&explanation, FollowUpKind::BeforeRepair).as_deref(),
        Some("coverage.ask.activation_lock")
    );
    assert_eq!(asked(&explanation, FollowUpKind::Bar), None);
    // Of what is not repaired it is not asked.
    locked.bars = vec![Bar::Stolen, Bar::ActivationLocked];
    let (decision, explanation) = explained(&locked, &question(Damage::None), Evidence::Proven);
    assert_eq!(decision.outcome, Outcome::Refused);
    assert_eq!(asked(&explanation, FollowUpKind::BeforeRepair), None);
    assert_eq!(
        asked(&explanation, FollowUpKind::Bar).as_deref(),
        Some("coverage.ask.bar_stolen")
    );
}

#[test]
fn that_the_law_obliges_to_repair_is_said_with_its_source() {
    let terms = shipped();
    let rules = Rules {
        terms: &terms,
        prices: &Prices::default(),
        offers: &[],
    };
    let facts = facts(date!(2025 - 07 - 01));
    let question = Question::of(date!(2027 - 07 - 02), Damage::UnauthorisedChange, germany());
    let decision = decide(&rules, &facts, &question).unwrap();
    assert_eq!(decision.outcome, Outcome::OutOfWarranty);
    let known = Known {
        rules: Some(&rules),
        facts: &facts,
        question: &question,
        country: germany(),
        evidence: Evidence::Proven,
        purchased: facts.sale.day,
        bought_by: DAY,
    };
    let duty = decision.decided().unwrap();
    let said = Sentence::new("coverage.say.duty_to_repair").with("source", &duty.source);
    assert!(super::explanation(&decision, &known).say.contains(&said));
    // Of what nobody else has repaired it is not said: the maker repairs it of its own will.
    let question = Question::of(question.day, Damage::Liquid, germany());
    let decision = decide(&rules, &facts, &question).unwrap();
    let known = Known {
        question: &question,
        ..known
    };
    assert!(!super::explanation(&decision, &known).say.contains(&said));
    // With a price it is told with the rule.
    let mut weighed = decision
        .chain
        .into_iter()
        .find(|rule| rule.reason == Reason::DutyToRepair)
        .unwrap();
    assert_eq!(rule(DAY, &weighed).key, "coverage.rule.no_price");
    weighed.pays = Pays::Amount(crate::domain::money::Amount::new(
        crate::domain::money::Currency::from_code("EUR").unwrap(),
        100,
    ));
    assert_eq!(rule(DAY, &weighed).key, "coverage.rule.duty_price");
}

#[test]
fn the_law_is_told_in_its_order_with_its_days() {
    let (_, explanation) = explained(&facts(date!(2026 - 03 - 01)), &question(Damage::None), Evidence::Proven);
    let law = &explanation.remedies[0];
    let step = &law.steps[0];
    assert_eq!(step.key, "coverage.law.step_choice");
    assert_eq!(
        step.arguments,
        [
            (
                "remedies",
                Value::AnyOf(vec![
                    "coverage.remedy.repair".into(),
                    "coverage.remedy.replacement".into()
                ])
            ),
            ("step", Value::Number(1)),
        ]
    );
    let burden = law
        .facts
        .iter()
        .find(|one| one.key == "coverage.law.burden_until")
        .unwrap();
    assert_eq!(burden.arguments, [("until", Value::Day(date!(2027 - 03 - 01)))]);
    // Nine days after the purchase it can still be given back; a month later no more.
    assert!(!explanation.returns.is_empty());
    let (_, later) = explained(&facts(date!(2026 - 01 - 05)), &question(Damage::None), Evidence::Proven);
    assert!(later.returns.is_empty());
    // A day of purchase that was corrected since is said.
    let (terms, prices) = (shipped(), Prices::default());
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers: &[],
    };
    let (facts, question) = (facts(date!(2023 - 01 - 05)), question(Damage::None));
    let decision = decide(&rules, &facts, &question).unwrap();
    let known = Known {
        rules: None,
        facts: &facts,
        question: &question,
        country: germany(),
        evidence: Evidence::Estimated,
        purchased: date!(2025 - 12 - 24),
        bought_by: DAY,
    };
    let explanation = super::explanation(&decision, &known);
    let corrected = Sentence::new("coverage.say.date_corrected").with("day", date!(2025 - 12 - 24));
    assert!(explanation.say.contains(&corrected));
    // Without the rules nothing is decided anew, and nothing is asked for its sake.
    assert!(explanation.would_change.is_empty() && explanation.ask.is_empty());
}

proptest! {
    #[test]
    fn what_is_foretold_comes_true(bought in 0..2_500_i64, damage in 0..3_usize) {
        let damage = [Damage::None, Damage::Accidental, Damage::Liquid][damage];
        let facts = facts(DAY - Duration::days(bought));
        let (decision, explanation) = explained(&facts, &question(damage), Evidence::Estimated);
        let (terms, prices) = (shipped(), Prices::default());
        let rules = Rules { terms: &terms, prices: &prices, offers: &[] };
        let known = [FollowUpKind::ProofOfPurchase];
        let asks = explanation.ask.iter().any(|one| known.contains(&one.kind));
        prop_assert_eq!(asks, proof(&explanation).is_some());
        if let Some((from, outcome)) = proof(&explanation) {
            prop_assert!(from > facts.sale.day && from <= DAY);
            let on = |day: Date| {
                let mut other = facts.clone();
                other.sale.day = day;
                decide(&rules, &other, &question(damage)).unwrap()
            };
            prop_assert_eq!(on(from).outcome, outcome);
            prop_assert_ne!(on(from).outcome, decision.outcome);
            // The day before it is as it is now, or something in between: never as good.
            let before = on(from - Duration::days(1));
            prop_assert!(before.outcome == decision.outcome || before.outcome.benefit() < outcome.benefit());
            prop_assert!(matches!(on(from).pays, Pays::Nothing | Pays::Amount(_)));
        }
    }
}
