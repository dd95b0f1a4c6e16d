//! A decision and its chain, as it is stored and read again.

use std::borrow::Cow;

use time::Date;

use super::{Damage, Outcome};
use crate::domain::calendar::days_after;

/// What is owed, and why. Read again from the store it is the same, whatever has become of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The day for which it was decided.
    pub day: Date,
    /// The damage it was decided for.
    pub damage: Damage,
    /// What is owed.
    pub outcome: Outcome,
    /// The last day on which the rule that decided applies; none where no day ends it.
    pub covered_until: Option<Date>,
    /// Every rule that was weighed, in the order of weighing.
    pub chain: Vec<Weighed>,
    /// The version of the terms.
    pub terms_version: Cow<'static, str>,
}

/// One rule, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// The rule's id in the terms.
    pub rule_id: Cow<'static, str>,
    /// What it would give.
    pub outcome: Outcome,
    /// Whether it applies to this device, day and damage.
    pub applies: bool,
    /// Whether it decided.
    pub decided: bool,
    /// The first day on which it applies; none where it never would.
    pub from: Option<Date>,
    /// The last day on which it applies; none where it never would or no day ends it.
    pub until: Option<Date>,
    /// Where it comes from.
    pub source: Cow<'static, str>,
    /// Why it applies or not, a key of the message catalogue.
    pub reason_key: Cow<'static, str>,
}

impl Decision {
    /// How many days remain, the day itself not counted; 0 where nothing is covered or no day ends it.
    #[must_use]
    pub fn days_remaining(&self) -> u32 {
        match self.covered_until {
            Some(last) if self.outcome.is_covered() => days_after(self.day, last),
            _ => 0,
        }
    }
}
