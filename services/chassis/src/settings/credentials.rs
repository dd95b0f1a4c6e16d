//! From settings to what signs and verifies passports.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::common::{Environment, PassportSettings, TrustRole};
use crate::passport::{self, Role, Signer, Trust, Trusted};

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
        const FILE: &str = "passport.signing_key_file";
        let (in_file, inline) = (
            self.signing_key_file != Path::new(""),
            !self.signing_key.expose_secret().is_empty(),
        );
        match (in_file, inline) {
            (false, false) => Ok(None),
            (false, true) => Ok(Some(("passport.signing_key", self.signing_key.clone()))),
            (true, true) => Err((
                FILE.to_owned(),
                "is set beside passport.signing_key: which of the two?".to_owned(),
            )),
            (true, false) => std::fs::read_to_string(&self.signing_key_file)
                .map(|text| Some((FILE, text.into())))
                .map_err(|error| (FILE.to_owned(), format!("cannot be read: {error}"))),
        }
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
