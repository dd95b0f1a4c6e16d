//! Documents fetched from where others say: only where that is public, never elsewhere, and no more than is read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support_chassis::keyset::{AddressRefused, FetchError, Fetcher};
use support_testing::Documents;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn what_is_inside_is_not_asked_however_it_is_named() {
    let documents = Documents::serve().await;
    documents.put("/keys", "{}");
    let url = documents.url("/keys");
    let port = url.rsplit_once(':').unwrap().1;
    let (guarded, open) = (Fetcher::for_public(true), Fetcher::new(true));
    // As it is, as names that the machine's own resolver knows, and in the ways that a resolver takes for the same.
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
    ] {
        let url = format!("http://{host}:{port}");
        assert_eq!(guarded.text(&url).await, Err(FetchError::NotPublic), "{host}");
        assert_eq!(guarded.check(&url), Err(AddressRefused::NotPublic), "{host}");
    }
    assert_eq!(documents.asked(), 0, "nobody knocked");
    // The guard it was: whom the operator has named is asked, there as well.
    for host in ["127.0.0.1", "localhost", "127.1"] {
        let url = format!("http://{host}:{port}");
        assert_eq!(open.text(&url).await.as_deref(), Ok("{}"), "{host}");
        assert_eq!(open.check(&url), Ok(()), "{host}");
    }
    assert_eq!(documents.asked(), 3);
    for url in [
        "https://169.254.169.254/latest",
        "https://[fd00::1]/",
        "https://10.0.0.1:8443/keys",
    ] {
        assert_eq!(guarded.text(url).await, Err(FetchError::NotPublic), "{url}");
    }
    assert_eq!(guarded.check("https://fixers.example/keys"), Ok(()));
    assert_eq!(
        guarded.check("ftp://fixers.example/keys"),
        Err(AddressRefused::NotHttps)
    );
    assert_eq!(
        Fetcher::for_public(false).check("http://fixers.example/keys"),
        Err(AddressRefused::NotHttps)
    );
}

/// A server that answers as it is told, and how often it was asked.
async fn serve(answer: fn(TcpStream) -> tokio::task::JoinHandle<()>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            counted.fetch_add(1, Ordering::SeqCst);
            answer(stream);
        }
    });
    (address, asked)
}

#[tokio::test]
async fn nobody_is_followed_elsewhere_or_read_without_end_or_waited_for() {
    let fetcher = Fetcher::new(true);
    let (elsewhere, asked) = serve(|mut stream| {
        tokio::spawn(async move {
            let moved = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            // Who asked may have gone away.
            let _ = stream.write_all(moved).await;
        })
    })
    .await;
    assert_eq!(
        fetcher.text(&format!("http://{elsewhere}/keys")).await,
        Err(FetchError::Status(302))
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let (endless, _) = serve(|mut stream| {
        tokio::spawn(async move {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let chunk = format!("400\r\n{}\r\n", "0".repeat(0x400));
            let mut is_read = stream.write_all(head).await.is_ok();
            while is_read {
                is_read = stream.write_all(chunk.as_bytes()).await.is_ok();
            }
        })
    })
    .await;
    assert_eq!(
        fetcher.text(&format!("http://{endless}/keys")).await,
        Err(FetchError::Connection)
    );

    let (silent, _) = serve(|stream| {
        tokio::spawn(async move {
            // Held open, and nothing said.
            std::future::pending::<()>().await;
            drop(stream);
        })
    })
    .await;
    assert_eq!(
        fetcher.text(&format!("http://{silent}/keys")).await,
        Err(FetchError::TimedOut)
    );
}
