//! What this service is told beyond what every service is told.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use support_chassis::settings::{SettingDoc, SettingDocs};

/// What each setting is for.
pub const DOCS: SettingDocs = SettingDocs::of::<LocalisationSettings>(&[
    SettingDoc::plain(
        "seed_shipped_messages",
        "whether to publish, at start, the texts that come with the software",
    ),
    SettingDoc::plain(
        "figures_interval_ms",
        "how often to look at how helpful articles have been, in milliseconds, at least 50",
    ),
    SettingDoc::plain(
        "refresh_interval_ms",
        "how often to look for messages that other replicas published, in milliseconds, at least 50",
    ),
]);

/// The service's own settings.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalisationSettings {
    /// Whether to publish, at start, the texts that come with the software.
    pub seed_shipped_messages: bool,
    /// How often to look for messages that other replicas published, in milliseconds.
    #[serde(deserialize_with = "at_least_50")]
    pub refresh_interval_ms: u64,
    /// How often to look at how helpful articles have been, in milliseconds.
    #[serde(deserialize_with = "at_least_50")]
    pub figures_interval_ms: u64,
}

impl LocalisationSettings {
    /// How often to look at how helpful articles have been.
    #[must_use]
    pub fn figures_interval(&self) -> Duration {
        Duration::from_millis(self.figures_interval_ms)
    }

    /// How often to look for messages that other replicas published.
    #[must_use]
    pub fn refresh_interval(&self) -> Duration {
        Duration::from_millis(self.refresh_interval_ms)
    }
}

fn at_least_50<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let interval = u64::deserialize(deserializer)?;
    if interval < 50 {
        return Err(serde::de::Error::custom("must be at least 50"));
    }
    Ok(interval)
}
