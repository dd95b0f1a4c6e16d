//! What there is to know of a sale, and of what became of the device since.

use serde::{Deserialize, Serialize};
use time::Date;

use super::iso_day;
use super::product::ProductLine;

/// A sale, and the repairs since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// When the device was handed to its first owner.
    #[serde(with = "iso_day")]
    pub day: Date,
    /// What kind of product it is.
    pub line: ProductLine,
    /// The maker's limited warranty that the catalogue names, in months.
    pub warranty_months: u8,
    /// Whether it was sold used.
    pub used: bool,
    /// The repairs free of charge that it has had.
    pub repairs: Repairs,
}

/// A repair free of charge that a device has had. Both days are days of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PastRepair {
    /// The day on which it was handed in.
    #[serde(with = "iso_day")]
    pub received: Date,
    /// The day on which it was back, not before the other.
    #[serde(with = "iso_day")]
    pub returned: Date,
    /// The components that were repaired; none for the whole unit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
}

/// Repairs free of charge, in the order of their first days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<PastRepair>")]
pub struct Repairs(Vec<PastRepair>);

impl From<Vec<PastRepair>> for Repairs {
    fn from(repairs: Vec<PastRepair>) -> Self {
        Self::new(repairs)
    }
}

impl Repairs {
    /// These repairs, put in order.
    #[must_use]
    pub fn new(mut repairs: Vec<PastRepair>) -> Self {
        repairs.sort_unstable();
        Self(repairs)
    }

    /// Those that a device sold as `sale` says has had by `day`: these, which were told, and those that this service has kept
    /// book of itself.
    #[must_use]
    pub fn joined(&self, sale: &Sale, kept: &[PastRepair], day: Date) -> Self {
        if kept.is_empty() {
            return self.clone();
        }
        let is_within = |repair: &&PastRepair| sale.day <= repair.received && repair.returned <= day;
        let mut repairs: Vec<_> = self.iter().cloned().collect();
        for repair in kept.iter().filter(is_within) {
            let is_told = |told: &PastRepair| (told.received, told.returned) == (repair.received, repair.returned);
            if !repairs.iter().any(is_told) {
                repairs.push(repair.clone());
            }
        }
        Self::new(repairs)
    }

    /// In the order of their first days.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PastRepair> {
        self.0.iter()
    }
}
