//! Tables of what the maker gives beyond what it owes, of plans, of what bars a repair and of parts.

use time::Date;
use time::macros::date;

use super::world::{GROUP, MODEL, amount, euros, phone_facts, plan_id, prices_of};
use super::{country, shipped};
use crate::domain::coverage::{Damage, Decision, Outcome, Pays, Reason, Undecided, Uses, decide};
use crate::domain::facts::{Bar, Facts, Incidents, PlanHeld, Question, Rules};
use crate::domain::plan::{PlanCover, PlanOffer};
use crate::domain::prices::Prices;
use crate::domain::sale::{PastRepair, Repairs};

const SOLD: Date = date!(2023 - 03 - 15);
/// Neither warranty nor law gives anything any more, nor does good will.
const LATE: Date = date!(2025 - 09 - 01);

fn prices() -> Prices {
    prices_of(&[("whole-unit", 45_000), ("battery", 9_900), ("display", 27_900)])
}

/// A telephone sold in Germany, by the terms that are shipped, but that a lock to an account bars a repair.
fn ask(facts: &Facts, offers: &[PlanOffer], question: &Question) -> Decision {
    let (mut terms, prices) = (shipped(country("DE")), prices());
    terms.activation_lock.bars = true;
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers,
    };
    decide(&rules, facts, question).unwrap()
}

fn question(day: Date, damage: Damage, component: Option<&str>) -> Question {
    Question {
        component: component.map(str::to_owned),
        ..Question::of(day, damage, country("DE"))
    }
}

fn reason(decision: &Decision, rule_id: &str) -> Reason {
    let weighed = decision.chain.iter().find(|weighed| &*weighed.rule_id == rule_id);
    weighed.unwrap_or_else(|| panic!("{rule_id} was not weighed")).reason
}

/// Two repairs in twelve months: displays for 29, the rest for 99, loss and theft for 149.
fn plan(from: Date, until: Option<Date>, used_on: Vec<Date>) -> PlanHeld {
    let cover = |damages: &[Damage], components: &[&str], fee| PlanCover {
        damages: damages.to_vec(),
        components: components.iter().map(|component| (*component).to_owned()).collect(),
        fee: euros(fee),
    };
    let harmed = [Damage::Accidental, Damage::Liquid, Damage::None];
    PlanHeld {
        plan_id: plan_id(),
        kind: "care-plus".to_owned(),
        version: "warranty/plan-terms@1".to_owned(),
        source: "the terms of the plan".to_owned(),
        begins: from,
        from,
        until,
        incidents: Some(Incidents {
            per_12_months: 2,
            used_on,
        }),
        covers: vec![
            cover(&harmed, &["display"], 2_900),
            cover(&harmed, &[], 9_900),
            cover(&[Damage::Loss, Damage::Theft], &[], 14_900),
        ],
    }
}

fn offer() -> PlanOffer {
    let like = plan(SOLD, None, Vec::new());
    PlanOffer {
        kind: like.kind,
        months: Some(24),
        incidents_per_12_months: Some(2),
        covers: like.covers,
        version: like.version,
        source: like.source,
    }
}

#[test]
fn a_service_program_is_for_some_devices_some_faults_and_some_time() {
    let mut facts = phone_facts(SOLD);
    facts.unit.model_code = "PHN-14-128".to_owned();
    facts.unit.serial_number = "HP14A00005".to_owned();
    let id = "battery-phone-14";
    let seen = |day, symptom: &str| Question {
        symptom: Some(symptom.to_owned()),
        ..question(day, Damage::None, None)
    };
    let made = ask(&facts, &[], &seen(LATE, "battery-drains-fast"));
    assert_eq!((made.outcome, made.pays), (Outcome::ServiceProgram, Pays::Nothing));
    assert_eq!(made.uses, Uses::Program(id.into()));
    // Four years from the sale are later than the end of the program.
    assert_eq!(made.covered_until, Some(date!(2027 - 03 - 15)));
    let likely: Vec<_> = made.likely_components.iter().map(|component| &**component).collect();
    assert_eq!(likely, ["battery", "logic-board"]);
    assert_eq!(&*made.ask[0], "coverage.ask.since_when");

    let last = ask(&facts, &[], &seen(date!(2027 - 03 - 15), "turns-off"));
    assert_eq!(last.outcome, Outcome::ServiceProgram);
    let over = ask(&facts, &[], &seen(date!(2027 - 03 - 16), "turns-off"));
    assert_eq!(
        (over.outcome, reason(&over, id)),
        (Outcome::OutOfWarranty, Reason::PeriodOver)
    );
    let before = ask(&facts, &[], &seen(date!(2024 - 02 - 04), "turns-off"));
    assert_eq!(
        (before.outcome, reason(&before, id)),
        (Outcome::LimitedWarranty, Reason::NotYetBegun)
    );
    let other = ask(&facts, &[], &seen(LATE, "no-sound"));
    assert_eq!(
        (other.outcome, reason(&other, id)),
        (Outcome::OutOfWarranty, Reason::OtherSymptom)
    );
    let unsaid = ask(&facts, &[], &question(LATE, Damage::None, Some("battery")));
    assert_eq!(reason(&unsaid, id), Reason::SymptomNotSaid);
    let mut display = seen(LATE, "turns-off");
    display.component = Some("display".to_owned());
    assert_eq!(reason(&ask(&facts, &[], &display), id), Reason::OtherComponent);
    let mut wet = seen(LATE, "turns-off");
    wet.damage = Damage::Liquid;
    assert_eq!(reason(&ask(&facts, &[], &wet), id), Reason::LiquidDamage);

    facts.used.programs = vec![id.to_owned()];
    assert_eq!(
        reason(&ask(&facts, &[], &seen(LATE, "turns-off")), id),
        Reason::ProgramUsed
    );
    facts.used.programs.clear();
    for (serial, is_in) in [
        ("HP14A00000", true),
        ("HP14DZZZZZ", true),
        ("HP14E00000", false),
        ("HP14K00000", true),
        ("HP14L50000", false),
        ("HP14A000000", false),
    ] {
        facts.unit.serial_number = serial.to_owned();
        let made = ask(&facts, &[], &seen(LATE, "turns-off"));
        assert_eq!(made.outcome == Outcome::ServiceProgram, is_in, "{serial}");
        assert_eq!(reason(&made, id) == Reason::SerialNotInRange, !is_in, "{serial}");
    }
    facts.unit.model_code = MODEL.to_owned();
    let made = ask(&facts, &[], &seen(LATE, "turns-off"));
    assert!(
        made.chain.iter().all(|weighed| &*weighed.rule_id != id),
        "another model's program is none of this one's"
    );
}

#[test]
fn good_will_is_shown_shortly_after_the_end_once_and_for_little() {
    let mut facts = phone_facts(SOLD);
    let on = |facts: &Facts, day, component| ask(facts, &[], &question(day, Damage::None, Some(component)));
    let law_ends = date!(2025 - 03 - 15);
    assert_eq!(on(&facts, law_ends, "battery").outcome, Outcome::StatutoryRight);
    for day in [date!(2025 - 03 - 16), date!(2025 - 04 - 14)] {
        let made = on(&facts, day, "battery");
        assert_eq!(
            (made.outcome, made.pays, &made.uses),
            (Outcome::Goodwill, Pays::Nothing, &Uses::Goodwill)
        );
        assert_eq!(made.covered_until, Some(date!(2025 - 04 - 14)));
        assert_eq!(made.price, Some(euros(9_900)), "what it would have cost");
    }
    let over = on(&facts, date!(2025 - 04 - 15), "battery");
    assert_eq!(
        (over.outcome, over.pays),
        (Outcome::OutOfWarranty, Pays::Amount(euros(9_900)))
    );
    let dear = on(&facts, date!(2025 - 03 - 16), "display");
    assert_eq!(
        (dear.outcome, reason(&dear, "goodwill")),
        (Outcome::OutOfWarranty, Reason::GoodwillLimit)
    );
    let fell = ask(
        &facts,
        &[],
        &question(date!(2025 - 03 - 16), Damage::Accidental, Some("battery")),
    );
    assert_eq!(reason(&fell, "goodwill"), Reason::AccidentalDamage);
    facts.used.goodwill_on = vec![date!(2025 - 03 - 20)];
    let again = on(&facts, date!(2025 - 03 - 20), "battery");
    assert_eq!(
        (again.outcome, reason(&again, "goodwill")),
        (Outcome::OutOfWarranty, Reason::GoodwillUsedUp)
    );
    assert_eq!(
        on(&facts, date!(2025 - 03 - 19), "battery").outcome,
        Outcome::Goodwill,
        "as of the day before"
    );
    facts.unit.price_group.clear();
    assert_eq!(
        reason(&on(&facts, date!(2025 - 03 - 19), "battery"), "goodwill"),
        Reason::PriceNotKnown
    );
}

#[test]
fn a_plan_repairs_for_its_fee_unless_the_price_is_lower() {
    let mut facts = phone_facts(SOLD);
    facts.plans = vec![plan(SOLD, Some(date!(2026 - 03 - 14)), Vec::new())];
    let on = |facts: &Facts, day, damage, component| ask(facts, &[], &question(day, damage, component));
    let made = on(&facts, LATE, Damage::Accidental, Some("display"));
    assert_eq!((made.outcome, made.pays), (Outcome::Plan, Pays::Amount(euros(2_900))));
    assert_eq!(made.uses, Uses::Plan(facts.plans[0].plan_id));
    assert_eq!(
        (made.incidents_left, made.covered_until),
        (Some(2), Some(date!(2026 - 03 - 14)))
    );
    let decided = made.decided().unwrap();
    assert_eq!(
        (&*decided.rule_id, decided.version.as_deref()),
        ("plan-care-plus", Some("warranty/plan-terms@1"))
    );
    assert_eq!(made.days_remaining(), 194);
    // The fee is the price: the plan would be used up for nothing.
    let even = on(&facts, LATE, Damage::Accidental, Some("battery"));
    assert_eq!((even.outcome, &even.uses), (Outcome::OutOfWarranty, &Uses::Nothing));
    // What is free of charge anyway uses nothing up.
    assert_eq!(
        on(&facts, SOLD, Damage::None, Some("display")).outcome,
        Outcome::LimitedWarranty
    );
    let worn = on(&facts, LATE, Damage::Wear, Some("display"));
    assert_eq!(
        (worn.outcome, reason(&worn, "plan-care-plus")),
        (Outcome::OutOfWarranty, Reason::DamageNotInPlan)
    );
    let gone = on(&facts, LATE, Damage::Loss, None);
    assert_eq!(
        (gone.outcome, gone.pays, gone.price),
        (Outcome::Plan, Pays::Amount(euros(14_900)), None)
    );
    // Without a price to hold it against, a fee is better than what nobody knows.
    facts.unit.price_group = "no-such-group".to_owned();
    assert_eq!(
        on(&facts, LATE, Damage::Accidental, Some("battery")).outcome,
        Outcome::Plan
    );
    facts.unit.price_group = GROUP.to_owned();
    facts.plans[0].covers[0].fee = amount("USD", 2_900);
    facts.plans[0].covers.truncate(1);
    let foreign = on(&facts, LATE, Damage::Accidental, Some("display"));
    assert_eq!(foreign.pays, Pays::Amount(amount("USD", 2_900)), "a fee before a price");
}

#[test]
fn the_repairs_of_a_plan_are_counted_by_its_own_years() {
    let used_on = vec![date!(2024 - 05 - 01), date!(2025 - 03 - 14), date!(2025 - 03 - 20)];
    let mut facts = phone_facts(SOLD);
    facts.plans = vec![plan(SOLD, None, used_on)];
    let left = |day| {
        let made = ask(&facts, &[], &question(day, Damage::Liquid, Some("display")));
        let weighed = made
            .chain
            .iter()
            .find(|weighed| weighed.outcome == Outcome::Plan)
            .unwrap();
        (weighed.incidents_left, weighed.applies, weighed.reason)
    };
    for (day, expected) in [
        (date!(2024 - 04 - 30), (Some(2), true, Reason::WithinPeriod)),
        (date!(2024 - 05 - 01), (Some(1), true, Reason::WithinPeriod)),
        (date!(2025 - 03 - 13), (Some(1), true, Reason::WithinPeriod)),
        (date!(2025 - 03 - 14), (Some(0), false, Reason::IncidentsUsedUp)),
        (date!(2025 - 03 - 15), (Some(0), false, Reason::IncidentsUsedUp)),
        (date!(2025 - 03 - 16), (Some(2), true, Reason::WithinPeriod)),
        (date!(2025 - 03 - 20), (Some(1), true, Reason::WithinPeriod)),
    ] {
        assert_eq!(left(day), expected, "{day}");
    }
}

#[test]
fn it_is_said_what_a_plan_would_have_changed() {
    let mut facts = phone_facts(SOLD);
    let day = date!(2025 - 03 - 15);
    let would = |facts: &Facts, day, damage, component| {
        let made = ask(facts, &[offer()], &question(day, damage, component));
        let found = made.plans_would_have.into_iter();
        found
            .map(|plan| (plan.kind, plan.pays, plan.saves, plan.until))
            .collect::<Vec<_>>()
    };
    let fee = |minor| Pays::Amount(euros(minor));
    let kind = || "care-plus".to_owned();
    assert_eq!(
        would(&facts, day, Damage::Accidental, Some("display")),
        [(kind(), fee(2_900), Some(euros(25_000)), Some(day))]
    );
    assert_eq!(
        would(&facts, day, Damage::Theft, None),
        [(kind(), fee(14_900), None, Some(day))]
    );
    assert_eq!(
        would(&facts, day, Damage::None, Some("display")),
        [],
        "the law gives it free of charge"
    );
    assert_eq!(
        would(&facts, day, Damage::Accidental, Some("battery")),
        [],
        "it costs as much"
    );
    assert_eq!(
        would(&facts, day.next_day().unwrap(), Damage::Accidental, Some("display")),
        [],
        "it would be over"
    );
    facts.plans = vec![plan(SOLD, None, vec![day, day])];
    assert_eq!(
        would(&facts, day, Damage::Accidental, Some("display")),
        [],
        "it has one"
    );
}

#[test]
fn what_bars_a_repair_bars_everything_but_shows_what_the_law_gives() {
    let mut facts = phone_facts(SOLD);
    let day = date!(2024 - 09 - 01);
    facts.plans = vec![plan(SOLD, None, Vec::new())];
    for (bar, rule_id, why) in [
        (Bar::Lost, "bar-lost", Reason::ReportedLost),
        (Bar::Stolen, "bar-stolen", Reason::ReportedStolen),
        (Bar::ActivationLocked, "bar-activation-locked", Reason::ActivationLocked),
        (Bar::Replaced, "bar-replaced", Reason::Replaced),
        (Bar::Seized, "bar-seized", Reason::Seized),
        (
            Bar::UnderInvestigation,
            "bar-under-investigation",
            Reason::UnderInvestigation,
        ),
        (Bar::NotGenuine, "bar-not-genuine", Reason::NotGenuine),
    ] {
        facts.bars = vec![bar];
        let made = ask(&facts, &[offer()], &question(day, Damage::None, Some("display")));
        assert_eq!(
            (made.outcome, made.pays, made.price),
            (Outcome::Refused, Pays::NoRepair, None)
        );
        let decided = made.decided().unwrap();
        assert_eq!((&*decided.rule_id, decided.reason), (rule_id, why));
        let law = made
            .chain
            .iter()
            .find(|weighed| weighed.outcome == Outcome::StatutoryRight && weighed.suspended);
        let law = law.unwrap();
        assert_eq!((law.applies, law.reason), (false, Reason::SuspendedByBar));
        assert_eq!(law.until, Some(date!(2025 - 03 - 15)));
        assert_eq!(reason(&made, "plan-care-plus"), Reason::Barred);
        assert_eq!(made.plans_would_have, []);
        // What is gone is not repaired: to have said so does not stand in the way of the plan.
        let gone = ask(&facts, &[], &question(day, Damage::Theft, None));
        assert_eq!(
            gone.outcome == Outcome::Plan,
            matches!(bar, Bar::Lost | Bar::Stolen),
            "{bar:?}"
        );
    }
}

#[test]
fn parts_are_decided_one_by_one() {
    let mut facts = phone_facts(SOLD);
    facts.sale.warranty_months = 24;
    let mut asked = question(date!(2024 - 09 - 01), Damage::None, None);
    asked.parts = ["P-DIS", "P-BAT", "P-RIM"].map(str::to_owned).to_vec();
    let made = decide_in_america(&facts, &asked);
    assert_eq!(made.outcome, Outcome::LimitedWarranty);
    let shown: Vec<_> = made
        .parts
        .iter()
        .map(|part| {
            let promise = part
                .chain
                .iter()
                .find(|weighed| &*weighed.rule_id == "limited-warranty")
                .unwrap();
            (part.part_number.as_str(), part.outcome, part.pays, promise.reason)
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("P-DIS", Outcome::LimitedWarranty, Pays::Nothing, Reason::WithinPeriod),
            (
                "P-BAT",
                Outcome::OutOfWarranty,
                Pays::Amount(euros(9_900)),
                Reason::WearingPart
            ),
            (
                "P-RIM",
                Outcome::OutOfWarranty,
                Pays::Amount(euros(45_000)),
                Reason::CosmeticPart
            ),
        ]
    );
    asked.parts.push("P-NONE".to_owned());
    let terms = shipped(country("US"));
    let rules = Rules {
        terms: &terms,
        prices: &prices(),
        offers: &[],
    };
    let refused = decide(&rules, &facts, &asked).unwrap_err();
    assert_eq!(refused, Undecided::PartNotOfModel("P-NONE".to_owned()));
}

/// Where the law names no time.
fn decide_in_america(facts: &Facts, asked: &Question) -> Decision {
    let terms = shipped(country("US"));
    let prices = prices();
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers: &[],
    };
    decide(&rules, facts, asked).unwrap()
}

#[test]
fn a_repair_is_warranted_for_what_was_repaired() {
    let mut facts = phone_facts(SOLD);
    facts.sale.repairs = Repairs::new(vec![
        PastRepair {
            received: date!(2024 - 03 - 01),
            returned: date!(2024 - 03 - 05),
            components: vec!["battery".to_owned()],
        },
        PastRepair {
            received: date!(2024 - 02 - 01),
            returned: date!(2024 - 02 - 10),
            components: vec!["display".to_owned()],
        },
    ]);
    let on = |component, day| {
        let made = decide_in_america(&facts, &question(day, Damage::None, component));
        let weighed = made
            .chain
            .iter()
            .find(|weighed| &*weighed.rule_id == "repair-warranty")
            .unwrap();
        (weighed.applies, weighed.until, weighed.reason)
    };
    let day = date!(2024 - 05 - 10);
    let battery = (true, Some(date!(2024 - 06 - 03)), Reason::WithinPeriod);
    assert_eq!(on(Some("battery"), day), battery);
    assert_eq!(
        on(Some("display"), day),
        (true, Some(day), Reason::WithinPeriod),
        "its last day"
    );
    assert_eq!(on(Some("camera"), day), (false, None, Reason::OtherComponent));
    assert_eq!(on(None, day), battery, "it is not known which one it is");
    // As of a day before the later repair, the earlier one counts.
    assert_eq!(on(None, date!(2024 - 03 - 02)).1, Some(date!(2024 - 05 - 10)));
}

#[test]
fn what_the_maker_has_no_parts_for_is_not_repaired_at_a_price() {
    let mut facts = phone_facts(SOLD);
    facts.unit.obsolete_from = Some(LATE);
    let on = |facts: &Facts, day| ask(facts, &[], &question(day, Damage::Accidental, Some("display")));
    let last = on(&facts, LATE.previous_day().unwrap());
    assert_eq!(
        (last.outcome, last.covered_until),
        (Outcome::OutOfWarranty, LATE.previous_day())
    );
    assert_eq!(reason(&last, "parts-unavailable"), Reason::PartsAvailable);
    let none = on(&facts, LATE);
    assert_eq!((none.outcome, none.price), (Outcome::Refused, None));
    assert_eq!(&*none.decided().unwrap().rule_id, "parts-unavailable");
    assert_eq!(reason(&none, "repair-at-price"), Reason::PartsUnavailable);
    // What is owed is owed.
    facts.unit.obsolete_from = Some(SOLD);
    let owed = ask(&facts, &[], &question(SOLD, Damage::None, Some("display")));
    assert_eq!(owed.outcome, Outcome::LimitedWarranty);
}

#[test]
fn a_warranty_may_hold_only_where_the_device_was_sold() {
    let mut facts = phone_facts(SOLD);
    facts.sale.line = crate::domain::product::ProductLine::Accessory;
    let at = |place| {
        let mut asked = question(SOLD, Damage::None, None);
        asked.place = country(place);
        ask(&facts, &[], &asked)
    };
    assert_eq!(at("DE").outcome, Outcome::LimitedWarranty);
    let abroad = at("FR");
    assert_eq!(
        abroad.outcome,
        Outcome::StatutoryRight,
        "the law of the purchase goes along"
    );
    assert_eq!(reason(&abroad, "limited-warranty-accessory"), Reason::NotAtThisPlace);
}
