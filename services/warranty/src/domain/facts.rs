//! All that is known of a device when a decision is made: what a decision is stored with, so that it can be made again.

use serde::{Deserialize, Serialize};
use support_chassis::named;
use time::Date;

use super::country::Country;
use super::coverage::Damage;
use super::iso_day;
use super::plan::{PlanCover, PlanId, PlanOffer};
use super::prices::Prices;
use super::sale::Sale;
use super::terms::Terms;

/// What is known of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Its sale, and the repairs since.
    pub sale: Sale,
    /// What it is.
    pub unit: Unit,
    /// The plans that it has or had.
    pub plans: Vec<PlanHeld>,
    /// What of the maker's good will has been used up for it.
    pub used: Used,
    /// What keeps the maker from repairing it.
    pub bars: Vec<Bar>,
}

impl Facts {
    /// Of a sale of a model, without anything else known.
    #[must_use]
    pub fn of(sale: Sale, model_code: impl Into<String>, serial_number: impl Into<String>) -> Self {
        Self {
            sale,
            unit: Unit {
                model_code: model_code.into(),
                serial_number: serial_number.into(),
                price_group: String::new(),
                parts: Vec::new(),
                obsolete_from: None,
                earlier: Vec::new(),
            },
            plans: Vec::new(),
            used: Used::default(),
            bars: Vec::new(),
        }
    }
}

/// What a device is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// The maker's code of the model.
    pub model_code: String,
    /// The serial number.
    pub serial_number: String,
    /// The group of models that it is priced with; empty where it is in none.
    pub price_group: String,
    /// The parts of the model that were asked for, or all.
    pub parts: Vec<PartFacts>,
    /// From which day on the maker has no parts for the model, and repairs none at a price; none while it does.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso_day::option")]
    pub obsolete_from: Option<Date>,
    /// The units that it replaced, the last one first: what the maker gives for those it gives for this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierUnit>,
}

/// A unit that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierUnit {
    /// The maker's code of its model.
    pub model_code: String,
    /// Its serial number.
    pub serial_number: String,
}

impl Unit {
    /// The model code and serial number of this unit, and of those that it replaced.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let earlier = self.earlier.iter();
        let earlier = earlier.map(|unit| (unit.model_code.as_str(), unit.serial_number.as_str()));
        [(self.model_code.as_str(), self.serial_number.as_str())]
            .into_iter()
            .chain(earlier)
    }
}

/// A part of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFacts {
    /// Its number.
    pub part_number: String,
    /// The component that it is of: `battery`.
    pub component: String,
    /// Whether it wears by being used as it is meant to.
    pub wears: bool,
    /// Whether it is there for looks only.
    pub cosmetic: bool,
}

/// A plan that a device has or had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHeld {
    /// Its id.
    pub plan_id: PlanId,
    /// Its key in the terms of plans.
    pub kind: String,
    /// The version of the terms of plans that it was bought by.
    pub version: String,
    /// Where it is written down.
    pub source: String,
    /// The first day of the plan: the twelve months of its incidents are counted from it, through all of its terms.
    #[serde(with = "iso_day")]
    pub begins: Date,
    /// The first day on which it covers as is said here: a renewal may cover otherwise.
    #[serde(with = "iso_day")]
    pub from: Date,
    /// The last day on which it does; none while it goes on.
    #[serde(default, with = "iso_day::option")]
    pub until: Option<Date>,
    /// How many repairs it gives; none where it sets no limit.
    pub incidents: Option<Incidents>,
    /// What it covers.
    pub covers: Vec<PlanCover>,
}

/// How many repairs a plan gives, and those that it has given. The twelve months begin with the first day of the plan
/// ([`PlanHeld::begins`]), and end and begin anew as [`plan::term::twelve_months`](super::plan::term::twelve_months) says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incidents {
    /// In twelve months.
    pub per_12_months: u16,
    /// The days of those that were used, reserved ones too.
    #[serde(with = "iso_day::list")]
    pub used_on: Vec<Date>,
}

/// What of the maker's good will has been used up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Used {
    /// The ids of the service programs that the unit was repaired under.
    pub programs: Vec<String>,
    /// The days on which it was repaired for good will.
    #[serde(with = "iso_day::list")]
    pub goodwill_on: Vec<Date>,
}

named! {
    /// What keeps the maker from repairing a device; whether a lock to an account does, the terms say.
    Bar {
        /// Its owner has reported it lost.
        Lost = "lost",
        /// Its owner has reported it stolen.
        Stolen = "stolen",
        /// It is locked to an account that has not released it.
        ActivationLocked = "activation_locked",
        /// It was replaced: its rights have passed to the unit that the customer got for it.
        Replaced = "replaced",
        /// It is none of the maker's.
        NotGenuine = "not_genuine",
        /// An authority has seized it.
        Seized = "seized",
        /// It is being looked into.
        UnderInvestigation = "under_investigation",
    }
}

/// What is asked of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The day for which to decide.
    #[serde(with = "iso_day")]
    pub day: Date,
    /// How it came to harm.
    pub damage: Damage,
    /// Where it would be repaired.
    pub place: Country,
    /// What the customer sees, a code of the terms' symptoms; none where it is not known.
    pub symptom: Option<String>,
    /// The component that is to be repaired; none for the whole unit, or where it is not known.
    pub component: Option<String>,
    /// The numbers of parts to decide about one by one as well.
    pub parts: Vec<String>,
}

impl Question {
    /// Of a damage on a day, without anything else said.
    #[must_use]
    pub const fn of(day: Date, damage: Damage, place: Country) -> Self {
        Self {
            day,
            damage,
            place,
            symptom: None,
            component: None,
            parts: Vec::new(),
        }
    }
}

/// What a decision goes by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The terms for the country of purchase.
    pub terms: &'a Terms,
    /// The prices at the place of the repair.
    pub prices: &'a Prices,
    /// The plans that could have been bought with the device.
    pub offers: &'a [PlanOffer],
}
