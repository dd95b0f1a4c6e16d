//! Bytes that are no message, and HTTP that is no call.

use prost::Message as _;
use support_proto::support::types::v1::CommonErrorReason;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use super::harness::http::framed;
use super::harness::tokens::customer;
use super::harness::{GET_CASE, OPEN_CASE, Stage, bearer, get_case, soon};

/// Sends bytes as they are and reads whatever comes back.
pub(super) async fn raw(stage: &Stage, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    // Whoever refuses early may close before all is written.
    let _ = stream.write_all(bytes).await;
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    soon("the connection is answered", async {
        loop {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(count) => read.extend_from_slice(&piece[..count]),
            }
            // All that these tests look at is in the head and a short body.
            if read.windows(4).any(|end| end == b"\r\n\r\n") && (read.ends_with(b"}") || read.ends_with(b"\r\n\r\n")) {
                return;
            }
        }
    })
    .await;
    String::from_utf8_lossy(&read).into_owned()
}

/// A POST whose length is not announced.
pub(super) async fn chunked(stage: &Stage, path: &str, media: &str, body: &[u8]) -> String {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request.extend_from_slice(b"\r\n0\r\n\r\n");
    raw(stage, &request).await
}

/// `depth` messages, each within the other, as field 15 of its outer one, which no message of the contract has.
fn nested(depth: usize) -> Vec<u8> {
    let mut message = Vec::new();
    for _ in 0..depth {
        let mut outer = vec![0x7a];
        prost::encoding::encode_varint(u64::try_from(message.len()).unwrap(), &mut outer);
        outer.extend_from_slice(&message);
        message = outer;
    }
    message
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_at_the_services_door() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let headers = [("authorization", token.as_str())];
    let whole = get_case().encode_to_vec();
    let mut promises_more = framed(&whole);
    promises_more.truncate(whole.len());
    let mut wrong_flag = framed(&whole);
    wrong_flag[0] = 9;
    // Groups have no length: skipping one means descending into it.
    let groups: Vec<u8> = [vec![0x7b; 10_000], vec![0x7c; 10_000]].concat();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("broken utf-8", framed(&[0x0a, 0x02, 0xff, 0xfe])),
        ("half a character", framed(&[0x0a, 0x01, 0xe4])),
        ("another wire type", framed(&[0x08, 0x01])),
        ("a fixed64 for text", framed(&[0x09, 1, 2, 3, 4, 5, 6, 7, 8])),
        ("a length beyond the end", framed(&[0x0a, 0x7f, b'x'])),
        ("an endless varint", framed(&[0xff; 11])),
        ("field 0", framed(&[0x02, 0x00])),
        ("wire type 7", framed(&[0x0f])),
        ("a group without an end", framed(&[0x7b])),
        ("an end without a group", framed(&[0x7c])),
        ("10,000 groups", framed(&groups)),
        ("a frame broken off", promises_more),
        ("a frame with an unknown flag", wrong_flag),
        ("half a frame header", vec![0, 0]),
        ("nothing", Vec::new()),
    ];
    for (what, body) in bodies {
        let explained = stage.grpc(GET_CASE, &headers, body).await.explained();
        assert_eq!(explained.code, Code::InvalidArgument, "{what}: {explained:?}");
        assert_eq!(explained.common(), Some(CommonErrorReason::MalformedMessage), "{what}");
    }
    assert_eq!(stage.desk.calls(), 0);
    // 10,000 messages within each other in a field that is not known are skipped by their length.
    let message = [whole, nested(10_000)].concat();
    let answered = stage.grpc(GET_CASE, &headers, framed(&message)).await;
    assert_eq!(answered.trailers["grpc-status"], "0");
    stage.get_case(&customer()).await.unwrap();
}

#[tokio::test]
async fn a_message_too_large_is_refused_with_the_limit() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let request = support_proto::support::case::v1::OpenCaseRequest {
        description: "x".repeat(5 * 1024 * 1024),
        ..Default::default()
    };
    let body = framed(&request.encode_to_vec());
    let explained = stage
        .grpc(OPEN_CASE, &[("authorization", &token)], body)
        .await
        .explained();
    assert_eq!(explained.code, Code::ResourceExhausted);
    assert_eq!(explained.common(), Some(CommonErrorReason::MessageTooLarge));
    assert_eq!(explained.metadata["limit_bytes"], (4 * 1024 * 1024).to_string());
    // A length alone, without what it promises.
    let explained = stage
        .grpc(OPEN_CASE, &[("authorization", &token)], vec![0, 0xff, 0xff, 0xff, 0xff])
        .await
        .explained();
    assert_eq!(explained.common(), Some(CommonErrorReason::MessageTooLarge));
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn grpc_over_http1_is_told_what_is_right() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let headers = [("content-type", "application/grpc"), ("authorization", token.as_str())];
    let answered = stage
        .plain(GET_CASE, &headers, framed(&get_case().encode_to_vec()))
        .await;
    let explained = answered.explained();
    assert_eq!(explained.code, Code::InvalidArgument);
    assert_eq!(explained.common(), Some(CommonErrorReason::BadHttpRequest));
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn grpc_with_another_method_is_refused() {
    let stage = Stage::start().await;
    let request = http::Request::put(format!("{}{GET_CASE}", stage.url()))
        .header("content-type", "application/grpc")
        .body(http_body_util::Full::default())
        .unwrap();
    let answered = super::harness::http::http2(stage.address, request).await.whole().await;
    assert_eq!(answered.explained().common(), Some(CommonErrorReason::BadHttpRequest));
}

#[tokio::test]
async fn an_unknown_compression_is_refused() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let headers = [("authorization", token.as_str()), ("grpc-encoding", "br")];
    let mut body = framed(&get_case().encode_to_vec());
    body[0] = 1;
    let explained = stage.grpc(GET_CASE, &headers, body).await.explained();
    assert_eq!(explained.code, Code::Unimplemented);
    assert_eq!(explained.common(), Some(CommonErrorReason::BadHttpRequest));
}

#[tokio::test]
async fn what_is_no_http_harms_nobody() {
    let stage = Stage::start().await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnothing like a frame at all, and a lot of it\r\n\r\n",
    ] {
        let answered = raw(&stage, bytes).await;
        assert!(!answered.contains("200 OK"), "{answered}");
    }
    stage.get_case(&customer()).await.unwrap();
}
