//! That the tables see what is wrong: each number, day and word of a law is changed by itself, and some row must notice.

use std::sync::LazyLock;

use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::{
    ConsumerLaw, CountryLaw, CoverageTerms, LawStart, RepairDuty, SparePartDuty, WithdrawalRight,
};
use time::Duration;

use super::{SHIPPED, date_of, duties, editions, maker, rights};

/// What was done to a rule, and the rule then.
type Wrong<T> = (String, T);

/// The mutations of one rule.
struct Mutations<'a, T> {
    of: &'a T,
    made: Vec<Wrong<T>>,
}

impl<'a, T: Clone + PartialEq> Mutations<'a, T> {
    fn of(of: &'a T) -> Self {
        Self { of, made: Vec::new() }
    }

    /// Nothing where the change changes nothing.
    fn add(&mut self, what: &str, change: impl FnOnce(&mut T)) {
        let mut changed = self.of.clone();
        change(&mut changed);
        if changed != *self.of {
            self.made.push((what.to_owned(), changed));
        }
    }

    fn number(&mut self, what: &str, field: impl Fn(&mut T) -> &mut i32) {
        self.add(&format!("{what} + 1"), |rule| *field(rule) += 1);
        self.add(&format!("{what} - 1"), |rule| {
            *field(rule) = (*field(rule) - 1).max(0);
        });
    }

    fn optional(&mut self, what: &str, field: impl Fn(&mut T) -> &mut Option<i32>) {
        let value = *field(&mut self.of.clone());
        let Some(value) = value else {
            self.add(&format!("{what} stated"), |rule| *field(rule) = Some(7));
            return;
        };
        self.add(&format!("{what} + 1"), |rule| *field(rule) = Some(value + 1));
        if value > 0 {
            self.add(&format!("{what} - 1"), |rule| *field(rule) = Some(value - 1));
            self.add(&format!("{what} not stated"), |rule| *field(rule) = None);
        }
    }

    fn day(&mut self, what: &str, field: impl Fn(&mut T) -> &mut String) {
        let day = field(&mut self.of.clone()).clone();
        if day.is_empty() {
            self.add(&format!("{what} stated"), |rule| "2055-01-01".clone_into(field(rule)));
            return;
        }
        for (name, days) in [("a day later", 1), ("a day earlier", -1)] {
            let moved = (date_of(&day) + Duration::days(days)).to_string();
            self.add(&format!("{what} {name}"), |rule| *field(rule) = moved);
        }
    }

    fn flag(&mut self, what: &str, field: impl Fn(&mut T) -> &mut bool) {
        self.add(&format!("{what} turned"), |rule| *field(rule) = !*field(rule));
    }

    fn lines(&mut self, field: impl Fn(&mut T) -> &mut Vec<i32>) {
        self.add("all product lines", |rule| field(rule).clear());
        self.add("fewer product lines", |rule| {
            if field(rule).len() > 1 {
                field(rule).pop();
            }
        });
        self.add("another product line", |rule| {
            *field(rule) = vec![ProductLine::Accessory.into()];
        });
    }
}

fn of_law(law: &ConsumerLaw) -> Vec<Wrong<ConsumerLaw>> {
    let mut wrong = Mutations::of(law);
    wrong.day("sold_from", |law| &mut law.sold_from);
    wrong.day("sold_until", |law| &mut law.sold_until);
    wrong.lines(|law| &mut law.product_lines);
    wrong.add("starts", |law| {
        law.starts = match law.starts() {
            LawStart::Invoice => LawStart::Delivery.into(),
            _ => LawStart::Invoice.into(),
        };
    });
    wrong.number("months", |law| &mut law.months);
    wrong.number("days", |law| &mut law.days);
    wrong.flag("length_open", |law| &mut law.length_open);
    wrong.optional("limitation_months", |law| &mut law.limitation_months);
    wrong.optional("burden_of_proof_months", |law| &mut law.burden_of_proof_months);
    wrong.optional("used_burden_of_proof_months", |law| {
        &mut law.used_burden_of_proof_months
    });
    wrong.number("notice_months", |law| &mut law.notice_months);
    wrong.number("refusal_days", |law| &mut law.refusal_days);
    wrong.flag("suspended_during_repair", |law| &mut law.suspended_during_repair);
    wrong.add("no remedy after the first step", |law| law.remedies.truncate(1));
    wrong.add("fewer remedies to choose from", |law| {
        if let Some(step) = law.remedies.first_mut().filter(|step| step.any_of.len() > 1) {
            step.any_of.pop();
        }
    });
    wrong.add("remedies the other way round", |law| law.remedies.reverse());
    for place in 0..law.excludes.len() {
        wrong.add("leaves out less", |law| {
            law.excludes.remove(place);
        });
    }
    if law.months > 0 || law.days > 0 {
        wrong.optional("used_months", |law| &mut law.used_months);
    }
    if law.repair_adds_times > 0 {
        wrong.number("repair_adds_months", |law| &mut law.repair_adds_months);
        wrong.number("repair_adds_times", |law| &mut law.repair_adds_times);
    } else if law.months > 0 || law.days > 0 {
        wrong.add("repairs prolong it", |law| {
            (law.repair_adds_months, law.repair_adds_times) = (1, 1);
        });
    }
    wrong.made
}

fn of_withdrawal(right: &WithdrawalRight) -> Vec<Wrong<WithdrawalRight>> {
    let mut wrong = Mutations::of(right);
    wrong.day("sold_from", |right| &mut right.sold_from);
    wrong.number("days", |right| &mut right.days);
    wrong.flag("distance_only", |right| &mut right.distance_only);
    wrong.flag("seller_pays_way_back", |right| &mut right.seller_pays_way_back);
    wrong.made
}

fn of_duty(duty: &SparePartDuty) -> Vec<Wrong<SparePartDuty>> {
    let mut wrong = Mutations::of(duty);
    wrong.day("sold_from", |duty| &mut duty.sold_from);
    wrong.lines(|duty| &mut duty.product_lines);
    wrong.number("years", |duty| &mut duty.years);
    wrong.made
}

fn of_repair_duty(duty: &RepairDuty) -> Vec<Wrong<RepairDuty>> {
    let mut wrong = Mutations::of(duty);
    wrong.day("sold_from", |duty| &mut duty.sold_from);
    wrong.day("repaired_from", |duty| &mut duty.repaired_from);
    wrong.lines(|duty| &mut duty.product_lines);
    wrong.flag("despite_repair_by_others", |duty| &mut duty.despite_repair_by_others);
    for place in 0..duty.country_codes.len() {
        wrong.add("a country less", |duty| drop(duty.country_codes.remove(place)));
    }
    for code in ["NO", "GB"] {
        wrong.add("a country more", |duty| duty.country_codes.push(code.to_owned()));
    }
    wrong.made
}

/// The shipped terms but for all their countries, so that a copy is cheap.
static WITHOUT_COUNTRIES: LazyLock<CoverageTerms> = LazyLock::new(|| {
    let mut terms = SHIPPED.clone();
    terms.countries.clear();
    terms
});

/// The terms with the law of one country only, changed.
fn changed(code: &str, change: impl FnOnce(&mut CountryLaw)) -> CoverageTerms {
    let mut law = SHIPPED.countries[code].clone();
    change(&mut law);
    CoverageTerms {
        countries: [(code.to_owned(), law)].into(),
        ..WITHOUT_COUNTRIES.clone()
    }
}

#[test]
fn whatever_is_wrong_in_a_law_is_seen_by_its_row() {
    let mut tried = 0;
    for row in editions::rows() {
        for (what, law) in of_law(&SHIPPED.countries[row.country].editions[row.rule]) {
            let terms = changed(row.country, |country| {
                country.editions.insert(row.rule.to_owned(), law);
            });
            assert_ne!(
                row.faults(&terms),
                Vec::<String>::new(),
                "{}: {what} is not seen",
                row.rule
            );
            tried += 1;
        }
    }
    assert!(tried > 2000, "{tried}");
}

#[test]
fn whatever_is_wrong_in_a_right_is_seen_by_its_row() {
    let mut tried = 0;
    for row in rights::rows() {
        let law = &SHIPPED.countries[row.country];
        let mut wrong: Vec<Wrong<CoverageTerms>> = Vec::new();
        if let Some(right) = law.withdrawals.get(row.rule) {
            wrong.extend(of_withdrawal(right).into_iter().map(|(what, right)| {
                let insert = |country: &mut CountryLaw| country.withdrawals.insert(row.rule.to_owned(), right);
                (what, changed(row.country, |country| drop(insert(country))))
            }));
        }
        if let Some(duty) = law.spare_parts.get(row.rule) {
            wrong.extend(of_duty(duty).into_iter().map(|(what, duty)| {
                let insert = |country: &mut CountryLaw| country.spare_parts.insert(row.rule.to_owned(), duty);
                (what, changed(row.country, |country| drop(insert(country))))
            }));
        }
        for (what, terms) in wrong {
            assert_ne!(
                row.faults(&terms),
                Vec::<String>::new(),
                "{}: {what} is not seen",
                row.rule
            );
            tried += 1;
        }
    }
    assert!(tried > 400, "{tried}");
}

#[test]
fn whatever_is_wrong_in_a_duty_to_repair_is_seen() {
    let mut tried = 0;
    for (id, duty) in &SHIPPED.repair_duties {
        for (what, duty) in of_repair_duty(duty) {
            let mut terms = WITHOUT_COUNTRIES.clone();
            terms.repair_duties.insert(id.clone(), duty);
            assert_ne!(duties::faults(&terms), Vec::<String>::new(), "{id}: {what} is not seen");
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
}

#[test]
fn whatever_is_wrong_in_a_promise_of_the_maker_is_seen() {
    let ids: Vec<_> = SHIPPED.limited_warranties.keys().cloned().collect();
    let mut wrong: Vec<Wrong<CoverageTerms>> = Vec::new();
    for id in ids {
        let mut promise = Mutations::of(&SHIPPED.limited_warranties[&id]);
        promise.number("months", |promise| &mut promise.months);
        promise.day("sold_from", |promise| &mut promise.sold_from);
        promise.day("sold_until", |promise| &mut promise.sold_until);
        promise.lines(|promise| &mut promise.product_lines);
        for (what, promise) in promise.made {
            let mut terms = SHIPPED.clone();
            terms.limited_warranties.insert(id.clone(), promise);
            wrong.push((format!("{id}: {what}"), terms));
        }
    }
    let mut terms = Mutations::of(&*SHIPPED);
    terms.number("repair warranty", |terms| {
        &mut terms.repair_warranty.as_mut().unwrap().days
    });
    terms.number("voluntary return", |terms| {
        &mut terms.voluntary_return.as_mut().unwrap().days
    });
    terms.flag("voluntary return, way back", |terms| {
        &mut terms.voluntary_return.as_mut().unwrap().maker_pays_way_back
    });
    wrong.extend(terms.made);
    for (what, terms) in &wrong {
        assert_ne!(maker::faults(terms), Vec::<String>::new(), "{what} is not seen");
    }
    assert!(wrong.len() > 10, "{}", wrong.len());
}
