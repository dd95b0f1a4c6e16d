//! What the maker promises of its own will, at the day before, the day of and the day after each boundary, where no law is known.

use support_proto::support::warranty::v1::CoverageTerms;
use time::Date;
use time::macros::date;

use super::{Faults, SHIPPED, asked, day_after, day_before, sale_of, terms_for, weighed, why, with_repair};
use crate::domain::coverage::Outcome;
use crate::domain::product::ProductLine;
use crate::domain::sale::Sale;

/// Nobody buys there, so that no law stands beside what the maker gives.
const NOWHERE: &str = "AQ";
const WARRANTY: &str = "limited-warranty";
const ACCESSORIES: &str = "limited-warranty-accessory";
const REPAIR: &str = "repair-warranty";
const RETURN: &str = "voluntary-return";

/// A day of sale, the months that the catalogue names, and the last day of the limited warranty: the maker's terms give
/// twelve months, the catalogue may give more.
const WARRANTIES: &[(Date, u8, Date)] = &[
    (date!(2026 - 01 - 15), 0, date!(2027 - 01 - 15)),
    (date!(2026 - 01 - 15), 6, date!(2027 - 01 - 15)),
    (date!(2026 - 01 - 15), 12, date!(2027 - 01 - 15)),
    (date!(2026 - 01 - 15), 13, date!(2027 - 02 - 15)),
    (date!(2026 - 01 - 15), 24, date!(2028 - 01 - 15)),
    // Leap days, and months that are shorter.
    (date!(2024 - 02 - 29), 0, date!(2025 - 02 - 28)),
    (date!(2024 - 02 - 29), 48, date!(2028 - 02 - 29)),
    (date!(2023 - 02 - 28), 0, date!(2024 - 02 - 28)),
    (date!(2023 - 03 - 01), 0, date!(2024 - 03 - 01)),
    (date!(2026 - 08 - 31), 18, date!(2028 - 02 - 29)),
    (date!(2026 - 12 - 31), 14, date!(2028 - 02 - 29)),
    // Long ago and far ahead: the promise names no days of sale.
    (date!(1990 - 06 - 30), 0, date!(1991 - 06 - 30)),
    (date!(2056 - 06 - 30), 0, date!(2057 - 06 - 30)),
];

/// The day on which a device was back, and the last of the 90 days after it.
const REPAIRS: &[(Date, Date)] = &[
    (date!(2028 - 03 - 01), date!(2028 - 05 - 30)),
    (date!(2028 - 01 - 31), date!(2028 - 04 - 30)),
    (date!(2028 - 02 - 29), date!(2028 - 05 - 29)),
    (date!(2027 - 11 - 30), date!(2028 - 02 - 28)),
    (date!(2027 - 12 - 01), date!(2028 - 02 - 29)),
    (date!(2028 - 12 - 31), date!(2029 - 03 - 31)),
];

/// Everything in which a document departs from what the maker promises.
pub(super) fn faults(document: &CoverageTerms) -> Vec<String> {
    let terms = terms_for(document, NOWHERE);
    let mut faults = Faults::default();
    for line in ProductLine::ALL {
        let (rule, other) = match line {
            ProductLine::Accessory => (ACCESSORIES, WARRANTY),
            _ => (WARRANTY, ACCESSORIES),
        };
        let bare = sale_of(*line, date!(2026 - 01 - 15));
        let is_weighed = |rule| weighed(&terms, rule, &bare, bare.day).is_some();
        faults.same(line.as_str(), &(is_weighed(rule), is_weighed(other)), &(true, false));
        for (sold, months, last) in WARRANTIES {
            let sale = Sale {
                warranty_months: *months,
                ..sale_of(*line, *sold)
            };
            let last = match (line, months) {
                // Of accessories the catalogue alone says how long.
                (ProductLine::Accessory, 0) => None,
                (ProductLine::Accessory, 6) => Some(date!(2026 - 07 - 15)),
                _ => Some(*last),
            };
            let Some(found) = weighed(&terms, rule, &sale, *sold) else {
                continue;
            };
            let about = format!("{} sold on {sold} with {months} months", line.as_str());
            faults.same(&about, &(found.from, found.until), &(last.map(|_| *sold), last));
            let Some(last) = last else {
                faults.same(&about, &why(&found), &"no_warranty_given");
                continue;
            };
            for (day, applies) in [
                (*sold, true),
                (day_before(last), true),
                (last, true),
                (day_after(last), false),
            ] {
                let decision = asked(&terms, &sale, day);
                let outcome = if applies {
                    Outcome::LimitedWarranty
                } else {
                    Outcome::OutOfWarranty
                };
                faults.same(&format!("{about} on {day}"), &decision.outcome, &outcome);
                let remain = u32::try_from((last - day).whole_days()).unwrap_or(0);
                faults.same(
                    &format!("{about}, days left on {day}"),
                    &decision.days_remaining(),
                    &remain,
                );
            }
        }
    }
    repairs(document, &mut faults);
    returns(document, &mut faults);
    faults.0
}

/// The warranty on a repair begins with the day on which the device is back.
fn repairs(document: &CoverageTerms, faults: &mut Faults) {
    let terms = terms_for(document, NOWHERE);
    let sale = sale_of(ProductLine::Phone, date!(2025 - 01 - 15));
    for (returned, last) in REPAIRS {
        let repaired = with_repair(&sale, *returned - time::Duration::days(4), 5);
        for (day, applies) in [
            (day_before(*returned), false),
            (*returned, true),
            (day_before(*last), true),
            (*last, true),
            (day_after(*last), false),
        ] {
            let found = weighed(&terms, REPAIR, &repaired, day).unwrap();
            let about = format!("back on {returned}, on {day}");
            faults.same(&about, &found.applies, &applies);
            faults.same(&about, &(found.from, found.until), &(Some(*returned), Some(*last)));
        }
    }
    let never = weighed(&terms, REPAIR, &sale, sale.day).unwrap();
    faults.same("never repaired", &why(&never), &"no_repair_before");
    // Or the rest of the limited warranty, whichever is longer: here the last of both is 10 April 2026, and a day less and more.
    for (back, last, by) in [
        (date!(2026 - 01 - 09), date!(2026 - 04 - 10), Outcome::LimitedWarranty),
        (date!(2026 - 01 - 10), date!(2026 - 04 - 10), Outcome::LimitedWarranty),
        (date!(2026 - 01 - 11), date!(2026 - 04 - 11), Outcome::RepairWarranty),
    ] {
        let sold = sale_of(ProductLine::Phone, date!(2025 - 04 - 10));
        let repaired = with_repair(&sold, back, 1);
        let decision = asked(&terms, &repaired, last);
        faults.same(
            &format!("back on {back}"),
            &(decision.outcome, decision.covered_until),
            &(by, Some(last)),
        );
        let over = asked(&terms, &repaired, day_after(last)).outcome;
        faults.same(
            &format!("back on {back}, a day too late"),
            &over,
            &Outcome::OutOfWarranty,
        );
    }
}

/// Fourteen days for everybody, who pays the way back.
fn returns(document: &CoverageTerms, faults: &mut Faults) {
    let terms = terms_for(document, NOWHERE);
    for (sold, last) in [
        (date!(2026 - 01 - 15), date!(2026 - 01 - 29)),
        (date!(2024 - 02 - 20), date!(2024 - 03 - 05)),
        (date!(2025 - 02 - 20), date!(2025 - 03 - 06)),
        (date!(2025 - 12 - 24), date!(2026 - 01 - 07)),
    ] {
        let sale = sale_of(ProductLine::Accessory, sold);
        for (day, applies) in [
            (sold, true),
            (day_before(last), true),
            (last, true),
            (day_after(last), false),
        ] {
            let decision = asked(&terms, &sale, day);
            let found: Vec<_> = decision
                .returns
                .iter()
                .map(|right| {
                    (
                        &*right.rule_id,
                        right.until,
                        right.applies,
                        right.distance_only,
                        right.way_back_free,
                    )
                })
                .collect();
            let about = format!("given back on {day}");
            faults.same(&about, &found, &vec![(RETURN, last, applies, false, false)]);
        }
    }
}

#[test]
fn what_the_maker_promises_ends_with_its_day() {
    assert_eq!(faults(&SHIPPED), Vec::<String>::new());
}
