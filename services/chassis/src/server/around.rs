//! What a layer of the server is: something around the rest that sees the request go in and the answer come out.
//!
//! tower asks each layer for a service with a hand-written future. Here a layer is one async function; [`AroundLayer`]
//! makes a tower layer of it, at the price of one allocation a layer and call.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt as _};

/// A service as the layers of the server see it: takes gRPC over HTTP, never fails (failures are answers).
pub trait Door:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<S> Door for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + 'static
{
}

/// A layer as one function.
pub trait Around: Clone + Send + Sync + 'static {
    /// Answers the request, by `inner` or not.
    fn around<S: Door>(self, request: Request<Body>, inner: S) -> impl Future<Output = Response<Body>> + Send;
}

/// The answer of `inner`.
pub async fn answer<S: Door>(inner: S, request: Request<Body>) -> Response<Body> {
    match inner.oneshot(request).await {
        Ok(response) => response,
    }
}

/// Makes a tower layer of an [`Around`].
#[derive(Debug, Clone, Copy)]
pub struct AroundLayer<A>(pub A);

impl<A: Clone, S> Layer<S> for AroundLayer<A> {
    type Service = AroundService<A, S>;

    fn layer(&self, inner: S) -> Self::Service {
        AroundService {
            around: self.0.clone(),
            inner,
        }
    }
}

/// An [`Around`] with what it stands around.
#[derive(Debug, Clone, Copy)]
pub struct AroundService<A, S> {
    around: A,
    inner: S,
}

impl<A: Around, S: Door> Service<Request<Body>> for AroundService<A, S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // `answer` waits for what is within; a layer that refuses must not wait for it.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (around, inner) = (self.around.clone(), self.inner.clone());
        Box::pin(async move { Ok(around.around(request, inner).await) })
    }
}
