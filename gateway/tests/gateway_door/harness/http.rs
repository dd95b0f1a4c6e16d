//! HTTP by hand, as programs send it that are not ours.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use support_chassis::error::{Explained, explain, read_status};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::Status;

/// A whole answer.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The gRPC status, wherever it stands.
    pub(crate) fn grpc(&self) -> Status {
        read_status(&self.headers)
            .or_else(|| read_status(&self.trailers))
            .unwrap_or_else(|| panic!("no grpc-status: http {} {:?}", self.status, self.headers))
    }

    pub(crate) fn explained(&self) -> Explained {
        explain(&self.grpc())
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer that is still arriving.
pub(crate) struct Arriving {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Incoming,
    _connection: AbortOnDrop,
}

impl Arriving {
    pub(crate) async fn whole(self) -> Answered {
        let collected = self.body.collect().await.unwrap();
        Answered {
            status: self.status,
            headers: self.headers,
            trailers: collected.trailers().cloned().unwrap_or_default(),
            body: collected.to_bytes(),
        }
    }

    /// The next piece of the body; none at its end.
    pub(crate) async fn piece(&mut self) -> Option<Bytes> {
        loop {
            match self.body.frame().await?.unwrap().into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Some(data),
                Err(_) => return None,
            }
        }
    }
}

pub(crate) async fn http1(address: SocketAddr, request: Request<Full<Bytes>>) -> Arriving {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = AbortOnDrop(tokio::spawn(async move { drop(connection.await) }));
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    Arriving {
        status: head.status,
        headers: head.headers,
        body,
        _connection: connection,
    }
}

pub(crate) async fn http2(address: SocketAddr, request: Request<Full<Bytes>>) -> Arriving {
    let stream = TcpStream::connect(address).await.unwrap();
    let connecting = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = connecting.await.unwrap();
    let connection = AbortOnDrop(tokio::spawn(async move { drop(connection.await) }));
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    Arriving {
        status: head.status,
        headers: head.headers,
        body,
        _connection: connection,
    }
}

/// A message as one gRPC frame.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(message);
    frame
}
