//! Passes a call on: its bytes to the service, the answer's bytes back, nothing decoded on the way.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, Uri, Version};
use http_body::{Frame, SizeHint};
use support_chassis::error::internal_status;
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tower::{Service, ServiceExt as _};

use crate::admit::Admitted;

/// What a service hears of a call's headers. Everything else stays here: credentials are for the gateway alone, and what
/// is not known cannot be trusted.
const PASSED_ON: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderName::from_static("traceparent"),
];

/// Where a call comes from, for those who count failures by it. What a caller says of it stays here.
const SOURCE: HeaderName = HeaderName::from_static("x-support-source");

/// Passes calls on to the service that [`Admit`](crate::admit::Admit) chose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass {
    proxies: usize,
}

impl Pass {
    /// Behind so many proxies of the operator's own.
    pub(crate) fn behind(proxies: usize) -> Self {
        Self { proxies }
    }
}

impl Service<Request<Body>> for Pass {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let proxies = self.proxies;
        Box::pin(async move {
            Ok(match pass(request, proxies).await {
                Ok(response) => response,
                Err(status) => status.into_http(),
            })
        })
    }
}

async fn pass(mut request: Request<Body>, proxies: usize) -> Result<Response<Body>, tonic::Status> {
    let Some(Admitted(peer)) = request.extensions_mut().remove::<Admitted>() else {
        tracing::error!("a call was to be passed on without having been admitted");
        return Err(internal_status());
    };
    let (head, body) = request.into_parts();
    let source = source(&head, proxies);
    let mut onward = Request::new(Body::new(Arriving(body)));
    // Only the path: the scheme and authority are those of the service.
    *onward.uri_mut() = Uri::try_from(head.uri.path()).map_err(|_| internal_status())?;
    *onward.method_mut() = head.method;
    *onward.version_mut() = Version::HTTP_2;
    *onward.headers_mut() = passed_on(&head.headers);
    if let Some(source) = source {
        onward.headers_mut().insert(SOURCE, source);
    }
    let response = peer.oneshot(onward).await?;
    Ok(response)
}

/// Where the call comes from: the address at the other end of the connection, or what the outermost of our own proxies says
/// of it; of IPv6 the network that one subscriber has. What callers themselves say of it stands before that.
fn source(head: &Parts, proxies: usize) -> Option<HeaderValue> {
    let said: Vec<&str> = head
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let told = proxies
        .checked_sub(1)
        .and_then(|before| said.iter().nth_back(before))
        .and_then(|address| address.trim().parse::<IpAddr>().ok());
    let connected = || Some(head.extensions.get::<TcpConnectInfo>()?.remote_addr()?.ip());
    let source = match told.or_else(connected)?.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [first, second, third, fourth, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}:{fourth:x}::/64")
        }
    };
    HeaderValue::try_from(source).ok()
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut onward = HeaderMap::with_capacity(PASSED_ON.len() + 1);
    for name in PASSED_ON {
        if let Some(value) = headers.get(&name) {
            onward.insert(name, value.clone());
        }
    }
    onward.insert(header::TE, HeaderValue::from_static("trailers"));
    onward
}

/// The body as it arrives. One that breaks off ends there, as far as the service is concerned, which then finds half a
/// message and says so. Handed on as an error it would look like a failure of the connection to the service, and a few
/// callers with bad networks, or one with bad intent, would open the circuit breaker for everybody.
struct Arriving(Body);

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        Pin::new(&mut self.0).poll_frame(context).map(|frame| match frame {
            Some(Err(error)) => {
                tracing::debug!(error = error.message(), "the body of a call broke off");
                None
            }
            frame => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    // Without the length that was promised: a body that breaks off does not have it.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_say_of_where_they_are_is_not_believed() {
        let said = |proxies: usize, values: &[&str]| {
            let mut request = Request::new(());
            for value in values {
                request
                    .headers_mut()
                    .append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
            }
            let connection = TcpConnectInfo {
                local_addr: None,
                remote_addr: Some(([10, 0, 0, 1], 1).into()),
            };
            request.extensions_mut().insert(connection);
            source(&request.into_parts().0, proxies).unwrap()
        };
        assert_eq!(said(0, &["198.51.100.9"]), "10.0.0.1");
        assert_eq!(said(1, &["203.0.113.5, 198.51.100.9"]), "198.51.100.9");
        assert_eq!(said(2, &["203.0.113.5", "198.51.100.9, 10.0.0.7"]), "198.51.100.9");
        assert_eq!(said(1, &["no address"]), "10.0.0.1");
        assert_eq!(said(3, &["198.51.100.9"]), "10.0.0.1", "fewer than there should be");
        assert_eq!(said(1, &["2001:db8:1:2:3:4:5:6"]), "2001:db8:1:2::/64");
        assert_eq!(said(1, &["::ffff:198.51.100.9"]), "198.51.100.9");
    }
}
