//! What the laws say of devices that are not as they should be.

use support_proto::support::warranty::v1::CoverageTerms;
use time::Date;

use super::{
    Faults, SHIPPED, asked, date_of, day_after, day_before, day_in, lines_of, rows_of, sale_of, shipped_ids, terms_for,
    weighed, why, with_repair,
};
use crate::domain::coverage::tests::decide;
use crate::domain::coverage::{Damage, LawFacts, Weighed};
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::Terms;

const TABLE: &str = include_str!("laws.txt");

/// A row of the table; its columns are told there.
pub(super) struct Row {
    pub(super) country: &'static str,
    pub(super) rule: &'static str,
    lines: Vec<ProductLine>,
    starts: &'static str,
    open: bool,
    first: Date,
    end: Option<Date>,
    last: Option<Date>,
    end_of_last: Option<Date>,
    end_of_used: Option<Date>,
    burden: Option<Date>,
    burden_of_used: Option<Date>,
    limitation: Option<Date>,
    refusal: Option<Date>,
    notice: u16,
    stands_still: bool,
    adds: Option<(u16, u16)>,
    after_repair: Option<Date>,
    remedies: &'static str,
}

pub(super) fn rows() -> Vec<Row> {
    rows_of::<19>(TABLE)
        .map(|cells| Row {
            country: cells[0],
            rule: cells[1],
            lines: lines_of(cells[2]),
            starts: cells[3],
            open: cells[4] == "open",
            first: date_of(cells[5]),
            end: day_in(cells[6]),
            last: day_in(cells[7]),
            end_of_last: day_in(cells[8]),
            end_of_used: day_in(if cells[9] == "=" { cells[6] } else { cells[9] }),
            burden: day_in(cells[10]),
            limitation: day_in(cells[11]),
            refusal: day_in(cells[12]),
            notice: cells[13].parse().unwrap(),
            stands_still: cells[14] == "still",
            adds: cells[15]
                .split_once('x')
                .map(|(months, times)| (months.parse().unwrap(), times.parse().unwrap())),
            after_repair: day_in(cells[16]),
            remedies: cells[17],
            burden_of_used: day_in(if cells[18] == "=" { cells[10] } else { cells[18] }),
        })
        .collect()
}

impl Row {
    fn sale(&self, day: Date) -> Sale {
        sale_of(self.lines[0], day)
    }

    /// Everything in which a document departs from this row.
    pub(super) fn faults(&self, document: &CoverageTerms) -> Vec<String> {
        let terms = terms_for(document, self.country);
        let mut faults = Faults::default();
        self.about_lines(&terms, &mut faults);
        if faults.0.is_empty() {
            self.in_force(&terms, &mut faults);
            self.certain(&terms, &mut faults);
            self.sold_used(&terms, &mut faults);
            self.repaired(&terms, &mut faults);
            self.told(&terms, &mut faults);
        }
        faults.0
    }

    fn about_lines(&self, terms: &Terms, faults: &mut Faults) {
        for line in ProductLine::ALL {
            let is_weighed = weighed(terms, self.rule, &sale_of(*line, self.first), self.first).is_some();
            let about = format!("{} about {}", self.rule, line.as_str());
            faults.same(&about, &is_weighed, &self.lines.contains(line));
        }
    }

    /// The day before, the first and the day after; the day before the last, the last and the day after it.
    fn in_force(&self, terms: &Terms, faults: &mut Faults) {
        let mut days = vec![
            (day_before(self.first), false),
            (self.first, true),
            (day_after(self.first), true),
        ];
        match self.last {
            Some(last) => days.extend([(day_before(last), true), (last, true), (day_after(last), false)]),
            None => days.push((date_of("2060-01-01"), true)),
        }
        for (day, holds) in days {
            let weighed = weighed(terms, self.rule, &self.sale(day), day).unwrap();
            let about = format!("{} in force for a sale on {day}", self.rule);
            faults.same(&about, &(why(&weighed) != "not_in_force_at_sale"), &holds);
        }
    }

    /// The day of the sale, the day before the last certain day, that day and the day after.
    fn certain(&self, terms: &Terms, faults: &mut Faults) {
        let sales = [(Some(self.first), self.end), (self.last, self.end_of_last)];
        for (sold, end) in sales {
            let Some(sold) = sold else { continue };
            self.ends(terms, &self.sale(sold), end, faults);
        }
    }

    fn ends(&self, terms: &Terms, sale: &Sale, end: Option<Date>, faults: &mut Faults) {
        let limitation = (sale.day == self.first).then_some(self.limitation).flatten();
        let later = match (end, self.open) {
            (_, true) => "length_open",
            (None, false) if sale.used => "not_for_used",
            (_, false) => "period_over",
        };
        let mut days = vec![(sale.day, end.is_some())];
        if let Some(end) = end {
            days.extend([(day_before(end), true), (end, true), (day_after(end), false)]);
        }
        // What is open may be owed until limitation.
        if let Some(limitation) = limitation.filter(|_| self.open) {
            days.extend([(day_before(limitation), false), (limitation, false)]);
            let over = weighed(terms, self.rule, sale, day_after(limitation)).unwrap();
            let about = format!("{} after limitation of a sale on {}", self.rule, sale.day);
            faults.same(&about, &why(&over), &"period_over");
        }
        for (day, applies) in days {
            let found = weighed(terms, self.rule, sale, day).unwrap();
            let about = format!("{}, sold on {}, on {day}", self.rule, sale.day);
            let because = if applies { "within_period" } else { later };
            faults.same(&about, &(found.applies, why(&found)), &(applies, because));
            faults.same(&about, &(found.from, found.until), &(end.map(|_| sale.day), end));
        }
    }

    fn sold_used(&self, terms: &Terms, faults: &mut Faults) {
        let sale = Sale {
            used: true,
            ..self.sale(self.first)
        };
        self.ends(terms, &sale, self.end_of_used, faults);
        let burden = self.law(terms, &sale).map(|law| law.burden_of_proof_until);
        let about = format!("{}: burden of proof of a device sold used", self.rule);
        faults.same(&about, &burden, &Some(self.burden_of_used));
    }

    /// A repair of ten days that begins on the tenth, on the last certain day, on the day after it.
    fn repaired(&self, terms: &Terms, faults: &mut Faults) {
        let sale = self.sale(self.first);
        let Some(end) = self.end else {
            let law = self.law(terms, &sale);
            let found = law.map(|law| (law.law.suspended_during_repair, law.months_added));
            faults.same(
                &format!("{} in repair", self.rule),
                &found,
                &Some((self.stands_still, 0)),
            );
            return;
        };
        let moved = self.after_repair.unwrap_or(end);
        let early = with_repair(&sale, self.first + time::Duration::days(10), 10);
        self.ends(terms, &early, Some(moved), faults);
        let about = format!("{} after a repair", self.rule);
        let law = self.law(terms, &early);
        let months = self.adds.map_or(0, |(months, _)| months);
        let days = if self.stands_still { 10 } else { 0 };
        let found = law.map(|law| (law.law.suspended_during_repair, law.days_added, law.months_added));
        faults.same(&about, &found, &Some((self.stands_still, days, months)));
        // On the last day it still moves the end by as much, a day later it does not.
        for (received, moves) in [(end, true), (day_after(end), false)] {
            let until = weighed(terms, self.rule, &with_repair(&sale, received, 10), self.first)
                .unwrap()
                .until;
            let expected = if moves { moved } else { end };
            faults.same(&format!("{about} that began on {received}"), &until, &Some(expected));
        }
        // As often as the law says, and not once more.
        let times = self.adds.map_or(1, |(_, times)| times);
        for count in [times - 1, times, times + 1] {
            let repairs = (1..=i64::from(count)).map(|day| PastRepair {
                received: self.first + time::Duration::days(2 * day),
                returned: self.first + time::Duration::days(2 * day),
                components: Vec::new(),
            });
            let often = Sale {
                repairs: Repairs::new(repairs.collect()),
                ..sale.clone()
            };
            let found = self.law(terms, &often).map(|law| law.months_added);
            let expected = Some(months * count.min(times));
            faults.same(&format!("{about}, {count} times"), &found, &expected);
        }
    }

    /// What is told of the law for a sale; none where it does not hold for it.
    fn law(&self, terms: &Terms, sale: &Sale) -> Option<LawFacts> {
        weighed(terms, self.rule, sale, sale.day).and_then(|weighed| weighed.law)
    }

    /// What is told with a decision and changes none.
    fn told(&self, terms: &Terms, faults: &mut Faults) {
        let about = |what: &str| format!("{}: {what}", self.rule);
        let sale = self.sale(self.first);
        let Some(law) = self.law(terms, &sale) else {
            faults.same(&about("told"), &false, &true);
            return;
        };
        faults.same(&about("starts"), &law.law.starts.as_str(), &self.starts);
        faults.same(&about("open"), &law.law.length_open, &self.open);
        faults.same(&about("burden of proof"), &law.burden_of_proof_until, &self.burden);
        faults.same(&about("limitation"), &law.limitation_until, &self.limitation);
        faults.same(&about("refusal"), &law.refusal_until, &self.refusal);
        faults.same(&about("notice"), &law.law.notice_months, &self.notice);
        let steps = law.law.remedies.iter().map(|step| {
            let mut step: Vec<_> = step.iter().map(|remedy| remedy.as_str()).collect();
            step.sort_unstable();
            step
        });
        let expected = self.remedies.split('>').map(|step| {
            let mut step: Vec<_> = step.chars().map(remedy).collect();
            step.sort_unstable();
            step
        });
        faults.same(&about("remedies"), &steps.collect::<Vec<_>>(), &expected.collect());
        // What was not there at delivery is left out; a change without authority alone ends nothing.
        for damage in Damage::ALL {
            let decision = decide(terms, &sale, sale.day, *damage).unwrap();
            let gives = |weighed: &Weighed| {
                &*weighed.rule_id == self.rule && (weighed.applies || why(weighed) == "length_open")
            };
            let found = decision.chain.iter().any(gives);
            let expected = matches!(damage, Damage::None | Damage::UnauthorisedChange);
            faults.same(&about(damage.as_str()), &found, &expected);
        }
    }
}

fn remedy(letter: char) -> &'static str {
    match letter {
        'r' => "repair",
        'x' => "replacement",
        'd' => "price_reduction",
        'm' => "refund",
        other => panic!("{other} is no remedy"),
    }
}

#[test]
fn the_table_and_the_terms_name_the_same_laws() {
    let rows = rows();
    let tabled = rows.iter().map(|row| (row.country, row.rule)).collect();
    assert_eq!(shipped_ids(|law| law.editions.keys()), tabled);
    assert_eq!(tabled.len(), rows.len(), "a law stands in the table twice");
    assert!(SHIPPED.countries.len() >= 60, "{}", SHIPPED.countries.len());
}

#[test]
fn every_law_is_as_its_source_has_it_at_each_of_its_boundaries() {
    let wrong: Vec<_> = rows().iter().flat_map(|row| row.faults(&SHIPPED)).collect();
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn editions_of_a_law_follow_each_other_without_a_gap() {
    let rows = rows();
    for row in &rows {
        let Some(last) = row.last else { continue };
        let follows =
            |next: &&Row| next.country == row.country && next.lines == row.lines && next.first == day_after(last);
        let next = rows.iter().find(follows);
        let next = next.unwrap_or_else(|| panic!("nothing follows {}", row.rule));
        // And a sale of the last day has the old one, of the next day the new one, never both and never none.
        let terms = terms_for(&SHIPPED, row.country);
        for (day, applies) in [(last, [true, false]), (day_after(last), [false, true])] {
            let decision = asked(&terms, &row.sale(day), day);
            let holds = |rule: &str| {
                let found = decision.chain.iter().find(|weighed| &*weighed.rule_id == rule).unwrap();
                why(found) != "not_in_force_at_sale"
            };
            assert_eq!([holds(row.rule), holds(next.rule)], applies, "{} on {day}", row.rule);
        }
    }
}

/// No law that the terms hold is without where it is written down: an act, and where in it.
#[test]
fn every_law_names_its_source() {
    for (code, law) in &SHIPPED.countries {
        let editions = law.editions.iter().map(|(id, edition)| (id, &edition.source));
        let parts = law.spare_parts.iter().map(|(id, duty)| (id, &duty.source));
        let returns = law.withdrawals.iter().map(|(id, right)| (id, &right.source));
        for (id, source) in editions.chain(parts).chain(returns) {
            assert!(
                source.chars().any(|letter| letter.is_ascii_digit()),
                "{code} {id}: {source}"
            );
        }
    }
}
