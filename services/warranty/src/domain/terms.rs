//! The terms as a decision reads them: the rules for one country, each with its source.
//!
//! A rule says which sales it holds for, for how long, which damage it leaves out, and what it gives. There is no rule in
//! code: [`super::coverage`] weighs whatever stands here, and what stands here is read from the document of the standard
//! that holds for the country of purchase on the day of the decision.
//!
//! That document names the span of sales of each promise and of each edition of a law. So a device has what held when it
//! was sold, whatever has been added or ended since, and what was written down wrongly is put right for past sales too.

mod beyond;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use support_chassis::named;
use time::Date;

pub use beyond::{ActivationLock, Goodwill, Program, Symptom};

use super::country::Country;
use super::coverage::{Damage, Outcome, Reason};
use super::facts::Unit;
use super::product::ProductLine;

/// The terms for one country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The versions they come from; stored with every decision.
    pub version: Arc<str>,
    /// The rules, in the order of weighing.
    pub rules: Vec<Rule>,
    /// The rights to give a device back without a reason.
    pub returns: Vec<ReturnRule>,
    /// The duties to have spare parts.
    pub spare_parts: Vec<SparePartRule>,
    /// The service programs, by their ids.
    pub programs: Vec<Program>,
    /// The places in `programs` of those about a model, by its code.
    pub programs_of: HashMap<Box<str>, Vec<usize>>,
    /// What the maker gives beyond what it owes; none where it gives nothing.
    pub goodwill: Option<Goodwill>,
    /// What customers see, by its code.
    pub symptoms: HashMap<Box<str>, Symptom>,
    /// Where it is written down what bars a repair.
    pub repair_terms: Arc<str>,
    /// What it means that a device is locked to an account.
    pub activation_lock: ActivationLock,
}

impl Terms {
    /// The service programs about the models of a unit and of those that it replaced, by their ids, with the serial numbers of those
    /// that are of the program's models.
    pub fn programs_about<'a>(&'a self, unit: &'a Unit) -> impl Iterator<Item = (&'a Program, Vec<&'a str>)> {
        let places_of = |model_code: &str| self.programs_of.get(model_code).map_or(&[][..], Vec::as_slice);
        let mut places: Vec<usize> = unit
            .all()
            .flat_map(|(model_code, _)| places_of(model_code))
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().filter_map(move |place| {
            let is_of = |model_code: &str| places_of(model_code).contains(&place);
            let serials = unit
                .all()
                .filter(|(model_code, _)| is_of(model_code))
                .map(|(_, serial)| serial);
            Some((self.programs.get(place)?, serials.collect()))
        })
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id in the terms, never used again for another.
    pub id: Arc<str>,
    /// What it gives.
    pub outcome: Outcome,
    /// Which sales it holds for.
    pub scope: Scope,
    /// How long it holds, from the day of the sale.
    pub length: Length,
    /// The damage it leaves out, and the reason to give.
    pub excludes: Vec<(Damage, Reason)>,
    /// The reason to give where it applies.
    pub granted: Reason,
    /// Where it comes from.
    pub source: Arc<str>,
    /// Where the maker repairs by it; none for everywhere.
    pub places: Option<Vec<Country>>,
    /// For how many months parts are covered that wear by being used; none where as long as the rest.
    pub wearing_part_months: Option<u16>,
    /// Whether it covers parts that are there for looks only.
    pub cosmetic_parts: bool,
    /// What there is to know of it beside that, where it is a law.
    pub law: Option<Arc<Law>>,
}

/// Which sales something holds for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// The first day of the sales; none where there is none.
    pub from: Option<Date>,
    /// The last day of the sales; none where there is none.
    pub until: Option<Date>,
    /// The product lines; none for all.
    pub lines: Vec<ProductLine>,
}

impl Scope {
    /// Whether it is about products of `line` at all.
    #[must_use]
    pub fn reaches(&self, line: ProductLine) -> bool {
        self.lines.is_empty() || self.lines.contains(&line)
    }

    /// Whether it holds for sales on `day`.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|first| first <= day) && self.until.is_none_or(|last| day <= last)
    }
}

/// How long a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// As many months as the maker gives on the product, or these if they are more; 0 gives nothing.
    OfProduct(u16),
    /// As long as a law says for certain.
    OfLaw(Certain),
    /// This many days after the last repair.
    AfterRepair(u16),
    /// From this day on, whenever the device was sold; no day ends it.
    InForceFrom(Date),
    /// No day ends it.
    Open,
    /// The terms do not know it, and give nothing.
    NotInTerms,
}

/// What is certain of a law's length: these months, and after them these days. Nothing where both are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certain {
    /// Months.
    pub months: u16,
    /// Days after them.
    pub days: u16,
    /// Months instead of both, of what was sold used; none where that makes no difference.
    pub used_months: Option<u16>,
}

/// What there is to know of a law beside its length and what it leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Law {
    /// What starts its periods.
    pub starts: Start,
    /// Whether it may give more than is certain, to be judged in the single case.
    pub length_open: bool,
    /// After how many months nothing can be claimed any more; none where the terms do not know.
    pub limitation_months: Option<u16>,
    /// For how many months the seller bears the burden of proof; none where the terms do not know.
    pub burden_of_proof_months: Option<u16>,
    /// The same of what was sold used; none where that makes no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_burden_of_proof_months: Option<u16>,
    /// Within how many months after finding a fault a notice is certainly in time; 0 where the terms know no such deadline.
    pub notice_months: u16,
    /// What there is to ask for, the first step first; within a step the customer chooses.
    pub remedies: Vec<Vec<Remedy>>,
    /// For how many days the customer may give the faulty device back at once.
    pub refusal_days: u16,
    /// Whether its period stands still during a repair.
    pub suspended_during_repair: bool,
    /// By how many months a repair prolongs it.
    pub repair_adds_months: u16,
    /// How often a repair does.
    pub repair_adds_times: u16,
    /// What there is to know beside.
    pub note: String,
}

named! {
    /// What starts the periods of a law.
    Start {
        /// The day on which the device was handed over.
        Delivery = "delivery",
        /// The day of the invoice.
        Invoice = "invoice",
    }
}

named! {
    /// What may be asked for.
    Remedy {
        /// Repair free of charge.
        Repair = "repair",
        /// Another device.
        Replacement = "replacement",
        /// A part of the price back.
        PriceReduction = "price_reduction",
        /// The price back for the device.
        Refund = "refund",
    }
}

/// A right to give a device back without a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnRule {
    /// Its id in the terms.
    pub id: Arc<str>,
    /// Which sales it holds for.
    pub scope: Scope,
    /// For how many days after the sale, 1 or more.
    pub days: u16,
    /// Whether it is only for what was bought at a distance.
    pub distance_only: bool,
    /// Whether the customer sends it back free of charge.
    pub way_back_free: bool,
    /// Where it comes from.
    pub source: Arc<str>,
}

/// A duty to have spare parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparePartRule {
    /// Its id in the terms.
    pub id: Arc<str>,
    /// Which sales it holds for.
    pub scope: Scope,
    /// For how many years, 1 or more.
    pub years: u16,
    /// Where it comes from, and from when the years are counted.
    pub source: Arc<str>,
}
