//! What the gateway is told from outside, beyond what every service is told.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use support_chassis::settings::{SettingDoc, SettingDocs};

/// The gateway's name in settings, passports and logs.
pub const NAME: &str = "gateway";

/// The defaults of the gateway's own settings.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The gateway's own settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// What bearer tokens must name as their audience.
    pub audience: String,
    /// Who vouches for staff and operators.
    pub issuers: Vec<IssuerSettings>,
    /// Which web pages may call.
    pub allowed_origins: Vec<String>,
    /// The largest JSON request, in bytes.
    pub max_json_bytes: usize,
    /// How often the services are asked for their health, in milliseconds.
    pub health_interval_ms: u64,
    /// How many proxies of the operator's own stand before the gateway, each of which adds to `x-forwarded-for`.
    pub trusted_proxies: usize,
}

/// An identity provider whose tokens are believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The kinds of caller it may vouch for: `staff`, `operator`.
    pub kinds: Vec<String>,
    /// Its public keys, a JSON Web Key Set; this or `jwks_file`.
    #[serde(default)]
    pub jwks: String,
    /// A file with its public keys.
    #[serde(default)]
    pub jwks_file: PathBuf,
}

impl GatewaySettings {
    /// How often the services are asked for their health; at least 100 ms.
    #[must_use]
    pub fn health_interval(&self) -> Duration {
        Duration::from_millis(self.health_interval_ms.max(100))
    }
}

/// What the settings are for.
#[must_use]
pub const fn setting_docs() -> SettingDocs {
    const DOCS: &[SettingDoc] = &[
        SettingDoc::plain("audience", "what bearer tokens must name as their audience"),
        SettingDoc::plain(
            "trusted_proxies",
            "how many of your own proxies stand before the gateway and add to x-forwarded-for: failures are counted by source",
        ),
        SettingDoc::plain(
            "issuers",
            "identity providers of staff and operators, with the kinds they vouch for and their keys",
        ),
        SettingDoc::plain("allowed_origins", "web pages that may call, as origins; \"*\" for all"),
        SettingDoc::plain("max_json_bytes", "the largest JSON request, in bytes"),
        SettingDoc::plain(
            "health_interval_ms",
            "how often the services are asked for their health, in milliseconds",
        ),
    ];
    SettingDocs::of::<GatewaySettings>(DOCS)
}
