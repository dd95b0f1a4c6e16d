//! Where rules hold, which places lie in which, and who makes the rules of each.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use support_proto::support::standard::v1::Territories;

use super::content::Fault;
use super::path::Path;
use crate::id::Region;

/// A place that rules can be made for.
///
/// One made by [`Place::country`] and its like need not exist, nor even be a place that could: what holds at a place that
/// the territories do not know is the global standard.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Everywhere.
    Global,
    /// A group of countries, by its name: `eea`.
    Group(String),
    /// A country, by its code of ISO 3166-1 alpha-2: `DE`.
    Country(String),
    /// A site, by its name: `cork-1`.
    Site(String),
}

/// Not a place: `global`, `group/<name>`, `country/<code>`, `site/<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place is global, group/<name>, country/<two capital letters> or site/<name>")]
pub struct InvalidPlace;

/// Who makes the rules for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The region that serves it.
    Region(Region),
    /// Whoever holds the authority: for the world, and for a group whose countries are served by several regions.
    Authority,
}

impl Place {
    /// A group of countries.
    #[must_use]
    pub fn group(name: impl Into<String>) -> Self {
        Self::Group(name.into())
    }

    /// A country.
    #[must_use]
    pub fn country(code: impl Into<String>) -> Self {
        Self::Country(code.into())
    }

    /// A site.
    #[must_use]
    pub fn site(name: impl Into<String>) -> Self {
        Self::Site(name.into())
    }

    /// The places whose overlays are laid over the global standard here, in that order: the group, the country, the site.
    /// Empty for the world; none for a place that the territories do not know.
    #[must_use]
    pub fn layers(&self, territories: &Territories) -> Option<Vec<Self>> {
        match self {
            Self::Global => Some(Vec::new()),
            Self::Group(name) => territories.groups.contains_key(name).then(|| vec![self.clone()]),
            Self::Country(code) => territories.countries.contains_key(code).then(|| {
                let group = group_of(code, territories).map(Self::group);
                group.into_iter().chain([self.clone()]).collect()
            }),
            Self::Site(name) => {
                let site = territories.sites.get(name)?;
                let above = Self::country(&*site.country).layers(territories).unwrap_or_default();
                Some(above.into_iter().chain([self.clone()]).collect())
            }
        }
    }

    /// Who makes the rules here; none for a place that the territories do not know.
    #[must_use]
    pub fn owner(&self, territories: &Territories) -> Option<Owner> {
        match self {
            Self::Global => Some(Owner::Authority),
            Self::Group(name) => {
                let group = territories.groups.get(name)?;
                let mut regions = group.countries.iter().map(|code| region_of(code, territories));
                let first = regions.next().flatten();
                match first {
                    Some(region) if regions.all(|other| other == first) => Some(Owner::Region(region)),
                    _ => Some(Owner::Authority),
                }
            }
            Self::Country(code) => region_of(code, territories).map(Owner::Region),
            Self::Site(name) => region_of(&territories.sites.get(name)?.country, territories).map(Owner::Region),
        }
    }
}

/// The group that a country is in. There is at most one, or else the first by name.
fn group_of<'t>(code: &str, territories: &'t Territories) -> Option<&'t str> {
    territories
        .groups
        .iter()
        .filter(|(_, group)| group.countries.iter().any(|country| country == code))
        .map(|(name, _)| name.as_str())
        .min()
}

fn region_of(code: &str, territories: &Territories) -> Option<Region> {
    territories.countries.get(code)?.region.parse().ok()
}

/// What is wrong with territories that their field rules cannot say: a group or a site in a country that is not there, a
/// country in two groups.
#[must_use]
pub fn faults(territories: &Territories) -> Vec<Fault> {
    let mut found = Vec::new();
    let groups: BTreeMap<_, _> = territories.groups.iter().collect();
    let mut grouped: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, group) in groups {
        for (index, code) in group.countries.iter().enumerate() {
            let path = || {
                Path::root()
                    .field("groups")
                    .key(name)
                    .field("countries")
                    .index(index)
                    .to_string()
            };
            if !territories.countries.contains_key(code) {
                found.push(Fault::new(path(), "is not one of the countries"));
            }
            if let Some(other) = grouped.insert(code, name)
                && other != name
            {
                found.push(Fault::new(path(), format!("is in the group {other} already")));
            }
        }
    }
    let sites: BTreeMap<_, _> = territories.sites.iter().collect();
    for (name, site) in sites {
        if !territories.countries.contains_key(&site.country) {
            let path = Path::root().field("sites").key(name).field("country");
            found.push(Fault::new(path.to_string(), "is not one of the countries"));
        }
    }
    found
}

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        match text.split_once('/') {
            None if text == "global" => Ok(Self::Global),
            Some(("group", name)) if is_name(name) => Ok(Self::group(name)),
            Some(("country", code)) if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                Ok(Self::country(code))
            }
            Some(("site", name)) if is_name(name) => Ok(Self::site(name)),
            _ => Err(InvalidPlace),
        }
    }
}

/// A name of lower-case letters, digits and hyphens that begins with a letter, up to 40 of them.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => formatter.write_str("global"),
            Self::Group(name) => write!(formatter, "group/{name}"),
            Self::Country(code) => write!(formatter, "country/{code}"),
            Self::Site(name) => write!(formatter, "site/{name}"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use support_proto::support::standard::v1::{Country, CountryGroup, Site};

    use super::*;

    fn territories() -> Territories {
        let mut territories = Territories::default();
        for (code, region) in [("DE", "eu"), ("FR", "eu"), ("JP", "jp"), ("CH", "eu")] {
            let region = region.to_owned();
            territories.countries.insert(code.to_owned(), Country { region });
        }
        for (name, countries) in [("eea", ["DE", "FR"]), ("islands", ["JP", "FR"])] {
            let countries = countries.map(str::to_owned).to_vec();
            territories.groups.insert(name.to_owned(), CountryGroup { countries });
        }
        for (name, country) in [("berlin-1", "DE"), ("atlantis-1", "AT")] {
            let country = country.to_owned();
            territories.sites.insert(name.to_owned(), Site { country });
        }
        territories
    }

    #[test]
    fn layers_go_from_the_widest_to_the_place_itself() {
        let territories = territories();
        for (place, layers) in [
            ("global", Some("")),
            ("group/eea", Some("group/eea")),
            ("country/DE", Some("group/eea country/DE")),
            ("country/CH", Some("country/CH")),
            ("site/berlin-1", Some("group/eea country/DE site/berlin-1")),
            ("site/atlantis-1", Some("site/atlantis-1")),
            ("group/emea", None),
            ("country/US", None),
            ("site/cork-1", None),
        ] {
            let found = place.parse::<Place>().unwrap().layers(&territories);
            let found = found.map(|layers| layers.iter().map(Place::to_string).collect::<Vec<_>>().join(" "));
            assert_eq!(found.as_deref(), layers, "{place}");
        }
    }

    #[test]
    fn who_serves_a_place_rules_it_and_what_several_serve_the_authority_does() {
        let territories = territories();
        let region = |text: &str| Some(Owner::Region(text.parse().unwrap()));
        for (place, owner) in [
            ("global", Some(Owner::Authority)),
            ("group/eea", region("eu")),
            ("group/islands", Some(Owner::Authority)),
            ("country/JP", region("jp")),
            ("site/berlin-1", region("eu")),
            ("site/atlantis-1", None),
            ("country/US", None),
            ("group/emea", None),
        ] {
            assert_eq!(place.parse::<Place>().unwrap().owner(&territories), owner, "{place}");
        }
    }

    #[test]
    fn territories_that_contradict_themselves_are_told_in_what() {
        let told: Vec<String> = faults(&territories()).iter().map(Fault::to_string).collect();
        assert_eq!(
            told,
            [
                r#"groups["islands"].countries[1]: is in the group eea already"#,
                r#"sites["atlantis-1"].country: is not one of the countries"#,
            ]
        );
        assert_eq!(faults(&Territories::default()), []);
    }

    #[test]
    fn one_spelling_each() {
        for text in ["global", "group/eea", "country/DE", "site/cork-1"] {
            assert_eq!(
                text.parse::<Place>().map(|place| place.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "Global",
            "global/x",
            "country/de",
            "country/DEU",
            "site/",
            "site/-a",
            "group/EEA",
            "DE",
        ] {
            assert_eq!(text.parse::<Place>(), Err(InvalidPlace), "{text}");
        }
    }
}
