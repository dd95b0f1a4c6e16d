//! What comes in wrong is refused with a type, and never reaches a handler.

use support_chassis::error::{CommonErrorReason, Explained, explain};
use support_proto::support::case::v1 as case;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use tonic::body::Body;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::harness::{
    Desk, GET_CASE, World, answers, customer, get_case, script, soon, staff, subscribe, with_passport,
};

fn assert_common(told: &Explained, code: Code, reason: CommonErrorReason) {
    assert_eq!((told.code, told.common()), (code, Some(reason)), "{told:?}");
}

#[tokio::test]
async fn a_good_call_reaches_the_handler_with_its_caller() {
    let world = World::new();
    let desk = Desk::new(script(|call, _| async move {
        assert_eq!(call.caller().subject, "staff-7");
        assert!(call.caller().has_scope("cases.read"));
        assert_eq!(call.method(), GET_CASE);
        assert_eq!(call.languages(), ["ja", "en"]);
        assert!(call.remaining().unwrap() <= std::time::Duration::from_secs(5));
        assert_eq!(call.customer_id::<String>(), None);
        Ok(())
    }));
    let running = world.serve(&desk).await;
    let mut request = with_passport(get_case(), &world.pass(&staff(&["cases.read"])));
    request
        .metadata_mut()
        .insert("accept-language", "en;q=0.5, ja".parse().unwrap());
    running.cases().get_case(request).await.unwrap();
    assert_eq!(desk.calls(), 1);
}

#[tokio::test]
async fn all_broken_field_rules_are_named_at_once() {
    let world = World::new();
    let desk = Desk::new(answers());
    let running = world.serve(&desk).await;
    let request = case::OpenCaseRequest {
        request_id: "no uuid".to_owned(),
        customer_id: "nobody".to_owned(),
        channel: 0,
        language: "???".to_owned(),
        subject: String::new(),
        description: "x".repeat(10_001),
        ..Default::default()
    };
    let status = running
        .cases()
        .open_case(with_passport(request, &world.pass(&customer())))
        .await
        .unwrap_err();
    let told = explain(&status);
    assert_common(&told, Code::InvalidArgument, CommonErrorReason::InvalidFields);
    let mut fields: Vec<_> = told
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    fields.sort_unstable();
    fields.dedup();
    assert_eq!(
        fields,
        [
            "channel",
            "customer_id",
            "description",
            "language",
            "request_id",
            "subject"
        ]
    );
    assert_eq!(desk.calls(), 0);
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_fault_and_harm_nothing() {
    let world = World::new();
    let desk = Desk::new(answers());
    let running = world.serve(&desk).await;
    let token = world.pass(&customer());
    let messages: [(&str, Vec<u8>); 5] = [
        ("wrong wire type", vec![0x08, 0x01]),
        ("broken utf-8", vec![0x0a, 0x02, 0xff, 0xfe]),
        ("10,000 nested groups", vec![0x7b; 10_000]),
        ("cut off inside a field", vec![0x0a, 0x64, b'e', b'u']),
        ("a tag that is none", vec![0xff; 12]),
    ];
    for (what, message) in messages {
        let told = running.frame(GET_CASE, &token, &message).await;
        assert_eq!(
            told.common(),
            Some(CommonErrorReason::MalformedMessage),
            "{what}: {told:?}"
        );
        assert_eq!(told.code, Code::InvalidArgument, "{what}");
    }
    let headers = [("x-support-passport", token.as_str())];
    let frames: [(&str, Vec<u8>); 3] = [
        (
            "a frame that promises more than comes",
            vec![0, 0, 0, 0, 100, 0x0a, 0x01],
        ),
        ("a compression flag that is none", vec![7, 0, 0, 0, 0]),
        ("compressed, but nobody said how", vec![1, 0, 0, 0, 1, 0]),
    ];
    for (what, frame) in frames {
        let told = running.raw(GET_CASE, &headers, frame).await;
        assert_eq!(
            told.common(),
            Some(CommonErrorReason::MalformedMessage),
            "{what}: {told:?}"
        );
    }
    let nothing = running.raw(GET_CASE, &headers, Vec::new()).await;
    assert_common(&nothing, Code::InvalidArgument, CommonErrorReason::MalformedMessage);
    assert_eq!(desk.calls(), 0);
    running
        .cases()
        .get_case(with_passport(get_case(), &token))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_message_too_large_is_told_the_limit() {
    let world = World::new();
    let running = world.serve(&Desk::new(answers())).await;
    let told = running
        .frame(GET_CASE, &world.pass(&customer()), &vec![0; 5 * 1024 * 1024])
        .await;
    assert_common(&told, Code::ResourceExhausted, CommonErrorReason::MessageTooLarge);
    assert_eq!(told.metadata["limit_bytes"], "4194304");
}

#[tokio::test]
async fn what_is_no_call_of_a_known_method_is_refused() {
    let world = World::new();
    let running = world.serve(&Desk::new(answers())).await;
    let token = world.pass(&customer());
    for path in ["/support.case.v1.CaseService/Nothing", "/", "/nobody.Home/Knock"] {
        let told = running.frame(path, &token, &[]).await;
        assert_common(&told, Code::Unimplemented, CommonErrorReason::UnknownMethod);
    }
    // In the contract, but of another service.
    let told = running
        .frame("/support.identity.v1.IdentityService/GetCustomer", &token, &[])
        .await;
    assert_eq!(told.code, Code::Unimplemented);
    let told = running
        .raw(
            GET_CASE,
            &[("x-support-passport", &token), ("grpc-encoding", "br")],
            vec![1, 0, 0, 0, 1, 0],
        )
        .await;
    assert_common(&told, Code::Unimplemented, CommonErrorReason::BadHttpRequest);
    let url = format!("{}{GET_CASE}", running.url());
    let get = http::Request::get(&url)
        .header("content-type", "application/grpc")
        .body(Body::empty())
        .unwrap();
    assert_common(
        &running.send(get).await,
        Code::InvalidArgument,
        CommonErrorReason::BadHttpRequest,
    );
    let json = http::Request::post(&url)
        .header("content-type", "application/json")
        .body(Body::empty())
        .unwrap();
    assert_common(
        &running.send(json).await,
        Code::InvalidArgument,
        CommonErrorReason::BadHttpRequest,
    );
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_lives_on() {
    let world = World::new();
    let desk = Desk::new(script(|call, _| async move {
        assert!(call.caller().kind_name() != "staff", "provoked");
        Ok(())
    }));
    let running = world.serve(&desk).await;
    let mut cases = running.cases();
    let status = cases
        .get_case(with_passport(get_case(), &world.pass(&staff(&["cases.read"]))))
        .await
        .unwrap_err();
    assert_common(&explain(&status), Code::Internal, CommonErrorReason::Internal);
    assert_eq!(status.message(), "internal error");
    cases
        .get_case(with_passport(get_case(), &world.pass(&customer())))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_panic_inside_a_stream_ends_that_stream_alone() {
    let world = World::new();
    let running = world.serve(&Desk::new(answers())).await;
    let mut feed = FeedServiceClient::new(running.channel());
    let own = world.routing.own(world.clock.now()).unwrap();
    let mut healthy = feed
        .subscribe(with_passport(subscribe(1), &own))
        .await
        .unwrap()
        .into_inner();
    let mut broken = feed
        .subscribe(with_passport(subscribe(13), &own))
        .await
        .unwrap()
        .into_inner();
    let ended = async {
        loop {
            match broken.message().await {
                Ok(message) => assert!(message.is_some(), "ended as if nothing were wrong"),
                Err(status) => break status,
            }
        }
    };
    let status = soon("the stream ends", ended).await;
    assert_common(&explain(&status), Code::Internal, CommonErrorReason::Internal);
    assert_eq!(healthy.message().await.unwrap().unwrap().up_to_position, 1);
}

#[tokio::test]
async fn health_and_reflection_need_no_passport_and_their_errors_have_a_reason() {
    let world = World::new();
    let running = world.serve(&Desk::new(answers())).await;
    let mut health = HealthClient::new(running.channel());
    for service in ["", "support.case.v1.CaseService"] {
        let answer = health
            .check(Request::new(HealthCheckRequest {
                service: service.to_owned(),
            }))
            .await
            .unwrap();
        assert_eq!(answer.into_inner().status, 1, "serving");
    }
    let status = health
        .check(HealthCheckRequest {
            service: "nobody".to_owned(),
        })
        .await
        .unwrap_err();
    let told = explain(&status);
    assert_eq!(
        (told.domain.as_str(), told.reason.as_str()),
        ("google.rpc", "NOT_FOUND")
    );
}

#[tokio::test]
async fn an_error_with_more_violations_than_headers_bear_still_arrives() {
    let world = World::new();
    let running = world.serve(&Desk::new(answers())).await;
    let request = case::ListCasesRequest {
        states: vec![0; 2000],
        ..Default::default()
    };
    let status = running
        .cases()
        .list_cases(with_passport(request, &world.pass(&customer())))
        .await
        .unwrap_err();
    assert_common(
        &explain(&status),
        Code::InvalidArgument,
        CommonErrorReason::InvalidFields,
    );
}
