//! A decision and its chain, as it is stored and read again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Damage, Outcome, Reason};
use crate::domain::calendar::days_after;
use crate::domain::country::Country;
use crate::domain::iso_day;
use crate::domain::money::Amount;
use crate::domain::plan::PlanId;
use crate::domain::terms::Law;

/// What is owed, and why. Its JSON is what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The day for which it was decided.
    #[serde(with = "iso_day")]
    pub day: Date,
    /// The damage it was decided for.
    pub damage: Damage,
    /// Where the device would be repaired.
    pub place: Country,
    /// What the customer sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symptom: Option<String>,
    /// The component that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// What is owed.
    pub outcome: Outcome,
    /// The last day on which the rule that decided applies; none where no day ends it.
    #[serde(default, with = "iso_day::option")]
    pub covered_until: Option<Date>,
    /// What the customer pays.
    pub pays: Pays,
    /// What the repair costs who has no cover at all; none where it is not known.
    pub price: Option<Amount>,
    /// What the repair uses up.
    pub uses: Uses,
    /// How many repairs the plan that decided gives on that day, this one among them; none where no plan decided or it sets no limit.
    pub incidents_left: Option<u16>,
    /// Every rule that was weighed, in the order of weighing.
    pub chain: Vec<Weighed>,
    /// What is owed for each part that was asked for, in the order asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartDecision>,
    /// What plans would have changed, the best for the customer first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plans_would_have: Vec<PlanDifference>,
    /// The version of the terms.
    pub terms_version: Arc<str>,
    /// The rights to give the device back without a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnRight>,
    /// The duties to have spare parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spare_parts: Vec<SparePartRight>,
    /// The components that the symptom points at, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub likely_components: Vec<Arc<str>>,
    /// What to ask the customer next, keys of the message catalogue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ask: Vec<Arc<str>>,
}

/// What the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pays {
    /// Nothing.
    Nothing,
    /// This amount, with tax.
    Amount(Amount),
    /// A price that is not known.
    Unknown,
    /// Nothing is repaired, so nothing is paid.
    NoRepair,
}

/// What a repair uses up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uses {
    /// Nothing.
    Nothing,
    /// A repair of a plan, whether the plan counts them or not.
    Plan(PlanId),
    /// A service program, by its id in the terms.
    Program(Arc<str>),
    /// Good will.
    Goodwill,
}

/// One rule, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    /// The rule's id in the terms.
    pub rule_id: Arc<str>,
    /// What it would give.
    pub outcome: Outcome,
    /// Whether it applies to this device, day and damage.
    pub applies: bool,
    /// Whether it decided.
    pub decided: bool,
    /// Whether it is a right that something bars from being used.
    #[serde(default, skip_serializing_if = "is_not")]
    pub suspended: bool,
    /// The first day on which it applies; none where it never would.
    #[serde(default, with = "iso_day::option")]
    pub from: Option<Date>,
    /// The last day on which it applies; none where it never would or no day ends it.
    #[serde(default, with = "iso_day::option")]
    pub until: Option<Date>,
    /// What the customer would pay by it.
    pub pays: Pays,
    /// What a repair by it would use up.
    pub uses: Uses,
    /// How many repairs the plan gives on that day; none where it is no plan or sets no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incidents_left: Option<u16>,
    /// Why it applies or not.
    pub reason: Reason,
    /// The version of the terms that it stands in; none for that of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Arc<str>>,
    /// Where it comes from.
    pub source: Arc<str>,
    /// What there is to know of it beside that, of laws only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<LawFacts>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_not(value: &bool) -> bool {
    !value
}

/// What is owed for one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartDecision {
    /// The part's number.
    pub part_number: String,
    /// The component that it is of.
    pub component: String,
    /// Whether it wears by being used as it is meant to.
    pub wears: bool,
    /// Whether it is there for looks only.
    pub cosmetic: bool,
    /// What is owed.
    pub outcome: Outcome,
    /// The last day on which the rule that decided applies; none where no day ends it.
    #[serde(default, with = "iso_day::option")]
    pub covered_until: Option<Date>,
    /// What the customer pays.
    pub pays: Pays,
    /// What the repair costs who has no cover at all; none where it is not known.
    pub price: Option<Amount>,
    /// What the repair uses up.
    pub uses: Uses,
    /// As of the whole decision.
    pub incidents_left: Option<u16>,
    /// Every rule that was weighed for this part.
    pub chain: Vec<Weighed>,
}

/// What a plan would have changed that could have been bought with the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDifference {
    /// Its key in the terms of plans.
    pub kind: String,
    /// What the customer would pay.
    pub pays: Pays,
    /// How much less that is than what they pay now; none where that is not known.
    pub saves: Option<Amount>,
    /// The last day on which it would cover; none where it goes on while it is paid for.
    #[serde(default, with = "iso_day::option")]
    pub until: Option<Date>,
    /// The version of the terms of plans.
    pub version: String,
    /// Where it is written down.
    pub source: String,
}

/// What there is to know of a law for one sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawFacts {
    /// What it says of every sale: what starts it, the order of remedies, the deadline for a notice.
    pub law: Arc<Law>,
    /// The last day on which anything can be claimed; none where the terms do not know.
    #[serde(default, with = "iso_day::option")]
    pub limitation_until: Option<Date>,
    /// The last day of the seller's burden of proof; none where there is none or the terms do not know.
    #[serde(default, with = "iso_day::option")]
    pub burden_of_proof_until: Option<Date>,
    /// The last day on which the faulty device can be given back at once; none where there is no such right.
    #[serde(default, with = "iso_day::option")]
    pub refusal_until: Option<Date>,
    /// How many days of repairs are in its end.
    pub days_added: u16,
    /// How many months are in its end because of repairs.
    pub months_added: u16,
}

/// A right to give the device back without a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRight {
    /// The rule's id in the terms.
    pub rule_id: Arc<str>,
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
    pub source: Arc<str>,
}

/// A duty to have spare parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparePartRight {
    /// The rule's id in the terms.
    pub rule_id: Arc<str>,
    /// For how many years.
    pub years: u16,
    /// Where it comes from.
    pub source: Arc<str>,
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

    /// The rule that decided; none where none did.
    #[must_use]
    pub fn decided(&self) -> Option<&Weighed> {
        self.chain.iter().find(|weighed| weighed.decided)
    }
}
