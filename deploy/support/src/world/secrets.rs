//! The keys and passwords of a world, made once and kept in its data directory, readable by its owner alone.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use super::{Issuer, private};
use crate::services::{SERVICES, names};

/// The file's name in the data directory.
const FILE: &str = "secrets.json";

/// All secrets of a world. Never printed.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// Passwords of the services' roles.
    database_passwords: BTreeMap<String, String>,
    /// Seeds of the keys that sign passports, by service, and the gateway's.
    passport_keys: BTreeMap<String, String>,
    /// Seed of the key that signs session and access tokens.
    session_key: String,
    /// Key of identity-verification under which codes are kept.
    service_key: String,
    /// Seed of the development issuer's key.
    issuer_key: String,
}

impl Secrets {
    /// The secrets of the data directory; made where there are none yet.
    ///
    /// # Errors
    ///
    /// Where the directory or the file cannot be made, read or understood.
    pub fn load_or_make(data_dir: &Path) -> anyhow::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(data_dir)
            .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
        match Self::load(data_dir)? {
            Some(secrets) => Ok(secrets),
            None => Self::make(data_dir),
        }
    }

    /// The secrets of the data directory, if there are any.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or understood.
    pub fn load(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = data_dir.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let damaged = || {
            format!(
                "{} is damaged; with it the databases' passwords are lost",
                path.display()
            )
        };
        let secrets: Self = serde_json::from_str(&text).with_context(damaged)?;
        secrets.check().with_context(damaged)?;
        Ok(Some(secrets))
    }

    /// Whether every key is one. What is read as no key at all would be a key that everybody has.
    fn check(&self) -> anyhow::Result<()> {
        let own = [
            ("session_key", &self.session_key),
            ("service_key", &self.service_key),
            ("issuer_key", &self.issuer_key),
        ];
        let passports = self.passport_keys.iter().map(|(name, key)| (name.as_str(), key));
        for (name, key) in own.into_iter().chain(passports) {
            seed_of(key).with_context(|| format!("the key {name} is none"))?;
        }
        Ok(())
    }

    fn make(data_dir: &Path) -> anyhow::Result<Self> {
        let secrets = Self {
            database_passwords: SERVICES
                .iter()
                .map(|service| (service.name.to_owned(), password()))
                .collect(),
            passport_keys: names().into_iter().map(|name| (name.to_owned(), seed())).collect(),
            session_key: seed(),
            service_key: seed(),
            issuer_key: seed(),
        };
        private::write(&data_dir.join(FILE), &secrets)?;
        Ok(secrets)
    }

    pub(super) fn database_password(&self, service: &str) -> &str {
        self.database_passwords.get(service).map_or("", String::as_str)
    }

    /// The seed that a service, or the gateway, signs passports with.
    pub(super) fn passport_key(&self, name: &str) -> &str {
        self.passport_keys.get(name).map_or("", String::as_str)
    }

    /// The public key of the same.
    pub(super) fn passport_public_key(&self, name: &str) -> anyhow::Result<String> {
        let key = support_chassis::passport::signing_key(self.passport_key(name))
            .with_context(|| format!("the key of {name} in {FILE} is damaged"))?;
        Ok(STANDARD.encode(key.verifying_key().as_bytes()))
    }

    pub(super) fn session_key(&self) -> &str {
        &self.session_key
    }

    pub(super) fn service_key(&self) -> &str {
        &self.service_key
    }

    /// The development issuer.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        // Checked when it was read, and made right else; a random one that vouches for nobody rather than one of zeros.
        let seed = seed_of(&self.issuer_key).unwrap_or_else(rand::random);
        Issuer::new(&SigningKey::from_bytes(&seed))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets")
    }
}

fn seed() -> String {
    STANDARD.encode(rand::random::<[u8; 32]>())
}

/// The seed that `seed` wrote; none where it is damaged.
fn seed_of(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A password that needs no quoting anywhere.
fn password() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_are_read_by_their_owner_alone_and_a_damaged_key_is_no_key_of_zeros() {
        let folder = std::env::temp_dir().join(format!("support-secrets-{}", std::process::id()));
        Secrets::load_or_make(&folder).unwrap();
        let path = folder.join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let whole = fs::read_to_string(&path).unwrap();
        assert!(Secrets::load(&folder).unwrap().is_some());
        for key in ["issuer_key", "session_key", "gateway"] {
            let mut damaged: serde_json::Value = serde_json::from_str(&whole).unwrap();
            let place = if key == "gateway" {
                &mut damaged["passport_keys"][key]
            } else {
                &mut damaged[key]
            };
            assert!(place.is_string(), "{key}");
            *place = "AAAA".into();
            fs::write(&path, damaged.to_string()).unwrap();
            assert!(Secrets::load_or_make(&folder).is_err(), "{key}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
