//! What turned out differently, counted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use support_chassis::standard::{Consequence, Fare as Told, Faring, MoneyChange, Share};

use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, Difference, Fare, Outcome, Reason, difference};
use crate::domain::money::Currency;
use crate::domain::product::ProductLine;

/// How many ids are named.
const EXAMPLES: usize = 10;
/// How many consequences are told of; what is beyond is told as one.
const MOST: usize = 300;

/// What was tried with each of those that were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Case {
    /// A device that came to harm so.
    Damage(Damage),
    /// What was asked once.
    Asked,
}

impl Case {
    fn words(self) -> String {
        match self {
            Self::Damage(damage) => format!("damage {}", damage.as_str().replace('_', " ")),
            Self::Asked => String::new(),
        }
    }
}

/// Where a device was sold, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Whose {
    /// Where.
    pub(super) country: Country,
    /// What.
    pub(super) line: ProductLine,
}

/// More and less, in minor units by currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Money(BTreeMap<Currency, (i64, i64)>);

impl Money {
    fn note(&mut self, changes: &[(Currency, i64)]) {
        for (currency, change) in changes {
            let (more, less) = self.0.entry(*currency).or_default();
            if *change > 0 {
                *more = more.saturating_add(*change);
            } else {
                *less = less.saturating_add(change.saturating_neg());
            }
        }
    }

    fn add(&mut self, other: Self) {
        for (currency, (more, less)) in other.0 {
            let sum = self.0.entry(currency).or_default();
            *sum = (sum.0.saturating_add(more), sum.1.saturating_add(less));
        }
    }

    fn told(self) -> Vec<MoneyChange> {
        let told = self.0.into_iter().map(|(currency, (more, less))| MoneyChange {
            currency: currency.code().to_owned(),
            more,
            less,
        });
        told.collect()
    }
}

/// Those who would fare differently in one way.
#[derive(Debug, Default)]
struct Changed {
    count: i64,
    examples: Vec<String>,
    money: Money,
    shares: HashMap<Whose, i64>,
}

/// How many would fare how.
#[derive(Debug, Clone, Default)]
struct Count {
    better: i64,
    worse: i64,
    otherwise: i64,
    same: i64,
    money: Money,
}

impl Count {
    const fn number(&self) -> i64 {
        self.better + self.worse + self.otherwise + self.same
    }

    fn note(&mut self, fare: Option<Fare>, money: &[(Currency, i64)]) {
        *match fare {
            Some(Fare::Better) => &mut self.better,
            Some(Fare::Worse) => &mut self.worse,
            Some(Fare::Otherwise) => &mut self.otherwise,
            None => &mut self.same,
        } += 1;
        self.money.note(money);
    }

    fn add(&mut self, other: Self) {
        self.better += other.better;
        self.worse += other.worse;
        self.otherwise += other.otherwise;
        self.same += other.same;
        self.money.add(other.money);
    }

    fn told(self, tried: String, whose: Option<Whose>) -> Faring {
        Faring {
            tried,
            country: whose.map_or_else(String::new, |whose| whose.country.code().to_owned()),
            product: whose.map_or_else(String::new, |whose| whose.line.as_str().to_owned()),
            better: self.better,
            worse: self.worse,
            otherwise: self.otherwise,
            same: self.same,
            money: self.money.told(),
        }
    }
}

/// What was tried in a case.
#[derive(Debug, Default)]
struct OfCase {
    changed: HashMap<Difference, Changed>,
    counts: HashMap<Whose, Count>,
    /// Those of which is known only that all stays.
    untouched: i64,
}

/// What was tried.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<Case, OfCase>);

impl Tally {
    /// Of so many for which all stays as it is.
    pub(super) fn untouched(cases: impl IntoIterator<Item = Case>, number: i64) -> Self {
        let of_case = || OfCase {
            untouched: number,
            ..OfCase::default()
        };
        Self(cases.into_iter().map(|case| (case, of_case())).collect())
    }

    /// Notes one that was tried, and how it was decided before and after; where nothing is decided, nothing changes.
    pub(super) fn note(
        &mut self,
        case: Case,
        whose: Whose,
        decided: Option<&(Decision, Decision)>,
        id: impl FnOnce() -> String,
    ) {
        let of_case = self.0.entry(case).or_default();
        let count = of_case.counts.entry(whose).or_default();
        let Some((difference, before, after)) =
            decided.and_then(|(before, after)| Some((difference(before, after)?, before, after)))
        else {
            return count.note(None, &[]);
        };
        let money = difference.money(before, after);
        count.note(Some(difference.fare), &money);
        let changed = of_case.changed.entry(difference).or_default();
        changed.count += 1;
        changed.money.note(&money);
        *changed.shares.entry(whose).or_default() += 1;
        if changed.examples.len() < EXAMPLES {
            changed.examples.push(id());
        }
    }

    /// Adds what was tried after this.
    pub(super) fn add(&mut self, other: Self) {
        for (case, theirs) in other.0 {
            let ours = self.0.entry(case).or_default();
            ours.untouched += theirs.untouched;
            for (whose, count) in theirs.counts {
                ours.counts.entry(whose).or_default().add(count);
            }
            for (difference, theirs) in theirs.changed {
                let ours = ours.changed.entry(difference).or_default();
                ours.count += theirs.count;
                ours.money.add(theirs.money);
                for (whose, count) in theirs.shares {
                    *ours.shares.entry(whose).or_default() += count;
                }
                let room = EXAMPLES.saturating_sub(ours.examples.len());
                ours.examples.extend(theirs.examples.into_iter().take(room));
            }
        }
    }

    /// What is told of it, of all `whom`.
    pub(super) fn told(self, whom: &str) -> (Vec<Consequence>, Vec<Faring>) {
        let (mut consequences, mut farings) = (Vec::new(), Vec::new());
        for (case, of_case) in self.0 {
            let tried = case.words();
            let whom = if tried.is_empty() {
                whom.to_owned()
            } else {
                format!("{whom}, {tried}")
            };
            farings.extend(of_case.farings(&tried));
            consequences.extend(of_case.consequences(&whom));
        }
        (consequences, farings)
    }
}

impl OfCase {
    fn farings(&self, tried: &str) -> Vec<Faring> {
        let mut all = Count {
            same: self.untouched,
            ..Count::default()
        };
        for count in self.counts.values() {
            all.add(count.clone());
        }
        let mut places: Vec<_> = (self.counts.iter())
            .filter(|(_, count)| count.same < count.number())
            .collect();
        places.sort_unstable_by_key(|(whose, _)| **whose);
        let places = places
            .into_iter()
            .map(|(whose, count)| count.clone().told(tried.to_owned(), Some(*whose)));
        [all.told(tried.to_owned(), None)].into_iter().chain(places).collect()
    }

    /// In the order of what it was and would be; the most frequent ones where there are too many.
    fn consequences(self, whom: &str) -> Vec<Consequence> {
        let mut changed: Vec<_> = self.changed.into_iter().collect();
        changed.sort_unstable_by(|(one, one_changed), (other, other_changed)| {
            let by_count = Reverse(one_changed.count).cmp(&Reverse(other_changed.count));
            by_count.then_with(|| one.cmp(other))
        });
        let beyond = changed.split_off(changed.len().min(MOST));
        let mut told: Vec<_> = changed
            .into_iter()
            .map(|(difference, changed)| changed.told(whom, &difference))
            .collect();
        told.sort_by(|one, other| (&one.before, &one.after).cmp(&(&other.before, &other.after)));
        let count: i64 = beyond.iter().map(|(_, changed)| changed.count).sum();
        if count > 0 {
            told.push(Consequence {
                whom: whom.to_owned(),
                count,
                before: "as it is".to_owned(),
                after: "something else, in further ways".to_owned(),
                ..Consequence::default()
            });
        }
        told
    }
}

impl Changed {
    fn told(self, whom: &str, difference: &Difference) -> Consequence {
        let (before, after) = words(difference);
        let mut shares: Vec<_> = self.shares.into_iter().collect();
        shares.sort_unstable();
        Consequence {
            whom: whom.to_owned(),
            count: self.count,
            before,
            after,
            examples: self.examples,
            fare: Some(told(difference.fare)),
            rule: (difference.turned.as_ref()).map_or_else(String::new, |turned| turned.rule_id.to_string()),
            because: because(difference),
            money: self.money.told(),
            shares: shares
                .into_iter()
                .map(|(whose, count)| Share {
                    country: whose.country.code().to_owned(),
                    product: whose.line.as_str().to_owned(),
                    count,
                })
                .collect(),
        }
    }
}

const fn told(fare: Fare) -> Told {
    match fare {
        Fare::Better => Told::Better,
        Fare::Worse => Told::Worse,
        Fare::Otherwise => Told::Otherwise,
    }
}

/// What it was and what it would be.
pub(super) fn words(difference: &Difference) -> (String, String) {
    let of = |outcome: Outcome| outcome.as_str().replace('_', " ");
    let (before, after) = difference.outcomes;
    let aspects = difference.aspects.iter().map(|aspect| aspect.as_str().to_owned());
    let after: Vec<_> = [of(after)].into_iter().chain(aspects).collect();
    (of(before), after.join(", "))
}

/// What became of the rule that makes the difference, and what would.
pub(super) fn because(difference: &Difference) -> String {
    let Some(turned) = &difference.turned else {
        return String::new();
    };
    let word = |reason: Option<Reason>| {
        let key = reason.map_or("is not there", Reason::as_str);
        key.rsplit('.').next().unwrap_or(key).replace('_', " ")
    };
    match (turned.before, turned.after) {
        (None, None) => String::new(),
        (before, after) if before == after => word(before),
        (before, after) => format!("{} -> {}", word(before), word(after)),
    }
}
