//! That what is owed ends at midnight where the device is, and not a moment sooner or later.

use proptest::prelude::*;
use time::{Date, Duration, OffsetDateTime};

use super::{country, decide, phone, shipped};
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Outcome};
use crate::domain::zone::tests::{begins, zones_of};
use crate::domain::zone::today;

const A_MOMENT: Duration = Duration::NANOSECOND;

/// What is owed on a day for a telephone sold on another where no law is known, of which the maker's year is all there is.
fn owed(sold: Date, day: Date) -> Outcome {
    decide(&shipped(country("AQ")), &phone(sold), day, Damage::None)
        .unwrap()
        .outcome
}

/// The last day of the maker's year.
fn last_day(sold: Date) -> Date {
    let decision = decide(&shipped(country("AQ")), &phone(sold), sold, Damage::None).unwrap();
    decision.covered_until.unwrap()
}

/// A country with its zones, and a day of sale since 2014.
fn sales() -> impl Strategy<Value = (Country, Date)> {
    let countries: Vec<_> = Country::all()
        .filter(|country| !zones_of(*country).is_empty())
        .collect();
    let days = (2_456_700..2_463_000_i32).prop_map(|day| Date::from_julian_day(day).unwrap());
    (prop::sample::select(countries), days)
}

proptest! {
    #[test]
    fn what_is_owed_ends_at_midnight_in_the_zone_that_was_named((country, sold) in sales(), chance in any::<prop::sample::Index>()) {
        let zone = chance.get(zones_of(country));
        let last = last_day(sold);
        let midnight = begins(zone, last.next_day().unwrap());
        let at = |moment: OffsetDateTime| owed(sold, today(moment, Some(zone), country));
        prop_assert_eq!(at(begins(zone, last)), Outcome::LimitedWarranty);
        prop_assert_eq!(at(midnight - A_MOMENT), Outcome::LimitedWarranty);
        prop_assert_eq!(at(midnight), Outcome::OutOfWarranty);
        prop_assert_eq!(at(midnight + Duration::hours(20)), Outcome::OutOfWarranty);
    }

    #[test]
    fn where_no_zone_was_named_it_ends_at_the_last_midnight_of_the_country((country, sold) in sales()) {
        let next = last_day(sold).next_day().unwrap();
        let midnights: Vec<_> = zones_of(country).iter().map(|zone| begins(zone, next)).collect();
        let at = |moment: OffsetDateTime| owed(sold, today(moment, None, country));
        let last = *midnights.iter().max().unwrap();
        for midnight in midnights {
            prop_assert_eq!(at(midnight - A_MOMENT), Outcome::LimitedWarranty, "nobody loses a moment");
        }
        prop_assert_eq!(at(last), Outcome::OutOfWarranty);
    }
}
