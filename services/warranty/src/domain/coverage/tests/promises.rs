//! What holds in every small world, whatever the rules and whatever became of the device.

use std::cmp::Ordering;

use proptest::prelude::*;
use time::{Date, Duration};

use super::world::{World, duties, goodwill, plans, programs, repairs, rights, worlds};
use crate::domain::coverage::{Decision, Outcome, Pays, Uses};
use crate::domain::facts::EarlierUnit;
use crate::domain::plan::term::twelve_months;
use crate::domain::sale::{PastRepair, Repairs};
use crate::domain::terms::Length;

/// How what the customer pays compares; none of amounts in different currencies.
fn compare(one: Pays, other: Pays) -> Option<Ordering> {
    let step = |pays: Pays| match pays {
        Pays::Nothing => 0,
        Pays::Amount(_) => 1,
        Pays::Unknown => 2,
        Pays::NoRepair => 3,
    };
    match (one, other) {
        (Pays::Amount(one), Pays::Amount(other)) => one.partial_cmp(&other),
        _ => Some(step(one).cmp(&step(other))),
    }
}

/// Whether the customer is no worse off by `after` than by `before`.
fn is_no_worse(after: &Decision, before: &Decision) -> bool {
    match compare(after.pays, before.pays) {
        None | Some(Ordering::Less) => true,
        Some(Ordering::Greater) => false,
        Some(Ordering::Equal) => {
            let uses = |decision: &Decision| decision.uses != Uses::Nothing;
            let benefit = |decision: &Decision| decision.outcome.benefit();
            let until = |decision: &Decision| decision.covered_until.unwrap_or(Date::MAX);
            (uses(before), benefit(after), until(after)) >= (uses(after), benefit(before), until(before))
                || (uses(before), benefit(after)) > (uses(after), benefit(before))
                || uses(before) && !uses(after)
        }
    }
}

/// The days on which something begins or begins anew: after such a day more may be owed than before.
fn events(world: &World, until: Date) -> Vec<Date> {
    let programs = world.terms.programs.iter().map(|program| program.from);
    let plans = world.facts.plans.iter().flat_map(|plan| {
        let anew = twelve_months(plan.begins, until).map_or(plan.begins, |(_, first, _)| first);
        [plan.from, anew]
    });
    let repairs = world.facts.sale.repairs.iter().map(|repair| repair.returned);
    let duties = world.terms.rules.iter().filter_map(|rule| match rule.length {
        Length::InForceFrom(first) => Some(first),
        _ => None,
    });
    programs.chain(plans).chain(repairs).chain(duties).collect()
}

/// The days on which something was used up or ended.
fn uses(world: &World) -> Vec<Date> {
    let incidents = world.facts.plans.iter().filter_map(|plan| plan.incidents.as_ref());
    let incidents = incidents.flat_map(|incidents| incidents.used_on.iter().copied());
    let goodwill = world.facts.used.goodwill_on.iter().copied();
    incidents
        .chain(goodwill)
        .chain(world.facts.unit.obsolete_from)
        .collect()
}

fn with_repair(world: &World, repair: PastRepair) -> World {
    let mut more = world.clone();
    let repairs = world.facts.sale.repairs.iter().cloned().chain([repair]);
    more.facts.sale.repairs = Repairs::new(repairs.collect());
    more
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_rule_decides_and_no_other_would_be_cheaper(world in worlds()) {
        let decision = world.decide().unwrap();
        let decided: Vec<_> = decision.chain.iter().filter(|weighed| weighed.decided).collect();
        prop_assert_eq!(decided.len(), 1);
        prop_assert!(decided[0].applies);
        prop_assert_eq!((decided[0].outcome, decided[0].pays), (decision.outcome, decision.pays));
        for other in decision.chain.iter().filter(|weighed| weighed.applies) {
            prop_assert_ne!(compare(other.pays, decision.pays), Some(Ordering::Less), "{}", other.rule_id);
        }
        for weighed in &decision.chain {
            prop_assert!(!weighed.suspended || !weighed.applies && weighed.outcome == Outcome::StatutoryRight);
            let begun = weighed.from.is_some_and(|from| from <= decision.day);
            prop_assert!(!weighed.applies || begun && weighed.until.is_none_or(|until| decision.day <= until));
            prop_assert!(weighed.from <= weighed.until || weighed.until.is_none());
        }
    }

    #[test]
    fn nobody_pays_more_than_the_price(world in worlds()) {
        let decision = world.decide().unwrap();
        let parts = decision.parts.iter().map(|part| (part.pays, part.price));
        for (pays, price) in parts.chain([(decision.pays, decision.price)]) {
            if let (Pays::Amount(pays), Some(price)) = (pays, price) {
                prop_assert_ne!(pays.partial_cmp(&price), Some(Ordering::Greater));
            }
            prop_assert!(price.is_none() || pays != Pays::Unknown && pays != Pays::NoRepair);
        }
        for plan in &decision.plans_would_have {
            prop_assert!(compare(plan.pays, decision.pays) != Some(Ordering::Greater));
            prop_assert!(plan.saves.is_none_or(|saves| saves.minor > 0));
        }
    }

    #[test]
    fn another_rule_never_takes_anything_away(world in worlds(), rule in rights("added"), place in 0..4_usize) {
        let mut more = world.clone();
        more.terms.rules.insert(place.min(world.terms.rules.len()), rule);
        prop_assert!(is_no_worse(&more.decide().unwrap(), &world.decide().unwrap()));
    }

    #[test]
    fn another_duty_never_takes_anything_away(world in worlds(), duty in duties("added"), place in 0..4_usize) {
        let mut more = world.clone();
        more.terms.rules.insert(place.min(world.terms.rules.len()), duty);
        prop_assert!(is_no_worse(&more.decide().unwrap(), &world.decide().unwrap()));
    }

    #[test]
    fn another_program_never_takes_anything_away(world in worlds(), program in programs("added")) {
        let mut more = world.clone();
        more.terms.programs.push(program);
        let places = (0..more.terms.programs.len()).collect();
        more.terms.programs_of.insert(super::world::MODEL.into(), places);
        prop_assert!(is_no_worse(&more.decide().unwrap(), &world.decide().unwrap()));
    }

    #[test]
    fn another_plan_never_takes_anything_away(world in worlds(), plan in plans("added")) {
        let mut more = world.clone();
        more.facts.plans.push(plan);
        prop_assert!(is_no_worse(&more.decide().unwrap(), &world.decide().unwrap()));
    }

    #[test]
    fn good_will_never_takes_anything_away(world in worlds(), shown in goodwill()) {
        let (mut with, mut without) = (world.clone(), world);
        with.terms.goodwill = Some(shown);
        without.terms.goodwill = None;
        prop_assert!(is_no_worse(&with.decide().unwrap(), &without.decide().unwrap()));
    }

    #[test]
    fn another_repair_never_takes_anything_away(world in worlds(), repair in repairs()) {
        prop_assume!(world.facts.sale.day <= repair.received);
        let more = with_repair(&world, repair);
        let (after, before) = (more.decide().unwrap(), world.decide().unwrap());
        prop_assert!(is_no_worse(&after, &before));
    }

    #[test]
    fn what_bars_a_repair_never_gives_anything(world in worlds()) {
        let mut free = world.clone();
        free.facts.bars.clear();
        let (free, barred) = (free.decide().unwrap(), world.decide().unwrap());
        prop_assert!(compare(free.pays, barred.pays) != Some(Ordering::Greater));
        // What the law gave is still there to be seen.
        let law = |decision: &Decision| -> Vec<_> {
            let given = decision.chain.iter().filter(|weighed| weighed.outcome == Outcome::StatutoryRight);
            given.filter(|weighed| weighed.applies || weighed.suspended).map(|weighed| weighed.rule_id.clone()).collect()
        };
        prop_assert_eq!(law(&free), law(&barred));
    }

    #[test]
    fn a_later_day_never_gives_more(world in worlds(), later in 1..120_i64) {
        let day = world.question.day + Duration::days(later);
        let between = |event: &Date| world.question.day < *event && *event <= day;
        prop_assume!(!events(&world, day).iter().any(between));
        let (today, then) = (world.decide().unwrap(), world.on(day).decide().unwrap());
        prop_assert_ne!(compare(then.pays, today.pays), Some(Ordering::Less));
        if then.pays == today.pays && (then.uses == Uses::Nothing) == (today.uses == Uses::Nothing) {
            prop_assert!(then.outcome.benefit() <= today.outcome.benefit());
        }
        // No gap: until the last day that was promised nothing changes by itself.
        let is_promised = today.covered_until.is_some_and(|until| day <= until) && today.outcome.is_covered();
        if is_promised && !uses(&world).iter().any(between) {
            prop_assert_eq!(
                (then.outcome, then.pays, &then.uses, then.covered_until),
                (today.outcome, today.pays, &today.uses, today.covered_until)
            );
        }
    }

    #[test]
    fn what_was_promised_until_a_day_is_over_on_the_next(world in worlds()) {
        let today = world.decide().unwrap();
        let Some(until) = today.covered_until else { return Ok(()) };
        let decided = |decision: &Decision| {
            let rule = decision.decided().unwrap();
            (rule.rule_id.clone(), rule.from)
        };
        let after = world.on(until.next_day().unwrap()).decide().unwrap();
        // The same rule again is another repair's warranty, and has another beginning.
        prop_assert_ne!(decided(&after), decided(&today));
    }

    #[test]
    fn a_replaced_device_has_no_less_than_the_one_it_replaced(world in worlds(), ago in 0..200_i64) {
        let replaced = world.question.day - Duration::days(ago);
        prop_assume!(world.facts.sale.day <= replaced);
        let repair = PastRepair { received: replaced, returned: replaced, components: Vec::new() };
        let mut new = with_repair(&world, repair);
        let earlier = EarlierUnit {
            model_code: new.facts.unit.model_code.clone(),
            serial_number: std::mem::replace(&mut new.facts.unit.serial_number, "ZZZZ9999".to_owned()),
        };
        new.facts.unit.model_code = "PHN-13-128".to_owned();
        new.facts.unit.earlier = vec![earlier];
        let (new, old) = (new.decide().unwrap(), world.decide().unwrap());
        prop_assert!(is_no_worse(&new, &old));
    }

    #[test]
    fn a_part_has_what_the_unit_has_for_its_component(mut world in worlds()) {
        world.question.parts = world.facts.unit.parts.iter().map(|part| part.part_number.clone()).collect();
        for part in world.decide().unwrap().parts {
            world.question.component = Some(part.component.clone());
            let unit = world.decide().unwrap();
            if part.wears || part.cosmetic {
                prop_assert_ne!(compare(part.pays, unit.pays), Some(Ordering::Less));
            } else {
                prop_assert_eq!(
                    (part.outcome, part.pays, part.covered_until, part.price, &part.uses, part.incidents_left),
                    (unit.outcome, unit.pays, unit.covered_until, unit.price, &unit.uses, unit.incidents_left)
                );
                prop_assert_eq!(&part.chain, &unit.chain);
            }
        }
    }

    #[test]
    fn the_order_in_which_things_are_known_makes_no_difference(world in worlds()) {
        let mut other = world.clone();
        other.facts.plans.reverse();
        other.facts.bars.reverse();
        other.facts.used.programs.reverse();
        other.facts.used.goodwill_on.reverse();
        other.offers.reverse();
        let (one, other) = (world.decide().unwrap(), other.decide().unwrap());
        prop_assert_eq!(
            (one.outcome, one.pays, one.covered_until, one.price),
            (other.outcome, other.pays, other.covered_until, other.price)
        );
        prop_assert_eq!(one.chain.len(), other.chain.len());
    }

    #[test]
    fn a_decision_is_made_again_bit_for_bit_from_what_is_stored(world in worlds()) {
        let made = serde_json::to_string(&world.decide().unwrap()).unwrap();
        let stored = serde_json::to_string(&(&world.facts, &world.question)).unwrap();
        let mut again = world.clone();
        (again.facts, again.question) = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!((&again.facts, &again.question), (&world.facts, &world.question));
        prop_assert_eq!(&serde_json::to_string(&again.decide().unwrap()).unwrap(), &made);
        let read: Decision = serde_json::from_str(&made).unwrap();
        prop_assert_eq!(read, world.decide().unwrap());
    }
}

/// Else what holds in them all would say little.
#[test]
fn everything_happens_in_these_worlds() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let mut outcomes = std::collections::BTreeMap::new();
    let mut reasons = std::collections::BTreeSet::new();
    let (mut fees, mut differences, mut suspended) = (0, 0, 0);
    for _ in 0..4_000 {
        let decision = worlds().new_tree(&mut runner).unwrap().current().decide().unwrap();
        *outcomes.entry(decision.outcome).or_insert(0) += 1;
        reasons.extend(decision.chain.iter().map(|weighed| weighed.reason));
        fees += usize::from(decision.outcome == Outcome::Plan && matches!(decision.pays, Pays::Amount(_)));
        differences += usize::from(!decision.plans_would_have.is_empty());
        suspended += usize::from(decision.chain.iter().any(|weighed| weighed.suspended));
    }
    for outcome in Outcome::ALL {
        assert!(
            outcomes.get(outcome).is_some_and(|count| *count > 8),
            "{outcome:?}: {outcomes:?}"
        );
    }
    assert!(
        fees > 20 && differences > 100 && suspended > 20,
        "{fees} {differences} {suspended}"
    );
    assert!(reasons.len() > 30, "{reasons:?}");
}
