//! What a handler knows of its call: who calls, through whom, how long it may take, in which languages to answer.
//!
//! The server puts a [`Call`] into every request that it lets through ([`Call::of`]); background work makes one for the
//! service's own account ([`Call::service`]). It is cheap to clone. [`enforce`] is the one place where the options of a
//! method are held against a caller.

mod caller;
mod enforce;
pub mod timeout;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use support_proto::policy::Policy;
use support_proto::support::options::v1::CallerKind;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

pub use caller::{Bounds, Caller, Certificate, ShownGrant};
pub(crate) use enforce::refuse_region;
pub use enforce::{GrantCause, Needed, Refusal, enforce, enforce_region};

use crate::error::internal_status;

/// The longest list of languages that is read from `accept-language`.
const LANGUAGES_LIMIT: usize = 10;

/// One call, as its handler sees it.
#[derive(Clone)]
pub struct Call(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    caller: Caller,
    actor: Option<String>,
    method: String,
    policy: Option<&'static Policy>,
    deadline: Option<Instant>,
    languages: Vec<String>,
    passport: Option<Arc<str>>,
    is_other_region: bool,
    draining: CancellationToken,
}

impl Call {
    /// A call that came in by `policy`'s method. Used by the server's layers.
    #[must_use]
    pub fn new(caller: Caller, policy: &'static Policy) -> Self {
        Self(Arc::new(Parts {
            caller,
            actor: None,
            method: policy.path.clone(),
            policy: Some(policy),
            deadline: None,
            languages: Vec::new(),
            passport: None,
            is_other_region: false,
            draining: CancellationToken::new(),
        }))
    }

    /// Work that the service called `service` does on its own account. `work` names it where a call's method would
    /// stand: in logs and as part of the idempotency key.
    #[must_use]
    pub fn service(service: &str, work: &str) -> Self {
        Self(Arc::new(Parts {
            caller: Caller::service(service),
            actor: None,
            method: work.to_owned(),
            policy: None,
            deadline: None,
            languages: Vec::new(),
            passport: None,
            is_other_region: false,
            draining: CancellationToken::new(),
        }))
    }

    /// The call of a request that came through the server.
    ///
    /// # Errors
    ///
    /// INTERNAL where the server's layers were not there: a fault of how the service is put together.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Self, Status> {
        request.extensions().get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a request reached its handler without passing the server's layers");
            internal_status()
        })
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The service that calls for the caller; none where the call came from the gateway or from a service on its own
    /// account.
    #[must_use]
    pub fn actor(&self) -> Option<&str> {
        self.0.actor.as_deref()
    }

    /// The method's path, `/package.Service/Method`; for background work the name that was given to it.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.0.method
    }

    /// What the method's options demand; none for background work.
    #[must_use]
    pub fn policy(&self) -> Option<&'static Policy> {
        self.0.policy
    }

    /// When the call must be answered at the latest; none for background work without a deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// What is left until the deadline; zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.0
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The languages the caller reads, best first, as BCP 47 tags from `accept-language`. At most ten; not checked for
    /// being known.
    #[must_use]
    pub fn languages(&self) -> &[String] {
        &self.0.languages
    }

    /// Refuses a customer who was verified for another case than `case_id`. Whoever was verified for none passes.
    ///
    /// # Errors
    ///
    /// `PERMISSION_DENIED` with `CASE_MISMATCH`.
    pub fn check_case(&self, case_id: impl fmt::Display) -> Result<(), Status> {
        enforce::check_case(&self.0.caller, &case_id.to_string())
    }

    /// Refuses a member of staff who calls for `customer_id` without showing a grant of theirs, where the method demands one.
    /// What the method demands of it, the server has checked. Nobody else is refused.
    ///
    /// # Errors
    ///
    /// [`Refusal::GrantMissing`], [`Refusal::GrantRefused`].
    pub fn check_grant(&self, customer_id: impl fmt::Display) -> Result<(), Refusal> {
        match self.0.policy {
            Some(policy) if policy.shown_grant => enforce::check_grant(&self.0.caller, &customer_id.to_string(), None),
            Some(_) | None => Ok(()),
        }
    }

    /// The same where it hangs on more than the method whether a grant is demanded: `needed` says what of it. One that is for a case
    /// is for no other.
    ///
    /// # Errors
    ///
    /// [`Refusal::GrantMissing`], [`Refusal::GrantRefused`], [`Refusal::Assurance`], [`Refusal::Purpose`],
    /// [`Refusal::Delegate`], [`Refusal::Case`].
    pub fn check_grant_for(&self, customer_id: impl fmt::Display, needed: &Needed<'_>) -> Result<(), Refusal> {
        enforce::check_grant(&self.0.caller, &customer_id.to_string(), Some(needed))
    }

    /// The customer who calls; none where the caller is no customer.
    #[must_use]
    pub fn customer_id<T: FromStr>(&self) -> Option<T> {
        (self.0.caller.kind == CallerKind::Customer)
            .then(|| self.0.caller.subject.parse().ok())
            .flatten()
    }

    /// The customer on whose own account this call is made: none where somebody acts in their name, who may do what is open to
    /// anybody and what is open to delegates, and is the customer in nothing else.
    #[must_use]
    pub fn customer_in_person<T: FromStr>(&self) -> Option<T> {
        self.customer_id().filter(|_| self.0.caller.bounds.delegate.is_none())
    }

    /// Whose request ids these are. The same id from another caller is another request, and so is one that a service
    /// sends in the caller's name: else a caller could take a service's request id in advance.
    #[must_use]
    pub fn idempotency_scope(&self) -> String {
        let caller = &self.0.caller;
        let organisation = caller.organisation.as_deref().unwrap_or_default();
        let actor = self.0.actor.as_deref().unwrap_or_default();
        let person = caller.person();
        format!("{}:{organisation}:{person}:{actor}", caller.kind_name())
    }

    /// Cancelled once the server is asked to stop. A handler that waits for something (a stream for its next item)
    /// should end then; the server ends streams that do not.
    #[must_use]
    pub fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// The passport that the call came with, to be carried on; none for background work.
    #[must_use]
    pub fn passport(&self) -> Option<&Arc<str>> {
        self.0.passport.as_ref()
    }

    /// Whether the caller is the same service in another region.
    #[must_use]
    pub fn is_of_other_region(&self) -> bool {
        self.0.is_other_region
    }

    /// The same call by the same service in another region.
    #[must_use]
    pub fn with_other_region(self) -> Self {
        self.change(|parts| parts.is_other_region = true)
    }

    /// The same call through a service that acts for the caller.
    #[must_use]
    pub fn with_actor(self, actor: impl Into<String>) -> Self {
        self.change(|parts| parts.actor = Some(actor.into()))
    }

    /// The same call with a deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Instant) -> Self {
        self.change(|parts| parts.deadline = Some(deadline))
    }

    /// The same call with the passport it came with.
    #[must_use]
    pub fn with_passport(self, passport: impl Into<Arc<str>>) -> Self {
        self.change(|parts| parts.passport = Some(passport.into()))
    }

    /// The same call with the languages of an `accept-language` value.
    #[must_use]
    pub fn with_accept_language(self, value: &str) -> Self {
        self.change(|parts| parts.languages = accept_language(value))
    }

    /// The same call, told by `draining` when the server stops.
    #[must_use]
    pub fn with_draining(self, draining: CancellationToken) -> Self {
        self.change(|parts| parts.draining = draining)
    }

    fn change(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

/// Ids only: a call is logged.
impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("method", &self.0.method)
            .field("caller", &self.0.caller)
            .field("actor", &self.0.actor)
            .finish_non_exhaustive()
    }
}

/// The tags of an `accept-language` value (RFC 9110, 12.5.4), best first, ten at most. What cannot be read is left out: a wrong
/// header of a browser is no reason to refuse a customer.
#[must_use]
pub fn accept_language(value: &str) -> Vec<String> {
    let mut ranked: Vec<(u16, &str)> = value
        .split(',')
        .filter_map(|part| {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let tag = tag.trim();
            let plausible = (2..=35).contains(&tag.len())
                && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !tag.starts_with('-');
            let weight = match parameters.trim().strip_prefix("q=") {
                Some(weight) => weight
                    .trim()
                    .parse::<f32>()
                    .ok()
                    .filter(|weight| (0.0..=1.0).contains(weight))?,
                None => 1.0,
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0.0 to 1.0 was just checked"
            )]
            let weight = (weight * 1000.0) as u16;
            (plausible && weight > 0).then_some((weight, tag))
        })
        .take(LANGUAGES_LIMIT)
        .collect();
    // Stable: among equals the order of the caller counts.
    ranked.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    ranked.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_come_best_first() {
        assert_eq!(
            accept_language("de;q=0.5, zh-Hans-CN, en;q=0.9, *;q=0.1, fr;q=0"),
            ["zh-Hans-CN", "en", "de"]
        );
        assert_eq!(accept_language("<script>, en;q=7, ;;,,"), Vec::<String>::new());
    }

    #[test]
    fn who_acts_for_a_customer_is_not_the_customer() {
        let own = Call::service("case", "clock").change(|parts| {
            parts.caller.kind = CallerKind::Customer;
            parts.caller.subject = "ada".into();
        });
        let acted = own
            .clone()
            .change(|parts| parts.caller.bounds.delegate = Some("bob".into()));
        assert_eq!(acted.customer_id::<String>().as_deref(), Some("ada"));
        assert_eq!(own.customer_in_person::<String>().as_deref(), Some("ada"));
        assert_eq!(acted.customer_in_person::<String>(), None);
        assert_eq!((own.caller().person(), acted.caller().person()), ("ada", "bob"));
        assert_ne!(own.idempotency_scope(), acted.idempotency_scope());
    }

    #[test]
    fn a_service_acting_for_a_caller_has_request_ids_of_its_own() {
        let call = Call::service("case", "clock");
        assert_ne!(
            call.idempotency_scope(),
            call.clone().with_actor("routing").idempotency_scope()
        );
    }
}
