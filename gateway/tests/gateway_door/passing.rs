//! What a service gets to see of a call, and what the caller gets to see of the answer.

use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use support_chassis::error::explain;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::types::v1::CommonErrorReason;
use tonic::Code;

use super::harness::backends::script;
use super::harness::http::framed;
use super::harness::tokens::{CUSTOMER_ID, at, customer, operator, staff};
use super::harness::{GET_CASE, Stage, bearer, bearing, get_case, soon, trust};

const GET_PRODUCT: &str = "/support.warranty.v1.CatalogueService/GetProduct";

#[tokio::test]
async fn bytes_are_passed_on_as_they_are_both_ways() {
    let stage = Stage::start().await;
    // Field 1 as the contract has it, field 5000 as it does not, in an order no encoder would choose, and field 1 again.
    let message = [
        &[0xc2, 0xb8, 0x02, 0x03, b'n', b'e', b'w'][..],
        &[0x0a, 0x02, b'i', b'd'],
        &[0x0a, 0x02, b'I', b'D'],
    ]
    .concat();
    *stage.spy.reply.lock().unwrap() = vec![0xc2, 0xb8, 0x02, 0x04, b'b', b'a', b'c', b'k'];
    let answered = stage.grpc(GET_PRODUCT, &[], framed(&message)).await;
    assert_eq!(stage.spy.seen.lock().unwrap()[0].1, framed(&message));
    assert_eq!(answered.body, framed(&[0xc2, 0xb8, 0x02, 0x04, b'b', b'a', b'c', b'k']));
    assert_eq!(answered.trailers["grpc-status"], "0");
    assert_eq!(answered.trailers["x-from-the-service"], "yes");
}

#[tokio::test]
async fn a_large_message_passes_whole() {
    let stage = Stage::start().await;
    let message: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    stage.spy.reply.lock().unwrap().clone_from(&message);
    let answered = stage.grpc(GET_PRODUCT, &[], framed(&message)).await;
    assert!(stage.spy.seen.lock().unwrap()[0].1 == framed(&message));
    assert!(answered.body == framed(&message));
}

#[tokio::test]
async fn only_what_services_need_of_the_headers_goes_further() {
    let stage = Stage::start().await;
    let token = bearer(&operator("products.write"));
    let forged = trust_of_nobody();
    let headers = [
        ("authorization", token.as_str()),
        ("x-support-passport", forged.as_str()),
        ("x-support-passport", forged.as_str()),
        ("x-support-actor", forged.as_str()),
        ("x-support-anything", "1"),
        ("cookie", "session=1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-custom", "1"),
        ("accept-language", "de"),
        ("grpc-timeout", "3S"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ];
    stage.grpc(GET_PRODUCT, &headers, framed(&[])).await;
    let seen = stage.spy.seen.lock().unwrap();
    let (headers, _) = &seen[0];
    for gone in [
        "authorization",
        "x-support-actor",
        "x-support-anything",
        "cookie",
        "x-forwarded-for",
        "x-custom",
    ] {
        assert!(headers.get(gone).is_none(), "{gone} was passed on");
    }
    assert_eq!(headers["accept-language"], "de");
    assert_eq!(headers["content-type"], "application/grpc");
    assert!(headers.contains_key("grpc-timeout"));

    // One passport, ours, which says who called and lives for minutes.
    assert_eq!(headers.get_all("x-support-passport").iter().count(), 1);
    let passport = headers["x-support-passport"].to_str().unwrap();
    assert_ne!(passport, forged);
    let now = at();
    let said = trust().verify(passport, now).unwrap();
    assert_eq!(said.iss, "gateway");
    assert_eq!(said.caller().kind, CallerKind::Operator);
    assert_eq!(said.caller().subject, "operator-1");
    assert!(said.caller().has_scope("products.write"));
    assert!(said.exp - now.unix_timestamp() <= 300);
}

/// A passport as an outsider would make one for itself.
fn trust_of_nobody() -> String {
    use ed25519_dalek::SigningKey;
    use support_chassis::call::Caller;
    use support_chassis::passport::Signer;

    let key = SigningKey::from_bytes(&[66; 32]);
    let signer = Signer::new("gateway", &key, Duration::from_mins(5)).unwrap();
    signer.sign(&Caller::service("gateway"), at()).unwrap()
}

#[tokio::test]
async fn a_passport_from_outside_is_no_credential() {
    let stage = Stage::start().await;
    let forged = trust_of_nobody();
    let body = framed(&get_case().encode_to_vec());
    let headers = [("x-support-passport", forged.as_str())];
    let explained = stage.grpc(GET_CASE, &headers, body).await.explained();
    // A visitor, and a visitor may not.
    assert_eq!(explained.common(), Some(CommonErrorReason::CallerKindNotAllowed));
    assert_eq!(explained.metadata["caller_kind"], "anonymous");
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn callers_on_one_connection_stay_apart() {
    let stage = Stage::start().await;
    let cases = stage.cases();
    let calls = (0..40).map(|number| {
        let mut cases = cases.clone();
        async move {
            let token = if number % 2 == 0 {
                customer()
            } else {
                staff(&["cases.read"])
            };
            cases.get_case(bearing(get_case(), &token)).await.unwrap();
        }
    });
    // Every second call belongs to a customer; the desk sees as many of each as were sent.
    let customers = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&customers);
    stage.desk.play(script(move |call| {
        if call.caller().subject == CUSTOMER_ID {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        async { Ok(()) }
    }));
    soon("all are answered", futures_util::future::join_all(calls)).await;
    assert_eq!(customers.load(std::sync::atomic::Ordering::SeqCst), 20);
    assert_eq!(stage.desk.calls(), 40);
}

#[tokio::test]
async fn a_method_that_is_none_of_the_contract_is_refused() {
    let stage = Stage::start().await;
    let token = bearer(&operator("cases.read"));
    for path in [
        "/support.case.v1.CaseService/NoSuchMethod",
        "/support.case.v1.NoSuchService/GetCase",
        "/no.such.Package/Method",
        "/support.case.v1.CaseService/GetCase/",
        "/support.case.v1.CaseService/getcase",
        "//support.case.v1.CaseService/GetCase",
        "/",
        // The feed is of the contract, and for services among themselves.
        "/support.feed.v1.FeedService/Subscribe",
        "/support.feed.v1.FeedService/Acknowledge",
        "/support.privacy.v1.PersonalDataService/ExportPersonalData",
    ] {
        let explained = stage
            .grpc(path, &[("authorization", &token)], framed(&[]))
            .await
            .explained();
        assert_eq!(explained.code, Code::Unimplemented, "{path}");
        assert_eq!(explained.common(), Some(CommonErrorReason::UnknownMethod), "{path}");
        let answered = stage.json(path, &[("authorization", &token)], "{}").await;
        assert_eq!(answered.status, 404, "{path}");
        assert_eq!(
            answered.json()["reason"],
            "COMMON_ERROR_REASON_UNKNOWN_METHOD",
            "{path}"
        );
    }
    assert_eq!(stage.desk.calls(), 0);
}

#[tokio::test]
async fn the_callers_deadline_reaches_the_service() {
    let stage = Stage::start().await;
    let mut call = bearing(get_case(), &customer());
    call.set_timeout(Duration::from_millis(1500));
    stage.cases().get_case(call).await.unwrap();
    let remaining = stage.desk.last().0.remaining().unwrap();
    assert!(remaining <= Duration::from_millis(1500), "{remaining:?}");
    stage.get_case(&customer()).await.unwrap();
    let remaining = stage.desk.last().0.remaining().unwrap();
    assert!(
        remaining > Duration::from_secs(2),
        "the method's own, 5 s: {remaining:?}"
    );
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let stage = Stage::start().await;
    stage.desk.play(script(|_| std::future::pending()));
    let token = bearer(&customer());
    let body = framed(&get_case().encode_to_vec());
    let headers = [("authorization", token.as_str()), ("grpc-timeout", "300m")];
    let explained = stage.grpc(GET_CASE, &headers, body).await.explained();
    assert_eq!(explained.code, Code::DeadlineExceeded);
    assert_eq!(explained.common(), Some(CommonErrorReason::DeadlineExceeded));
    let body = serde_json::json!({ "caseId": super::harness::CASE_ID }).to_string();
    let answered = stage.json(GET_CASE, &headers, body).await;
    assert_eq!(answered.status, 504);
    assert_eq!(answered.json()["reason"], "COMMON_ERROR_REASON_DEADLINE_EXCEEDED");
}

#[tokio::test]
async fn many_callers_who_give_up_do_not_shut_the_service_for_others() {
    let stage = Stage::start().await;
    stage.desk.play(script(|_| std::future::pending()));
    let impatient = (0..30).map(|_| async {
        let mut call = bearing(get_case(), &customer());
        call.set_timeout(Duration::from_millis(20));
        explain(&stage.cases().get_case(call).await.unwrap_err()).code
    });
    let codes = soon("all give up", futures_util::future::join_all(impatient)).await;
    assert!(!codes.contains(&Code::Unavailable), "{codes:?}");
    stage.desk.play(script(|_| async { Ok(()) }));
    stage.get_case(&customer()).await.unwrap();
}

#[tokio::test]
async fn an_empty_answer_of_the_service_is_one() {
    let stage = Stage::start().await;
    let answered = stage.grpc(GET_PRODUCT, &[], framed(&[])).await;
    assert_eq!(answered.body, Bytes::from(framed(&[])));
    let answered = stage.json(GET_PRODUCT, &[], "").await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.json()["product"], serde_json::Value::Null);
}
