//! The settings, read into what they stand for: keys, files and addresses, and what production does not start with.

use std::path::Path;
use std::time::Duration;

use ed25519_dalek::{SigningKey, VerifyingKey};
use http::{HeaderValue, Uri};
use lettre::message::Mailbox;
use secrecy::{ExposeSecret as _, SecretString};
use support_chassis::passport;
use support_chassis::service::StartError;
use support_chassis::settings::Environment;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{HookSettings, IdentitySettings, Outbox, SmtpSettings, SmtpTls, TokenSettings};
use crate::NAME;
use crate::keys::CodeKeys;
use crate::webauthn::{InvalidRelyingParty, RelyingParty};

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
