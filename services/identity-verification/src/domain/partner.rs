//! Clients of partners' systems.

use time::OffsetDateTime;

use super::ids::PartnerClientId;

/// A client of a partner's system: what may get tokens in the partner's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerClient {
    /// The id.
    pub id: PartnerClientId,
    /// The partner's organisation, as the operator names it.
    pub organisation_id: String,
    /// What it is for, for people to read.
    pub display_name: String,
    /// The scopes it may be given, sorted, each once.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl PartnerClient {
    /// The scopes that a token carries which asks for `wanted`: those, or all where none is named. None where it asks for
    /// one that the client may not have.
    #[must_use]
    pub fn scopes_for(&self, wanted: &[String]) -> Option<Vec<String>> {
        if wanted.is_empty() {
            return Some(self.scopes.clone());
        }
        wanted
            .iter()
            .all(|scope| self.scopes.contains(scope))
            .then(|| sorted(wanted))
    }
}

/// Scopes in order, each once.
#[must_use]
pub fn sorted(scopes: &[String]) -> Vec<String> {
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_token_carries_what_it_asks_for_or_all() {
        let (clock, _) = Clock::manual(datetime!(2026-03-01 12:00 UTC));
        let client = PartnerClient {
            id: Ids::seeded("eu".parse().unwrap(), clock.clone(), 1).next(),
            organisation_id: "fixers".into(),
            display_name: "desk".into(),
            scopes: vec!["repairs.read".into(), "repairs.write".into()],
            created_at: clock.now(),
        };
        let asked =
            |wanted: &[&str]| client.scopes_for(&wanted.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked(&[]), Some(client.scopes.clone()));
        assert_eq!(
            asked(&["repairs.read", "repairs.read"]),
            Some(vec!["repairs.read".to_owned()])
        );
        assert_eq!(asked(&["repairs.read", "customers.read"]), None);
    }
}
