//! Passkeys: the relying party's side of Web Authentication (level 3, sections 7.1 and 7.2).
//!
//! Every passkey must be discoverable and verify its user: it is then two factors in one, and the options of an
//! authentication name no credentials, which would tell who exists. Ceremonies are kept in the database between their two
//! calls, each good for one answer; their challenges are drawn, and their five minutes counted, by the library.

use std::fmt;
use std::sync::Arc;

use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::error::UsernameErr;
use webauthn_rp::request::register::{
    Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16, Username,
};
use webauthn_rp::request::{AsciiDomain, DomainOrigin, PublicKeyCredentialDescriptor, RpId};
use webauthn_rp::response::auth::DiscoverableAuthentication16;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthenticationServerState, DiscoverableCredentialRequestOptions,
    PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
};

use crate::domain::ids::CustomerId;

/// For whom passkeys are made, and from where they may be used. Cheap to clone.
#[derive(Clone)]
pub struct RelyingParty {
    id: Arc<RpId>,
    origins: Arc<[String]>,
}

/// A relying party that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelyingParty {
    /// Not a domain.
    #[error("is no domain")]
    Domain,
    /// Not the origin of a page.
    #[error("{0} is no origin")]
    Origin(String),
}

/// What was given is not the answer that the ceremony asked for. Which of its rules it broke is nobody's business but an
/// operator's: it is told to the log at debug level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the passkey's answer is refused")]
pub struct PasskeyRefused;

/// A ceremony that has begun.
pub struct Begun {
    /// What the browser is asked for.
    pub options_json: String,
    /// What is kept until it answers.
    pub ceremony: Vec<u8>,
}

/// A passkey that was registered.
pub struct Registered {
    /// The credential's id.
    pub credential_id: Vec<u8>,
    /// Its public key and what does not change.
    pub static_state: Vec<u8>,
    /// Its sign count and what else changes.
    pub dynamic_state: Vec<u8>,
}

/// A public key as it is kept: Ed25519, P-256, P-384 or RSA.
type StoredKey = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// An assertion that was read, not yet verified.
pub struct Assertion(DiscoverableAuthentication16);

fn refused(what: &'static str) -> impl Fn(&dyn fmt::Debug) -> PasskeyRefused {
    move |why| {
        tracing::debug!(what, ?why, "a passkey's answer was refused");
        PasskeyRefused
    }
}

/// What the browser lists the passkey under. A user name has no spaces and few signs (RFC 8265), a name that somebody gives what they hold has
/// both (RFC 8266): where it cannot be made one, the id stands in, which tells accounts apart.
fn user_name(display_name: &str, customer: CustomerId) -> Result<Username<'static>, UsernameErr> {
    let words: Vec<_> = display_name.split_whitespace().collect();
    Username::try_from(words.join("-")).or_else(|_| Username::try_from(customer.to_string()))
}

impl RelyingParty {
    /// Passkeys for the domain `id`, used on pages of these `origins`; of none, on those of `https://<id>`.
    ///
    /// # Errors
    ///
    /// [`InvalidRelyingParty`].
    pub fn new(id: &str, origins: &[String]) -> Result<Self, InvalidRelyingParty> {
        let domain = AsciiDomain::try_from(id.to_owned()).map_err(|_| InvalidRelyingParty::Domain)?;
        for origin in origins {
            DomainOrigin::try_from(origin.as_str()).map_err(|_| InvalidRelyingParty::Origin(origin.clone()))?;
        }
        Ok(Self {
            id: Arc::new(RpId::Domain(domain)),
            origins: origins.into(),
        })
    }

    fn origins(&self) -> Vec<DomainOrigin<'_, '_>> {
        // All were read once, in `new`.
        self.origins
            .iter()
            .filter_map(|origin| DomainOrigin::try_from(origin.as_str()).ok())
            .collect()
    }

    /// Begins the registration of a passkey of `customer`, not on an authenticator that holds one of `existing`.
    ///
    /// # Errors
    ///
    /// [`PasskeyRefused`] for a name that a browser does not take.
    pub fn begin_registration(
        &self,
        customer: CustomerId,
        display_name: &str,
        existing: Vec<Vec<u8>>,
    ) -> Result<Begun, PasskeyRefused> {
        let refused = refused("registration options");
        let handle = handle(customer);
        let user = PublicKeyCredentialUserEntity {
            name: user_name(display_name, customer).map_err(|error| refused(&error))?,
            id: &handle,
            display_name: Some(Nickname::try_from(display_name).map_err(|error| refused(&error))?),
        };
        let excluded = existing
            .into_iter()
            .filter_map(|id| {
                Some(PublicKeyCredentialDescriptor {
                    id: CredentialId::decode(id).ok()?,
                    transports: AuthTransports::decode(0).ok()?,
                })
            })
            .collect();
        let (server, client) = PublicKeyCredentialCreationOptions::passkey(&self.id, user, excluded)
            .start_ceremony()
            .map_err(|error| refused(&error))?;
        Ok(Begun {
            options_json: serde_json::to_string(&client).map_err(|error| refused(&error))?,
            ceremony: server.encode().map_err(|error| refused(&error))?,
        })
    }

    /// Ends a registration with the browser's answer.
    ///
    /// # Errors
    ///
    /// [`PasskeyRefused`].
    pub fn end_registration(&self, ceremony: &[u8], json: &str) -> Result<Registered, PasskeyRefused> {
        let refused = refused("registration");
        let server = RegistrationServerState::<16>::decode(ceremony).map_err(|error| refused(&error))?;
        let answer = Registration::from_json_relaxed(json.as_bytes()).map_err(|error| refused(&error))?;
        let origins = self.origins();
        let options = RegistrationVerificationOptions::<DomainOrigin<'_, '_>, DomainOrigin<'_, '_>> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = server
            .verify(&self.id, &answer, &options)
            .map_err(|error| refused(&error))?;
        Ok(Registered {
            credential_id: made.id().as_ref().to_vec(),
            static_state: made.static_state().encode().map_err(|error| refused(&error))?,
            dynamic_state: made.dynamic_state().encode().map_err(|error| refused(&error))?.to_vec(),
        })
    }

    /// Begins an authentication by whichever passkey its user chooses.
    ///
    /// # Errors
    ///
    /// Never for these options.
    pub fn begin_authentication(&self) -> Result<Begun, PasskeyRefused> {
        let refused = refused("authentication options");
        let (server, client) = DiscoverableCredentialRequestOptions::passkey(&self.id)
            .start_ceremony()
            .map_err(|error| refused(&error))?;
        Ok(Begun {
            options_json: serde_json::to_string(&client).map_err(|error| refused(&error))?,
            ceremony: server.encode().map_err(|error| refused(&error))?,
        })
    }

    /// Verifies an assertion by the passkey of `customer` with these states: its signature, challenge, origin, relying party,
    /// user verification, and that its sign count has risen. What has changed of the passkey.
    ///
    /// # Errors
    ///
    /// [`PasskeyRefused`].
    pub fn end_authentication(
        &self,
        ceremony: &[u8],
        assertion: &Assertion,
        customer: CustomerId,
        static_state: &[u8],
        dynamic_state: &[u8],
    ) -> Result<Vec<u8>, PasskeyRefused> {
        let refused = refused("authentication");
        let server = DiscoverableAuthenticationServerState::decode(ceremony).map_err(|error| refused(&error))?;
        let fixed: StaticState<StoredKey> = StaticState::decode(static_state).map_err(|error| refused(&error))?;
        let changing = dynamic_state.try_into().map_err(|error| refused(&error))?;
        let changing = DynamicState::decode(changing).map_err(|error| refused(&error))?;
        let handle = handle(customer);
        let mut known = AuthenticatedCredential::new(assertion.0.raw_id(), &handle, fixed, changing)
            .map_err(|error| refused(&error))?;
        let origins = self.origins();
        let options = AuthenticationVerificationOptions::<DomainOrigin<'_, '_>, DomainOrigin<'_, '_>> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        server
            .verify(&self.id, &assertion.0, &mut known, &options)
            .map_err(|error| refused(&error))?;
        Ok(known
            .dynamic_state()
            .encode()
            .map_err(|error| refused(&error))?
            .to_vec())
    }
}

impl Assertion {
    /// Reads the browser's answer to an authentication.
    ///
    /// # Errors
    ///
    /// [`PasskeyRefused`].
    pub fn parse(json: &str) -> Result<Self, PasskeyRefused> {
        DiscoverableAuthentication16::from_json_relaxed(json.as_bytes())
            .map(Self)
            .map_err(|error| refused("assertion")(&error))
    }

    /// The id of the credential that made it.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        let id: CredentialId<&[u8]> = self.0.raw_id();
        id.into_inner()
    }
}

/// What an authenticator stores of the customer: the id, which says nothing of the person.
fn handle(customer: CustomerId) -> UserHandle16 {
    let Ok(handle) = UserHandle16::decode(*customer.uuid().as_bytes());
    handle
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RelyingParty")
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;

    use super::*;

    #[test]
    fn a_passkey_has_whatever_name_its_owner_gives_it() {
        let party = RelyingParty::new("localhost", &["https://localhost".to_owned()]).unwrap();
        let customer: CustomerId = Ids::new("eu".parse().unwrap(), Clock::system()).next();
        for (name, listed) in [
            ("telephone", "telephone".to_owned()),
            ("Grandma's  laptop", "Grandma's-laptop".to_owned()),
            ("ноутбук бабушки", "ноутбук-бабушки".to_owned()),
            ("おばあちゃんのパソコン", "おばあちゃんのパソコン".to_owned()),
            ("work 💻", customer.to_string()),
        ] {
            let begun = party.begin_registration(customer, name, Vec::new()).unwrap();
            let options: serde_json::Value = serde_json::from_str(&begun.options_json).unwrap();
            assert_eq!(options["user"]["name"], listed, "{name}");
        }
    }
}
