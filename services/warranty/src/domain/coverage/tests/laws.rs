//! Every law that is shipped, at the day before, the day of and the day after each of its boundaries.
//!
//! What is expected stands in two tables beside this, written from the sources that the terms name and not from the terms;
//! their days are written out, so that nothing here reckons as the decision does. What is found wrong is returned and not
//! asserted, so that [`mutations`] can hold against the same tables terms in which one thing is wrong.

mod duties;
mod editions;
mod maker;
mod mutations;
mod rights;

use std::collections::BTreeSet;

use support_proto::support::warranty::v1::CoverageTerms;
use time::{Date, Duration};

use super::{SHIPPED, country, date_of, decide, sale_of};
use crate::domain::coverage::{Damage, Decision, Weighed};
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::Terms;
use crate::standard::terms;

/// The product lines of a table's cell.
fn lines_of(cell: &str) -> Vec<ProductLine> {
    match cell {
        "*" => ProductLine::ALL.to_vec(),
        names => names
            .split(',')
            .map(|name| ProductLine::from_name(name).unwrap())
            .collect(),
    }
}

/// A day of a table's cell; none where there is none.
fn day_in(cell: &str) -> Option<Date> {
    (cell != "-").then(|| date_of(cell))
}

/// The rows of a table, cell by cell.
fn rows_of<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<_> = line.split_whitespace().collect();
        cells.try_into().unwrap_or_else(|_| panic!("not {N} cells: {line}"))
    })
}

fn day_before(day: Date) -> Date {
    day.previous_day().unwrap()
}

fn day_after(day: Date) -> Date {
    day.next_day().unwrap()
}

/// A document's terms for a country.
fn terms_for(document: &CoverageTerms, code: &str) -> Terms {
    terms(document, "tested", country(code))
}

/// The decision on a device that failed in ordinary use.
fn asked(terms: &Terms, sale: &Sale, day: Date) -> Decision {
    decide(terms, sale, day, Damage::None).unwrap()
}

/// What became of a rule; none where it was not weighed.
fn weighed(terms: &Terms, rule: &str, sale: &Sale, day: Date) -> Option<Weighed> {
    asked(terms, sale, day)
        .chain
        .into_iter()
        .find(|weighed| &*weighed.rule_id == rule)
}

/// Why, without what all the keys begin with.
fn why(weighed: &Weighed) -> &'static str {
    weighed.reason.as_str().strip_prefix("coverage.reason.").unwrap()
}

/// A sale with a repair that began on a day and took so many days.
fn with_repair(sale: &Sale, received: Date, days: i64) -> Sale {
    let repair = PastRepair {
        received,
        returned: received + Duration::days(days - 1),
        components: Vec::new(),
    };
    Sale {
        repairs: Repairs::new(sale.repairs.iter().cloned().chain([repair]).collect()),
        ..sale.clone()
    }
}

/// What is not as it should be, each with what it is about.
#[derive(Debug, Default)]
struct Faults(Vec<String>);

impl Faults {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, about: &str, found: &T, expected: &T) {
        if found != expected {
            self.0.push(format!("{about}: {found:?}, not {expected:?}"));
        }
    }
}

/// The ids of a kind of rule in the shipped terms, with their countries.
fn shipped_ids<'a, I: Iterator<Item = &'a String>>(
    ids: impl Fn(&'a support_proto::support::warranty::v1::CountryLaw) -> I,
) -> BTreeSet<(&'a str, &'a str)> {
    SHIPPED
        .countries
        .iter()
        .flat_map(|(code, law)| ids(law).map(move |id| (code.as_str(), id.as_str())))
        .collect()
}
