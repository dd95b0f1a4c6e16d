//! From settings to what signs and verifies passports.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::common::{Environment, PassportSettings, TrustRole, VaultSettings};
use crate::passport::{self, Role, Signer, Trust, Trusted};
use crate::vault::{KeyRing, Rings, Vault};

/// A setting's path and what is wrong with it.
type Wrong = (String, String);

impl PassportSettings {
    /// What signs as `service`, or as the `issuer` of the settings; none where no key is set.
    ///
    /// # Errors
    ///
    /// The setting's path and what is wrong with it.
    pub fn signer(&self, service: &str) -> Result<Option<Signer>, (String, String)> {
        let Some((path, text)) = self.key_text()? else {
            return Ok(None);
        };
        let wrong = |error: &dyn std::fmt::Display| (path.to_owned(), error.to_string());
        let key = passport::signing_key(text.expose_secret()).map_err(|error| wrong(&error))?;
        let issuer = if self.issuer.is_empty() { service } else { &self.issuer };
        Signer::new(issuer, &key, self.lifetime())
            .map(Some)
            .map_err(|error| wrong(&error))
    }

    /// Whoever is believed.
    ///
    /// # Errors
    ///
    /// The setting's path and what is wrong with it, for each key.
    pub fn trust(&self) -> Result<Trust, Vec<(String, String)>> {
        let (mut trusted, mut wrong) = (Vec::new(), Vec::new());
        for (index, signer) in self.trust.iter().enumerate() {
            match passport::public_key(&signer.public_key) {
                Ok(key) => trusted.push(Trusted {
                    issuer: signer.issuer.clone(),
                    role: signer.role.into(),
                    key,
                }),
                Err(error) => wrong.push((format!("passport.trust.{index}.public_key"), error.to_string())),
            }
            if signer.issuer.is_empty() {
                wrong.push((format!("passport.trust.{index}.issuer"), "is empty".to_owned()));
            }
        }
        if wrong.is_empty() {
            Ok(Trust::new(trusted))
        } else {
            Err(wrong)
        }
    }

    pub(super) fn faults(&self, environment: Environment) -> Vec<Wrong> {
        let mut faults: Vec<_> = self.signer("any").err().into_iter().collect();
        faults.extend(self.trust().err().unwrap_or_default());
        if environment == Environment::Production && self.trust.is_empty() {
            faults.push((
                "passport.trust".to_owned(),
                "is empty: no call would be believed".to_owned(),
            ));
        }
        faults
    }

    /// The key's text, and the setting it comes from.
    fn key_text(&self) -> Result<Option<(&'static str, SecretString)>, Wrong> {
        text_of(
            ("passport.signing_key", &self.signing_key),
            ("passport.signing_key_file", &self.signing_key_file),
        )
    }
}

impl VaultSettings {
    /// What personal data are sealed by; none where no keys are set.
    ///
    /// # Errors
    ///
    /// The setting's path and what is wrong with it, for each.
    pub fn vault(&self) -> Result<Option<Vault>, Vec<(String, String)>> {
        Ok(self.rings()?.map(Vault::of))
    }

    /// The rings of keys as they are now; none where no keys are set.
    ///
    /// # Errors
    ///
    /// As [`VaultSettings::vault`].
    pub(crate) fn rings(&self) -> Result<Option<Rings>, Vec<(String, String)>> {
        let keys = ring(("vault.keys", &self.keys), ("vault.keys_file", &self.keys_file));
        let lookup_keys = ring(
            ("vault.lookup_keys", &self.lookup_keys),
            ("vault.lookup_keys_file", &self.lookup_keys_file),
        );
        let wrong = |path: &str, what: &str| Err(vec![(path.to_owned(), what.to_owned())]);
        match (keys, lookup_keys) {
            (Ok(None), Ok(None)) => Ok(None),
            (Ok(Some(_)), Ok(None)) => wrong("vault.lookup_keys", "is not set beside vault.keys"),
            (Ok(None), Ok(Some(_))) => wrong("vault.keys", "is not set beside vault.lookup_keys"),
            (Ok(Some(keys)), Ok(Some(lookup_keys))) if keys.shares_a_key_with(&lookup_keys) => {
                wrong("vault.lookup_keys", "holds a key of vault.keys: expected other ones")
            }
            (Ok(Some(keys)), Ok(Some(lookup_keys))) => Ok(Some(Rings::new(keys, lookup_keys))),
            (keys, lookup_keys) => Err(keys.err().into_iter().chain(lookup_keys.err()).collect()),
        }
    }

    pub(super) fn faults(&self) -> Vec<Wrong> {
        self.vault().err().unwrap_or_default()
    }
}

fn ring(inline: (&'static str, &SecretString), file: (&'static str, &Path)) -> Result<Option<KeyRing>, Wrong> {
    let Some((path, text)) = text_of(inline, file)? else {
        return Ok(None);
    };
    KeyRing::parse(text.expose_secret())
        .map(Some)
        .map_err(|error| (path.to_owned(), error.to_string()))
}

/// A secret's text, and the setting it comes from: one of two, or none.
fn text_of(
    (path, inline): (&'static str, &SecretString),
    (file_path, file): (&'static str, &Path),
) -> Result<Option<(&'static str, SecretString)>, Wrong> {
    match (file != Path::new(""), !inline.expose_secret().is_empty()) {
        (false, false) => Ok(None),
        (false, true) => Ok(Some((path, inline.clone()))),
        (true, true) => Err((file_path.to_owned(), format!("is set beside {path}: which of the two?"))),
        (true, false) => std::fs::read_to_string(file)
            .map(|text| Some((file_path, text.into())))
            .map_err(|error| (file_path.to_owned(), format!("cannot be read: {error}"))),
    }
}

impl From<TrustRole> for Role {
    fn from(role: TrustRole) -> Self {
        match role {
            TrustRole::Gateway => Self::Gateway,
            TrustRole::Service => Self::Service,
            TrustRole::Region => Self::Region,
        }
    }
}
