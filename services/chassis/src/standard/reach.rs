//! Where the rules of a place are the ones that hold.

use std::collections::BTreeSet;

use support_proto::support::standard::v1::Territories;

use super::Place;

/// The countries in which the rules of a place are the ones that hold, because no place within it has rules of its own for
/// them. Of all places with rules, exactly one reaches each country: what is counted by it is counted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// In these countries, by their codes of ISO 3166-1 alpha-2.
    Only(BTreeSet<String>),
    /// Everywhere but in these countries, also where no country is known.
    AllBut(BTreeSet<String>),
}

impl Reach {
    /// How far the rules of `place` reach where the places `ruled` have rules of their own, `place` or not.
    #[must_use]
    pub fn of<'a>(
        place: &Place,
        ruled: impl IntoIterator<Item = &'a Place> + Clone,
        territories: &Territories,
    ) -> Self {
        let countries_of = |name: &str| {
            let group = territories.groups.get(name);
            group.map(|group| group.countries.iter().cloned()).into_iter().flatten()
        };
        let inner = |below: &Place| -> BTreeSet<String> {
            match below {
                Place::Country(code) => [code.clone()].into(),
                Place::Group(name) => countries_of(name).collect(),
                Place::Global | Place::Site(_) => BTreeSet::new(),
            }
        };
        let own = inner(place);
        let taken: BTreeSet<String> = ruled
            .into_iter()
            .filter(|below| *below > place)
            .flat_map(inner)
            .collect();
        match place {
            Place::Global => Self::AllBut(taken),
            Place::Group(_) => Self::Only(own.difference(&taken).cloned().collect()),
            Place::Country(_) | Place::Site(_) => Self::Only(own),
        }
    }

    /// Whether it reaches a country; none where it is not known.
    #[must_use]
    pub fn holds(&self, country: Option<&str>) -> bool {
        match self {
            Self::Only(countries) => country.is_some_and(|country| countries.contains(country)),
            Self::AllBut(countries) => country.is_none_or(|country| !countries.contains(country)),
        }
    }
}

#[cfg(test)]
mod tests {
    use support_proto::support::standard::v1::CountryGroup;

    use super::*;

    #[test]
    fn each_country_is_reached_once() {
        let mut territories = Territories::default();
        let eea = CountryGroup {
            countries: ["DE", "FR"].map(str::to_owned).to_vec(),
        };
        territories.groups.insert("eea".to_owned(), eea);
        let ruled: Vec<Place> = ["global", "group/eea", "country/DE", "country/US", "site/cork-1"]
            .map(|place| place.parse().unwrap())
            .to_vec();
        let reached = |country| -> Vec<String> {
            ruled
                .iter()
                .filter(|place| Reach::of(place, &ruled, &territories).holds(country))
                .map(Place::to_string)
                .collect()
        };
        for (country, by) in [
            (Some("DE"), "country/DE"),
            (Some("FR"), "group/eea"),
            (Some("US"), "country/US"),
            (Some("JP"), "global"),
            (None, "global"),
        ] {
            assert_eq!(reached(country), [by], "{country:?}");
        }
        let alone = Reach::of(&Place::Global, [], &territories);
        assert!(
            alone.holds(Some("DE")),
            "without rules of its own a country has those of everywhere"
        );
    }
}
