//! The identity providers of staff and operators, as the settings name them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use support_chassis::keyset::{Fetcher, KeySet, RemoteKeys, Source};
use support_proto::support::options::v1::CallerKind;

use super::keys::KeySetError;
use crate::settings::IssuerSettings;

/// Who signs tokens, and what they may say.
#[derive(Debug)]
pub(super) struct Issuer {
    /// The `iss` of its tokens.
    pub(super) name: String,
    /// The audience that its tokens must name.
    pub(super) audience: String,
    /// The kinds it may vouch for.
    pub(super) kinds: Vec<CallerKind>,
    /// What stands before its subjects, so that they are nobody else's; empty for nothing.
    pub(super) prefix: String,
    /// How its claims become kind and scopes; none where its tokens say both in our own words.
    pub(super) roles: Option<Roles>,
}

impl Issuer {
    /// The id of the caller whom it calls `subject`: of two providers' `42` each is somebody else.
    pub(super) fn subject(&self, subject: &str) -> String {
        if self.prefix.is_empty() {
            subject.to_owned()
        } else {
            format!("{}:{subject}", self.prefix)
        }
    }
}

/// What an identity provider's own roles or groups are worth here.
#[derive(Debug)]
pub(super) struct Roles {
    claim: Vec<String>,
    organisation: Vec<String>,
    granted: Vec<Granted>,
}

#[derive(Debug)]
struct Granted {
    role: String,
    kind: CallerKind,
    scopes: Vec<String>,
}

/// What somebody's roles come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) kind: CallerKind,
    pub(super) scopes: BTreeSet<String>,
    pub(super) organisation: Option<String>,
}

impl Roles {
    /// What the claims of a token come to; none where nobody here has use for any of its roles. The kind is that of the first
    /// role in the settings that the token has, and only roles of that kind count: staff is not operator as well.
    pub(super) fn standing(&self, claims: &Map<String, Value>) -> Option<Standing> {
        let held: BTreeSet<&str> = match at(claims, &self.claim)? {
            Value::String(list) => list.split_ascii_whitespace().collect(),
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            _ => return None,
        };
        let mut granted = self
            .granted
            .iter()
            .filter(|granted| held.contains(granted.role.as_str()));
        let first = granted.next()?;
        let scopes = granted
            .filter(|other| other.kind == first.kind)
            .chain([first])
            .flat_map(|granted| granted.scopes.iter().cloned())
            .collect();
        Some(Standing {
            kind: first.kind,
            scopes,
            organisation: at(claims, &self.organisation)
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }
}

/// The claim at a path of names.
fn at<'a>(claims: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(claims.get(first)?, |value, name| value.get(name))
}

/// Where an issuer's keys are.
pub(super) enum Whereabouts {
    /// In the settings.
    Here(KeySet),
    /// Where it publishes them.
    There(RemoteKeys),
}

/// The issuers of the settings, by their names.
pub(super) type Issuers = HashMap<String, (Arc<Issuer>, Whereabouts)>;

/// Reads the issuers of the settings.
pub(super) fn read(settings: &[IssuerSettings], audience: &str, fetcher: &Fetcher) -> Result<Issuers, KeySetError> {
    let mut issuers = Issuers::new();
    let mut prefixes = BTreeSet::new();
    for issuer in settings {
        let wrong = |what: &str| KeySetError::Settings {
            issuer: issuer.issuer.clone(),
            what: what.to_owned(),
        };
        if issuer.issuer.is_empty() || issuers.contains_key(&issuer.issuer) {
            return Err(wrong("is empty or stands there twice"));
        }
        if !prefixes.insert(&issuer.prefix) || (settings.len() > 1 && issuer.prefix.is_empty()) {
            return Err(wrong(
                "has no prefix of its own: where there are several, a subject of one must not be taken for another's",
            ));
        }
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if issuer.prefix.len() > 32 || !issuer.prefix.chars().all(is_plain) {
            return Err(wrong(
                "has a prefix of more than 32 lower-case letters, digits and hyphens",
            ));
        }
        let kinds = issuer
            .kinds
            .iter()
            .map(|named| kind(issuer, named))
            .collect::<Result<Vec<_>, _>>()?;
        let known = Issuer {
            name: issuer.issuer.clone(),
            audience: if issuer.audience.is_empty() {
                audience.to_owned()
            } else {
                issuer.audience.clone()
            },
            prefix: issuer.prefix.clone(),
            roles: roles(issuer, &kinds)?,
            kinds,
        };
        let keys = keys(issuer, fetcher)?;
        issuers.insert(issuer.issuer.clone(), (Arc::new(known), keys));
    }
    Ok(issuers)
}

fn kind(issuer: &IssuerSettings, named: &str) -> Result<CallerKind, KeySetError> {
    match named {
        "staff" => Ok(CallerKind::Staff),
        "operator" => Ok(CallerKind::Operator),
        _ => Err(KeySetError::Kind {
            issuer: issuer.issuer.clone(),
            kind: named.to_owned(),
        }),
    }
}

fn roles(issuer: &IssuerSettings, kinds: &[CallerKind]) -> Result<Option<Roles>, KeySetError> {
    if issuer.roles_claim.is_empty() && issuer.roles.is_empty() {
        return Ok(None);
    }
    let wrong = |what: &str| KeySetError::Settings {
        issuer: issuer.issuer.clone(),
        what: what.to_owned(),
    };
    if issuer.roles_claim.is_empty() || issuer.roles.is_empty() {
        return Err(wrong("has roles and no roles_claim, or the other way round"));
    }
    let granted = issuer
        .roles
        .iter()
        .map(|role| {
            let kind = kind(issuer, &role.kind)?;
            if !kinds.contains(&kind) {
                return Err(wrong("has a role of a kind that it may not vouch for"));
            }
            Ok(Granted {
                role: role.role.clone(),
                kind,
                scopes: role.scopes.clone(),
            })
        })
        .collect::<Result<_, _>>()?;
    let path = |claim: &str| -> Vec<String> {
        claim
            .split('.')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    Ok(Some(Roles {
        claim: path(&issuer.roles_claim),
        organisation: path(&issuer.organisation_claim),
        granted,
    }))
}

fn keys(issuer: &IssuerSettings, fetcher: &Fetcher) -> Result<Whereabouts, KeySetError> {
    let named = || issuer.issuer.clone();
    let wrong = |what: &str| KeySetError::Settings {
        issuer: named(),
        what: what.to_owned(),
    };
    let in_file = !issuer.jwks_file.as_os_str().is_empty();
    let given = [
        !issuer.jwks.is_empty(),
        in_file,
        !issuer.jwks_url.is_empty(),
        issuer.discover,
    ];
    if given.into_iter().filter(|given| *given).count() != 1 {
        return Err(wrong(
            "needs one of jwks, jwks_file, jwks_url and discover, and one only",
        ));
    }
    let remote = |source, url: &str| {
        if fetcher.may_ask(url) {
            Ok(Whereabouts::There(RemoteKeys::new(source, fetcher.clone())))
        } else {
            Err(wrong("has keys at an address that is not one of https"))
        }
    };
    if issuer.discover {
        return remote(Source::Issuer(named()), &issuer.issuer);
    }
    if !issuer.jwks_url.is_empty() {
        return remote(Source::Keys(issuer.jwks_url.clone()), &issuer.jwks_url);
    }
    let text = if in_file {
        std::fs::read_to_string(&issuer.jwks_file).map_err(|source| KeySetError::File {
            issuer: named(),
            source,
        })?
    } else {
        issuer.jwks.clone()
    };
    KeySet::parse(&text)
        .map(Whereabouts::Here)
        .map_err(|source| KeySetError::NotASet {
            issuer: named(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roles() -> Roles {
        let granted = |role: &str, kind, scopes: &[&str]| Granted {
            role: role.to_owned(),
            kind,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        Roles {
            claim: vec!["realm_access".to_owned(), "roles".to_owned()],
            organisation: vec!["company".to_owned()],
            granted: vec![
                granted("admins", CallerKind::Operator, &["partners.write"]),
                granted("agents", CallerKind::Staff, &["cases.read"]),
                granted("leads", CallerKind::Staff, &["cases.assign", "cases.read"]),
            ],
        }
    }

    fn standing(claims: &Value) -> Option<(CallerKind, Vec<String>)> {
        let standing = roles().standing(claims.as_object().unwrap())?;
        Some((standing.kind, standing.scopes.into_iter().collect()))
    }

    #[test]
    fn roles_of_one_kind_add_up_and_those_of_another_do_not_count() {
        let held = |roles: &[&str]| standing(&json!({ "realm_access": { "roles": roles } }));
        let scopes = |list: &[&str]| list.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            held(&["leads", "agents", "chess-club"]),
            Some((CallerKind::Staff, scopes(&["cases.assign", "cases.read"])))
        );
        assert_eq!(
            held(&["leads", "admins"]),
            Some((CallerKind::Operator, scopes(&["partners.write"])))
        );
        assert_eq!(held(&["chess-club"]), None);
        assert_eq!(
            standing(&json!({ "realm_access": { "roles": "agents other" } })),
            Some((CallerKind::Staff, scopes(&["cases.read"])))
        );
        for nothing in [
            json!({}),
            json!({ "realm_access": ["agents"] }),
            json!({ "realm_access": { "roles": 7 } }),
        ] {
            assert_eq!(standing(&nothing), None);
        }
    }
}
