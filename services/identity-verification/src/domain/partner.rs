//! Clients of partners' systems.

use support_chassis::call::Certificate;
use time::OffsetDateTime;

use super::ids::{LocationId, PartnerClientId};

/// A client of a partner's system: what may get tokens in the partner's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerClient {
    /// The id.
    pub id: PartnerClientId,
    /// The partner's organisation, as the operator names it.
    pub organisation_id: String,
    /// What it is for, for people to read.
    pub display_name: String,
    /// What its tokens may carry.
    pub access: Access,
    /// The hashes of its secrets.
    pub secrets: Secrets,
    /// Where its public keys are.
    pub keys: ClientKeys,
    /// The certificates it may show.
    pub certificates: Certificates,
    /// Since when it is suspended, and why; none where it is not.
    pub suspended: Option<(OffsetDateTime, String)>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

/// What the tokens of a client may carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The scopes it may be given, sorted, each once.
    pub scopes: Vec<String>,
    /// The locations it may act for: providers of repair-logistics; empty for its whole organisation.
    pub locations: Vec<LocationId>,
    /// Whether each token names the person who calls.
    pub technician_required: bool,
}

/// The secrets of a client, as hashes: two at most are good at a time.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Of the last one; none where it has none.
    pub current: Option<[u8; 32]>,
    /// Of the one before, and until when that is good.
    pub previous: Option<([u8; 32], OffsetDateTime)>,
}

impl Secrets {
    /// Those that are good at `now`.
    pub fn good(&self, now: OffsetDateTime) -> impl Iterator<Item = [u8; 32]> {
        let previous = self.previous.filter(|(_, until)| now < *until);
        self.current.into_iter().chain(previous.map(|(hash, _)| hash))
    }

    /// Puts a new one in the place of the last, which stays good until `until`. What was before that ends.
    pub fn rotate(&mut self, hash: [u8; 32], now: OffsetDateTime, until: OffsetDateTime) {
        self.previous = self.current.filter(|_| now < until).map(|current| (current, until));
        self.current = Some(hash);
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets(..)")
    }
}

/// Where the public keys of a client are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClientKeys {
    /// It has none.
    #[default]
    None,
    /// Here: a JSON Web Key Set.
    Here(String),
    /// At this address.
    At(String),
}

/// The certificates that a client may show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificates {
    /// By what they are: SHA-256 of their DER form, base64url.
    pub thumbprints: Vec<String>,
    /// By a name in them, where an authority that the gateway trusts has signed them.
    pub names: Vec<String>,
    /// Whether every token is asked for with one.
    pub required: bool,
}

impl Certificates {
    /// Whether there are any.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.thumbprints.is_empty() || !self.names.is_empty()
    }

    /// Whether `shown` is one of them.
    #[must_use]
    pub fn include(&self, shown: &Certificate) -> bool {
        self.thumbprints.contains(&shown.thumbprint) || shown.names.iter().any(|name| self.names.contains(name))
    }
}

impl Access {
    /// The scopes that a token carries which asks for `wanted`: those, or all where none is named.
    ///
    /// # Errors
    ///
    /// The first that the client may not have.
    pub fn scopes_for(&self, wanted: &[String]) -> Result<Vec<String>, String> {
        if wanted.is_empty() {
            return Ok(self.scopes.clone());
        }
        match wanted.iter().find(|scope| !self.scopes.contains(scope)) {
            Some(missing) => Err(missing.clone()),
            None => Ok(sorted(wanted)),
        }
    }

    /// The locations that a token is for which asks for `wanted`: those, or all where none is named.
    ///
    /// # Errors
    ///
    /// The first that the client may not act for.
    pub fn locations_for(&self, wanted: &[LocationId]) -> Result<Vec<LocationId>, LocationId> {
        if wanted.is_empty() {
            return Ok(self.locations.clone());
        }
        match wanted.iter().find(|location| !self.locations.contains(location)) {
            Some(missing) => Err(*missing),
            None => Ok(sorted(wanted)),
        }
    }
}

/// In order, each once.
#[must_use]
pub fn sorted<T: Ord + Clone>(list: &[T]) -> Vec<T> {
    let mut list = list.to_vec();
    list.sort_unstable();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_token_carries_what_it_asks_for_or_all() {
        let ids = Ids::seeded(
            "eu".parse().unwrap(),
            Clock::manual(datetime!(2026-03-01 12:00 UTC)).0,
            1,
        );
        let places: [LocationId; 3] = [ids.next(), ids.next(), ids.next()];
        let place = |number: usize| places[number - 1];
        let access = Access {
            scopes: vec!["repairs.read".into(), "repairs.write".into()],
            locations: vec![place(1), place(2)],
            technician_required: false,
        };
        let asked =
            |wanted: &[&str]| access.scopes_for(&wanted.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked(&[]), Ok(access.scopes.clone()));
        assert_eq!(
            asked(&["repairs.read", "repairs.read"]),
            Ok(vec!["repairs.read".to_owned()])
        );
        assert_eq!(
            asked(&["repairs.read", "customers.read"]),
            Err("customers.read".to_owned())
        );
        assert_eq!(access.locations_for(&[]), Ok(vec![place(1), place(2)]));
        assert_eq!(access.locations_for(&[place(2), place(2)]), Ok(vec![place(2)]));
        assert_eq!(access.locations_for(&[place(2), place(3)]), Err(place(3)));
        // A client that is bound to no locations names none: of the whole organisation there is no part to be granted.
        assert_eq!(Access::default().locations_for(&[]), Ok(Vec::new()));
        assert_eq!(Access::default().locations_for(&[place(1)]), Err(place(1)));
    }

    #[test]
    fn two_secrets_at_most_are_good_and_the_older_not_for_ever() {
        let now = datetime!(2026-03-01 12:00 UTC);
        let hour = Duration::from_hours(1);
        let mut secrets = Secrets {
            current: Some([1; 32]),
            previous: None,
        };
        let good = |secrets: &Secrets, at| secrets.good(at).map(|hash| hash[0]).collect::<Vec<_>>();
        secrets.rotate([2; 32], now, now + hour);
        assert_eq!(good(&secrets, now), [2, 1]);
        assert_eq!(good(&secrets, now + hour), [2]);
        secrets.rotate([3; 32], now, now + hour);
        assert_eq!(good(&secrets, now), [3, 2], "the first has ended");
        secrets.rotate([4; 32], now, now);
        assert_eq!(good(&secrets, now), [4], "no overlap");
    }

    #[test]
    fn a_certificate_is_known_by_itself_or_by_a_name_that_is_vouched_for() {
        let certificates = Certificates {
            thumbprints: vec!["abc".into()],
            names: vec!["desk.fixers.example".into()],
            required: false,
        };
        let shown = |thumbprint: &str, names: &[&str]| Certificate {
            thumbprint: thumbprint.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert!(certificates.include(&shown("abc", &[])));
        assert!(certificates.include(&shown("x", &["other.example", "desk.fixers.example"])));
        assert!(!certificates.include(&shown("x", &["fixers.example"])));
        assert!(!Certificates::default().include(&shown("", &[])));
    }
}
