//! Where somebody is, to the full degree, and how fast they would have to be to get there.

use time::OffsetDateTime;

use super::RiskRules;

/// Half the mean circumference of the earth over pi, in kilometres.
const EARTH_RADIUS_KM: f64 = 6_371.0;
/// Nobody is shown to be faster.
const FASTEST: i32 = 100_000;

/// A place, to the full degree: no nearer is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Degrees north, -90 to 90.
    pub latitude: i16,
    /// Degrees east, -180 to 180.
    pub longitude: i16,
}

impl Place {
    /// The nearest full degrees; none where these are no degrees.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        Some(Self {
            latitude: degrees(latitude, 90.0)?,
            longitude: degrees(longitude, 180.0)?,
        })
    }

    /// How many kilometres it is to another place, as the crow flies (the haversine formula, on a sphere).
    #[must_use]
    pub fn km_to(self, other: Self) -> f64 {
        let radians = |degrees: i16| f64::from(degrees).to_radians();
        let (from, to) = (radians(self.latitude), radians(other.latitude));
        let half_north = (to - from) / 2.0;
        let half_east = (radians(other.longitude) - radians(self.longitude)) / 2.0;
        let chord = half_north.sin().powi(2) + from.cos() * to.cos() * half_east.sin().powi(2);
        2.0 * EARTH_RADIUS_KM * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

fn degrees(given: f64, most: f64) -> Option<i16> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 180 either way")]
    (given.abs() <= most).then(|| given.round() as i16)
}

/// How many kilometres an hour somebody would have travelled who was at a place at a time and is `here` `now`, where that is more
/// than anybody does.
#[must_use]
pub fn impossible_travel(
    (there, then): (Place, OffsetDateTime),
    here: Place,
    rules: &RiskRules,
    now: OffsetDateTime,
) -> Option<i32> {
    let km = there.km_to(here);
    if km < f64::from(rules.travel_least_km) {
        return None;
    }
    // Who comes before they left is as fast as can be.
    let hours = (now - then).as_seconds_f64().max(1.0) / 3_600.0;
    let speed = (km / hours).min(f64::from(FASTEST));
    #[expect(clippy::cast_possible_truncation, reason = "at most what was just said")]
    (speed > f64::from(rules.travel_km_per_hour)).then(|| speed.round() as i32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const THEN: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
    const ZURICH: Place = Place {
        latitude: 47,
        longitude: 9,
    };
    const SINGAPORE: Place = Place {
        latitude: 1,
        longitude: 104,
    };

    #[test]
    fn who_was_in_zurich_is_not_in_singapore_two_hours_later() {
        let rules = RiskRules::SHIPPED;
        let at = |hours| impossible_travel((ZURICH, THEN), SINGAPORE, &rules, THEN + time::Duration::hours(hours));
        assert!(
            at(2).is_some_and(|speed| (5_000..5_400).contains(&speed)),
            "{:?}",
            at(2)
        );
        assert_eq!(at(13), None, "the flight takes as long");
        assert_eq!(at(0), Some(FASTEST));
        let basel = Place {
            latitude: 48,
            longitude: 8,
        };
        assert_eq!(
            impossible_travel((ZURICH, THEN), basel, &rules, THEN),
            None,
            "next door"
        );
    }

    #[test]
    fn places_are_kept_to_the_full_degree() {
        assert_eq!(Place::new(47.37, 8.54), Some(ZURICH));
        assert_eq!(Place::new(90.1, 0.0), None);
        assert_eq!(Place::new(f64::NAN, 0.0), None);
    }

    proptest! {
        #[test]
        fn no_two_places_are_farther_apart_than_half_around_the_earth(
            one in (-90_i16..=90, -180_i16..=180), other in (-90_i16..=90, -180_i16..=180),
        ) {
            let place = |(latitude, longitude)| Place { latitude, longitude };
            let (one, other) = (place(one), place(other));
            let km = one.km_to(other);
            prop_assert!((0.0..=20_016.0).contains(&km), "{km}");
            prop_assert!((km - other.km_to(one)).abs() < 1e-6);
        }
    }
}
