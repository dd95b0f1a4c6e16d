//! The desk rules of the standard, as the use cases read them.

use support_chassis::clock::from_duration;
use support_chassis::standard::{Document, Place, Standard, day_of};
use support_proto::support::routing::v1 as pb;
use time::OffsetDateTime;

use crate::domain::{Country, DeskRules};

/// The desk rules: what holds for work that somebody has in hand.
pub static DESK_RULES: Document<pb::DeskRules> = Document::new(include_str!("../standard/desk-rules.yaml"));

/// The desk rules that hold, by place and day.
#[derive(Clone, Debug)]
pub struct RuleBook {
    standard: Standard<pb::DeskRules>,
}

impl RuleBook {
    /// Reads them from the standard.
    #[must_use]
    pub fn new(standard: Standard<pb::DeskRules>) -> Self {
        Self { standard }
    }

    /// What holds at a moment for tasks of a country; where none is known, what holds everywhere.
    #[must_use]
    pub fn of_tasks(&self, country: Option<Country>, now: OffsetDateTime) -> DeskRules {
        let place = country.map_or(Place::Global, |country| Place::country(country.as_str()));
        self.on(&place, now)
    }

    /// What holds at a moment for agents of a site; where it is none of the standard's, what holds everywhere.
    #[must_use]
    pub fn of_agents(&self, site: &str, now: OffsetDateTime) -> DeskRules {
        let place = format!("site/{site}").parse().unwrap_or(Place::Global);
        self.on(&place, now)
    }

    fn on(&self, place: &Place, now: OffsetDateTime) -> DeskRules {
        let held = self.standard.on(place, day_of(now));
        let document = &held.document;
        // The field rules of the contract hold already, so nothing is missing.
        DeskRules {
            wrap_up_limit: from_duration(document.wrap_up_limit.as_ref()),
            transfer_keeps_place: document.transfer_keeps_place,
            participants: usize::try_from(document.participants).unwrap_or_default(),
            live_lapse: from_duration(document.live_lapse.as_ref()),
            written_lapse: from_duration(document.written_lapse.as_ref()),
            lapsed_priority: i16::try_from(document.lapsed_priority).unwrap_or_default(),
            callback_retry: from_duration(document.callback_retry.as_ref()),
            callback_attempts: document.callback_attempts,
            callback_horizon: from_duration(document.callback_horizon.as_ref()),
        }
    }
}
