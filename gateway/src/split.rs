//! Parts what the gateway answers itself from what it passes on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use support_chassis::server::{Door, answer};
use tonic::body::Body;
use tower::Service;

/// Health and reflection to `own`, everything else to `calls`.
#[derive(Debug, Clone)]
pub(crate) struct Split<O, C> {
    pub(crate) own: O,
    pub(crate) calls: C,
}

impl<O: Door, C: Door> Service<Request<Body>> for Split<O, C> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        if path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.") {
            let own = self.own.clone();
            Box::pin(async move { Ok(answer(own, request).await) })
        } else {
            let calls = self.calls.clone();
            Box::pin(async move { Ok(answer(calls, request).await) })
        }
    }
}
