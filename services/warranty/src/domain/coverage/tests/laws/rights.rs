//! Rights to give a device back without a reason, and duties to have spare parts.

use support_proto::support::warranty::v1::CoverageTerms;
use time::Date;

use super::{
    Faults, SHIPPED, asked, date_of, day_after, day_before, day_in, lines_of, rows_of, sale_of, shipped_ids, terms_for,
};
use crate::domain::coverage::{Decision, ReturnRight};
use crate::domain::product::ProductLine;

const TABLE: &str = include_str!("rights.txt");

/// A row of the table; its columns are told there.
pub(super) struct Row {
    pub(super) country: &'static str,
    pub(super) rule: &'static str,
    lines: Vec<ProductLine>,
    first: Date,
    right: Option<(Date, bool, bool)>,
    years: Option<u16>,
}

pub(super) fn rows() -> Vec<Row> {
    rows_of::<8>(TABLE)
        .map(|cells| Row {
            country: cells[0],
            rule: cells[1],
            lines: lines_of(cells[2]),
            first: date_of(cells[3]),
            right: day_in(cells[4]).map(|last| (last, cells[5] == "distance", cells[6] == "seller")),
            years: cells[7].parse().ok(),
        })
        .collect()
}

fn return_right<'a>(decision: &'a Decision, rule: &str) -> Option<&'a ReturnRight> {
    decision.returns.iter().find(|right| &*right.rule_id == rule)
}

impl Row {
    /// Everything in which a document departs from this row.
    pub(super) fn faults(&self, document: &CoverageTerms) -> Vec<String> {
        let terms = terms_for(document, self.country);
        let mut faults = Faults::default();
        let is_there = |line, sold| {
            let decision = asked(&terms, &sale_of(line, sold), sold);
            let parts = decision.spare_parts.iter();
            let years = parts
                .filter(|right| &*right.rule_id == self.rule)
                .map(|right| right.years)
                .next();
            (return_right(&decision, self.rule).is_some(), years)
        };
        for line in ProductLine::ALL {
            let holds = self.lines.contains(line);
            let expected = (holds && self.right.is_some(), self.years.filter(|_| holds));
            let about = format!("{} about {}", self.rule, line.as_str());
            faults.same(&about, &is_there(*line, self.first), &expected);
        }
        let line = self.lines[0];
        for (sold, holds) in [
            (day_before(self.first), false),
            (self.first, true),
            (day_after(self.first), true),
            (date_of("2060-01-01"), true),
        ] {
            let expected = (holds && self.right.is_some(), self.years.filter(|_| holds));
            let about = format!("{} for a sale on {sold}", self.rule);
            faults.same(&about, &is_there(line, sold), &expected);
        }
        if let Some((last, distance_only, way_back_free)) = self.right {
            for (day, applies) in [
                (self.first, true),
                (day_before(last), true),
                (last, true),
                (day_after(last), false),
            ] {
                let decision = asked(&terms, &sale_of(line, self.first), day);
                let found = return_right(&decision, self.rule)
                    .map(|right| (right.applies, right.until, right.distance_only, right.way_back_free));
                let about = format!("{} on {day}", self.rule);
                faults.same(&about, &found, &Some((applies, last, distance_only, way_back_free)));
            }
        }
        faults.0
    }
}

#[test]
fn the_table_and_the_terms_name_the_same_rights() {
    let rows = rows();
    let of_kind = |is_right: bool| {
        let rows = rows.iter().filter(move |row| row.right.is_some() == is_right);
        rows.map(|row| (row.country, row.rule)).collect()
    };
    assert_eq!(shipped_ids(|law| law.withdrawals.keys()), of_kind(true));
    assert_eq!(shipped_ids(|law| law.spare_parts.keys()), of_kind(false));
}

#[test]
fn every_right_is_as_its_source_has_it_at_each_of_its_boundaries() {
    let wrong: Vec<_> = rows().iter().flat_map(|row| row.faults(&SHIPPED)).collect();
    assert_eq!(wrong, Vec::<String>::new());
}
