//! Who calls, by the bearer token of the call.
//!
//! Customers carry the session token of a completed verification, partners an access token, both signed by
//! identity-verification; staff and operators carry a token of an identity provider that the settings name. Whoever
//! carries none is a visitor. A token that is bound to a certificate opens nothing on a connection that does not show it. A token is checked once and then remembered until it ends, with the passport that goes
//! with it, so that a call costs no signature.

mod claims;
mod issuers;
mod keys;
mod refused;
mod revoked;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, header};
use moka::sync::Cache;
use support_chassis::call::{Bounds, Caller, Certificate, GrantCause};
use support_chassis::clock::Clock;
use support_chassis::error::into_status;
use support_chassis::id::Region;
use support_chassis::passport::{PassportError, Signer};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use time::OffsetDateTime;
use tonic::Status;

use claims::Given;
pub(crate) use keys::{KeySetError, Keys};
use refused::Refused;
pub(crate) use revoked::{ASK_EVERY, Revoked};

/// The header in which staff show a customer's grant: the token that `IssueGrantToken` gave them.
pub(crate) const GRANT_HEADER: &str = "x-support-grant";
/// The most tokens remembered.
const REMEMBERED: u64 = 100_000;
/// A passport is renewed when less than this is left of it: a call may be slow, and clocks differ.
const RENEW_BEFORE: Duration = Duration::from_mins(1);
/// How much longer than its session a passport lives: what was let in just before the end may take its time.
const GRACE: time::Duration = time::Duration::seconds(30);
/// Longer tokens are refused unread. Those of identity providers with many claims stay below it.
const TOKEN_LIMIT: usize = 8 * 1024;

/// Somebody whose token was checked.
pub(crate) struct Session {
    /// Who it is.
    pub(crate) caller: Caller,
    /// When the token ends; none for visitors.
    expires_at: Option<OffsetDateTime>,
    /// When an assurance above AAL1 decays to it; none where there is nothing to decay.
    decays_at: Option<OffsetDateTime>,
    /// The thumbprint of the certificate that it is bound to.
    certificate: Option<String>,
    passport: Mutex<Option<(Arc<str>, OffsetDateTime)>>,
}

impl Session {
    /// This session once its assurance has decayed, or that of the grant that is shown in it.
    fn decayed(&self) -> Self {
        let mut caller = self.caller.clone();
        match &mut caller.bounds.shown {
            Some(shown) => shown.aal = shown.aal.min(1),
            None => caller.assurance = AssuranceLevel::Aal1,
        }
        Self {
            caller,
            expires_at: self.expires_at,
            decays_at: None,
            certificate: self.certificate.clone(),
            passport: Mutex::new(None),
        }
    }

    /// A visitor, with what their connection shows.
    fn visitor(region: Region, certificate: Option<Certificate>) -> Self {
        let caller = Caller {
            kind: CallerKind::Anonymous,
            // One for all visitors: their request ids are random UUIDs, and a visit leaves nothing to tell it by.
            subject: "visitor".to_owned(),
            organisation: None,
            scopes: std::collections::BTreeSet::new(),
            assurance: AssuranceLevel::Unspecified,
            region: Some(region.to_string()),
            grant_id: None,
            bounds: Bounds {
                certificate,
                ..Bounds::default()
            },
        };
        Self {
            caller,
            expires_at: None,
            decays_at: None,
            certificate: None,
            passport: Mutex::new(None),
        }
    }
}

/// Checks tokens and signs passports.
pub(crate) struct Credentials {
    keys: Arc<Keys>,
    revoked: Arc<Revoked>,
    signer: Arc<Signer>,
    lifetime: Duration,
    clock: Clock,
    region: Region,
    known: Cache<String, Arc<Session>>,
    visitor: Arc<Session>,
}

impl Credentials {
    /// Believes the signers of `keys`, but for grants that were `revoked`; signs passports that live for `lifetime`.
    pub(crate) fn new(
        keys: Arc<Keys>,
        revoked: Arc<Revoked>,
        signer: Arc<Signer>,
        lifetime: Duration,
        clock: Clock,
        region: Region,
    ) -> Self {
        Self {
            keys,
            revoked,
            signer,
            lifetime,
            clock,
            region,
            known: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_mins(5))
                .build(),
            visitor: Arc::new(Session::visitor(region, None)),
        }
    }

    /// Who calls. UNAUTHENTICATED where there is a token and it is not good.
    pub(crate) async fn identify(
        &self,
        headers: &HeaderMap,
        shown: Option<&Certificate>,
    ) -> Result<Arc<Session>, Status> {
        let grant = grant(headers).map_err(into_status)?;
        match (bearer(headers).map_err(into_status)?, shown) {
            (None, _) if grant.is_some() => Err(into_status(Refused::Grant(GrantCause::NotStaff))),
            (None, None) => Ok(Arc::clone(&self.visitor)),
            // Who asks for a token shows who they are by it.
            (None, Some(shown)) => Ok(Arc::new(Session::visitor(self.region, Some(shown.clone())))),
            (Some(token), _) => {
                let session = self.session(token).await.map_err(into_status)?;
                let is_other = |bound: &String| shown.is_none_or(|shown| shown.thumbprint != *bound);
                if session.certificate.as_ref().is_some_and(is_other) {
                    return Err(into_status(Refused::Certificate));
                }
                match grant {
                    Some(grant) => self.showing(&session, token, grant).await.map_err(into_status),
                    None => Ok(session),
                }
            }
        }
    }

    /// A session of a member of staff who shows a customer's grant beside their own token. It ends with whichever ends first.
    async fn showing(&self, own: &Session, token: &str, grant: &str) -> Result<Arc<Session>, Refused> {
        if own.caller.kind != CallerKind::Staff {
            return Err(Refused::Grant(GrantCause::NotStaff));
        }
        // No token holds a line break.
        let both = format!("{token}\n{grant}");
        let session = if let Some(known) = self.known.get(&both) {
            known
        } else {
            let given = self.given(grant).await?;
            if given.agent != own.caller.subject {
                return Err(Refused::Grant(GrantCause::AnotherAgent));
            }
            let mut caller = own.caller.clone();
            caller.bounds.shown = Some(given.grant);
            let session = Arc::new(Session {
                caller,
                expires_at: Some(own.expires_at.map_or(given.expires_at, |own| own.min(given.expires_at))),
                decays_at: given.decays_at,
                certificate: own.certificate.clone(),
                passport: Mutex::new(None),
            });
            self.known.insert(both.clone(), Arc::clone(&session));
            session
        };
        let now = self.clock.now();
        if session.expires_at.is_some_and(|end| end <= now) {
            return Err(Refused::Grant(GrantCause::Expired));
        }
        let shown = session.caller.bounds.shown.as_ref();
        if shown.is_some_and(|shown| self.revoked.has(&shown.grant)) {
            return Err(Refused::Grant(GrantCause::Revoked));
        }
        Ok(self.as_of(now, both, session))
    }

    /// What the token of a customer's grant says.
    async fn given(&self, token: &str) -> Result<Given, Refused> {
        let refused = |error| {
            Refused::Grant(match error {
                PassportError::Expired => GrantCause::Expired,
                PassportError::Missing | PassportError::Invalid(_) => GrantCause::Malformed,
            })
        };
        if token.len() > TOKEN_LIMIT {
            return Err(Refused::Grant(GrantCause::Malformed));
        }
        let signatory = self.keys.signatory(token).await.map_err(|error| match error {
            Refused::Token(error) => refused(error),
            other => other,
        })?;
        claims::check_grant(token, &signatory, self.clock.now()).map_err(refused)
    }

    /// The session as it is now: once its assurance has decayed, another one is remembered under the same tokens.
    fn as_of(&self, now: OffsetDateTime, tokens: String, session: Arc<Session>) -> Arc<Session> {
        if session.decays_at.is_none_or(|end| end > now) {
            return session;
        }
        let decayed = Arc::new(session.decayed());
        self.known.insert(tokens, Arc::clone(&decayed));
        decayed
    }

    async fn session(&self, token: &str) -> Result<Arc<Session>, Refused> {
        if token.len() > TOKEN_LIMIT {
            return Err(PassportError::Invalid("too long").into());
        }
        let session = if let Some(known) = self.known.get(token) {
            known
        } else {
            let signatory = self.keys.signatory(token).await?;
            let claimed = claims::check(token, &signatory, self.region, self.clock.now())?;
            let session = Arc::new(Session {
                caller: claimed.caller,
                expires_at: Some(claimed.expires_at),
                decays_at: claimed.decays_at,
                certificate: claimed.certificate,
                passport: Mutex::new(None),
            });
            self.known.insert(token.to_owned(), Arc::clone(&session));
            session
        };
        if session.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Err(PassportError::Expired.into());
        }
        if session
            .caller
            .grant_id
            .as_deref()
            .is_some_and(|grant| self.revoked.has(grant))
        {
            return Err(PassportError::Invalid("its grant was revoked").into());
        }
        if session.caller.kind == CallerKind::Partner && self.revoked.is_suspended(&session.caller.subject) {
            return Err(Refused::Suspended);
        }
        Ok(self.as_of(self.clock.now(), token.to_owned(), session))
    }

    /// The passport for a session: the one at hand, or a new one when that is about to end.
    pub(crate) fn passport(&self, session: &Session) -> Result<Arc<str>, Status> {
        let now = self.clock.now();
        let mut held = session.passport.lock().unwrap_or_else(PoisonError::into_inner);
        // The last one of a session is used until the session ends, which is asked at every call.
        // One of an assurance that decays ends with it, without grace: what comes later comes with less.
        let last = match (session.decays_at, session.expires_at.map(with_grace)) {
            (Some(decays), Some(last)) => Some(decays.min(last)),
            (decays, last) => decays.or(last),
        };
        if let Some((token, end)) = &*held
            && (*end > now + RENEW_BEFORE.min(self.lifetime / 2) || Some(*end) == last)
        {
            return Ok(Arc::clone(token));
        }
        let end = last.map_or(now + self.lifetime, |last| last.min(now + self.lifetime));
        let token: Arc<str> = self
            .signer
            .sign_until(&session.caller, now, end)
            .map_err(|error| {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a passport could not be signed"
                );
                support_chassis::error::internal_status()
            })?
            .into();
        *held = Some((Arc::clone(&token), end));
        Ok(token)
    }
}

/// The end of the last passport of a session that ends at `end`. Tokens that are meant never to end name the last moment
/// of the calendar, beyond which there is none.
fn with_grace(end: OffsetDateTime) -> OffsetDateTime {
    end.checked_add(GRACE).unwrap_or(end)
}

/// The customer's grant that is shown.
fn grant(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut values = headers.get_all(GRANT_HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match value.to_str() {
        Ok(token) if values.next().is_none() && !token.trim().is_empty() => Ok(Some(token.trim())),
        _ => Err(Refused::Grant(GrantCause::Malformed)),
    }
}

/// The bearer token of `authorization` (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, PassportError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(PassportError::Invalid("given twice"));
    }
    let value = value.to_str().map_err(|_| PassportError::Invalid("not text"))?;
    let (scheme, token) = value
        .split_once(' ')
        .ok_or(PassportError::Invalid("not a bearer token"))?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(PassportError::Invalid("not a bearer token"));
    }
    Ok(Some(token.trim()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_token_may_end_with_the_calendar() {
        assert_eq!(
            with_grace(datetime!(2026-03-01 12:00 UTC)),
            datetime!(2026-03-01 12:00:30 UTC)
        );
        let last = datetime!(9999-12-31 23:59:59 UTC);
        assert_eq!(with_grace(last), last);
    }
}
