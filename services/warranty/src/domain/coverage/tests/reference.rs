//! The same decision, made in another way: slowly, without a chain, from what the terms and the plans say in words. It shares no
//! code with the engine but the values.

use std::collections::BTreeSet;

use proptest::prelude::*;
use time::{Date, Duration, Month};

use super::world::{World, worlds};
use crate::domain::coverage::{Damage, Outcome, PartDecision, Pays, Uses, Weighed};
use crate::domain::facts::{Bar, PartFacts};
use crate::domain::money::Amount;
use crate::domain::plan::PlanCover;
use crate::domain::terms::{Length, Rule};

/// What applies on the day.
#[derive(Debug, Clone, PartialEq)]
struct Right {
    name: String,
    outcome: Outcome,
    pays: Pays,
    uses: Uses,
    until: Option<Date>,
    left: Option<u16>,
}

/// What the question is about: the unit, or a part.
struct Case<'w> {
    world: &'w World,
    component: Option<&'w str>,
    part: Option<&'w PartFacts>,
}

/// Months later by counting them one by one, on the same date or the last of the month.
fn months_later(day: Date, months: u16) -> Date {
    let (mut year, mut month) = (day.year(), day.month());
    for _ in 0..months {
        month = month.next();
        if month == Month::January {
            year += 1;
        }
    }
    let mut date = day.day();
    loop {
        if let Ok(found) = Date::from_calendar_date(year, month, date) {
            return found;
        }
        date -= 1;
    }
}

impl Case<'_> {
    fn day(&self) -> Date {
        self.world.question.day
    }

    fn damage(&self) -> Damage {
        self.world.question.damage
    }

    fn sold(&self) -> Date {
        self.world.facts.sale.day
    }

    fn price(&self) -> Option<Amount> {
        let group = &self.world.facts.unit.price_group;
        self.world.prices.of(group, self.component, self.damage())
    }

    /// The components it may be; none where nothing is said.
    fn suspects(&self) -> Option<Vec<String>> {
        match (self.component, &self.world.question.symptom) {
            (Some(component), _) => Some(vec![component.to_owned()]),
            (None, Some(symptom)) => {
                let known = &self.world.terms.symptoms[symptom.as_str()].components;
                Some(known.iter().map(ToString::to_string).collect())
            }
            (None, None) => None,
        }
    }

    /// Whether something about these components is about this; none where it cannot be told.
    fn fits<T: AsRef<str>>(&self, components: &[T]) -> Option<bool> {
        if components.is_empty() {
            return Some(true);
        }
        let suspects = self.suspects()?;
        Some(
            components
                .iter()
                .any(|one| suspects.iter().any(|suspect| suspect == one.as_ref())),
        )
    }

    fn leaves_out<R>(&self, excludes: &[(Damage, R)]) -> bool {
        excludes.iter().any(|(damage, _)| *damage == self.damage())
    }

    #[expect(
        clippy::option_option,
        reason = "two things may be missing, told apart in the words above"
    )]
    /// The last day of a rule's period whatever it leaves out: an outer none where there is no period, an inner one where it does
    /// not end.
    fn end(&self, rule: &Rule) -> Option<Option<Date>> {
        let sale = &self.world.facts.sale;
        let scope = &rule.scope;
        let is_in_force =
            scope.from.is_none_or(|from| sale.day >= from) && scope.until.is_none_or(|until| sale.day <= until);
        if !is_in_force || !(scope.lines.is_empty() || scope.lines.contains(&sale.line)) {
            return None;
        }
        match rule.length {
            Length::NotInTerms | Length::AfterRepair(_) => None,
            Length::Open => Some(None),
            Length::InForceFrom(first) => (first <= self.day()).then_some(None),
            Length::OfProduct(months) => {
                let months = months.max(u16::from(sale.warranty_months));
                (months > 0).then(|| Some(months_later(sale.day, months)))
            }
            Length::OfLaw(certain) => {
                let (months, days) = match (sale.used, certain.used_months) {
                    (true, Some(months)) => (months, 0),
                    _ => (certain.months, certain.days),
                };
                if months == 0 && days == 0 {
                    return None;
                }
                let certain = months_later(sale.day, months) + Duration::days(days.into());
                let mut end = certain;
                let law = rule.law.as_ref().unwrap();
                let mut away = BTreeSet::new();
                let mut prolonged = 0;
                for repair in sale.repairs.iter() {
                    if repair.received < sale.day || repair.received > end {
                        continue;
                    }
                    if law.suspended_during_repair {
                        let mut day = repair.received;
                        while day <= repair.returned {
                            away.insert(day);
                            day += Duration::days(1);
                        }
                    }
                    prolonged = law.repair_adds_times.min(prolonged + 1);
                    let mut stood_still = certain;
                    for _ in &away {
                        stood_still += Duration::days(1);
                    }
                    end = months_later(stood_still, prolonged * law.repair_adds_months);
                }
                Some(Some(end))
            }
        }
    }

    fn repaired(&self, rule: &Rule, days: u16) -> Option<Date> {
        let sale = &self.world.facts.sale;
        let (scope, day) = (&rule.scope, sale.day);
        let is_in_force = scope.from.is_none_or(|from| day >= from) && scope.until.is_none_or(|until| day <= until);
        if days == 0 || !is_in_force || !(scope.lines.is_empty() || scope.lines.contains(&sale.line)) {
            return None;
        }
        let ends = sale
            .repairs
            .iter()
            .filter(|repair| self.fits(&repair.components) != Some(false) && repair.returned <= self.day())
            .map(|repair| repair.returned + Duration::days(days.into()));
        ends.max().filter(|end| self.day() <= *end)
    }

    fn by_rules(&self, rights: &mut Vec<Right>) {
        for rule in &self.world.terms.rules {
            if self.leaves_out(&rule.excludes) {
                continue;
            }
            if rule
                .places
                .as_ref()
                .is_some_and(|places| !places.contains(&self.world.question.place))
            {
                continue;
            }
            let until = match rule.length {
                Length::AfterRepair(days) => self.repaired(rule, days).map(Some),
                _ => self.end(rule),
            };
            let Some(mut until) = until else { continue };
            if let Some(part) = self.part {
                if part.cosmetic && !rule.cosmetic_parts {
                    continue;
                }
                if let (true, Some(months)) = (part.wears, rule.wearing_part_months) {
                    let worn = months_later(self.sold(), months);
                    until = Some(until.map_or(worn, |until| until.min(worn)));
                }
            }
            let mut pays = match rule.outcome {
                Outcome::Refused => Pays::NoRepair,
                _ => Pays::Nothing,
            };
            if rule.outcome == Outcome::OutOfWarranty {
                pays = match self.price() {
                    None => Pays::Unknown,
                    Some(price) if price.minor == 0 => Pays::Nothing,
                    Some(price) => Pays::Amount(price),
                };
                if let Some(obsolete) = self.world.facts.unit.obsolete_from {
                    let last = obsolete - Duration::days(1);
                    until = Some(until.map_or(last, |until| until.min(last)));
                }
            }
            if until.is_none_or(|until| self.day() <= until) {
                rights.push(Right {
                    name: rule.id.to_string(),
                    outcome: rule.outcome,
                    pays,
                    uses: Uses::Nothing,
                    until,
                    left: None,
                });
            }
        }
        if self
            .world
            .facts
            .unit
            .obsolete_from
            .is_some_and(|obsolete| obsolete <= self.day())
        {
            rights.push(refusal("parts-unavailable"));
        }
    }

    fn by_programs(&self, rights: &mut Vec<Right>) {
        let facts = &self.world.facts;
        for program in &self.world.terms.programs {
            let serial = &facts.unit.serial_number;
            let is_in = |(first, last): &(Box<str>, Box<str>)| {
                serial.len() == first.len() && serial.as_str() >= &**first && serial.as_str() <= &**last
            };
            let is_affected = program.serials.is_empty() || program.serials.iter().any(is_in);
            let symptom = self.world.question.symptom.as_deref();
            let is_seen = program.symptoms.is_empty() || program.symptoms.iter().any(|one| symptom == Some(&**one));
            let used = facts
                .used
                .programs
                .iter()
                .filter(|used| used.as_str() == &*program.id)
                .count();
            let of_purchase = program
                .months_from_purchase
                .map(|months| months_later(self.sold(), months));
            let until = match (program.until, of_purchase) {
                (Some(one), Some(other)) => Some(one.max(other)),
                (one, other) => one.or(other),
            };
            if is_affected
                && is_seen
                && self.fits(&program.components) == Some(true)
                && !self.leaves_out(&program.excludes)
                && used < usize::from(program.times)
                && program.from <= self.day()
                && until.is_none_or(|until| self.day() <= until)
            {
                rights.push(Right {
                    name: program.id.to_string(),
                    outcome: Outcome::ServiceProgram,
                    pays: Pays::Nothing,
                    uses: Uses::Program(program.id.clone()),
                    until,
                    left: None,
                });
            }
        }
    }

    /// The lowest fee under which these covers repair it.
    fn fee(&self, covers: &[PlanCover]) -> Option<Pays> {
        let fitting = covers
            .iter()
            .filter(|cover| cover.damages.contains(&self.damage()) && self.fits(&cover.components) == Some(true));
        let fees = fitting.map(|cover| match cover.fee.minor {
            0 => Pays::Nothing,
            _ => Pays::Amount(cover.fee),
        });
        fees.reduce(|one, other| {
            if self.is_cheaper(other, one, [false, false]) {
                other
            } else {
                one
            }
        })
    }

    fn by_plans(&self, rights: &mut Vec<Right>) {
        for plan in &self.world.facts.plans {
            let Some(fee) = self.fee(&plan.covers) else { continue };
            if self.day() < plan.from || plan.until.is_some_and(|until| until < self.day()) {
                continue;
            }
            let mut begun = plan.begins;
            for years in 1..20 {
                let anniversary = months_later(plan.begins, years * 12);
                if anniversary < self.day() {
                    begun = anniversary + Duration::days(1);
                }
            }
            let left = plan.incidents.as_ref().map(|incidents| {
                let used = incidents
                    .used_on
                    .iter()
                    .filter(|used| begun <= **used && **used <= self.day());
                incidents
                    .per_12_months
                    .saturating_sub(u16::try_from(used.count()).unwrap())
            });
            if left != Some(0) {
                rights.push(Right {
                    name: format!("plan-{}", plan.kind),
                    outcome: Outcome::Plan,
                    pays: fee,
                    uses: Uses::Plan(plan.plan_id),
                    until: plan.until,
                    left,
                });
            }
        }
    }

    fn by_goodwill(&self, rights: &mut Vec<Right>) {
        let Some(goodwill) = &self.world.terms.goodwill else {
            return;
        };
        let owed = self
            .world
            .terms
            .rules
            .iter()
            .filter(|rule| matches!(rule.outcome, Outcome::LimitedWarranty | Outcome::StatutoryRight));
        let ends = owed.filter_map(|rule| {
            let end = self.end(rule).flatten()?;
            match self.part {
                Some(part) if part.cosmetic && !rule.cosmetic_parts => None,
                Some(part) if part.wears => {
                    let worn = rule.wearing_part_months.map(|months| months_later(self.sold(), months));
                    Some(worn.map_or(end, |worn| end.min(worn)))
                }
                _ => Some(end),
            }
        });
        let Some(end) = ends.max() else { return };
        let until = end + Duration::days(goodwill.days.into());
        let is_within_limit = self.price().is_some_and(|price| {
            goodwill
                .limits
                .get(&price.currency)
                .is_some_and(|limit| price.minor <= *limit)
        });
        let shown = self
            .world
            .facts
            .used
            .goodwill_on
            .iter()
            .filter(|day| **day <= self.day())
            .count();
        if is_within_limit
            && !self.leaves_out(&goodwill.excludes)
            && shown < usize::from(goodwill.times)
            && self.day() <= until
        {
            rights.push(Right {
                name: "goodwill".to_owned(),
                outcome: Outcome::Goodwill,
                pays: Pays::Nothing,
                uses: Uses::Goodwill,
                until: Some(until),
                left: None,
            });
        }
    }

    fn is_barred(&self) -> bool {
        let is_gone = [Damage::Loss, Damage::Theft].contains(&self.damage());
        let is_lenient = !self.world.terms.activation_lock.bars;
        let bars = self.world.facts.bars.iter();
        bars.filter(|bar| !(is_lenient && **bar == Bar::ActivationLocked))
            .any(|bar| !(is_gone && [Bar::Lost, Bar::Stolen].contains(bar)))
    }

    /// Whether `one` costs the customer less than `other`; `is_price` says which of them is the price itself.
    fn is_cheaper(&self, one: Pays, other: Pays, is_price: [bool; 2]) -> bool {
        let step = |pays: Pays, is_price: bool| match pays {
            Pays::Nothing => 0,
            Pays::Amount(fee) if !is_price => match self.price() {
                Some(price) if price.currency == fee.currency && fee.minor < price.minor => 1,
                Some(price) if price.currency == fee.currency => 3,
                _ => 2,
            },
            Pays::Amount(_) => 3,
            Pays::Unknown => 4,
            Pays::NoRepair => 5,
        };
        let (ours, theirs) = (step(one, is_price[0]), step(other, is_price[1]));
        match (one, other) {
            (Pays::Amount(one), Pays::Amount(other)) if ours == theirs => {
                (one.currency.code(), one.minor) < (other.currency.code(), other.minor)
            }
            _ => ours < theirs,
        }
    }

    /// Whether `one` is better for the customer than `other`, in the words of the terms.
    fn is_better(&self, one: &Right, other: &Right) -> bool {
        const ORDER: [Outcome; 8] = [
            Outcome::LimitedWarranty,
            Outcome::StatutoryRight,
            Outcome::ServiceProgram,
            Outcome::RepairWarranty,
            Outcome::Plan,
            Outcome::Goodwill,
            Outcome::OutOfWarranty,
            Outcome::Refused,
        ];
        let is_price = |right: &Right| right.outcome == Outcome::OutOfWarranty;
        if self.is_cheaper(one.pays, other.pays, [is_price(one), is_price(other)]) {
            return true;
        }
        if self.is_cheaper(other.pays, one.pays, [is_price(other), is_price(one)]) {
            return false;
        }
        let uses = |right: &Right| right.uses != Uses::Nothing;
        if uses(one) != uses(other) {
            return !uses(one);
        }
        let place = |right: &Right| ORDER.iter().position(|outcome| *outcome == right.outcome);
        if place(one) != place(other) {
            return place(one) < place(other);
        }
        match (one.until, other.until) {
            (one, other) if one == other => false,
            (None, _) => true,
            (_, None) => false,
            (Some(one), Some(other)) => one > other,
        }
    }

    /// What is owed, and the price where one is asked.
    fn owed(&self) -> (Option<Right>, Option<Amount>) {
        let mut rights = Vec::new();
        self.by_rules(&mut rights);
        self.by_programs(&mut rights);
        self.by_plans(&mut rights);
        self.by_goodwill(&mut rights);
        if self.is_barred() {
            rights.retain(|right| right.outcome == Outcome::Refused);
            rights.push(refusal("bar"));
        }
        let has_price = rights.iter().any(|right| right.outcome == Outcome::OutOfWarranty);
        let best = rights
            .into_iter()
            .reduce(|one, other| if self.is_better(&other, &one) { other } else { one });
        (best, self.price().filter(|_| has_price))
    }

    /// The kinds of plans that would have cost the customer less than `now`.
    fn would_have(&self, now: &Right) -> BTreeSet<String> {
        let is_price = [false, now.outcome == Outcome::OutOfWarranty];
        let offers = self.world.offers.iter().filter(|offer| {
            let is_over = offer
                .months
                .is_some_and(|months| months_later(self.sold(), months) < self.day());
            let is_held = self.world.facts.plans.iter().any(|plan| {
                plan.kind == offer.kind && plan.from <= self.day() && plan.until.is_none_or(|until| self.day() <= until)
            });
            !self.is_barred()
                && !is_over
                && !is_held
                && self
                    .fee(&offer.covers)
                    .is_some_and(|fee| self.is_cheaper(fee, now.pays, is_price))
        });
        offers.map(|offer| offer.kind.clone()).collect()
    }
}

fn refusal(name: &str) -> Right {
    Right {
        name: name.to_owned(),
        outcome: Outcome::Refused,
        pays: Pays::NoRepair,
        uses: Uses::Nothing,
        until: None,
        left: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn the_engine_and_the_reference_agree(world in worlds()) {
        let decision = world.decide().unwrap();
        let unit = Case { world: &world, component: world.question.component.as_deref(), part: None };
        let (best, price) = unit.owed();
        let best = best.unwrap();
        prop_assert_eq!(
            (decision.outcome, decision.pays, &decision.uses, decision.covered_until, decision.incidents_left, decision.price),
            (best.outcome, best.pays, &best.uses, best.until, best.left, price),
            "{}", best.name
        );
        // Of two that are equal either may decide; else it is the same one.
        let decided = &decision.decided().unwrap().rule_id;
        let as_good = |weighed: &&Weighed| {
            weighed.applies && weighed.outcome == best.outcome && weighed.until == best.until && weighed.pays == best.pays
        };
        let is_one_of_many = decision.chain.iter().filter(as_good).count() > 1;
        prop_assert!(best.outcome == Outcome::Refused || is_one_of_many || **decided == *best.name, "{}", decided);
        let kinds: BTreeSet<_> = decision.plans_would_have.iter().map(|plan| plan.kind.clone()).collect();
        prop_assert_eq!(kinds, unit.would_have(&best));

        prop_assert_eq!(decision.parts.len(), world.question.parts.len());
        for (part, number) in decision.parts.iter().zip(&world.question.parts) {
            let known = world.facts.unit.parts.iter().find(|part| part.part_number == *number).unwrap();
            let case = Case { world: &world, component: Some(&known.component), part: Some(known) };
            let (best, price) = case.owed();
            let best = best.unwrap();
            let PartDecision { outcome, pays, uses, covered_until, incidents_left, .. } = part;
            prop_assert_eq!(
                (*outcome, *pays, uses, *covered_until, *incidents_left, part.price),
                (best.outcome, best.pays, &best.uses, best.until, best.left, price),
                "{} of {}", best.name, number
            );
        }
    }
}
