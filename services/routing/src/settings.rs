//! What routing is told from outside.

use std::num::NonZeroU64;
use std::time::Duration;

use serde::Deserialize;
use support_chassis::settings::{SettingDoc, SettingDocs};

/// The defaults, without the service's name around them.
pub(crate) const DEFAULTS: &str = include_str!("defaults.toml");

/// What each setting is for.
pub(crate) const DOCS: SettingDocs = SettingDocs::of::<RoutingSettings>(&[SettingDoc::plain(
    "poll_interval_ms",
    "how often work is looked for when nobody wakes us, in milliseconds",
)]);

/// Routing's own settings.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingSettings {
    /// How often work is looked for when nobody wakes us, in milliseconds.
    pub poll_interval_ms: NonZeroU64,
}

impl RoutingSettings {
    /// How often work is looked for when nobody wakes us.
    #[must_use]
    pub fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms.get())
    }
}
