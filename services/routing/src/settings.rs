//! What routing is told from outside.

use std::num::NonZeroU64;
use std::time::Duration;

use serde::Deserialize;
use support_chassis::settings::{SettingDoc, SettingDocs};

/// The defaults, without the service's name around them.
pub(crate) const DEFAULTS: &str = include_str!("defaults.toml");

/// What each setting is for.
pub(crate) const DOCS: SettingDocs = SettingDocs::of::<RoutingSettings>(&[
    SettingDoc::plain(
        "offer_timeout_ms",
        "how long an offer stands before the task goes to somebody else, in milliseconds",
    ),
    SettingDoc::plain(
        "refusal_delay_ms",
        "how long an agent who let a task go by is not asked again for it, in milliseconds",
    ),
    SettingDoc::plain(
        "presence_timeout_ms",
        "how long an agent may be out of sight before they are taken to have gone, in milliseconds",
    ),
    SettingDoc::plain(
        "poll_interval_ms",
        "how often work is looked for when nobody wakes us, in milliseconds",
    ),
]);

/// Routing's own settings.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingSettings {
    /// How long an offer stands, in milliseconds.
    pub offer_timeout_ms: NonZeroU64,
    /// How long an agent who let a task go by is not asked again for it, in milliseconds.
    pub refusal_delay_ms: u64,
    /// How long an agent may be out of sight, in milliseconds.
    pub presence_timeout_ms: NonZeroU64,
    /// How often work is looked for when nobody wakes us, in milliseconds.
    pub poll_interval_ms: NonZeroU64,
}

impl RoutingSettings {
    /// How long an offer stands.
    #[must_use]
    pub fn offer_timeout(&self) -> Duration {
        Duration::from_millis(self.offer_timeout_ms.get())
    }

    /// How long an agent who let a task go by is not asked again for it.
    #[must_use]
    pub fn refusal_delay(&self) -> Duration {
        Duration::from_millis(self.refusal_delay_ms)
    }

    /// How long an agent may be out of sight.
    #[must_use]
    pub fn presence_timeout(&self) -> Duration {
        Duration::from_millis(self.presence_timeout_ms.get())
    }

    /// How often work is looked for when nobody wakes us.
    #[must_use]
    pub fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms.get())
    }

    /// How often the sight of agents is renewed and checked: well within the timeout, so that one lost round sends
    /// nobody home.
    #[must_use]
    pub fn sight_interval(&self) -> Duration {
        self.presence_timeout() / 4
    }
}
