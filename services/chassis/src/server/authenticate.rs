//! Lets a call through only with a known method and a passport that may call it.

use http::{HeaderMap, Method, Request, Response, header};
use support_proto::policy::policy;
use support_proto::support::types::v1::CommonErrorReason;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;

use super::around::{Around, Door, answer};
use super::deadline::Deadline;
use super::is_exempt;
use crate::call::{Call, enforce, enforce_region};
use crate::clock::Clock;
use crate::error::{Answer, into_status};
use crate::passport::{ACTOR_HEADER, Identity, PASSPORT_HEADER, PassportError, Trust};

/// Checks method and passport and puts the [`Call`] into the request's extensions. Health and reflection pass without.
#[derive(Debug, Clone)]
pub struct Authenticate {
    trust: Trust,
    clock: Clock,
    draining: CancellationToken,
}

impl Authenticate {
    /// Believes the signers of `trust`; `draining` is handed on to the calls.
    #[must_use]
    pub fn new(trust: Trust, clock: Clock, draining: CancellationToken) -> Self {
        Self { trust, clock, draining }
    }

    fn admit(&self, request: &Request<Body>) -> Result<Call, Status> {
        let headers = request.headers();
        if request.method() != Method::POST || !is_grpc(headers) {
            return Err(Answer::common(
                Code::InvalidArgument,
                CommonErrorReason::BadHttpRequest,
                "a call is a POST with content type application/grpc",
            )
            .to_status());
        }
        // Before the passport: what does not exist needs no permission.
        let policy = policy(request.uri().path()).ok_or_else(|| {
            Answer::common(Code::Unimplemented, CommonErrorReason::UnknownMethod, "no such method").to_status()
        })?;
        let (identity, token) = self.identify(headers).map_err(into_status)?;
        let span = Span::current();
        span.record("support.caller.kind", identity.caller.kind_name());
        span.record("support.caller.id", identity.caller.subject.as_str());
        if let Some(actor) = &identity.actor {
            span.record("support.actor", actor.as_str());
        }
        enforce(policy, &identity.caller)?;
        if identity.is_other_region {
            enforce_region(policy)?;
        }
        let mut call = Call::new(identity.caller, policy)
            .with_passport(token)
            .with_draining(self.draining.clone());
        if identity.is_other_region {
            call = call.with_other_region();
        }
        if let Some(actor) = identity.actor {
            call = call.with_actor(actor);
        }
        if let Some(Deadline(deadline)) = request.extensions().get() {
            call = call.with_deadline(*deadline);
        }
        if let Some(languages) = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
        {
            call = call.with_accept_language(languages);
        }
        Ok(call)
    }

    fn identify<'h>(&self, headers: &'h HeaderMap) -> Result<(Identity, &'h str), PassportError> {
        let token = one(headers, PASSPORT_HEADER)?.ok_or(PassportError::Missing)?;
        let actor = one(headers, ACTOR_HEADER)?;
        Ok((self.trust.identify(token, actor, self.clock.now())?, token))
    }
}

/// The one value of a header. Two would leave it to each reader which one counts.
fn one<'h>(headers: &'h HeaderMap, name: &'static str) -> Result<Option<&'h str>, PassportError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(PassportError::Invalid("given twice"));
    }
    value.to_str().map(Some).map_err(|_| PassportError::Invalid("not text"))
}

fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("application/grpc"))
        // Not grpc-web: the gateway translates it.
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('+') || rest.starts_with(';'))
}

impl Around for Authenticate {
    async fn around<S: Door>(self, mut request: Request<Body>, inner: S) -> Response<Body> {
        if is_exempt(request.uri().path()) {
            return answer(inner, request).await;
        }
        match self.admit(&request) {
            Ok(call) => {
                request.extensions_mut().insert(call);
                answer(inner, request).await
            }
            Err(status) => status.into_http(),
        }
    }
}
