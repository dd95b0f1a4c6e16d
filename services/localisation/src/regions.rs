//! What holds of the profiles of places, and their calendars, in memory.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest as _, Sha256};
use support_calendars::Calendar;
use support_calendars::document::calendar;
use support_chassis::standard::{Effective, Place, Standard};
use support_proto::support::localisation::v1::{RegionProfile, RegionProfiles};
use support_proto::support::standard::v1::Territories;

/// The most calendars that are kept; there are some for each country, and one for each site that somebody asked about.
const MOST_CALENDARS: usize = 2_000;

/// Calendars by country and by the versions of the standard.
type Calendars = HashMap<(String, String), Arc<Calendar>>;

/// The profiles of places. Clones share what was computed.
#[derive(Debug, Clone)]
pub struct Regions {
    profiles: Standard<RegionProfiles>,
    territories: Standard<Territories>,
    /// The versions name the same content for ever.
    calendars: Arc<RwLock<Calendars>>,
    /// All countries, as long as nothing is published.
    listed: Arc<RwLock<Option<Kept>>>,
}

/// How often what holds has changed: of the profiles, and of the territories.
type Changes = (u64, u64);

/// All countries, as they were after so many changes.
type Kept = (Changes, Arc<Listed>);

/// All countries with a profile.
#[derive(Debug)]
pub struct Listed {
    /// By code.
    pub regions: Vec<Region>,
    /// What tells these from any others: a digest of their versions, each of which names the same content for ever.
    pub digest: String,
}

/// What holds at a place.
#[derive(Debug, Clone)]
pub struct Region {
    /// The country it is, or lies in.
    pub country: String,
    held: Arc<Effective<RegionProfiles>>,
}

impl Region {
    /// What is particular to it.
    #[must_use]
    pub fn profile(&self) -> Option<&RegionProfile> {
        self.held.countries.get(&self.country)
    }

    /// The versions of the standard it comes from.
    #[must_use]
    pub fn basis(&self) -> String {
        self.held.basis.to_string()
    }
}

impl Regions {
    /// The profiles by the standard, where the territories know which sites there are.
    #[must_use]
    pub fn new(profiles: Standard<RegionProfiles>, territories: Standard<Territories>) -> Self {
        Self {
            profiles,
            territories,
            calendars: Arc::default(),
            listed: Arc::default(),
        }
    }

    /// What holds today at a country or a site; none where the country has no profile, or the territories do not know the site.
    #[must_use]
    pub fn at(&self, place: &Place) -> Option<Region> {
        let country = match place {
            Place::Country(code) => code.clone(),
            Place::Site(name) => {
                let territories = self.territories.today(&Place::Global);
                territories.sites.get(&**name)?.country.clone()
            }
            Place::Global | Place::Group(_) => return None,
        };
        let held = self.profiles.today(place);
        let region = Region { country, held };
        region.profile().is_some().then_some(region)
    }

    /// All countries with a profile.
    #[must_use]
    pub fn all(&self) -> Arc<Listed> {
        // Read first: what changes meanwhile is found out next time.
        let of_profiles = *self.profiles.changes().borrow();
        let of_territories = *self.territories.changes().borrow();
        let changes = (of_profiles, of_territories);
        let kept = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, listed)) = kept.as_ref().filter(|(of, _)| *of == changes) {
            return Arc::clone(listed);
        }
        drop(kept);
        let regions = self.collect();
        let listed = Arc::new(Listed {
            digest: digest(&regions),
            regions,
        });
        let mut kept = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some((changes, Arc::clone(&listed)));
        listed
    }

    fn collect(&self) -> Vec<Region> {
        // An overlay may give one to a country that the world has none for.
        let everywhere = self.profiles.today(&Place::Global);
        let territories = self.territories.today(&Place::Global);
        let codes: BTreeSet<&String> = everywhere
            .countries
            .keys()
            .chain(territories.countries.keys())
            .collect();
        codes
            .into_iter()
            .filter_map(|code| self.at(&Place::country(code.as_str())))
            .collect()
    }

    /// The calendar of a place. What was published can be read; of an older build's standard the reader may say more.
    #[must_use]
    pub fn calendar(&self, region: &Region) -> Option<Arc<Calendar>> {
        let key = (region.country.clone(), region.basis());
        let kept = self
            .calendars
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if kept.is_some() {
            return kept;
        }
        let made = match calendar(region.profile()?, &key.1) {
            Ok(made) => Arc::new(made),
            Err(faults) => {
                tracing::error!(
                    country = region.country,
                    basis = key.1,
                    ?faults,
                    "a published calendar cannot be read"
                );
                return None;
            }
        };
        let mut calendars = self.calendars.write().unwrap_or_else(PoisonError::into_inner);
        if calendars.len() >= MOST_CALENDARS {
            calendars.clear();
        }
        calendars.insert(key, Arc::clone(&made));
        Some(made)
    }
}

fn digest(all: &[Region]) -> String {
    let mut hash = Sha256::new();
    for region in all {
        hash.update(format!("{} {}\n", region.country, region.held.basis));
    }
    hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
