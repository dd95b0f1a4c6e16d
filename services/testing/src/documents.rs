//! A web server of a few documents, such as the key sets that others publish.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A web server of a few documents, by their paths. Clones are the same server; it ends with the test's runtime.
#[derive(Debug, Clone)]
pub struct Documents {
    address: SocketAddr,
    held: Arc<Mutex<HashMap<String, String>>>,
    asked: Arc<AtomicUsize>,
}

impl Documents {
    /// Begins to serve, nothing yet.
    ///
    /// # Panics
    ///
    /// Where no port can be had.
    #[expect(clippy::expect_used, reason = "a test without a port cannot go on")]
    pub async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let documents = Self {
            address: listener.local_addr().expect("an address"),
            held: Arc::default(),
            asked: Arc::default(),
        };
        let serving = documents.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        documents
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Puts a document at a path.
    pub fn put(&self, path: &str, document: impl Into<String>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.insert(path.to_owned(), document.into());
    }

    /// Takes a document away: who asks for it is answered 404.
    pub fn remove(&self, path: &str) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }

    /// How often it was asked for anything.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read_buf(&mut head).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let found = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        let (status, body) = found.map_or(("404 Not Found", String::new()), |body| ("200 OK", body));
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        // Who asked may have gone away.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}
