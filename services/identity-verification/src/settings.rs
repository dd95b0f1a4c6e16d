//! What this service is told beyond what every service is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};
use http::{HeaderValue, Uri};
use lettre::message::Mailbox;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use support_chassis::passport;
use support_chassis::service::StartError;
use support_chassis::settings::{Environment, SettingDoc, SettingDocs};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::NAME;
use crate::keys::CodeKeys;
use crate::webauthn::{InvalidRelyingParty, RelyingParty};

/// What each setting is for.
pub const DOCS: SettingDocs = SettingDocs::of::<IdentitySettings>(&[
    SettingDoc::plain(
        "product_name",
        "name of the maker's support, in messages that could not be rendered",
    ),
    SettingDoc::secret(
        "service_key",
        "key of one-time codes: base64 of 32 random bytes; a change voids open codes",
    ),
    SettingDoc::plain("service_key_file", "file with the same, for mounted secrets"),
    SettingDoc::plain("tokens.issuer", "issuer of session and access tokens"),
    SettingDoc::plain(
        "tokens.audience",
        "audience of session and access tokens: what the gateway expects",
    ),
    SettingDoc::secret(
        "tokens.session_key",
        "Ed25519 key of tokens: base64 of the 32-byte seed, or PKCS#8 PEM",
    ),
    SettingDoc::plain("tokens.session_key_file", "file with the same, for mounted secrets"),
    SettingDoc::plain(
        "tokens.previous_public_keys",
        "public keys whose tokens are still about, after a rotation",
    ),
    SettingDoc::secret(
        "tokens.next_session_key",
        "the key that follows tokens.session_key, published at once; empty for none",
    ),
    SettingDoc::plain(
        "tokens.next_session_key_file",
        "file with the same, for mounted secrets",
    ),
    SettingDoc::plain(
        "tokens.next_from",
        "from when on the next key signs, as in 2026-03-01T12:00:00Z; at least ten minutes after all processes were told",
    ),
    SettingDoc::plain(
        "tokens.endpoint",
        "address of the token endpoint as partners call it, which their assertions may name as audience beside tokens.issuer",
    ),
    SettingDoc::plain(
        "tokens.partner_minutes",
        "how long a partner's access token is good, in minutes",
    ),
    SettingDoc::plain(
        "partners.private_addresses",
        "whether partners may publish their keys at addresses that are not public: for development, not in production",
    ),
    SettingDoc::plain(
        "passkeys.domain",
        "domain that passkeys are made for: they work on its pages alone, and a change voids them",
    ),
    SettingDoc::plain(
        "passkeys.origins",
        "origins of the pages that may use passkeys; empty for https and the domain",
    ),
    SettingDoc::plain(
        "verification.expiry_interval_ms",
        "how often codes that ran out are looked for, in milliseconds",
    ),
    SettingDoc::plain(
        "delivery.outbox",
        "smtp to send messages, local to keep them for ListOutboxMessages",
    ),
    SettingDoc::plain(
        "delivery.poll_interval_ms",
        "how often messages due again are looked for, in milliseconds",
    ),
    SettingDoc::plain("delivery.concurrency", "messages on their way at the same time"),
    SettingDoc::plain(
        "delivery.lease_seconds",
        "after how long another worker takes over a message, in seconds",
    ),
    SettingDoc::plain(
        "delivery.local_retention_hours",
        "how long a local outbox keeps its messages, in hours",
    ),
    SettingDoc::plain(
        "delivery.notification_retention_days",
        "how long it is kept what customers were told, without words and addresses, in days",
    ),
    SettingDoc::plain("smtp.host", "mail server"),
    SettingDoc::plain("smtp.port", "its port: 587 with starttls, 465 with implicit"),
    SettingDoc::plain("smtp.tls", "starttls, implicit, or none (not in production)"),
    SettingDoc::plain(
        "smtp.from",
        "sender of messages: an address, or a name with an address in angle brackets",
    ),
    SettingDoc::plain("smtp.username", "user name at the mail server; empty for none"),
    SettingDoc::secret("smtp.password", "password at the mail server"),
    SettingDoc::plain("smtp.password_file", "file with the same, for mounted secrets"),
    SettingDoc::plain(
        "smtp.ca_file",
        "PEM certificates of a private authority to believe besides the public ones",
    ),
    SettingDoc::plain("smtp.timeout_seconds", "longest wait for the mail server, in seconds"),
    SettingDoc::plain(
        "sms.url",
        "web hook of the carrier of short messages; empty for none. See the README",
    ),
    SettingDoc::secret("sms.token", "bearer token for the carrier; empty for none"),
    SettingDoc::plain("sms.token_file", "file with the same, for mounted secrets"),
    SettingDoc::plain("sms.timeout_seconds", "longest wait for the carrier, in seconds"),
    SettingDoc::plain(
        "numbers.url",
        "web hook of a provider that knows of telephone numbers; empty for none. See the README",
    ),
    SettingDoc::secret("numbers.token", "bearer token for that provider; empty for none"),
    SettingDoc::plain("numbers.token_file", "file with the same, for mounted secrets"),
    SettingDoc::plain(
        "numbers.timeout_seconds",
        "longest wait for that provider, in seconds; a code goes out without its answer",
    ),
]);

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

/// The settings, read into what they stand for.
#[derive(Debug)]
pub struct Checked {
    /// For codes.
    pub code_keys: CodeKeys,
    /// For tokens.
    pub session_key: SigningKey,
    /// For tokens, from that time on.
    pub next_key: Option<(SigningKey, OffsetDateTime)>,
    /// For tokens signed before the last rotation.
    pub previous_keys: Vec<VerifyingKey>,
    /// For passkeys.
    pub passkeys: RelyingParty,
    /// For the mail server, where messages are sent for real.
    pub mail: Option<CheckedMail>,
    /// For the carrier of short messages, where messages are sent for real and there is one.
    pub sms: Option<CheckedHook>,
    /// For who knows of telephone numbers, where there is somebody.
    pub numbers: Option<CheckedHook>,
}

/// What is needed to call a web hook.
#[derive(Debug)]
pub struct CheckedHook {
    /// Where it listens.
    pub url: Uri,
    /// What it knows us by.
    pub authorization: Option<HeaderValue>,
    /// The longest wait.
    pub timeout: Duration,
}

/// What is needed to send mail.
#[derive(Debug)]
pub struct CheckedMail {
    /// Who sends.
    pub from: Mailbox,
    /// The password, where there is a user name.
    pub password: Option<SecretString>,
    /// PEM of further authorities.
    pub authorities: Option<Vec<u8>>,
}

impl IdentitySettings {
    /// Reads keys, files and addresses.
    ///
    /// # Errors
    ///
    /// The first fault, by the name of its setting.
    pub fn check(&self, environment: Environment) -> Result<Checked, StartError> {
        let production = environment == Environment::Production;
        for (path, value, most) in [
            ("tokens.partner_minutes", self.tokens.partner_minutes, 24 * 60),
            ("delivery.concurrency", self.delivery.concurrency, 1_000),
            ("delivery.lease_seconds", self.delivery.lease_seconds, 3_600),
            (
                "delivery.local_retention_hours",
                self.delivery.local_retention_hours,
                24 * 365,
            ),
            (
                "delivery.notification_retention_days",
                self.delivery.notification_retention_days,
                365 * 20,
            ),
            ("smtp.timeout_seconds", self.smtp.timeout_seconds, 300),
            ("sms.timeout_seconds", self.sms.timeout_seconds, 300),
            // Within what is left of a lease beside the carrier.
            ("numbers.timeout_seconds", self.numbers.timeout_seconds, 10),
        ] {
            if !(1..=most).contains(&value) {
                return Err(fault(path, format!("is out of range, expected 1 to {most}")));
            }
        }
        for (path, value) in [
            ("verification.expiry_interval_ms", self.verification.expiry_interval_ms),
            ("delivery.poll_interval_ms", self.delivery.poll_interval_ms),
        ] {
            if value == 0 {
                return Err(fault(path, "is 0, expected at least 1"));
            }
        }
        if self.product_name.trim().is_empty() {
            return Err(fault("product_name", "is empty"));
        }
        if production && self.delivery.outbox == Outbox::Local {
            return Err(fault(
                "delivery.outbox",
                "is local, which shows codes to operators: not in production",
            ));
        }
        if production && self.partners.private_addresses {
            return Err(fault(
                "partners.private_addresses",
                "is on, by which partners have this service ask addresses inside: not in production",
            ));
        }
        let service_key = secret("service_key", &self.service_key, &self.service_key_file)?;
        let code_keys =
            CodeKeys::parse(service_key.expose_secret()).map_err(|error| fault("service_key", error.to_string()))?;
        let session_key = secret(
            "tokens.session_key",
            &self.tokens.session_key,
            &self.tokens.session_key_file,
        )?;
        let session_key = passport::signing_key(session_key.expose_secret())
            .map_err(|error| fault("tokens.session_key", error.to_string()))?;
        let next_key = self.tokens.next()?;
        let previous_keys = self
            .tokens
            .previous_public_keys
            .iter()
            .map(|text| passport::public_key(text))
            .collect::<Result<_, _>>()
            .map_err(|error| fault("tokens.previous_public_keys", error.to_string()))?;
        let passkeys = RelyingParty::new(&self.passkeys.domain, &self.passkeys.origins).map_err(|error| {
            let path = match error {
                InvalidRelyingParty::Domain => "passkeys.domain",
                InvalidRelyingParty::Origin(_) => "passkeys.origins",
            };
            fault(path, error.to_string())
        })?;
        let mail = match self.delivery.outbox {
            Outbox::Local => None,
            Outbox::Smtp => Some(self.smtp.check(production, self.delivery.lease_seconds)?),
        };
        let sms = match self.delivery.outbox {
            Outbox::Local => None,
            Outbox::Smtp => {
                if !self.sms.url.is_empty() && self.sms.timeout_seconds + 15 > self.delivery.lease_seconds {
                    return Err(fault(
                        "sms.timeout_seconds",
                        "is not 15 seconds shorter than delivery.lease_seconds",
                    ));
                }
                self.sms.check("sms", production)?
            }
        };
        let numbers = self.numbers.check("numbers", production)?;
        Ok(Checked {
            code_keys,
            session_key,
            next_key,
            previous_keys,
            passkeys,
            mail,
            sms,
            numbers,
        })
    }
}

impl TokenSettings {
    /// The key that follows, and from when on.
    fn next(&self) -> Result<Option<(SigningKey, OffsetDateTime)>, StartError> {
        const KEY: &str = "tokens.next_session_key";
        let has_key =
            !self.next_session_key.expose_secret().is_empty() || !self.next_session_key_file.as_os_str().is_empty();
        if !has_key {
            return if self.next_from.is_empty() {
                Ok(None)
            } else {
                Err(fault("tokens.next_from", format!("is set, and {KEY} is not")))
            };
        }
        let key = secret(KEY, &self.next_session_key, &self.next_session_key_file)?;
        let key = passport::signing_key(key.expose_secret()).map_err(|error| fault(KEY, error.to_string()))?;
        let from = OffsetDateTime::parse(&self.next_from, &Rfc3339)
            .map_err(|_| fault("tokens.next_from", "is no time of the form 2026-03-01T12:00:00Z"))?;
        Ok(Some((key, from)))
    }
}

impl SmtpSettings {
    fn check(&self, production: bool, lease_seconds: u32) -> Result<CheckedMail, StartError> {
        if self.host.is_empty() {
            return Err(fault(
                "smtp.host",
                "is not set; set it, or delivery.outbox to local for trying things out",
            ));
        }
        if production && self.tls == SmtpTls::None {
            return Err(fault(
                "smtp.tls",
                "is none: codes would cross the network in the clear; not in production",
            ));
        }
        // Else two workers would be at the same message; the other seconds are for localisation.
        if self.timeout_seconds + 15 > lease_seconds {
            return Err(fault(
                "smtp.timeout_seconds",
                "is not 15 seconds shorter than delivery.lease_seconds",
            ));
        }
        let from = self
            .from
            .parse()
            .map_err(|_| fault("smtp.from", "is no address, and no name with one"))?;
        let password = if self.username.is_empty() {
            None
        } else {
            Some(secret("smtp.password", &self.password, &self.password_file)?)
        };
        let authorities = if self.ca_file.as_os_str().is_empty() {
            None
        } else {
            Some(
                std::fs::read(&self.ca_file)
                    .map_err(|error| fault("smtp.ca_file", format!("cannot be read: {error}")))?,
            )
        };
        Ok(CheckedMail {
            from,
            password,
            authorities,
        })
    }
}

impl HookSettings {
    fn check(&self, section: &str, production: bool) -> Result<Option<CheckedHook>, StartError> {
        let path = |field: &str| format!("{section}.{field}");
        if self.url.is_empty() {
            return Ok(None);
        }
        let url: Uri = self
            .url
            .parse()
            .ok()
            .filter(|url: &Uri| url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https")))
            .ok_or_else(|| fault(&path("url"), "is no address of http or https"))?;
        if production && url.scheme_str() == Some("http") {
            return Err(fault(
                &path("url"),
                "is http: codes and numbers would cross the network in the clear; not in production",
            ));
        }
        let has_token = !self.token.expose_secret().is_empty() || !self.token_file.as_os_str().is_empty();
        let authorization = has_token
            .then(|| {
                let token = secret(&path("token"), &self.token, &self.token_file)?;
                let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
                    .map_err(|_| fault(&path("token"), "cannot stand in a header"))?;
                value.set_sensitive(true);
                Ok::<_, StartError>(value)
            })
            .transpose()?;
        Ok(Some(CheckedHook {
            url,
            authorization,
            timeout: Duration::from_secs(self.timeout_seconds.into()),
        }))
    }
}

fn fault(path: &str, what: impl Into<String>) -> StartError {
    StartError::setting(NAME, &format!("{NAME}.{path}"), what)
}

/// A secret from its setting, else from its file.
fn secret(path: &str, value: &SecretString, file: &Path) -> Result<SecretString, StartError> {
    if !value.expose_secret().is_empty() {
        return Ok(value.clone());
    }
    if file.as_os_str().is_empty() {
        return Err(fault(path, format!("is not set; set it or {path}_file")));
    }
    std::fs::read_to_string(file)
        .map(|text| SecretString::from(text.trim().to_owned()))
        .map_err(|error| fault(&format!("{path}_file"), format!("cannot be read: {error}")))
}
