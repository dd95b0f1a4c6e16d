//! What a token says, once its signature is known to be good.

use std::collections::BTreeSet;
use std::time::Duration;

use jsonwebtoken::Validation;
use serde::Deserialize;
use support_chassis::call::Caller;
use support_chassis::id::Region;
use support_chassis::passport::PassportError;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use time::OffsetDateTime;

use super::keys::Signatory;

/// How far clocks may differ.
const CLOCK_SKEW: Duration = Duration::from_secs(30);

/// The claims of a bearer token (RFC 7519, RFC 9068 for `scope`). Others are ignored: identity providers add their own.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    /// What kind of caller it is: `customer`, `partner`, `staff`, `operator`.
    kind: String,
    /// Scopes, separated by spaces.
    #[serde(default)]
    scope: String,
    /// Scopes, as a list.
    #[serde(default)]
    scopes: BTreeSet<String>,
    /// The organisation.
    #[serde(default)]
    org: Option<String>,
    /// The assurance of a customer's verification, 0 to 3.
    #[serde(default)]
    aal: i32,
    /// When an assurance above AAL1 decays to it, in seconds since 1970.
    #[serde(default)]
    aal_exp: Option<i64>,
    /// The grant it stands on.
    #[serde(default)]
    grant: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }
}

/// What a good token says.
pub(super) struct Claimed {
    /// Who calls.
    pub(super) caller: Caller,
    /// Until when it is good.
    pub(super) expires_at: OffsetDateTime,
    /// When the caller's assurance decays to AAL1; none where it does not.
    pub(super) decays_at: Option<OffsetDateTime>,
}

/// Checks signature and claims; who calls, and until when.
pub(super) fn check(
    token: &str,
    signatory: &Signatory,
    region: Region,
    now: OffsetDateTime,
) -> Result<Claimed, PassportError> {
    // The algorithm is the key's, whatever the token's header says. Time and audience are checked below, against our own
    // clock.
    let mut validation = Validation::new(signatory.algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims: Claims = jsonwebtoken::decode(token, &signatory.key, &validation)
        .map_err(|_| PassportError::Invalid("wrong signature or claims"))?
        .claims;
    if claims.iss != signatory.issuer {
        return Err(PassportError::Invalid("signed in another's name"));
    }
    if !claims.aud.has(&signatory.audience) {
        return Err(PassportError::Invalid("for another audience"));
    }
    let kind = match claims.kind.as_str() {
        "customer" => CallerKind::Customer,
        "partner" => CallerKind::Partner,
        "staff" => CallerKind::Staff,
        "operator" => CallerKind::Operator,
        _ => return Err(PassportError::Invalid("no such kind of caller")),
    };
    if !signatory.kinds.contains(&kind) {
        return Err(PassportError::Invalid(
            "the issuer may not vouch for this kind of caller",
        ));
    }
    let expires_at = OffsetDateTime::from_unix_timestamp(claims.exp)
        .map_err(|_| PassportError::Invalid("ends outside the calendar"))?;
    if expires_at <= now {
        return Err(PassportError::Expired);
    }
    if claims
        .nbf
        .is_some_and(|begin| begin > (now + CLOCK_SKEW).unix_timestamp())
    {
        return Err(PassportError::Invalid("not yet good"));
    }
    if claims.sub.is_empty() || claims.sub.len() > 200 {
        return Err(PassportError::Invalid("no such subject"));
    }
    let mut scopes = claims.scopes;
    scopes.extend(claims.scope.split_ascii_whitespace().map(str::to_owned));
    let caller = Caller {
        kind,
        subject: claims.sub,
        organisation: claims.org,
        scopes,
        assurance: AssuranceLevel::try_from(claims.aal).map_err(|_| PassportError::Invalid("no such assurance"))?,
        region: Some(region.to_string()),
        grant_id: claims.grant,
    };
    let decays_at = claims.aal_exp.map(OffsetDateTime::from_unix_timestamp).transpose();
    Ok(Claimed {
        caller,
        expires_at,
        decays_at: decays_at.map_err(|_| PassportError::Invalid("decays outside the calendar"))?,
    })
}
