//! Drafts on their way.

use support_chassis::error::CommonErrorReason;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::standard::v1::{
    DiscardDraftRequest, DraftState, GetDraftRequest, ListDraftsRequest, ListPublicationsRequest, UpdateDraftRequest,
};
use tonic::Code;

use super::*;

#[tokio::test]
async fn a_draft_is_written_changed_approved_checked_and_published() {
    let office = Office::open().await;
    let draft = office.draft(POLICY, "global", &policy(4, 10)).await;
    assert_eq!(draft.state(), DraftState::Open);
    assert_eq!((draft.author.as_str(), draft.approver.as_str()), ("operator:ana", ""));
    let content: Value = serde_json::from_str(&draft.content).unwrap();
    assert_eq!(content, policy(4, 10), "in canonical form it says the same");

    let change = UpdateDraftRequest {
        document: POLICY.to_owned(),
        draft_id: draft.draft_id.clone(),
        content: policy(3, 10).to_string(),
        effective_from: Some(day(2026, 3, 9)),
        reason: "three will do".to_owned(),
        etag: draft.etag.clone(),
        request_id: request_id(),
    };
    let mut dan = office.door_for(CallerKind::Staff, "dan");
    let changed = dan
        .update_draft(change.clone())
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(changed.author, "staff:dan");
    assert_eq!(changed.reason, "three will do");
    assert_ne!(changed.etag, draft.etag);
    assert_eq!(changed.create_time, draft.create_time);

    let stale = UpdateDraftRequest {
        request_id: request_id(),
        ..change
    };
    let refusal = refused(dan.update_draft(stale).await);
    assert_eq!(refusal.common(), Some(CommonErrorReason::Conflict));
    assert_eq!(refusal.code, Code::Aborted);
    let refusal = refused(office.door("bo").approve_draft(approve(&draft)).await);
    assert_eq!(
        refusal.common(),
        Some(CommonErrorReason::Conflict),
        "nobody approves what they have not seen"
    );

    // The author changed: Ana may approve what Dan wrote last, Dan may not, by whichever door.
    let own = refused(office.door("dan").approve_draft(approve(&changed)).await);
    assert_eq!(own.reason, "STANDARD_ERROR_REASON_APPROVER_IS_AUTHOR");
    let approved = office
        .door("ana")
        .approve_draft(approve(&changed))
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(approved.state(), DraftState::Approved);
    assert_eq!(approved.approver, "operator:ana");

    let report = office.check(&approved).await;
    let answer = office
        .door("cy")
        .publish_draft(publish(&approved, &report))
        .await
        .unwrap();
    let published = answer.into_inner().publication.unwrap();
    assert_eq!(published.version, 2, "version 1 is what the program came with");
    assert_eq!(
        (published.author.as_str(), published.approver.as_str()),
        ("staff:dan", "operator:ana")
    );
    assert_eq!(published.reason, "three will do");
    assert_eq!(published.effective_from, Some(day(2026, 3, 9)));
    assert_eq!(published.region, "eu");

    let asked = GetDraftRequest {
        document: POLICY.to_owned(),
        draft_id: draft.draft_id,
    };
    let after = office
        .door("ana")
        .get_draft(asked)
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(after.state(), DraftState::Published);
    assert_eq!(after.publication_id, published.publication_id);
    office.close().await;
}

#[tokio::test]
async fn a_change_takes_the_approval_away() {
    let office = Office::open().await;
    let draft = office.draft(POLICY, "global", &policy(4, 10)).await;
    let approved = office.approve(&draft).await;
    let change = UpdateDraftRequest {
        document: POLICY.to_owned(),
        draft_id: draft.draft_id.clone(),
        content: policy(5, 9).to_string(),
        etag: approved.etag,
        request_id: request_id(),
        ..UpdateDraftRequest::default()
    };
    let changed = office
        .door("ana")
        .update_draft(change)
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!((changed.state(), changed.approver.as_str()), (DraftState::Open, ""));
    let report = office.check(&changed).await;
    let refusal = refused(office.door("cy").publish_draft(publish(&changed, &report)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_APPROVAL_MISSING");
    office.close().await;
}

#[tokio::test]
async fn a_document_of_two_eyes_needs_no_approval() {
    let office = Office::open().await;
    let step = json!({"always": {"thanks": {"stage": "PLAYBOOK_STAGE_CLOSE", "order": 1, "text": "playbook.thanks"}}});
    let draft = office.draft(PLAYBOOKS, "country/DE", &step).await;
    let report = office.check(&draft).await;
    let answer = office
        .door("ana")
        .publish_draft(publish(&draft, &report))
        .await
        .unwrap();
    let published = answer.into_inner().publication.unwrap();
    assert_eq!((published.place.as_str(), published.version), ("country/DE", 1));
    assert_eq!(published.approver, "");
    office.close().await;
}

#[tokio::test]
async fn what_is_sent_again_takes_effect_once() {
    let office = Office::open().await;
    let asked = create(POLICY, "global", &policy(4, 10));
    let first = office
        .door("ana")
        .create_draft(asked.clone())
        .await
        .unwrap()
        .into_inner();
    let again = office
        .door("ana")
        .create_draft(asked.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, again);
    let other = CreateDraftRequest {
        content: policy(3, 10).to_string(),
        ..asked
    };
    let reused = refused(office.door("ana").create_draft(other).await);
    assert_eq!(reused.common(), Some(CommonErrorReason::RequestIdReused));

    let draft = first.draft.unwrap();
    let approval = approve(&draft);
    let approved = office
        .door("bo")
        .approve_draft(approval.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        office.door("bo").approve_draft(approval).await.unwrap().into_inner(),
        approved
    );
    let order = publish(&draft, &office.check(&draft).await);
    let published = office
        .door("cy")
        .publish_draft(order.clone())
        .await
        .unwrap()
        .into_inner();
    let before = office.rows().await;
    assert_eq!(
        office.door("cy").publish_draft(order).await.unwrap().into_inner(),
        published
    );
    assert_eq!(office.rows().await, before);
    office.close().await;
}

#[tokio::test]
async fn a_draft_is_thrown_away() {
    let office = Office::open().await;
    let draft = office.draft(POLICY, "global", &policy(4, 10)).await;
    let asked = DiscardDraftRequest {
        document: POLICY.to_owned(),
        draft_id: draft.draft_id.clone(),
        request_id: request_id(),
    };
    let gone = office
        .door("ana")
        .discard_draft(asked)
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(gone.state(), DraftState::Discarded);
    let refusal = refused(office.door("bo").approve_draft(approve(&gone)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_DRAFT_STATE");
    assert_eq!(refusal.metadata["state"], "discarded");
    office.close().await;
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let office = Office::open().await;
    let mut written = Vec::new();
    for sends in 1..=5 {
        office.hand.advance(std::time::Duration::from_secs(1));
        written.push(office.draft(POLICY, "global", &policy(sends, 10)).await.draft_id);
    }
    written.reverse();
    let mut asked = ListDraftsRequest {
        service: "office".to_owned(),
        document: POLICY.to_owned(),
        states: vec![DraftState::Open.into()],
        page_size: 2,
        page_token: String::new(),
    };
    let mut given = Vec::new();
    loop {
        let page = office
            .door("ana")
            .list_drafts(asked.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(
            page.drafts.iter().all(|draft| draft.content.is_empty()),
            "contents are long"
        );
        given.extend(page.drafts.into_iter().map(|draft| draft.draft_id));
        if page.next_page_token.is_empty() {
            break;
        }
        asked.page_token = page.next_page_token;
    }
    assert_eq!(given, written);
    let other_list = ListDraftsRequest {
        document: String::new(),
        ..asked.clone()
    };
    let refusal = refused(office.door("ana").list_drafts(other_list).await);
    assert_eq!(refusal.common(), Some(CommonErrorReason::PageTokenInvalid));
    let of_nothing = ListDraftsRequest {
        states: vec![DraftState::Published.into()],
        page_token: String::new(),
        ..asked
    };
    assert_eq!(
        office
            .door("ana")
            .list_drafts(of_nothing)
            .await
            .unwrap()
            .into_inner()
            .drafts,
        []
    );

    for sends in [4, 3, 2] {
        office.hand.advance(std::time::Duration::from_secs(1));
        office.publish(POLICY, "country/DE", &super::sends(sends)).await;
    }
    let mut asked = ListPublicationsRequest {
        document: POLICY.to_owned(),
        place: "country/DE".to_owned(),
        page_size: 2,
        page_token: String::new(),
    };
    let first = office
        .door("ana")
        .list_publications(asked.clone())
        .await
        .unwrap()
        .into_inner();
    asked.page_token = first.next_page_token;
    let second = office
        .door("ana")
        .list_publications(asked.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.next_page_token, "");
    let versions: Vec<_> = first
        .publications
        .iter()
        .chain(&second.publications)
        .map(|one| one.version)
        .collect();
    assert_eq!(versions, [3, 2, 1]);
    assert!(
        first
            .publications
            .iter()
            .all(|one| one.content.is_empty() && one.digest.len() == 64)
    );
    asked.place = String::new();
    let refusal = refused(office.door("ana").list_publications(asked).await);
    assert_eq!(refusal.common(), Some(CommonErrorReason::PageTokenInvalid));
    office.close().await;
}
