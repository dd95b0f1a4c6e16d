//! Every reason for which a call is refused, provoked.

use std::collections::BTreeMap;

use support_chassis::error::{CommonErrorReason, Explained, explain};
use support_chassis::id::{Id, Ids};
use support_proto::support::case::v1::{
    AssignCaseRequest, Case, CaseErrorReason, CloseCaseRequest, CloseReason, GetCaseRequest, ListCasesRequest,
    ListMessagesRequest, ListTimelineRequest, OpenCaseRequest, ReopenCaseRequest, Resolution, ResolveCaseRequest,
};
use tonic::Code;

use crate::world::{Client, World, new_id, open, opening, refused, request_id, saying};

#[track_caller]
fn assert_reason(told: &Explained, code: Code, reason: CaseErrorReason) {
    assert_eq!(
        (told.code, told.reason.as_str(), told.domain.as_str()),
        (code, reason.as_str_name(), "support.case.v1")
    );
}

#[track_caller]
fn assert_common(told: &Explained, code: Code, reason: CommonErrorReason) {
    assert_eq!((told.code, told.common()), (code, Some(reason)));
}

fn closing(case_id: &str, reason: CloseReason) -> CloseCaseRequest {
    CloseCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        close_reason: reason.into(),
        etag: String::new(),
    }
}

fn reopening(case_id: &str) -> ReopenCaseRequest {
    ReopenCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        etag: String::new(),
    }
}

fn resolving(case_id: &str) -> ResolveCaseRequest {
    ResolveCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        resolution: Resolution::Answered.into(),
        etag: String::new(),
    }
}

fn assigning(case_id: &str) -> AssignCaseRequest {
    AssignCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        agent_id: new_id(),
        etag: String::new(),
    }
}

/// All that can be tried with a case's id by this client.
async fn all_refusals(client: &mut Client, case_id: &str, is_staff: bool) -> Vec<Explained> {
    let case_id = case_id.to_owned();
    let mut told = vec![
        refused(
            client
                .get_case(GetCaseRequest {
                    case_id: case_id.clone(),
                })
                .await,
        ),
        refused(client.post_message(saying(&case_id, "Hallo")).await),
        refused(
            client
                .list_messages(ListMessagesRequest {
                    case_id: case_id.clone(),
                    ..Default::default()
                })
                .await,
        ),
        refused(
            client
                .list_timeline(ListTimelineRequest {
                    case_id: case_id.clone(),
                    ..Default::default()
                })
                .await,
        ),
        refused(client.reopen_case(reopening(&case_id)).await),
        refused(client.close_case(closing(&case_id, CloseReason::Withdrawn)).await),
        // Not even the reason that customers may not give tells that there is a case.
        refused(client.close_case(closing(&case_id, CloseReason::Duplicate)).await),
    ];
    if is_staff {
        told.push(refused(client.assign_case(assigning(&case_id)).await));
        told.push(refused(client.resolve_case(resolving(&case_id)).await));
    }
    told
}

#[tokio::test]
async fn what_is_not_there_or_not_theirs_is_not_found() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let (_, mut stranger) = world.customer();

    let mut told = all_refusals(&mut stranger, &case.case_id, false).await;
    told.extend(all_refusals(&mut world.staff(), &new_id(), true).await);
    for told in &told {
        assert_reason(told, Code::NotFound, CaseErrorReason::CaseNotFound);
    }
    // Both answers are the same: nothing tells a stranger that there is a case.
    assert_eq!(told[0], told[7]);
    assert_eq!(world.history(&case.case_id).await.len(), 1, "nothing was written");
}

#[tokio::test]
async fn who_was_verified_for_one_case_sees_no_other_of_theirs() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let (case, other) = (open(&mut client, opening()).await, open(&mut client, opening()).await);
    let mut bound = world.customer_for(customer, &case.case_id);
    let get = |case: &Case| GetCaseRequest {
        case_id: case.case_id.clone(),
    };
    bound.get_case(get(&case)).await.unwrap();
    bound.post_message(saying(&case.case_id, "hello")).await.unwrap();
    for status in [
        bound.get_case(get(&other)).await.unwrap_err(),
        bound.post_message(saying(&other.case_id, "hello")).await.unwrap_err(),
    ] {
        let told = explain(&status);
        assert_common(&told, Code::PermissionDenied, CommonErrorReason::CaseMismatch);
        assert_eq!(told.metadata["case_id"], case.case_id);
    }
    assert_eq!(world.history(&other.case_id).await.len(), 1, "nothing was written");
}

#[tokio::test]
async fn a_state_that_does_not_allow_it_is_named() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let mut staff = world.staff();
    let case = open(&mut client, opening()).await;
    let id = case.case_id.as_str();

    let told = refused(client.close_case(closing(id, CloseReason::Solved)).await);
    assert_reason(&told, Code::FailedPrecondition, CaseErrorReason::CaseState);
    let expected: BTreeMap<_, _> = [("state", "CASE_STATE_OPEN"), ("action", "close_solved")]
        .map(|(key, value)| (key.into(), value.into()))
        .into();
    assert_eq!(told.metadata, expected);
    assert_eq!(told.preconditions[0].subject, id);

    assert_reason(
        &refused(client.reopen_case(reopening(id)).await),
        Code::FailedPrecondition,
        CaseErrorReason::CaseState,
    );
    client.close_case(closing(id, CloseReason::Withdrawn)).await.unwrap();
    for told in [
        refused(client.post_message(saying(id, "Noch etwas")).await),
        refused(staff.post_message(saying(id, "Noch etwas")).await),
        refused(staff.assign_case(assigning(id)).await),
        refused(staff.resolve_case(resolving(id)).await),
        refused(staff.reopen_case(reopening(id)).await),
        refused(staff.close_case(closing(id, CloseReason::NoAnswer)).await),
    ] {
        assert_reason(&told, Code::FailedPrecondition, CaseErrorReason::CaseState);
        assert_eq!(told.metadata["state"], "CASE_STATE_CLOSED");
    }
    assert_eq!(world.history(id).await.len(), 2, "what is refused writes nothing");
}

#[tokio::test]
async fn whose_case_it_is_must_be_said_and_right() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let told = refused(world.staff().open_case(opening()).await);
    assert_reason(&told, Code::InvalidArgument, CaseErrorReason::CustomerMissing);
    assert_eq!(told.violations[0].field, "customer_id");

    let told = refused(
        client
            .open_case(OpenCaseRequest {
                customer_id: new_id(),
                ..opening()
            })
            .await,
    );
    assert_reason(&told, Code::PermissionDenied, CaseErrorReason::CustomerNotSelf);

    let elsewhere = Ids::new("jp".parse().unwrap(), support_chassis::clock::Clock::system()).next::<Id>();
    let request = OpenCaseRequest {
        customer_id: elsewhere.to_string(),
        ..opening()
    };
    let told = refused(world.staff().open_case(request).await);
    assert_common(&told, Code::InvalidArgument, CommonErrorReason::InvalidFields);
    assert_eq!(told.violations[0].field, "customer_id");

    let told = refused(world.nameless().open_case(opening()).await);
    assert_common(&told, Code::Unauthenticated, CommonErrorReason::CredentialsInvalid);
}

#[tokio::test]
async fn some_reasons_are_staffs_to_give() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    for reason in [CloseReason::Duplicate, CloseReason::NoAnswer] {
        let told = refused(client.close_case(closing(&case.case_id, reason)).await);
        assert_reason(&told, Code::PermissionDenied, CaseErrorReason::CloseReasonNotAllowed);
        assert_eq!(told.metadata["close_reason"], reason.as_str_name());
    }
    world
        .staff()
        .close_case(closing(&case.case_id, CloseReason::Duplicate))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_old_etag_loses() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let mut staff = world.staff();
    let case = open(&mut client, opening()).await;
    // A message is no change of the case: it takes nobody's etag away.
    client.post_message(saying(&case.case_id, "Hallo?")).await.unwrap();
    staff
        .assign_case(AssignCaseRequest {
            etag: case.etag.clone(),
            ..assigning(&case.case_id)
        })
        .await
        .unwrap();

    let etag = case.etag.clone();
    for told in [
        refused(
            staff
                .assign_case(AssignCaseRequest {
                    etag: etag.clone(),
                    ..assigning(&case.case_id)
                })
                .await,
        ),
        refused(
            staff
                .resolve_case(ResolveCaseRequest {
                    etag: etag.clone(),
                    ..resolving(&case.case_id)
                })
                .await,
        ),
        refused(
            staff
                .reopen_case(ReopenCaseRequest {
                    etag: etag.clone(),
                    ..reopening(&case.case_id)
                })
                .await,
        ),
        refused(
            client
                .close_case(CloseCaseRequest {
                    etag: "nonsense".into(),
                    ..closing(&case.case_id, CloseReason::Withdrawn)
                })
                .await,
        ),
    ] {
        assert_common(&told, Code::Aborted, CommonErrorReason::Conflict);
        assert!(told.retry_after.is_some());
    }
}

#[tokio::test]
async fn all_broken_fields_are_named_at_once() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let request = OpenCaseRequest {
        // Of the right form, and no ids of ours.
        customer_id: "eu-00000000-0000-4000-8000-000000000000".to_owned(),
        device_id: format!("jp{}", &new_id()[2..]),
        subject: "a\0b".to_owned(),
        description: "\0".to_owned(),
        source_reference: "\0".to_owned(),
        ..opening()
    };
    let told = refused(client.open_case(request).await);
    assert_common(&told, Code::InvalidArgument, CommonErrorReason::InvalidFields);
    let fields: Vec<_> = told
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(
        fields,
        ["customer_id", "device_id", "subject", "description", "source_reference"]
    );

    // The field rules of the contract refuse what is plainly wrong before any of this.
    let request = OpenCaseRequest {
        subject: String::new(),
        channel: 99,
        language: "!".to_owned(),
        ..opening()
    };
    let told = refused(client.open_case(request).await);
    assert_common(&told, Code::InvalidArgument, CommonErrorReason::InvalidFields);
    assert_eq!(told.violations.len(), 3);
}

#[tokio::test]
async fn page_tokens_hold_for_the_list_they_were_given_for() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    open(&mut client, opening()).await;
    client.post_message(saying(&case.case_id, "1")).await.unwrap();
    let first = ListCasesRequest {
        page_size: 1,
        ..ListCasesRequest::default()
    };
    let token = client
        .list_cases(first.clone())
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    assert!(!token.is_empty());

    let (_, mut stranger) = world.customer();
    let again = ListCasesRequest {
        page_token: token.clone(),
        ..first
    };
    let filtered = ListCasesRequest {
        customer_id: customer.to_string(),
        ..again.clone()
    };
    let messages = ListMessagesRequest {
        case_id: case.case_id.clone(),
        page_size: 1,
        page_token: token.clone(),
    };
    let timeline = ListTimelineRequest {
        case_id: case.case_id.clone(),
        page_size: 1,
        page_token: "nonsense".to_owned(),
    };
    for told in [
        refused(stranger.list_cases(again.clone()).await),
        refused(client.list_cases(filtered).await),
        refused(client.list_messages(messages).await),
        refused(client.list_timeline(timeline).await),
    ] {
        assert_common(&told, Code::InvalidArgument, CommonErrorReason::PageTokenInvalid);
    }
    client.list_cases(again).await.unwrap();
}
