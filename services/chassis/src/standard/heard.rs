//! How far other regions are known: when each was last heard of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use opentelemetry::{KeyValue, global};
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::db::{Db, DbError};
use crate::id::Region;

/// How much is lost of what was heard, at most, where a process ends.
const STORED_AFTER: Duration = Duration::from_secs(10);

/// When the regions that are followed were last heard of. All that a region had recorded by then is known here, as far as
/// its clock and the way between are to be believed: a region that has nothing new says so every few seconds.
#[derive(Debug)]
pub struct Heard(Arc<Mutex<BTreeMap<Region, Last>>>);

#[derive(Debug, Clone, Copy, Default)]
struct Last {
    at: Option<OffsetDateTime>,
    stored: Option<OffsetDateTime>,
}

impl Heard {
    pub(super) fn new(regions: impl Iterator<Item = Region>) -> Self {
        Self(Arc::new(Mutex::new(
            regions.map(|region| (region, Last::default())).collect(),
        )))
    }

    /// When each region that is followed was last heard of; none for never.
    #[must_use]
    pub fn all(&self) -> Vec<(Region, Option<OffsetDateTime>)> {
        self.lock().iter().map(|(region, last)| (*region, last.at)).collect()
    }

    /// A region has spoken, and all that it said is applied.
    pub(super) fn note(&self, region: Region, now: OffsetDateTime) {
        if let Some(last) = self.lock().get_mut(&region) {
            last.at = last.at.max(Some(now));
        }
    }

    /// What was known before this process began.
    pub(super) async fn read(&self, db: &Db) -> Result<(), DbError> {
        let rows = sqlx::query!("select region, last_heard_at from standard_regions")
            .fetch_all(db.pool())
            .await?;
        for row in rows {
            let mut regions = self.lock();
            let Some(last) = row
                .region
                .parse::<Region>()
                .ok()
                .and_then(|region| regions.get_mut(&region))
            else {
                // One that is no longer followed.
                continue;
            };
            last.at = last.at.max(Some(row.last_heard_at));
            last.stored = Some(row.last_heard_at);
        }
        Ok(())
    }

    /// Writes down what was heard first, or long after what is written.
    pub(super) async fn store(&self, db: &Db) -> Result<(), DbError> {
        let news: Vec<(Region, OffsetDateTime)> = self
            .lock()
            .iter()
            .filter_map(|(region, last)| Some((*region, last.at?, last.stored)))
            .filter(|(_, at, stored)| stored.is_none_or(|stored| *at >= stored + STORED_AFTER))
            .map(|(region, at, _)| (region, at))
            .collect();
        for (region, at) in news {
            sqlx::query!(
                "insert into standard_regions (region, last_heard_at) values ($1, $2)
                 on conflict (region) do update
                 set last_heard_at = greatest(standard_regions.last_heard_at, excluded.last_heard_at)",
                region.as_str(),
                at,
            )
            .execute(db.feed_pool())
            .await?;
            if let Some(last) = self.lock().get_mut(&region) {
                last.stored = last.stored.max(Some(at));
            }
        }
        Ok(())
    }

    /// Shows the age of what is known of each region, as long as this lives.
    pub(crate) fn observe(&self, service: &'static str, clock: Clock) {
        let regions = Arc::downgrade(&self.0);
        global::meter("support-chassis")
            .f64_observable_gauge("support.standard.age")
            .with_unit("s")
            .with_description("Time since another region's rules were last heard of")
            .with_callback(move |observer| {
                for (region, age) in ages(&regions, clock.now()) {
                    let labels = [
                        KeyValue::new("service", service),
                        KeyValue::new("region", region.to_string()),
                    ];
                    observer.observe(age, &labels);
                }
            })
            .build();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Region, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In seconds, of the regions that were ever heard of. Nothing once the service has ended: a callback cannot be taken back.
fn ages(regions: &Weak<Mutex<BTreeMap<Region, Last>>>, now: OffsetDateTime) -> Vec<(Region, f64)> {
    let Some(regions) = regions.upgrade() else {
        return Vec::new();
    };
    let regions = regions.lock().unwrap_or_else(PoisonError::into_inner);
    regions
        .iter()
        .filter_map(|(region, last)| Some((*region, (now - last.at?).as_seconds_f64().max(0.0))))
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_age_is_that_of_the_last_word_and_nobody_else_is_heard() {
        let region = |name: &str| name.parse::<Region>().unwrap();
        let noon = datetime!(2026-03-01 12:00 UTC);
        let heard = Heard::new(["jp", "us"].map(region).into_iter());
        assert_eq!(heard.all(), [(region("jp"), None), (region("us"), None)]);
        heard.note(region("us"), noon);
        heard.note(region("us"), noon - Duration::from_secs(5));
        heard.note(region("br"), noon);
        assert_eq!(heard.all(), [(region("jp"), None), (region("us"), Some(noon))]);
        let weak = Arc::downgrade(&heard.0);
        assert_eq!(ages(&weak, noon + Duration::from_secs(30)), [(region("us"), 30.0)]);
        drop(heard);
        assert_eq!(ages(&weak, noon), [], "a service that has ended shows nothing");
    }
}
