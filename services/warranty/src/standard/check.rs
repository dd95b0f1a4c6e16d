//! What the field rules of the terms cannot say.

mod beyond;

use std::collections::BTreeMap;

use support_proto::support::warranty::v1::{CountryLaw, CoverageTerms, Damage};

use super::read::{self, OWN, OWN_PREFIXES};
use crate::domain::country::Country;

/// What is wrong, with the path of its field.
#[derive(Default)]
struct Faults {
    found: Vec<(String, String)>,
    /// Where each id was first seen.
    ids: BTreeMap<String, String>,
}

/// Everything that is wrong with the terms beyond their field rules.
pub(super) fn faults(terms: &CoverageTerms) -> Vec<(String, String)> {
    let mut faults = Faults::default();
    for id in OWN {
        faults.ids.insert((*id).to_owned(), "the terms themselves".to_owned());
    }
    let mut promises: Vec<_> = terms.limited_warranties.iter().collect();
    promises.sort_unstable_by_key(|(id, _)| *id);
    for (id, promise) in promises {
        let path = format!("limited_warranties[{id:?}]");
        faults.id(id, &path);
        faults.span(&path, &promise.sold_from, &promise.sold_until);
        faults.excludes(&path, promise.excludes());
        faults.served_in(&path, promise);
    }
    let mut countries: Vec<_> = terms.countries.iter().collect();
    countries.sort_unstable_by_key(|(code, _)| *code);
    for (code, law) in countries {
        let path = format!("countries[{code:?}]");
        if Country::from_code(code).is_none() {
            faults.add(&path, "is no country of ISO 3166-1");
        }
        faults.country(&path, law);
    }
    if let Some(given) = &terms.repair_warranty {
        faults.excludes("repair_warranty", given.excludes());
    }
    faults.repair_duties(terms);
    faults.beyond(terms);
    faults.found
}

impl Faults {
    fn add(&mut self, path: &str, fault: impl Into<String>) {
        self.found.push((path.to_owned(), fault.into()));
    }

    fn country(&mut self, path: &str, country: &CountryLaw) {
        let mut editions: Vec<_> = country.editions.iter().collect();
        editions.sort_unstable_by_key(|(id, _)| *id);
        for (id, law) in editions {
            let path = format!("{path}.editions[{id:?}]");
            self.id(id, &path);
            self.span(&path, &law.sold_from, &law.sold_until);
            self.excludes(&path, law.excludes());
            if law.months == 0 && law.days == 0 && !law.length_open {
                self.add(
                    &path,
                    "gives nothing: it names months or days, or leaves the length open",
                );
            }
            if (law.repair_adds_months == 0) != (law.repair_adds_times == 0) {
                self.add(
                    &format!("{path}.repair_adds_times"),
                    "is given with repair_adds_months, and only with it",
                );
            }
        }
        let others = (country.spare_parts.iter())
            .map(|(id, duty)| ("spare_parts", id, &duty.sold_from))
            .chain((country.withdrawals.iter()).map(|(id, right)| ("withdrawals", id, &right.sold_from)));
        let mut others: Vec<_> = others.collect();
        others.sort_unstable();
        for (field, id, sold_from) in others {
            let path = format!("{path}.{field}[{id:?}]");
            self.id(id, &path);
            self.span(&path, sold_from, "");
        }
    }

    /// Decisions name rules by their ids alone.
    fn id(&mut self, id: &str, path: &str) {
        if let Some(prefix) = OWN_PREFIXES.iter().find(|prefix| id.starts_with(**prefix)) {
            self.add(
                path,
                format!("begins with {prefix}, as what decisions weigh beside the terms"),
            );
        }
        if let Some(taken) = self.ids.get(id) {
            let fault = format!("has the id of {taken}");
            self.add(path, fault);
        } else {
            self.ids.insert(id.to_owned(), path.to_owned());
        }
    }

    fn span(&mut self, path: &str, from: &str, until: &str) {
        for (field, text) in [("sold_from", from), ("sold_until", until)] {
            if !text.is_empty() && read::day(text).is_none() {
                self.add(&format!("{path}.{field}"), "is no day of the calendar");
            }
        }
        if let (Some(first), Some(last)) = (read::day(from), read::day(until))
            && last < first
        {
            self.add(&format!("{path}.sold_until"), "lies before sold_from");
        }
    }

    fn excludes(&mut self, path: &str, damages: impl Iterator<Item = Damage>) {
        for damage in damages {
            if damage == Damage::None {
                self.add(
                    &format!("{path}.excludes"),
                    "leaves out what fails in ordinary use, which is what it is for",
                );
            }
        }
    }
}
