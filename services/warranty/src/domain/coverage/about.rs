//! What a rule is weighed against: the question, and what is known of the device that concerns it.

use std::sync::Arc;

use time::Date;

use super::decision::{Pays, Uses, Weighed};
use super::kinds::{Damage, Outcome, Reason};
use crate::domain::country::Country;
use crate::domain::facts::{Facts, PartFacts, Question, Rules};
use crate::domain::money::Amount;
use crate::domain::sale::Sale;

/// What was asked, for the unit or for one part.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) day: Date,
    pub(super) damage: Damage,
    pub(super) place: Country,
    pub(super) sale: &'a Sale,
    pub(super) symptom: Option<&'a str>,
    pub(super) component: Option<&'a str>,
    /// The components that the symptom points at; none where it is not known.
    likely: &'a [Arc<str>],
    /// The part; none where it is about the unit.
    pub(super) part: Option<&'a PartFacts>,
    /// What the repair costs who has no cover at all.
    pub(super) price: Option<Amount>,
}

/// Whether something that is about certain components is about what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concerns {
    /// It is.
    Yes,
    /// It is about others.
    Other,
    /// It was not said which component it is.
    NotSaid,
}

impl<'a> Asked<'a> {
    pub(super) fn new(rules: &Rules<'a>, facts: &'a Facts, question: &'a Question) -> Self {
        let symptom = question.symptom.as_deref();
        let component = question.component.as_deref();
        Self {
            day: question.day,
            damage: question.damage,
            place: question.place,
            sale: &facts.sale,
            symptom,
            component,
            likely: symptom
                .and_then(|code| rules.terms.symptoms.get(code))
                .map_or(&[], |symptom| &symptom.components),
            part: None,
            price: rules.prices.of(&facts.unit.price_group, component, question.damage),
        }
    }

    /// The same, of one part.
    pub(super) fn about_part(&self, part: &'a PartFacts, rules: &Rules<'a>, facts: &Facts) -> Self {
        let component = Some(part.component.as_str());
        Self {
            component,
            part: Some(part),
            price: rules.prices.of(&facts.unit.price_group, component, self.damage),
            ..*self
        }
    }

    /// Whether something about these components, all where there are none, is about what was asked. Where only a symptom is known,
    /// the components that it points at count.
    pub(super) fn concerns<T: AsRef<str>>(&self, components: &[T]) -> Concerns {
        let is_named = |asked: &str| components.iter().any(|component| component.as_ref() == asked);
        if components.is_empty() {
            return Concerns::Yes;
        }
        match (self.component, self.likely) {
            (Some(component), _) if is_named(component) => Concerns::Yes,
            (None, likely) if likely.iter().any(|component| is_named(component)) => Concerns::Yes,
            (None, []) => Concerns::NotSaid,
            _ => Concerns::Other,
        }
    }

    /// Whether the day lies within a period, and the reason why not.
    pub(super) fn within(&self, from: Date, until: Option<Date>) -> Result<(), Reason> {
        if self.day < from {
            Err(Reason::NotYetBegun)
        } else if until.is_some_and(|last| last < self.day) {
            Err(Reason::PeriodOver)
        } else {
            Ok(())
        }
    }
}

/// A rule before it is weighed: it does not apply, and would cost and use up nothing.
pub(super) fn unweighed(rule_id: Arc<str>, outcome: Outcome, source: Arc<str>, reason: Reason) -> Weighed {
    Weighed {
        rule_id,
        outcome,
        applies: false,
        decided: false,
        suspended: false,
        from: None,
        until: None,
        pays: match outcome {
            Outcome::OutOfWarranty => Pays::Unknown,
            Outcome::Refused => Pays::NoRepair,
            _ => Pays::Nothing,
        },
        uses: Uses::Nothing,
        incidents_left: None,
        reason,
        version: None,
        source,
        law: None,
    }
}

/// What a customer pays of whom this much is asked.
pub(super) fn pays(amount: Amount) -> Pays {
    if amount.is_zero() {
        Pays::Nothing
    } else {
        Pays::Amount(amount)
    }
}

/// The reason why something leaves out a damage; none where it does not.
pub(super) fn left_out(excludes: &[(Damage, Reason)], damage: Damage) -> Option<Reason> {
    excludes
        .iter()
        .find(|(excluded, _)| *excluded == damage)
        .map(|(_, reason)| *reason)
}
