//! How somebody fares about whom something is decided otherwise.

use std::cmp::Ordering;
use std::sync::Arc;

use support_chassis::named;

use super::decision::{Decision, PartDecision, Pays, Uses, Weighed};
use super::kinds::{Outcome, Reason};
use crate::domain::money::Currency;

named! {
    /// How somebody fares.
    Fare {
        /// Better.
        Better = "better",
        /// Worse.
        Worse = "worse",
        /// Neither, or which one it is cannot be told.
        Otherwise = "otherwise",
    }
}

impl Fare {
    /// Both at once.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Better, Self::Better) => Self::Better,
            (Self::Worse, Self::Worse) => Self::Worse,
            _ => Self::Otherwise,
        }
    }
}

named! {
    /// In what two decisions differ that come to the same.
    Aspect {
        /// It lasts longer.
        Longer = "for longer",
        /// It lasts less long.
        LessLong = "for less long",
        /// A price that was not known is.
        PriceKnown = "at a price that is known",
        /// A price that was known is not.
        PriceNotKnown = "at a price that is not known",
        /// The customer pays more.
        MoreMoney = "for more money",
        /// The customer pays less.
        LessMoney = "for less money",
        /// The customer pays in another currency.
        OtherCurrency = "in another currency",
        /// Something is used up that was not.
        UsesUp = "using something up",
        /// What was used up is not.
        UsesNothing = "using nothing up",
        /// Something else is used up.
        UsesOther = "using something else up",
        /// The plan gives more repairs.
        MoreRepairs = "with more repairs left",
        /// The plan gives fewer repairs.
        FewerRepairs = "with fewer repairs left",
        /// What is owed for parts is other.
        Parts = "with other cover of parts",
        /// A plan that could have been bought would have helped more.
        PlanMore = "a plan would have helped more",
        /// A plan that could have been bought would have helped less.
        PlanLess = "a plan would have helped less",
    }
}

/// A rule that makes the difference, and what became of it; none where it is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turned {
    /// Its id.
    pub rule_id: Arc<str>,
    /// Why it applied or not.
    pub before: Option<Reason>,
    /// Why it would or not.
    pub after: Option<Reason>,
}

/// What differs between two decisions about the same question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference {
    /// What is owed by the first and by the second.
    pub outcomes: (Outcome, Outcome),
    /// In what they differ beside that.
    pub aspects: Vec<Aspect>,
    /// How the customer fares by the second.
    pub fare: Fare,
    /// The rule that makes the difference; none where there is none in either chain.
    pub turned: Option<Turned>,
}

/// What is owed, for the unit or a part.
#[derive(Clone, Copy)]
struct Owed<'a> {
    outcome: Outcome,
    /// No end is the latest of all.
    until: time::Date,
    pays: Pays,
    uses: &'a Uses,
    incidents_left: u16,
    chain: &'a [Weighed],
}

impl<'a> From<&'a Decision> for Owed<'a> {
    fn from(decision: &'a Decision) -> Self {
        Self {
            outcome: decision.outcome,
            until: decision.covered_until.unwrap_or(time::Date::MAX),
            pays: decision.pays,
            uses: &decision.uses,
            incidents_left: decision.incidents_left.unwrap_or(u16::MAX),
            chain: &decision.chain,
        }
    }
}

impl<'a> From<&'a PartDecision> for Owed<'a> {
    fn from(part: &'a PartDecision) -> Self {
        Self {
            outcome: part.outcome,
            until: part.covered_until.unwrap_or(time::Date::MAX),
            pays: part.pays,
            uses: &part.uses,
            incidents_left: part.incidents_left.unwrap_or(u16::MAX),
            chain: &part.chain,
        }
    }
}

/// What differs; none where whoever asked would not notice. Which of the two is better is said as the decision itself ranks what it
/// weighs: by what the customer pays, then by what is used up, then by what it is, then by how long it lasts. Amounts of two currencies,
/// and a price that is not known beside one that is, are neither better nor worse.
#[must_use]
pub fn difference(before: &Decision, after: &Decision) -> Option<Difference> {
    let (was, would_be) = (Owed::from(before), Owed::from(after));
    let outcomes = (was.outcome, would_be.outcome);
    let parts = before.parts.iter().zip(&after.parts);
    let mut parts = parts.filter_map(|(before, after)| {
        let (before, after) = (before.into(), after.into());
        Some((fare(before, after)?, before, after))
    });
    let of_parts = parts.next();
    let fare_of_parts = of_parts.map(|(fare, ..)| parts.fold(fare, |all, (fare, ..)| all.and(fare)));
    let mut aspects = Vec::new();
    if outcomes.0 == outcomes.1 {
        aspects_of(was, would_be, &mut aspects);
    }
    let (fare, turned) = match (fare(was, would_be), fare_of_parts, of_parts) {
        (Some(fare), of_parts, _) => {
            aspects.extend(of_parts.map(|_| Aspect::Parts));
            let fare = of_parts.map_or(fare, |of_parts| fare.and(of_parts));
            (fare, turned(was.chain, would_be.chain))
        }
        (None, Some(fare), Some((_, was, would_be))) => {
            aspects.push(Aspect::Parts);
            (fare, turned(was.chain, would_be.chain))
        }
        _ => {
            let (aspect, fare, turned) = of_plans(before, after)?;
            aspects.push(aspect);
            (fare, Some(turned))
        }
    };
    Some(Difference {
        outcomes,
        aspects,
        fare,
        turned,
    })
}

/// How the customer fares; none where both are the same.
fn fare(was: Owed<'_>, would_be: Owed<'_>) -> Option<Fare> {
    let more_is_better = |ordering| match ordering {
        Ordering::Less => Some(Fare::Better),
        Ordering::Greater => Some(Fare::Worse),
        Ordering::Equal => None,
    };
    let uses_nothing = |owed: Owed<'_>| *owed.uses == Uses::Nothing;
    of_pays(was.pays, would_be.pays)
        .or_else(|| more_is_better(uses_nothing(was).cmp(&uses_nothing(would_be))))
        .or_else(|| more_is_better(was.outcome.benefit().cmp(&would_be.outcome.benefit())))
        .or_else(|| more_is_better(was.until.cmp(&would_be.until)))
        .or_else(|| more_is_better(was.incidents_left.cmp(&would_be.incidents_left)))
        .or_else(|| (was.uses != would_be.uses).then_some(Fare::Otherwise))
}

/// How a customer fares who pays otherwise.
fn of_pays(was: Pays, would_be: Pays) -> Option<Fare> {
    match (was, would_be) {
        (was, would_be) if was == would_be => None,
        (Pays::Amount(was), Pays::Amount(would_be)) => Some(match was.partial_cmp(&would_be) {
            Some(Ordering::Less) => Fare::Worse,
            Some(_) => Fare::Better,
            None => Fare::Otherwise,
        }),
        (Pays::Amount(_), Pays::Unknown) | (Pays::Unknown, Pays::Amount(_)) => Some(Fare::Otherwise),
        (_, Pays::Nothing) | (Pays::NoRepair, _) => Some(Fare::Better),
        _ => Some(Fare::Worse),
    }
}

/// In what two differ that come to the same.
fn aspects_of(was: Owed<'_>, would_be: Owed<'_>, aspects: &mut Vec<Aspect>) {
    let by = |ordering, more, less| match ordering {
        Ordering::Less => Some(more),
        Ordering::Greater => Some(less),
        Ordering::Equal => None,
    };
    aspects.extend(by(was.until.cmp(&would_be.until), Aspect::Longer, Aspect::LessLong));
    aspects.extend(match (was.pays, would_be.pays) {
        (was, would_be) if was == would_be => None,
        (Pays::Unknown, _) => Some(Aspect::PriceKnown),
        (_, Pays::Unknown) => Some(Aspect::PriceNotKnown),
        (Pays::Amount(was), Pays::Amount(would_be)) => Some(match was.partial_cmp(&would_be) {
            Some(Ordering::Less) => Aspect::MoreMoney,
            Some(_) => Aspect::LessMoney,
            None => Aspect::OtherCurrency,
        }),
        (Pays::Amount(_), _) => Some(Aspect::LessMoney),
        _ => Some(Aspect::MoreMoney),
    });
    aspects.extend(match (was.uses, would_be.uses) {
        (was, would_be) if was == would_be => None,
        (Uses::Nothing, _) => Some(Aspect::UsesUp),
        (_, Uses::Nothing) => Some(Aspect::UsesNothing),
        _ => Some(Aspect::UsesOther),
    });
    aspects.extend(by(
        was.incidents_left.cmp(&would_be.incidents_left),
        Aspect::MoreRepairs,
        Aspect::FewerRepairs,
    ));
}

/// The rule that makes the difference: the one that would decide where it did not apply, else the one that decided and would not
/// apply, else the one that would decide.
fn turned(was: &[Weighed], would_be: &[Weighed]) -> Option<Turned> {
    let decided = |chain: &[Weighed]| {
        let mut chain = chain.iter();
        chain
            .find(|weighed| weighed.decided)
            .map(|one| Arc::clone(&one.rule_id))
    };
    let applies = |chain: &[Weighed], rule: &str| {
        let mut chain = chain.iter();
        chain.any(|weighed| weighed.applies && *weighed.rule_id == *rule)
    };
    let rule_id = match (decided(was), decided(would_be)) {
        (Some(before), Some(after)) if applies(was, &after) && !applies(would_be, &before) => before,
        (_, Some(after)) => after,
        (Some(before), None) => before,
        (None, None) => return None,
    };
    let reason = |chain: &[Weighed]| {
        let of_rule = || chain.iter().filter(|weighed| weighed.rule_id == rule_id);
        let weighed = of_rule().find(|weighed| weighed.applies).or_else(|| of_rule().next());
        weighed.map(|weighed| weighed.reason)
    };
    Some(Turned {
        before: reason(was),
        after: reason(would_be),
        rule_id,
    })
}

/// Whether the best of the plans that could have been bought would have helped otherwise.
fn of_plans(before: &Decision, after: &Decision) -> Option<(Aspect, Fare, Turned)> {
    let fare = of_pays(with_plan(before), with_plan(after))?;
    let best = |decision: &Decision| decision.plans_would_have.first().map(|plan| plan.kind.clone());
    let (aspect, kind) = match fare {
        Fare::Worse => (Aspect::PlanLess, best(before).or_else(|| best(after))?),
        _ => (Aspect::PlanMore, best(after).or_else(|| best(before))?),
    };
    let turned = Turned {
        rule_id: format!("plan-{kind}").into(),
        before: None,
        after: None,
    };
    Some((aspect, fare, turned))
}

/// What the customer would pay with the best of the plans that could have been bought.
fn with_plan(decision: &Decision) -> Pays {
    let best = decision.plans_would_have.first();
    best.map_or(decision.pays, |plan| plan.pays)
}

impl Difference {
    /// What the customer would pay more, in minor units by currency, negative where it is less: one entry, or two where it would be in
    /// another currency. None where a price is not known or there is no repair by one of both, or the difference is of parts alone. Of
    /// what is the same but for a plan that could have been bought, what it would be with that plan.
    #[must_use]
    pub fn money(&self, before: &Decision, after: &Decision) -> Vec<(Currency, i64)> {
        let is_of_plans = matches!(self.aspects.as_slice(), [Aspect::PlanMore | Aspect::PlanLess]);
        let (was, would_be) = if is_of_plans {
            (with_plan(before), with_plan(after))
        } else {
            (before.pays, after.pays)
        };
        let known = |pays| match pays {
            Pays::Nothing => Some(None),
            Pays::Amount(amount) => Some(Some(amount)),
            Pays::Unknown | Pays::NoRepair => None,
        };
        let (Some(was), Some(would_be)) = (known(was), known(would_be)) else {
            return Vec::new();
        };
        let mut changes: Vec<(Currency, i64)> = Vec::new();
        changes.extend(was.map(|amount| (amount.currency, amount.minor.saturating_neg())));
        if let Some(amount) = would_be {
            match changes.iter_mut().find(|(currency, _)| *currency == amount.currency) {
                Some((_, change)) => *change = change.saturating_add(amount.minor),
                None => changes.push((amount.currency, amount.minor)),
            }
        }
        changes.retain(|(_, change)| *change != 0);
        changes
    }
}
