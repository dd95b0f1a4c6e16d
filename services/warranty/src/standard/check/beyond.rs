//! Service programs, good will, symptoms, places.

use std::collections::HashMap;

use support_proto::support::warranty::v1::{CoverageTerms, LimitedWarranty, ServiceProgram};

use super::super::read;
use super::Faults;
use crate::domain::country::Country;
use crate::domain::money::Currency;

impl Faults {
    pub(super) fn served_in(&mut self, path: &str, promise: &LimitedWarranty) {
        self.countries(&format!("{path}.also_served_in"), &promise.also_served_in);
    }

    fn countries(&mut self, path: &str, codes: &[String]) {
        for (place, code) in codes.iter().enumerate() {
            if Country::from_code(code).is_none() {
                self.add(&format!("{path}[{place}]"), "is no country of ISO 3166-1");
            }
        }
    }

    pub(super) fn repair_duties(&mut self, terms: &CoverageTerms) {
        for (id, duty) in sorted(&terms.repair_duties) {
            let path = format!("repair_duties[{id:?}]");
            self.id(id, &path);
            self.countries(&format!("{path}.country_codes"), &duty.country_codes);
            self.span(&path, &duty.sold_from, "");
            if read::day(&duty.repaired_from).is_none() {
                self.add(&format!("{path}.repaired_from"), "is no day of the calendar");
            }
        }
    }

    pub(super) fn beyond(&mut self, terms: &CoverageTerms) {
        for (id, program) in sorted(&terms.service_programs) {
            let path = format!("service_programs[{id:?}]");
            self.id(id, &path);
            self.program(&path, program, terms);
        }
        let Some(goodwill) = &terms.goodwill else { return };
        self.excludes("goodwill", goodwill.excludes());
        for (code, _) in sorted(&goodwill.limits) {
            if Currency::from_code(code).is_none() {
                let path = format!("goodwill.limits[{code:?}]");
                self.add(&path, "is no currency of ISO 4217 that people pay with");
            }
        }
    }

    fn program(&mut self, path: &str, program: &ServiceProgram, terms: &CoverageTerms) {
        self.excludes(path, program.excludes());
        for (field, text) in [("from", &program.from), ("until", &program.until)] {
            if !text.is_empty() && read::day(text).is_none() {
                self.add(&format!("{path}.{field}"), "is no day of the calendar");
            }
        }
        if let (Some(first), Some(last)) = (read::day(&program.from), read::day(&program.until))
            && last < first
        {
            self.add(&format!("{path}.until"), "lies before from");
        }
        for (place, range) in program.serial_ranges.iter().enumerate() {
            let path = format!("{path}.serial_ranges[{place}].last");
            if range.first.len() != range.last.len() {
                self.add(&path, "is not as long as first");
            } else if range.last < range.first {
                self.add(&path, "lies before first");
            }
        }
        for (place, symptom) in program.symptoms.iter().enumerate() {
            if !terms.symptoms.contains_key(symptom) {
                self.add(&format!("{path}.symptoms[{place}]"), "is none of the terms' symptoms");
            }
        }
    }
}

fn sorted<V>(map: &HashMap<String, V>) -> Vec<(&String, &V)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}
