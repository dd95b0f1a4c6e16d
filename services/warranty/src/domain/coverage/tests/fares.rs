//! How customers fare by one decision beside another, in every small world.

use proptest::prelude::*;

use super::world::{plans, prices, rights, worlds};
use crate::domain::coverage::{Fare, difference};

const fn opposite(fare: Fare) -> Fare {
    match fare {
        Fare::Better => Fare::Worse,
        Fare::Worse => Fare::Better,
        Fare::Otherwise => Fare::Otherwise,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_better_one_way_is_worse_the_other(
        world in worlds(), right in rights("one-more"), other_prices in prices(), plan in plans("added"),
    ) {
        let mut other = world.clone();
        other.terms.rules.insert(0, right);
        other.prices = other_prices;
        other.facts.plans = vec![plan];
        let (one, two) = (world.decide().unwrap(), other.decide().unwrap());
        prop_assert_eq!(difference(&one, &one), None);
        let (there, back) = (difference(&one, &two), difference(&two, &one));
        prop_assert_eq!(there.is_some(), back.is_some());
        let (Some(there), Some(back)) = (there, back) else { return Ok(()) };
        prop_assert_eq!(there.fare, opposite(back.fare));
        let mut money = there.money(&one, &two);
        let mut repaid: Vec<_> = back.money(&two, &one).into_iter().map(|(currency, sum)| (currency, -sum)).collect();
        money.sort_unstable();
        repaid.sort_unstable();
        prop_assert_eq!(&money, &repaid);
        // Whoever fares better for money pays less of it.
        if there.fare == Fare::Better && one.pays != two.pays && one.parts.is_empty() {
            prop_assert!(money.iter().all(|(_, sum)| *sum < 0), "{:?}", money);
        }
    }

    #[test]
    fn nobody_fares_worse_by_one_right_more(world in worlds(), right in rights("one-more")) {
        let mut more = world.clone();
        more.terms.rules.insert(0, right);
        let (before, after) = (world.decide().unwrap(), more.decide().unwrap());
        let Some(found) = difference(&before, &after) else { return Ok(()) };
        // But that a plan may help less whoever pays less anyhow.
        if (before.pays, before.outcome) != (after.pays, after.outcome) {
            prop_assert_ne!(found.fare, Fare::Worse, "{:?}", found);
        }
        if after.decided().is_some_and(|weighed| &*weighed.rule_id == "one-more") && before.parts.is_empty() {
            prop_assert_eq!(found.fare, Fare::Better);
            prop_assert_eq!(&*found.turned.unwrap().rule_id, "one-more");
        }
    }
}
