//! What a reviewer may not decide: each is refused for its reason, and leaves nothing behind.

use support_chassis::call::Caller;
use support_chassis::error::explain;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::IdentityErrorReason as Reason;
use support_proto::support::identity::v1::risk_service_client::RiskServiceClient;
use tonic::{Code, Status};

use crate::house::{House, phone, refused, request_id, some_id, staff, start};

/// A number of premium rate: whose verification begins blocked.
const PREMIUM: &str = "+449012345678";

fn reviewer(subject: &str) -> Caller {
    let mut reviewer = staff();
    subject.clone_into(&mut reviewer.subject);
    reviewer.scopes.insert("risk.review".to_owned());
    reviewer
}

async fn clear(house: &House, who: &str, id: &str) -> Result<pb::RiskAssessment, Status> {
    let request = pb::ClearRiskBlockRequest {
        request_id: request_id(),
        verification_id: id.to_owned(),
        ground: pb::RiskGround::CalledBack.into(),
    };
    let answer = RiskServiceClient::new(house.door(&reviewer(who)))
        .clear_risk_block(request)
        .await?;
    Ok(answer.into_inner().assessment.unwrap())
}

async fn deny(house: &House, who: &str, id: &str) -> Result<pb::RiskAssessment, Status> {
    let request = pb::DenyVerificationRequest {
        request_id: request_id(),
        verification_id: id.to_owned(),
        ground: pb::RiskGround::Impersonation.into(),
    };
    let answer = RiskServiceClient::new(house.door(&reviewer(who)))
        .deny_verification(request)
        .await?;
    Ok(answer.into_inner().assessment.unwrap())
}

/// All that a review could write: reviews, events, the verifications and their assessments, stored answers.
async fn written(house: &House) -> Vec<String> {
    sqlx::query_scalar(
        "select 'review ' || count(*) from risk_reviews
         union all select 'event ' || count(*) from outbox
         union all select 'answer ' || count(*) from idempotency_keys
         union all (select 'verification ' || verifications::text from verifications order by id)
         union all (select 'assessment ' || risk_assessments::text from risk_assessments order by verification_id)",
    )
    .fetch_all(&house.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn what_reviewers_may_not_decide_is_refused_and_leaves_nothing_behind() {
    let house = House::new().await;
    let begin = async |who: &str, request: pb::StartVerificationRequest| {
        let answer = house.verifications(&reviewer(who)).start_verification(request).await;
        answer.unwrap().into_inner().verification.unwrap()
    };
    let blocked = begin("agent-1", start(phone(PREMIUM))).await;
    assert_eq!(blocked.state(), pb::VerificationState::Blocked);
    let blocked = blocked.verification_id;
    house.customer("ada@example.com").await;
    let open = house.start("ada@example.com").await.verification_id;
    let nobodys = some_id();

    let before = written(&house).await;
    let answer = clear(&house, "agent-1", &blocked).await;
    refused(answer, Reason::ReviewerInvolved, Code::PermissionDenied);
    let answer = clear(&house, "agent-2", &nobodys).await;
    refused(answer, Reason::VerificationNotFound, Code::NotFound);
    let answer = deny(&house, "agent-2", &nobodys).await;
    refused(answer, Reason::VerificationNotFound, Code::NotFound);
    let answer = clear(&house, "agent-2", &open).await;
    let told = refused(answer, Reason::VerificationNotBlocked, Code::FailedPrecondition);
    assert_eq!(told.metadata["state"], "VERIFICATION_STATE_CHALLENGED");
    let answer = deny(&house, "agent-2", &blocked).await;
    refused(answer, Reason::VerificationNotOpen, Code::FailedPrecondition);
    // Whoever may not review is not asked why.
    let request = pb::DenyVerificationRequest {
        request_id: request_id(),
        verification_id: open.clone(),
        ground: pb::RiskGround::Impersonation.into(),
    };
    let unasked = RiskServiceClient::new(house.door(&staff()))
        .deny_verification(request)
        .await;
    let unasked = explain(&unasked.unwrap_err());
    assert_eq!(
        (unasked.code, unasked.reason.as_str()),
        (Code::PermissionDenied, "COMMON_ERROR_REASON_SCOPE_MISSING")
    );
    assert_eq!(written(&house).await, before);
    // Of whoever would have cleared what they began it is on record that they tried.
    assert_eq!(house.trail("risk_reviewed").await, ["agent-1 risk_reviewed refused"]);

    // What was reviewed is not denied or cleared once more.
    assert_eq!(clear(&house, "agent-2", &blocked).await.unwrap().reviews.len(), 1);
    assert_eq!(deny(&house, "agent-2", &open).await.unwrap().reviews.len(), 1);
    let before = written(&house).await;
    let answer = deny(&house, "agent-3", &blocked).await;
    refused(answer, Reason::VerificationNotOpen, Code::FailedPrecondition);
    let answer = deny(&house, "agent-3", &open).await;
    let told = refused(answer, Reason::VerificationNotOpen, Code::FailedPrecondition);
    assert_eq!(told.metadata["state"], "VERIFICATION_STATE_DENIED");
    let answer = clear(&house, "agent-3", &open).await;
    refused(answer, Reason::VerificationNotBlocked, Code::FailedPrecondition);
    assert_eq!(written(&house).await, before);
    assert_eq!(house.trail("risk_reviewed").await.len(), 3);
}
