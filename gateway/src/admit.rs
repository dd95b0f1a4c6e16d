//! Lets a gRPC call in: the method exists and is passed on, the caller is who the token says, and may.

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response};
use support_chassis::call::enforce;
use support_chassis::client::Peer;
use support_chassis::error::Answer;
use support_chassis::server::tls::Shown;
use support_chassis::server::{Around, Door, answer};
use support_proto::policy::policy;
use support_proto::support::types::v1::CommonErrorReason;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Span;

use crate::bodies::Bodies;
use crate::credentials::Credentials;
use crate::named::{NamingField, peek};
use crate::routes::{Route, Routes};

/// The service a call goes to, bearing its passport; in the request's extensions.
#[derive(Clone)]
pub(crate) struct Admitted(pub(crate) Peer);

/// Admits calls.
#[derive(Clone)]
pub(crate) struct Admit {
    credentials: Arc<Credentials>,
    routes: Arc<Routes>,
    bodies: Bodies,
}

impl Admit {
    pub(crate) fn new(credentials: Arc<Credentials>, routes: Arc<Routes>, bodies: Bodies) -> Self {
        Self {
            credentials,
            routes,
            bodies,
        }
    }

    /// Where the call goes, and the passport it bears.
    async fn admit(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        shown: Option<&Shown>,
    ) -> Result<(&Route, Arc<str>), Status> {
        if method != Method::POST {
            let reason = CommonErrorReason::BadHttpRequest;
            return Err(Answer::common(Code::InvalidArgument, reason, "a call is a POST").to_status());
        }
        let known = policy(path).and_then(|policy| Some((policy, self.routes.of(path)?)));
        let (policy, route) = known.ok_or_else(|| {
            Answer::common(Code::Unimplemented, CommonErrorReason::UnknownMethod, "no such method").to_status()
        })?;
        let session = self.credentials.identify(headers, shown.map(|shown| &*shown.0)).await?;
        let span = Span::current();
        span.record("support.caller.kind", session.caller.kind_name());
        span.record("support.caller.id", session.caller.subject.as_str());
        enforce(policy, &session.caller)?;
        Ok((route, self.credentials.passport(&session)?))
    }

    /// The service of the route. Where the request says which it is, that much of the body is read, now that it is known
    /// that the caller may call.
    async fn service<'a>(&'a self, route: &'a Route, body: Body) -> Result<(&'a Peer, Body), Status> {
        match route {
            Route::Service(peer) => Ok((peer, body)),
            Route::Named(field) => {
                let (text, body) = peek(body, field, &self.bodies).await?;
                let peer = self.routes.named(NamingField::service(&text));
                Ok((peer.ok_or_else(|| field.names_nobody())?, body))
            }
        }
    }
}

impl Around for Admit {
    async fn around<S: Door>(self, mut request: Request<Body>, inner: S) -> Response<Body> {
        // Not the request itself: its body cannot be shared between threads.
        let (method, path) = (request.method().clone(), request.uri().clone());
        let shown = request.extensions().get::<Shown>().cloned();
        let headers = std::mem::take(request.headers_mut());
        let body = std::mem::take(request.body_mut());
        let admitted = async {
            let (route, passport) = self.admit(&method, path.path(), &headers, shown.as_ref()).await?;
            let (peer, body) = self.service(route, body).await?;
            Ok::<_, Status>((Admitted(peer.bearing(passport).without_retries()), body))
        }
        .await;
        *request.headers_mut() = headers;
        match admitted {
            Ok((admitted, body)) => {
                *request.body_mut() = body;
                request.extensions_mut().insert(admitted);
                answer(inner, request).await
            }
            Err(status) => status.into_http(),
        }
    }
}
