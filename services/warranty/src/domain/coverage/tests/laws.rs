//! Every law that is shipped, at the day before, of and after each of its boundaries. The table is written from the sources that
//! the terms name, not from the terms.

use std::collections::BTreeSet;

use time::Date;

use super::{country, date_of, decide, sale_of, shipped};
use crate::domain::calendar::last_day;
use crate::domain::coverage::{Damage, Reason, Weighed};
use crate::domain::product::ProductLine;
use crate::domain::sale::Sale;
use crate::standard::COVERAGE_TERMS;

/// A first sale day with the last day that is certain for it, the same for the last sale day (empty while the law is in
/// force), and in months: what is certain of used devices, the seller's burden of proof, limitation.
type Row = (
    &'static str,
    &'static str,
    [&'static str; 2],
    [&'static str; 2],
    Option<u16>,
    Option<u16>,
    Open,
);

/// What follows what is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Nothing.
    No,
    /// Nothing; but suits are heard until so many months after the sale.
    Suits(u16),
    /// The single case, without a known end.
    Yes,
    /// The single case, until so many months after the sale.
    Until(u16),
}
use Open::{No, Suits, Until, Yes};

const NONE: [&str; 2] = ["", ""];

#[rustfmt::skip]
const LAWS: &[Row] = &[
    ("AR", "statutory-ar-2008", ["2013-07-01", "2014-01-01"], NONE, Some(3), None, No),
    ("AT", "statutory-at-2002", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("AT", "statutory-at-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("AU", "statutory-au-2011", ["2011-01-01", ""], NONE, None, None, Yes),
    ("BE", "statutory-be-2005", ["2013-07-01", "2015-07-01"], ["2022-05-31", "2024-05-31"], Some(12), Some(6), No),
    ("BE", "statutory-be-2022", ["2022-06-01", "2024-06-01"], NONE, Some(12), Some(24), No),
    ("BG", "statutory-bg-2006", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("BG", "statutory-bg-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("BR", "statutory-br-1991", ["1991-03-11", "1991-06-09"], NONE, None, None, Yes),
    ("CA", "statutory-ca", ["2013-07-01", ""], NONE, None, None, Yes),
    ("CH", "statutory-ch-2013", ["2013-01-01", "2015-01-01"], NONE, Some(12), Some(0), No),
    ("CL", "statutory-cl-2004", ["2013-07-01", "2013-10-01"], ["2022-03-23", "2022-06-23"], None, None, No),
    ("CL", "statutory-cl-2022", ["2022-03-24", "2022-09-24"], NONE, None, None, No),
    ("CN", "statutory-cn-2014", ["2014-03-15", "2014-03-22"], NONE, None, Some(6), Yes),
    ("CN", "statutory-cn-computer", ["2014-03-15", "2015-03-15"], NONE, Some(0), Some(6), No),
    ("CN", "statutory-cn-phone", ["2014-03-15", "2015-03-15"], NONE, Some(0), Some(6), No),
    ("CY", "statutory-cy-2000", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("CY", "statutory-cy-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("CZ", "statutory-cz-2014", ["2014-01-01", "2016-01-01"], ["2023-01-05", "2025-01-05"], Some(12), Some(6), No),
    ("CZ", "statutory-cz-2023", ["2023-01-06", "2025-01-06"], NONE, Some(12), Some(12), No),
    ("DE", "statutory-de-2002", ["2002-01-01", "2004-01-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("DE", "statutory-de-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("DK", "statutory-dk-2002", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], None, Some(6), No),
    ("DK", "statutory-dk-2022", ["2022-01-01", "2024-01-01"], NONE, None, Some(12), No),
    ("EE", "statutory-ee-2002", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("EE", "statutory-ee-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("ES", "statutory-es-2007", ["2007-12-01", "2009-12-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("ES", "statutory-es-2022", ["2022-01-01", "2025-01-01"], NONE, Some(12), Some(24), No),
    ("FI", "statutory-fi-2002", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), Yes),
    ("FI", "statutory-fi-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), Yes),
    ("FR", "statutory-fr-2005", ["2013-07-01", "2015-07-01"], ["2016-03-17", "2018-03-17"], None, Some(6), No),
    ("FR", "statutory-fr-2016", ["2016-03-18", "2018-03-18"], ["2021-12-31", "2023-12-31"], None, Some(24), No),
    ("FR", "statutory-fr-2022", ["2022-01-01", "2024-01-01"], NONE, None, Some(24), No),
    ("GB", "statutory-gb-2003", ["2013-07-01", "2014-01-01"], ["2015-09-30", "2016-03-30"], None, Some(6), Until(72)),
    ("GB", "statutory-gb-2015", ["2015-10-01", "2016-04-01"], NONE, None, Some(6), Until(72)),
    ("GR", "statutory-gr-2002", ["2013-07-01", "2015-07-01"], ["2022-11-08", "2024-11-08"], Some(12), Some(6), No),
    ("GR", "statutory-gr-2022", ["2022-11-09", "2024-11-09"], NONE, Some(12), Some(12), No),
    ("HK", "statutory-hk", ["2013-07-01", ""], NONE, None, None, Until(72)),
    ("HR", "statutory-hr-2006", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("HR", "statutory-hr-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("HU", "statutory-hu-2014", ["2014-03-15", "2016-03-15"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("HU", "statutory-hu-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("IE", "statutory-ie-2003", ["2013-07-01", "2015-07-01"], ["2022-11-28", "2024-11-28"], Some(12), Some(6), Until(72)),
    ("IE", "statutory-ie-2022", ["2022-11-29", "2024-11-29"], NONE, Some(12), Some(12), Until(72)),
    ("IL", "statutory-il-2006", ["2006-10-01", "2007-10-01"], NONE, Some(0), None, No),
    ("IN", "statutory-in-2020", ["2020-07-20", ""], NONE, None, None, Yes),
    ("IS", "statutory-is-2003", ["2013-07-01", "2015-07-01"], NONE, Some(12), Some(6), Until(60)),
    ("IT", "statutory-it-2005", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), Suits(26)),
    ("IT", "statutory-it-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), Suits(26)),
    ("JP", "statutory-jp-2020", ["2020-04-01", ""], NONE, None, None, Until(120)),
    ("KR", "statutory-kr", ["2013-07-01", ""], NONE, None, None, Yes),
    ("LI", "statutory-li-2004", ["2013-07-01", "2015-07-01"], NONE, Some(12), Some(6), No),
    ("LT", "statutory-lt-2001", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("LT", "statutory-lt-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("LU", "statutory-lu-2004", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("LU", "statutory-lu-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("LV", "statutory-lv-2002", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("LV", "statutory-lv-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("MT", "statutory-mt-2002", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("MT", "statutory-mt-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("MX", "statutory-mx-2018", ["2019-01-01", "2019-04-01"], NONE, None, None, No),
    ("MY", "statutory-my-1999", ["1999-11-15", ""], NONE, None, None, Until(72)),
    ("NL", "statutory-nl-2003", ["2013-07-01", "2015-07-01"], ["2022-04-26", "2024-04-26"], Some(12), Some(6), Yes),
    ("NL", "statutory-nl-2022", ["2022-04-27", "2024-04-27"], NONE, Some(12), Some(12), Yes),
    ("NO", "statutory-no-2002", ["2013-07-01", "2015-07-01"], ["2023-12-31", "2025-12-31"], Some(12), Some(6), Until(60)),
    ("NO", "statutory-no-2024", ["2024-01-01", "2026-01-01"], NONE, Some(12), Some(24), Until(60)),
    ("NO", "statutory-no-phone", ["2013-07-01", "2018-07-01"], NONE, Some(12), None, No),
    ("NZ", "statutory-nz-1994", ["1994-04-01", ""], NONE, None, None, Yes),
    ("PL", "statutory-pl-2014", ["2014-12-25", "2016-12-25"], ["2022-12-31", "2024-12-31"], Some(12), Some(12), No),
    ("PL", "statutory-pl-2023", ["2023-01-01", "2025-01-01"], NONE, Some(12), Some(24), No),
    ("PT", "statutory-pt-2003", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(24), No),
    ("PT", "statutory-pt-2022", ["2022-01-01", "2025-01-01"], NONE, Some(18), Some(24), No),
    ("RO", "statutory-ro-2003", ["2013-07-01", "2015-07-01"], ["2021-12-31", "2023-12-31"], Some(12), Some(6), No),
    ("RO", "statutory-ro-2022", ["2022-01-01", "2024-01-01"], NONE, Some(12), Some(12), No),
    ("SE", "statutory-se-1990", ["2013-07-01", "2016-07-01"], ["2022-04-30", "2025-04-30"], None, Some(6), No),
    ("SE", "statutory-se-2022", ["2022-05-01", "2025-05-01"], NONE, None, Some(24), No),
    ("SG", "statutory-sg-2012", ["2012-09-01", "2013-03-01"], NONE, None, Some(6), Until(72)),
    ("SI", "statutory-si-2002", ["2013-07-01", "2015-07-01"], ["2023-01-25", "2025-01-25"], Some(12), Some(6), No),
    ("SI", "statutory-si-2023", ["2023-01-26", "2025-01-26"], NONE, Some(12), Some(12), No),
    ("SK", "statutory-sk-2002", ["2013-07-01", "2015-07-01"], ["2024-06-30", "2026-06-30"], Some(12), Some(6), No),
    ("SK", "statutory-sk-2024", ["2024-07-01", "2026-07-01"], NONE, Some(12), Some(12), No),
    ("TR", "statutory-tr-2014", ["2014-05-28", "2016-05-28"], NONE, Some(12), Some(6), No),
    ("TW", "statutory-tw", ["2013-07-01", ""], NONE, None, None, Until(60)),
    ("US", "statutory-us-1975", ["1975-07-04", ""], NONE, None, None, Until(48)),
    ("ZA", "statutory-za-2011", ["2011-04-01", "2011-10-01"], NONE, None, None, No),
];

/// A product that the law is about.
fn line_of(rule: &str) -> ProductLine {
    match rule {
        "statutory-cn-computer" => ProductLine::Laptop,
        "statutory-cn-2014" => ProductLine::Watch,
        _ => ProductLine::Phone,
    }
}

fn weighed(row: &Row, sale: &Sale, day: Date) -> Weighed {
    let decision = decide(&shipped(country(row.0)), sale, day, Damage::None).unwrap();
    let found = decision.chain.into_iter().find(|weighed| &*weighed.rule_id == row.1);
    found.unwrap_or_else(|| panic!("{} is not weighed", row.1))
}

fn reason(row: &Row, sale: &Sale, day: Date) -> Reason {
    weighed(row, sale, day).reason
}

#[test]
fn the_table_and_the_terms_name_the_same_laws() {
    let document = COVERAGE_TERMS.parse_shipped().unwrap();
    let shipped: BTreeSet<(String, String)> = document
        .countries
        .iter()
        .flat_map(|(code, law)| law.editions.keys().map(move |id| (code.clone(), id.clone())))
        .collect();
    let tabled: BTreeSet<(String, String)> = LAWS.iter().map(|row| (row.0.to_owned(), row.1.to_owned())).collect();
    assert_eq!(shipped, tabled);
    assert_eq!(tabled.len(), LAWS.len());
    assert!(document.countries.len() >= 50, "{}", document.countries.len());
}

#[test]
fn a_law_holds_for_the_sales_of_its_days() {
    let not_in_force = Reason::NotInForceAtSale;
    for row in LAWS {
        let sold = |day: Date| sale_of(line_of(row.1), day);
        let on_the_day = |day: Date| reason(row, &sold(day), day);
        let first = date_of(row.2[0]);
        assert_eq!(on_the_day(first.previous_day().unwrap()), not_in_force, "{}", row.1);
        for day in [first, first.next_day().unwrap()] {
            assert_ne!(on_the_day(day), not_in_force, "{}", row.1);
        }
        if row.3[0].is_empty() {
            assert_ne!(on_the_day(date_of("2035-01-01")), not_in_force, "{}", row.1);
            continue;
        }
        let last = date_of(row.3[0]);
        for day in [last.previous_day().unwrap(), last] {
            assert_ne!(on_the_day(day), not_in_force, "{}", row.1);
        }
        assert_eq!(on_the_day(last.next_day().unwrap()), not_in_force, "{}", row.1);
    }
}

#[test]
fn what_is_certain_ends_with_its_day() {
    for row in LAWS {
        for [sold, end] in [row.2, row.3] {
            if sold.is_empty() {
                continue;
            }
            let sale = sale_of(line_of(row.1), date_of(sold));
            let after_reason = match row.6 {
                Yes | Until(_) => Reason::LengthOpen,
                No | Suits(_) => Reason::PeriodOver,
            };
            if end.is_empty() {
                let weighed = weighed(row, &sale, sale.day);
                assert_eq!(
                    (weighed.applies, weighed.from, weighed.until),
                    (false, None, None),
                    "{}",
                    row.1
                );
                assert_eq!(weighed.reason, Reason::LengthOpen, "{}", row.1);
                continue;
            }
            let end = date_of(end);
            for (day, applies, why) in [
                (sale.day, true, Reason::WithinPeriod),
                (end.previous_day().unwrap(), true, Reason::WithinPeriod),
                (end, true, Reason::WithinPeriod),
                (end.next_day().unwrap(), false, after_reason),
            ] {
                let weighed = weighed(row, &sale, day);
                assert_eq!((weighed.applies, weighed.reason), (applies, why), "{} on {day}", row.1);
                assert_eq!((weighed.from, weighed.until), (Some(sale.day), Some(end)), "{}", row.1);
            }
        }
    }
}

#[test]
fn used_devices_have_what_is_certain_for_them() {
    for row in LAWS {
        let mut sale = sale_of(line_of(row.1), date_of(row.2[0]));
        let as_new = weighed(row, &sale, sale.day).until;
        sale.used = true;
        let found = weighed(row, &sale, sale.day);
        match row.4 {
            None => assert_eq!(found.until, as_new, "{}", row.1),
            Some(0) => assert_eq!((found.applies, found.reason), (false, Reason::NotForUsed), "{}", row.1),
            Some(months) => {
                let end = last_day(sale.day, months);
                assert_eq!(found.until, Some(end), "{}", row.1);
                assert!(weighed(row, &sale, end).applies, "{}", row.1);
                assert!(!weighed(row, &sale, end.next_day().unwrap()).applies, "{}", row.1);
            }
        }
    }
}

#[test]
fn the_burden_of_proof_and_limitation_are_told_to_the_day() {
    for row in LAWS {
        let sale = sale_of(line_of(row.1), date_of(row.2[0]));
        let law = weighed(row, &sale, sale.day).law.unwrap();
        let after = |months: u16| last_day(sale.day, months);
        let burden = row.5.filter(|months| *months > 0).map(after);
        assert_eq!(law.burden_of_proof_until, burden, "{}", row.1);
        let (open, limitation) = match row.6 {
            No => (false, None),
            Suits(months) => (false, Some(months)),
            Yes => (true, None),
            Until(months) => (true, Some(months)),
        };
        assert_eq!(
            (law.law.length_open, law.limitation_until),
            (open, limitation.map(after)),
            "{}",
            row.1
        );
        assert!(!law.law.remedies.is_empty(), "{}", row.1);
        let Until(months) = row.6 else { continue };
        let end = after(months);
        for (day, why) in [
            (end.previous_day().unwrap(), Reason::LengthOpen),
            (end, Reason::LengthOpen),
            (end.next_day().unwrap(), Reason::PeriodOver),
        ] {
            assert_eq!(reason(row, &sale, day), why, "{} on {day}", row.1);
        }
    }
}
