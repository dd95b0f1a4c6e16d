//! A decision and its chain, as it is stored and read again.

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Damage, Outcome};
use crate::domain::calendar::days_after;
use crate::domain::iso_day;
use crate::domain::terms::{Remedy, Start};

/// What is owed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The day for which it was decided.
    #[serde(with = "iso_day")]
    pub day: Date,
    /// The damage it was decided for.
    pub damage: Damage,
    /// What is owed.
    pub outcome: Outcome,
    /// The last day on which the rule that decided applies; none where no day ends it.
    #[serde(default, with = "iso_day::option")]
    pub covered_until: Option<Date>,
    /// Every rule that was weighed, in the order of weighing.
    pub chain: Vec<Weighed>,
    /// The version of the terms.
    pub terms_version: String,
    /// The rights to give the device back without a reason. Decisions that were made before they were stored whole have none:
    /// [`super::explain`] reads them in the terms.
    #[serde(default)]
    pub returns: Vec<ReturnRight>,
    /// The duties to have spare parts; as above.
    #[serde(default)]
    pub spare_parts: Vec<SparePartRight>,
}

/// One rule, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    /// The rule's id in the terms.
    pub rule_id: String,
    /// What it would give.
    pub outcome: Outcome,
    /// Whether it applies to this device, day and damage.
    pub applies: bool,
    /// Whether it decided.
    pub decided: bool,
    /// The first day on which it applies; none where it never would.
    #[serde(default, with = "iso_day::option")]
    pub from: Option<Date>,
    /// The last day on which it applies; none where it never would or no day ends it.
    #[serde(default, with = "iso_day::option")]
    pub until: Option<Date>,
    /// Where it comes from.
    pub source: String,
    /// Why it applies or not, a key of the message catalogue.
    pub reason_key: String,
    /// What there is to know of it beside that, of laws only; as above.
    #[serde(default)]
    pub law: Option<LawFacts>,
}

/// What there is to know of a law for one sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawFacts {
    /// What starts its periods.
    pub starts: Start,
    /// Whether it may give more than is certain.
    pub length_open: bool,
    /// The last day on which anything can be claimed; none where the terms do not know.
    #[serde(default, with = "iso_day::option")]
    pub limitation_until: Option<Date>,
    /// The last day of the seller's burden of proof; none where there is none or the terms do not know.
    #[serde(default, with = "iso_day::option")]
    pub burden_of_proof_until: Option<Date>,
    /// Within how many months after finding a fault a notice is certainly in time; 0 where the terms know no such deadline.
    pub notice_months: u16,
    /// What there is to ask for, the first step first.
    pub remedies: Vec<Vec<Remedy>>,
    /// The last day on which the faulty device can be given back at once; none where there is no such right.
    #[serde(default, with = "iso_day::option")]
    pub refusal_until: Option<Date>,
    /// Whether the period stands still during a repair.
    pub suspended_during_repair: bool,
    /// How many days of repairs are in its end.
    pub days_added: u16,
    /// How many months are in its end because of repairs.
    pub months_added: u16,
    /// What there is to know beside.
    pub note: String,
}

/// A right to give the device back without a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRight {
    /// The rule's id in the terms.
    pub rule_id: String,
    /// The last day.
    #[serde(with = "iso_day")]
    pub until: Date,
    /// Whether the day of the decision is not later.
    pub applies: bool,
    /// Whether it is only for what was bought at a distance.
    pub distance_only: bool,
    /// Whether the customer sends it back free of charge.
    pub way_back_free: bool,
    /// Where it comes from.
    pub source: String,
}

/// A duty to have spare parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparePartRight {
    /// The rule's id in the terms.
    pub rule_id: String,
    /// For how many years.
    pub years: u16,
    /// Where it comes from.
    pub source: String,
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
