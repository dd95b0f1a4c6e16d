//! Lets a gRPC call in: the method exists and is passed on, the caller is who the token says, and may.

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use support_chassis::call::enforce;
use support_chassis::client::Peer;
use support_chassis::error::Answer;
use support_chassis::server::{Around, Door, answer};
use support_proto::policy::policy;
use support_proto::support::types::v1::CommonErrorReason;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;

use crate::credentials::Credentials;
use crate::routes::Routes;

/// The service a call goes to, bearing its passport; in the request's extensions.
#[derive(Clone)]
pub(crate) struct Admitted(pub(crate) Peer);

/// Admits calls.
#[derive(Clone)]
pub(crate) struct Admit {
    credentials: Arc<Credentials>,
    routes: Routes,
}

impl Admit {
    pub(crate) fn new(credentials: Arc<Credentials>, routes: Routes) -> Self {
        Self { credentials, routes }
    }

    async fn admit(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Admitted, Status> {
        if method != Method::POST {
            let reason = CommonErrorReason::BadHttpRequest;
            return Err(Answer::common(Code::InvalidArgument, reason, "a call is a POST").to_status());
        }
        let known = policy(path).and_then(|policy| Some((policy, self.routes.of(path)?)));
        let (policy, peer) = known.ok_or_else(|| {
            Answer::common(Code::Unimplemented, CommonErrorReason::UnknownMethod, "no such method").to_status()
        })?;
        let session = self.credentials.identify(headers).await?;
        let span = Span::current();
        span.record("support.caller.kind", session.caller.kind_name());
        span.record("support.caller.id", session.caller.subject.as_str());
        enforce(policy, &session.caller)?;
        let passport = self.credentials.passport(&session)?;
        Ok(Admitted(peer.bearing(passport).without_retries()))
    }
}

impl Around for Admit {
    async fn around<S: Door>(self, mut request: Request<Body>, inner: S) -> Response<Body> {
        // Not the request itself: its body cannot be shared between threads.
        let (method, path) = (request.method().clone(), request.uri().clone());
        let headers = std::mem::take(request.headers_mut());
        let admitted = self.admit(&method, path.path(), &headers).await;
        *request.headers_mut() = headers;
        match admitted {
            Ok(admitted) => {
                request.extensions_mut().insert(admitted);
                answer(inner, request).await
            }
            Err(status) => status.into_http(),
        }
    }
}
