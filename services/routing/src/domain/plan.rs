//! The routing plan: who goes first, what is asked of an agent and how that is relaxed while the customer waits, how long an
//! offer stands.

use time::Duration;

use super::{Area, Country, Language, Need, ProductLine, Severity};

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priorities {
    /// By the severity: low, normal, high, critical. 0 to 9 each.
    pub by_severity: [i16; 4],
    /// The least that a task about the security of an account has.
    pub account_security: i16,
    /// How long a task waits for each priority that it goes up.
    pub ageing_step: Duration,
    /// Waiting raises a task no further than this.
    pub ageing_limit: i16,
}

impl Priorities {
    /// The priority with which a task is queued, 0 to 9.
    #[must_use]
    pub fn of(&self, severity: Severity, area: Option<Area>) -> i16 {
        let index = match severity {
            Severity::Low => 0,
            Severity::Normal => 1,
            Severity::High => 2,
            Severity::Critical => 3,
        };
        let by_severity = self.by_severity[index];
        match area {
            Some(Area::AccountSecurity) => by_severity.max(self.account_security),
            Some(Area::Device) | None => by_severity,
        }
    }

    /// The priority in line of a task that was queued with `priority` and has waited for `waited`.
    #[must_use]
    pub fn aged(&self, priority: i16, waited: Duration) -> i16 {
        if priority >= self.ageing_limit {
            return priority;
        }
        let steps = waited.whole_microseconds() / self.ageing_step.whole_microseconds().max(1);
        let raised = i128::from(priority).saturating_add(steps.max(0));
        i16::try_from(raised).map_or(self.ageing_limit, |raised| raised.min(self.ageing_limit))
    }
}

/// What is asked no longer once a task has waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How long it must have waited.
    pub after: Duration,
    /// How well the language must then be spoken, 1 to 5.
    pub language_level: i16,
    /// How well the product line must then be known, 1 to 5; 0 for not at all.
    pub skill_level: i16,
    /// Languages that then serve besides the customer's own, to be spoken as well.
    pub languages: Vec<Language>,
}

/// What holds at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The versions it comes from.
    pub basis: String,
    /// Who goes first.
    pub priorities: Priorities,
    /// How well the customer's language must be spoken as long as nothing is relaxed, 1 to 5.
    pub language_level: i16,
    /// How well the product line must be known, 1 to 5.
    pub skill_level: i16,
    /// What is relaxed, in the order in which it is reached.
    pub steps: Vec<Step>,
    /// How long an offer stands.
    pub offer_timeout: Duration,
    /// How long an agent who let a task go by is not asked again for it.
    pub refusal_delay: Duration,
    /// How long an agent may be out of sight.
    pub presence_timeout: Duration,
    /// Whether a task begins to wait when its channel opens.
    pub waits_from_opening: bool,
}

impl Plan {
    /// How many of the steps a task has reached that has waited for `waited`.
    #[must_use]
    pub fn steps_reached(&self, waited: Duration) -> usize {
        self.steps.partition_point(|step| step.after <= waited)
    }

    /// What a task demands once so many of the steps are reached: first what is asked as long as nothing is relaxed, then after
    /// each of those steps. Each is fulfilled by everybody who fulfils the one before.
    #[must_use]
    pub fn needs_after(
        &self,
        language: &Language,
        product_line: Option<ProductLine>,
        weight: i32,
        steps: usize,
    ) -> Vec<Need> {
        let mut need = Need {
            languages: vec![(language.clone(), self.language_level)],
            product_line: product_line.map(|line| (line, self.skill_level)),
            weight,
        };
        let mut needs = vec![need.clone()];
        for step in self.steps.iter().take(steps) {
            need = need.relaxed(step);
            if needs.last() != Some(&need) {
                needs.push(need.clone());
            }
        }
        needs
    }
}

/// What holds for the tasks of one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// The country; none for tasks of which none is known.
    pub country: Option<Country>,
    /// The plan.
    pub plan: Plan,
}

#[cfg(test)]
mod tests;
