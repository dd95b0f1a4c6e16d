//! What a token says, once its signature is known to be good.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use support_chassis::call::{Bounds, Caller, ShownGrant};
use support_chassis::id::Region;
use support_chassis::passport::PassportError;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use time::OffsetDateTime;

use super::keys::Signatory;

/// How far clocks may differ.
const CLOCK_SKEW: Duration = Duration::from_secs(30);
/// The longest id of a caller, in bytes.
const SUBJECT_LIMIT: usize = 200;

/// The claims of a bearer token (RFC 7519, RFC 9068 for `scope`). Others are ignored: identity providers add their own.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    /// What kind of caller it is: `customer`, `partner`, `staff`, `operator`; `grant` of a token that is no caller's, but shown
    /// beside one. Empty in the tokens of identity providers that know nothing of us.
    #[serde(default)]
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
    /// By what a customer has proven who they are.
    #[serde(default)]
    amr: Vec<String>,
    /// What a customer was verified for.
    #[serde(default)]
    purpose: Option<String>,
    /// The case that a customer was verified for.
    #[serde(default)]
    case: Option<String>,
    /// Who acts in a customer's name.
    #[serde(default)]
    delegate: Option<String>,
    /// The member of staff to whom a customer's grant was given.
    #[serde(default)]
    agent: Option<String>,
    /// The locations that a partner calls for.
    #[serde(default)]
    locations: BTreeSet<String>,
    /// The person who calls for a partner.
    #[serde(default)]
    technician: Option<String>,
    /// The certificate that it is bound to (RFC 8705, section 3.1).
    #[serde(default)]
    cnf: Option<Confirmation>,
}

/// What a token is bound to. One that is bound to something else than a certificate is not ours to check, and refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    thumbprint: String,
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
    /// The thumbprint of the certificate that the connection must show; none where it need not.
    pub(super) certificate: Option<String>,
}

/// What a good token of a customer's grant says.
pub(super) struct Given {
    /// The grant.
    pub(super) grant: ShownGrant,
    /// To which member of staff it was given.
    pub(super) agent: String,
    /// Until when it is good.
    pub(super) expires_at: OffsetDateTime,
    /// When the assurance decays to AAL1; none where it does not.
    pub(super) decays_at: Option<OffsetDateTime>,
}

/// Checks signature and claims of a customer's grant that somebody shows.
pub(super) fn check_grant(token: &str, signatory: &Signatory, now: OffsetDateTime) -> Result<Given, PassportError> {
    let claims: Claims = signatory
        .key
        .claims(token)
        .map_err(|_| PassportError::Invalid("wrong signature or claims"))?;
    // Only who vouches for customers says who was verified, in words of our own.
    if signatory.issuer.roles.is_some() || !signatory.issuer.kinds.contains(&CallerKind::Customer) {
        return Err(PassportError::Invalid("the issuer may not vouch for customers"));
    }
    let expires_at = claims.in_force(signatory, now)?;
    let decays_at = claims.decays_at()?;
    match claims {
        Claims {
            agent: Some(agent),
            grant: Some(grant),
            purpose: Some(purpose),
            kind,
            ..
        } if kind == "grant" && !claims.sub.is_empty() => Ok(Given {
            grant: ShownGrant {
                grant,
                customer: claims.sub,
                aal: u8::try_from(claims.aal)
                    .ok()
                    .filter(|aal| *aal <= 3)
                    .ok_or(PassportError::Invalid("no such assurance"))?,
                amr: claims.amr,
                purpose,
                case: claims.case,
                delegate: claims.delegate,
            },
            agent,
            expires_at,
            decays_at,
        }),
        _ => Err(PassportError::Invalid("no grant")),
    }
}

impl Claims {
    /// Until when the token is good, which names its issuer and audience; the rest hangs on what it is.
    fn in_force(&self, signatory: &Signatory, now: OffsetDateTime) -> Result<OffsetDateTime, PassportError> {
        if self.iss != signatory.issuer.name {
            return Err(PassportError::Invalid("signed in another's name"));
        }
        if !self.aud.has(&signatory.issuer.audience) {
            return Err(PassportError::Invalid("for another audience"));
        }
        let expires_at = OffsetDateTime::from_unix_timestamp(self.exp)
            .map_err(|_| PassportError::Invalid("ends outside the calendar"))?;
        if expires_at <= now {
            return Err(PassportError::Expired);
        }
        if self
            .nbf
            .is_some_and(|begin| begin > (now + CLOCK_SKEW).unix_timestamp())
        {
            return Err(PassportError::Invalid("not yet good"));
        }
        Ok(expires_at)
    }

    fn decays_at(&self) -> Result<Option<OffsetDateTime>, PassportError> {
        self.aal_exp
            .map(OffsetDateTime::from_unix_timestamp)
            .transpose()
            .map_err(|_| PassportError::Invalid("decays outside the calendar"))
    }
}

/// Checks signature and claims; who calls, and until when.
pub(super) fn check(
    token: &str,
    signatory: &Signatory,
    region: Region,
    now: OffsetDateTime,
) -> Result<Claimed, PassportError> {
    let wrong = |_| PassportError::Invalid("wrong signature or claims");
    let issuer = &signatory.issuer;
    // Where roles count, our own words in the token do not: the provider may have given them another meaning.
    let (claims, standing) = match &issuer.roles {
        None => (signatory.key.claims::<Claims>(token).map_err(wrong)?, None),
        Some(roles) => {
            let all: Map<String, Value> = signatory.key.claims(token).map_err(wrong)?;
            let standing = roles
                .standing(&all)
                .ok_or(PassportError::Invalid("none of its roles is one here"))?;
            let own = ["iss", "sub", "aud", "exp", "nbf", "cnf"];
            let foreign = all
                .into_iter()
                .filter(|(name, _)| own.contains(&name.as_str()))
                .collect();
            let claims = serde_json::from_value(Value::Object(foreign))
                .map_err(|_| PassportError::Invalid("wrong signature or claims"))?;
            (claims, Some(standing))
        }
    };
    let expires_at = claims.in_force(signatory, now)?;
    let decays_at = claims.decays_at()?;
    let kind = match (&standing, claims.kind.as_str()) {
        (Some(standing), _) => standing.kind,
        (None, "customer") => CallerKind::Customer,
        (None, "partner") => CallerKind::Partner,
        (None, "staff") => CallerKind::Staff,
        (None, "operator") => CallerKind::Operator,
        (None, _) => return Err(PassportError::Invalid("no such kind of caller")),
    };
    if !issuer.kinds.contains(&kind) {
        return Err(PassportError::Invalid(
            "the issuer may not vouch for this kind of caller",
        ));
    }
    let subject = issuer.subject(&claims.sub);
    if claims.sub.is_empty() || subject.len() > SUBJECT_LIMIT {
        return Err(PassportError::Invalid("no such subject"));
    }
    let (scopes, organisation) = standing.map_or_else(
        || {
            let mut scopes = claims.scopes;
            scopes.extend(claims.scope.split_ascii_whitespace().map(str::to_owned));
            (scopes, claims.org)
        },
        |standing| (standing.scopes, standing.organisation),
    );
    let caller = Caller {
        kind,
        subject,
        organisation,
        scopes,
        assurance: AssuranceLevel::try_from(claims.aal).map_err(|_| PassportError::Invalid("no such assurance"))?,
        region: Some(region.to_string()),
        grant_id: claims.grant,
        bounds: Bounds {
            methods: claims.amr,
            purpose: claims.purpose,
            case_id: claims.case,
            // Of others it says nothing.
            delegate: claims.delegate.filter(|_| kind == CallerKind::Customer),
            locations: claims.locations,
            technician: claims.technician,
            certificate: None,
            shown: None,
        },
    };
    Ok(Claimed {
        caller,
        expires_at,
        decays_at,
        certificate: claims.cnf.map(|bound| bound.thumbprint),
    })
}
