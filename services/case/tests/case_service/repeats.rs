//! The same request more than once.

use support_chassis::error::CommonErrorReason;
use support_proto::support::case::v1::{CloseCaseRequest, CloseReason};
use tonic::Code;

use crate::world::{World, open, opening, refused, request_id, saying};

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_one_answer() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let request = opening();
    let case = open(&mut client, request.clone()).await;
    assert_eq!(open(&mut client, request.clone()).await, case);

    let message = saying(&case.case_id, "Hallo?");
    let first = client.post_message(message.clone()).await.unwrap().into_inner();
    assert_eq!(client.post_message(message).await.unwrap().into_inner(), first);

    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        close_reason: CloseReason::Withdrawn.into(),
        etag: case.etag.clone(),
    };
    let closed = client.close_case(close.clone()).await.unwrap().into_inner();
    assert_eq!(
        client.close_case(close).await.unwrap().into_inner(),
        closed,
        "though it is closed by now"
    );
    assert_eq!(world.history(&case.case_id).await.len(), 3);

    let another = support_proto::support::case::v1::OpenCaseRequest {
        subject: "Etwas anderes".to_owned(),
        ..request
    };
    let told = refused(client.open_case(another).await);
    assert_eq!(
        (told.code, told.common()),
        (Code::InvalidArgument, Some(CommonErrorReason::RequestIdReused))
    );

    // Another caller's request ids are others.
    let (_, mut other) = world.customer();
    let request = support_proto::support::case::v1::OpenCaseRequest {
        request_id: request_id(),
        ..opening()
    };
    let theirs = open(&mut other, request.clone()).await;
    let ours = open(&mut world.calling_as(customer), request).await;
    assert_ne!(theirs.case_id, ours.case_id);
}

#[tokio::test]
async fn requests_repeated_at_the_same_time_have_one_effect() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let request = opening();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (mut client, request) = (world.calling_as(customer), request.clone());
            tokio::spawn(async move { open(&mut client, request).await })
        })
        .collect();
    let mut cases = Vec::new();
    for call in calls {
        cases.push(call.await.unwrap());
    }
    assert!(cases.iter().all(|case| *case == cases[0]), "one answer for all");
    let list = client
        .list_cases(support_proto::support::case::v1::ListCasesRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(list.cases.len(), 1);

    let message = saying(&cases[0].case_id, "Hallo?");
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (mut client, message) = (world.calling_as(customer), message.clone());
            tokio::spawn(async move { client.post_message(message).await.unwrap().into_inner() })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.history(&cases[0].case_id).await.len(), 2);
}
