//! What this service is told beyond what every service is told.

mod checked;
mod docs;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

pub use self::checked::{Checked, CheckedHook, CheckedMail};
pub use self::docs::DOCS;

/// The service's own settings. What each is for, [`DOCS`] says.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    pub product_name: String,
    pub service_key: SecretString,
    pub service_key_file: PathBuf,
    pub tokens: TokenSettings,
    pub partners: PartnerSettings,
    pub passkeys: PasskeySettings,
    pub verification: VerificationSettings,
    pub delivery: DeliverySettings,
    pub smtp: SmtpSettings,
    pub sms: HookSettings,
    pub numbers: HookSettings,
}

/// Session and access tokens.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    pub issuer: String,
    pub audience: String,
    pub session_key: SecretString,
    pub session_key_file: PathBuf,
    pub next_session_key: SecretString,
    pub next_session_key_file: PathBuf,
    pub next_from: String,
    pub previous_public_keys: Vec<String>,
    pub partner_minutes: u32,
    pub endpoint: String,
}

/// Partners' clients.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerSettings {
    pub private_addresses: bool,
}

/// Passkeys.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeySettings {
    pub domain: String,
    pub origins: Vec<String>,
}

/// Verifications. How long and how often is no setting but a rule: see [`crate::standard`].
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerificationSettings {
    pub expiry_interval_ms: u64,
}

impl VerificationSettings {
    /// How often codes that ran out are looked for.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_millis(self.expiry_interval_ms)
    }
}

/// How messages leave.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverySettings {
    pub outbox: Outbox,
    pub poll_interval_ms: u64,
    pub concurrency: u32,
    pub lease_seconds: u32,
    pub local_retention_hours: u32,
    pub notification_retention_days: u32,
}

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outbox {
    /// To their readers.
    Smtp,
    /// Into a table, for trying the system without a mail server.
    Local,
}

/// The mail server.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    pub from: String,
    pub username: String,
    pub password: SecretString,
    pub password_file: PathBuf,
    pub ca_file: PathBuf,
    pub timeout_seconds: u32,
}

/// A web hook: the carrier of short messages, or who knows of numbers.
#[expect(missing_docs, reason = "documented once, in DOCS, where operators read it too")]
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookSettings {
    pub url: String,
    pub token: SecretString,
    pub token_file: PathBuf,
    pub timeout_seconds: u32,
}

/// How the way to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// Plain at first, encrypted before anything is said (RFC 3207); a server that does not offer it is refused.
    Starttls,
    /// From the first byte (RFC 8314).
    Implicit,
    /// Not at all.
    None,
}
