//! The calendars as another service holds them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use support_chassis::client::Peer;
use support_chassis::country::Country;
use support_chassis::error::{PeerError, from_peer};
use support_chassis::lifecycle::{BoxError, Lifecycle};
use support_chassis::standard::{Basis, BasisLayer, DocumentType as _};
use support_proto::support::localisation::v1::region_service_client::RegionServiceClient;
use support_proto::support::localisation::v1::{ListRegionProfilesRequest, PlacedProfile, RegionProfiles};

use crate::calendar::Calendar;
use crate::document::{REGION_PROFILES, calendar};

/// How often to ask whether something was published. An answer that nothing was is some hundred bytes.
pub const REFRESH_INTERVAL: Duration = Duration::from_secs(5);
/// The most profiles that an answer has.
const PAGE_SIZE: i32 = 100;

/// The calendars of all countries: what localisation last told, before that what the build ships. Clones share them.
#[derive(Clone)]
pub struct Calendars(Arc<Shared>);

struct Shared {
    /// None where nobody is asked.
    localisation: Option<Peer>,
    held: RwLock<Arc<Held>>,
}

/// What is held.
#[derive(Debug, Default)]
struct Held {
    by_country: HashMap<Country, Arc<Calendar>>,
    /// Empty for what the build ships.
    digest: String,
}

impl Calendars {
    /// Those that the build ships, until `localisation` has told others.
    #[must_use]
    pub fn of(localisation: &Peer) -> Self {
        Self::new(Some(localisation.own()))
    }

    /// Those that the build ships, for ever: for tests of what reckons by them.
    #[must_use]
    pub fn shipped() -> Self {
        Self::new(None)
    }

    fn new(localisation: Option<Peer>) -> Self {
        let shipped = REGION_PROFILES.parse_shipped().unwrap_or_else(|error| {
            // A test holds against it.
            tracing::error!(%error, "the shipped region profiles cannot be read");
            RegionProfiles::default()
        });
        let digest = REGION_PROFILES
            .read_shipped()
            .map(|content| content.digest())
            .unwrap_or_default();
        let basis = Basis::new("localisation/region-profiles", vec![BasisLayer::shipped(&digest)]).to_string();
        let profiles = shipped
            .countries
            .into_iter()
            .map(|(country_code, profile)| PlacedProfile {
                country_code,
                profile: Some(profile),
                basis: basis.clone(),
            });
        Self(Arc::new(Shared {
            localisation,
            held: RwLock::new(Arc::new(Held {
                by_country: read(profiles),
                digest: String::new(),
            })),
        }))
    }

    /// The calendar of a country; none where the country is not known, or has no profile.
    #[must_use]
    pub fn country(&self, country: Option<Country>) -> Option<Arc<Calendar>> {
        self.held().by_country.get(&country?).cloned()
    }

    /// The work of keeping them fresh: every [`REFRESH_INTERVAL`], until the process ends. What goes wrong is told by whoever runs it,
    /// and what is held stays.
    pub fn follow(&self, lifecycle: &Lifecycle) -> impl Future<Output = Result<(), BoxError>> + Send + 'static {
        let calendars = self.clone();
        lifecycle.every(REFRESH_INTERVAL, None, move || {
            let calendars = calendars.clone();
            async move { calendars.refresh().await }
        })
    }

    /// Asks localisation for what holds. What is held stays where it does not answer.
    ///
    /// # Errors
    ///
    /// Where localisation cannot be asked.
    pub async fn refresh(&self) -> Result<(), PeerError> {
        let Some(localisation) = &self.0.localisation else {
            return Ok(());
        };
        // What changes while it is read is read at the next time.
        if let Some(next) = self.ask(localisation).await? {
            tracing::info!(
                countries = next.by_country.len(),
                digest = next.digest,
                "calendars taken over"
            );
            *self.0.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        }
        Ok(())
    }

    /// What localisation has; none where it is what is held, or changed while it was read.
    async fn ask(&self, localisation: &Peer) -> Result<Option<Held>, PeerError> {
        let mut request = ListRegionProfilesRequest {
            held_digest: self.held().digest.clone(),
            page_size: PAGE_SIZE,
            page_token: String::new(),
        };
        let mut profiles: Vec<PlacedProfile> = Vec::new();
        let mut digest: Option<String> = None;
        loop {
            let answer = RegionServiceClient::new(localisation.clone())
                .list_region_profiles(request.clone())
                .await
                .map_err(|status| from_peer("localisation", status))?
                .into_inner();
            if answer.digest == request.held_digest || digest.is_some_and(|digest| digest != answer.digest) {
                return Ok(None);
            }
            profiles.extend(answer.profiles);
            if answer.next_page_token.is_empty() {
                return Ok(Some(Held {
                    by_country: read(profiles),
                    digest: answer.digest,
                }));
            }
            digest = Some(answer.digest);
            request.page_token = answer.next_page_token;
        }
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.0.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The calendars of these profiles. One that this build cannot read is passed over and told of: a newer one may have written it.
fn read(profiles: impl IntoIterator<Item = PlacedProfile>) -> HashMap<Country, Arc<Calendar>> {
    profiles
        .into_iter()
        .filter_map(|placed| {
            let country: Country = placed.country_code.parse().ok()?;
            match calendar(&placed.profile.unwrap_or_default(), &placed.basis) {
                Ok(calendar) => Some((country, Arc::new(calendar))),
                Err(faults) => {
                    let fault = faults.first().map(|(path, fault)| format!("{path}: {fault}"));
                    tracing::warn!(%country, fault, "the calendar of a country cannot be read");
                    None
                }
            }
        })
        .collect()
}

impl fmt::Debug for Calendars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.held();
        formatter
            .debug_struct("Calendars")
            .field("countries", &held.by_country.len())
            .field("digest", &held.digest)
            .finish_non_exhaustive()
    }
}
