//! Duties to repair at a reasonable price.

use std::collections::BTreeSet;

use support_proto::support::warranty::v1::CoverageTerms;
use time::Date;

use super::{Faults, SHIPPED, date_of, day_after, day_before, decide, lines_of, rows_of, sale_of, terms_for, why};
use crate::domain::coverage::{Damage, Decision, Outcome};
use crate::domain::product::ProductLine;
use crate::domain::terms::Terms;

const TABLE: &str = include_str!("duties.txt");

/// A day on which no other right of what was sold by now is certain any more.
const LATE: &str = "2060-01-01";

/// A row of the table; its columns are told there.
struct Row {
    country: &'static str,
    rule: &'static str,
    lines: Vec<ProductLine>,
    first_sale: Date,
    first_repair: Date,
    others: bool,
}

fn rows() -> Vec<Row> {
    rows_of::<6>(TABLE)
        .map(|cells| Row {
            country: cells[0],
            rule: cells[1],
            lines: lines_of(cells[2]),
            first_sale: date_of(cells[3]),
            first_repair: date_of(cells[4]),
            others: cells[5] == "others",
        })
        .collect()
}

/// What is decided of a device that others changed, where it has no warranty and no right against its seller.
fn of_changed(terms: &Terms, line: ProductLine, sold: Date, day: Date) -> Decision {
    decide(terms, &sale_of(line, sold), day, Damage::UnauthorisedChange).unwrap()
}

impl Row {
    /// Everything in which a document departs from this row.
    fn faults(&self, document: &CoverageTerms) -> Vec<String> {
        let mut terms = terms_for(document, self.country);
        terms.rules.retain(|rule| rule.outcome >= Outcome::OutOfWarranty);
        let mut faults = Faults::default();
        let late = date_of(LATE);
        let repaired = (Outcome::OutOfWarranty, Some(self.rule.to_owned()));
        let refused = (Outcome::Refused, Some("unauthorised-change".to_owned()));
        let expected = |holds: bool| if holds && self.others { &repaired } else { &refused };
        let found = |decision: &Decision| {
            let decided = decision.decided().map(|rule| rule.rule_id.to_string());
            (decision.outcome, decided)
        };
        for line in ProductLine::ALL {
            let decision = of_changed(&terms, *line, self.first_sale, late);
            let about = format!("{} about {}", self.rule, line.as_str());
            faults.same(&about, &found(&decision), expected(self.lines.contains(line)));
        }
        let line = self.lines[0];
        for (sold, holds, reason) in [
            (day_before(self.first_sale), false, "not_in_force_at_sale"),
            (self.first_sale, true, "duty_to_repair"),
            (day_after(self.first_sale), true, "duty_to_repair"),
        ] {
            let decision = of_changed(&terms, line, sold, late);
            let about = format!("{} for a sale on {sold}", self.rule);
            faults.same(&about, &found(&decision), expected(holds));
            let weighed = decision.chain.iter().find(|weighed| *weighed.rule_id == *self.rule);
            faults.same(&about, &weighed.map(why), &Some(reason));
        }
        let first = self.first_repair;
        for (day, holds, reason) in [
            (day_before(first), false, "not_yet_begun"),
            (first, true, "duty_to_repair"),
            (day_after(first), true, "duty_to_repair"),
            (late, true, "duty_to_repair"),
        ] {
            let decision = of_changed(&terms, line, self.first_sale, day);
            let about = format!("{} on {day}", self.rule);
            faults.same(&about, &found(&decision), expected(holds));
            let weighed = decision.chain.iter().find(|weighed| *weighed.rule_id == *self.rule);
            let told = weighed.map(|weighed| (weighed.from, weighed.until, why(weighed)));
            faults.same(&about, &told, &Some((Some(first), None, reason)));
        }
        // What is sold after its first day has it from its sale on; what is gone is not repaired.
        let sold = day_after(first);
        let decision = of_changed(&terms, line, sold, sold);
        let from = decision.decided().and_then(|rule| rule.from);
        faults.same(self.rule, &(decision.outcome, from), &(expected(true).0, Some(sold)));
        for damage in [Damage::Loss, Damage::Theft] {
            let decision = decide(&terms, &sale_of(line, self.first_sale), late, damage).unwrap();
            faults.same(damage.as_str(), &decision.outcome, &Outcome::Refused);
        }
        // Where nobody else was at work, the maker repairs of its own will, and the duty stands beside.
        let decision = decide(&terms, &sale_of(line, self.first_sale), late, Damage::Liquid).unwrap();
        let by_will = (Outcome::OutOfWarranty, Some("repair-at-price".to_owned()));
        faults.same("liquid", &found(&decision), &by_will);
        let weighed = decision.chain.iter().find(|weighed| *weighed.rule_id == *self.rule);
        faults.same("liquid", &weighed.map(|weighed| weighed.applies), &Some(true));
        faults.0
    }
}

/// Everything in which a document departs from the table: in the countries of the table, and in all others.
pub(super) fn faults(document: &CoverageTerms) -> Vec<String> {
    let rows = rows();
    let mut faults = Faults::default();
    let named: BTreeSet<_> = rows.iter().map(|row| (row.country, row.rule)).collect();
    let duties = document.repair_duties.iter();
    let given = duties.flat_map(|(id, duty)| duty.country_codes.iter().map(move |code| (code.as_str(), id.as_str())));
    faults.same("countries", &given.collect(), &named);
    let of_rows = rows.iter().flat_map(|row| row.faults(document));
    faults.0.into_iter().chain(of_rows).collect()
}

#[test]
fn wherever_parts_must_be_had_by_the_law_of_the_union_there_is_the_duty_to_repair() {
    let of_parts = SHIPPED.countries.iter().filter(|(code, law)| {
        let id = format!("spare-parts-{}-2025", code.to_lowercase());
        law.spare_parts.contains_key(&id)
    });
    let of_parts: BTreeSet<_> = of_parts.map(|(code, _)| code.as_str()).collect();
    assert_eq!(rows().iter().map(|row| row.country).collect::<BTreeSet<_>>(), of_parts);
}

#[test]
fn every_duty_is_as_its_source_has_it_at_each_of_its_boundaries() {
    assert_eq!(faults(&SHIPPED), Vec::<String>::new());
}

#[test]
fn who_has_a_right_against_the_seller_is_not_told_a_price() {
    // Sold used for a year in Germany: that ends six weeks before the duty begins.
    let terms = terms_for(&SHIPPED, "DE");
    for (sold, used, day, outcome) in [
        ("2025-06-20", false, "2026-07-31", Outcome::StatutoryRight),
        ("2025-06-20", false, "2027-06-20", Outcome::StatutoryRight),
        ("2025-06-20", false, "2027-06-21", Outcome::OutOfWarranty),
        ("2025-06-20", true, "2026-06-20", Outcome::StatutoryRight),
        ("2025-06-20", true, "2026-06-21", Outcome::Refused),
        ("2025-06-20", true, "2026-07-30", Outcome::Refused),
        ("2025-06-20", true, "2026-07-31", Outcome::OutOfWarranty),
        ("2025-06-20", true, "2026-08-01", Outcome::OutOfWarranty),
        ("2025-06-19", true, "2026-08-01", Outcome::Refused),
    ] {
        let sale = crate::domain::sale::Sale {
            used,
            warranty_months: 12,
            ..sale_of(ProductLine::Phone, date_of(sold))
        };
        let found = decide(&terms, &sale, date_of(day), Damage::UnauthorisedChange).unwrap();
        assert_eq!(found.outcome, outcome, "sold on {sold}, used: {used}, on {day}");
    }
}
