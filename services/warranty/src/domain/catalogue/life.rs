//! For how long a model is repaired.

use support_chassis::named;
use time::Date;

use crate::domain::calendar::last_day;
use crate::domain::product::ProductLine;
use crate::domain::terms::SparePartRule;

named! {
    /// How far a model has come.
    ServiceState {
        /// It is repaired.
        Current = "current",
        /// It is repaired as long as there are parts.
        Vintage = "vintage",
        /// It is not repaired any more, except where a law still asks for it.
        Obsolete = "obsolete",
    }
}

/// What there is to know of a model to say for how long it is repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sold {
    /// The product line.
    pub line: ProductLine,
    /// The last day on which the maker sold it; none while it does.
    pub last: Option<Date>,
    /// The first day on which it is vintage, where an operator has said so.
    pub vintage_from: Option<Date>,
    /// The first day on which it is obsolete, where an operator has said so.
    pub obsolete_from: Option<Date>,
}

/// For how many years after the last sale a model is repaired, unless an operator has said so of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeRule {
    /// Then it is vintage.
    pub vintage_after_years: u16,
    /// Then it is obsolete; not less than the other.
    pub obsolete_after_years: u16,
    /// Where it is written down.
    pub source: String,
    /// The versions that it comes from.
    pub version: String,
}

/// For how long a model is repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The first day on which it is vintage; none while that is open.
    pub vintage_from: Option<Date>,
    /// The first day on which it is obsolete; none while that is open. Never before it is vintage.
    pub obsolete_from: Option<Date>,
    /// The duties to have spare parts, with their last days.
    pub duties: Vec<DutyEnd>,
}

/// Until when spare parts must be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyEnd {
    /// The rule's id in the terms.
    pub rule_id: String,
    /// For how many years after the last sale.
    pub years: u16,
    /// The last day; none while the model is sold.
    pub until: Option<Date>,
    /// Where the duty comes from.
    pub source: String,
}

impl Life {
    /// For how long the model is repaired by `rule`, with the duties to have spare parts of the country where it was sold. A law that
    /// asks for parts of what is sold from some day on asks for those of what was sold last.
    #[must_use]
    pub fn of(sold: Sold, rule: &LifeRule, duties: &[SparePartRule]) -> Self {
        let after = |years: u16| {
            sold.last
                .and_then(|sold| last_day(sold, years.saturating_mul(12)).next_day())
        };
        let vintage_from = sold.vintage_from.or_else(|| after(rule.vintage_after_years));
        let obsolete_from = sold
            .obsolete_from
            .or_else(|| after(rule.obsolete_after_years))
            // Where only one of the two days was set, the other comes from the rule and may lie on the wrong side.
            .map(|day| vintage_from.map_or(day, |vintage| day.max(vintage)));
        let duties = duties
            .iter()
            .filter(|duty| duty.scope.reaches(sold.line))
            .filter(|duty| sold.last.is_none_or(|sold| duty.scope.holds_on(sold)))
            .map(|duty| DutyEnd {
                rule_id: duty.id.to_string(),
                years: duty.years,
                until: (sold.last).map(|sold| last_day(sold, duty.years.saturating_mul(12))),
                source: duty.source.to_string(),
            })
            .collect();
        Self {
            vintage_from,
            obsolete_from,
            duties,
        }
    }

    /// How far it has come on `day`.
    #[must_use]
    pub fn state_on(&self, day: Date) -> ServiceState {
        let since = |first: Option<Date>| first.is_some_and(|first| first <= day);
        if since(self.obsolete_from) {
            ServiceState::Obsolete
        } else if since(self.vintage_from) {
            ServiceState::Vintage
        } else {
            ServiceState::Current
        }
    }

    /// The last day on which it is repaired: the day before it is obsolete, or the last one of a duty to have spare parts, whichever is
    /// later; none where no day ends it yet.
    #[must_use]
    pub fn repaired_until(&self) -> Option<Date> {
        let own = self.obsolete_from?.previous_day()?;
        let of_law = self.duties.iter().map(|duty| duty.until);
        // What is still sold has open duties, whatever day an operator has set.
        of_law.chain([Some(own)]).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The first day on which it is not repaired any more; none where there is none yet.
    #[must_use]
    pub fn not_repaired_from(&self) -> Option<Date> {
        self.repaired_until()?.next_day()
    }
}
