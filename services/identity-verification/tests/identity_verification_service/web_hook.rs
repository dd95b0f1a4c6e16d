//! A web hook of somebody else: who is asked, and how they behave.

use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use prost::bytes::Bytes;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::house::eventually;

/// How they behave.
#[derive(Clone)]
pub(crate) enum Manner {
    /// They answer so.
    Answers(u16, String),
    /// They take the question and say nothing.
    Silent,
    /// They take the question and hang up.
    HangsUp,
}

/// What they were asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// By which method, where.
    pub(crate) target: String,
    /// With which secret.
    pub(crate) secret: String,
    /// In which type.
    pub(crate) kind: String,
    /// Under which key; empty for none.
    pub(crate) key: String,
    /// What.
    pub(crate) body: Value,
}

/// Whoever is behind the hook.
pub(crate) struct WebHook {
    pub(crate) url: String,
    manner: Arc<Mutex<Manner>>,
    asked: Arc<Mutex<Vec<Question>>>,
    serving: JoinHandle<()>,
}

impl WebHook {
    /// Begins to serve, at this path, and says nothing yet.
    pub(crate) async fn serve(path: &str) -> Self {
        let manner = Arc::new(Mutex::new(Manner::Silent));
        let asked: Arc<Mutex<Vec<Question>>> = Arc::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let shared = (Arc::clone(&manner), Arc::clone(&asked));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let answer = hyper_util::service::TowerToHyperService::new(tower::service_fn(move |request| {
                    let (manner, asked) = shared.clone();
                    async move {
                        let question = question(request).await;
                        // First: whoever sees the question may change the manner.
                        let manner = manner.lock().unwrap().clone();
                        asked.lock().unwrap().push(question);
                        match manner {
                            Manner::Answers(status, body) => Ok(http::Response::builder()
                                .status(status)
                                .header("location", "/elsewhere")
                                .body(Full::<Bytes>::from(body))
                                .unwrap()),
                            Manner::Silent => std::future::pending().await,
                            Manner::HangsUp => Err(std::io::Error::other("hangs up")),
                        }
                    }
                }));
                // Every question comes by a connection of its own, so that who is down is down.
                let server = hyper::server::conn::http1::Builder::new()
                    .keep_alive(false)
                    .serve_connection(TokioIo::new(stream), answer);
                tokio::spawn(server);
            }
        });
        Self {
            url,
            manner,
            asked,
            serving,
        }
    }

    /// Behaves so from now on.
    pub(crate) fn behaves(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Answers so from now on.
    pub(crate) fn answers(&self, status: u16, body: impl Into<String>) {
        self.behaves(Manner::Answers(status, body.into()));
    }

    /// All that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until so many have asked.
    pub(crate) async fn asked_times(&self, count: usize) {
        eventually("it is asked", async || (self.asked().len() >= count).then_some(())).await;
    }

    /// Goes down.
    pub(crate) async fn end(&self) {
        self.serving.abort();
        eventually("it is down", async || self.serving.is_finished().then_some(())).await;
    }
}

async fn question(request: http::Request<hyper::body::Incoming>) -> Question {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    };
    let (target, secret, kind, key) = (
        format!("{} {}", request.method(), request.uri().path()),
        header("authorization"),
        header("content-type"),
        header("idempotency-key"),
    );
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Question {
        target,
        secret,
        kind,
        key,
        body: serde_json::from_slice(&body).unwrap(),
    }
}
