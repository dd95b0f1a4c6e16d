//! Every reason for which a call about the standard is refused, provoked; and that nothing is written by who is refused.

use std::collections::BTreeSet;

use support_proto::support::standard::v1::{
    CheckContentRequest, DiscardDraftRequest, GetPublicationRequest, HandOverAuthorityRequest, ListDocumentsRequest,
    StandardErrorReason, TakeAuthorityRequest, UpdateDraftRequest,
};
use tonic::Code;

use super::*;

/// The reasons seen so far.
#[derive(Default)]
struct Seen(BTreeSet<&'static str>);

impl Seen {
    /// A call that must be refused for this reason, and writes nothing.
    async fn refusal<T: std::fmt::Debug>(
        &mut self,
        office: &Office,
        reason: StandardErrorReason,
        code: Code,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Explained {
        let before = office.rows().await;
        let refusal = refused(call.await);
        assert_eq!(refusal.reason, reason.as_str_name(), "{refusal:?}");
        assert_eq!(refusal.code, code, "{refusal:?}");
        assert_eq!(refusal.domain, "support.standard.v1");
        assert_eq!(office.rows().await, before, "{}", refusal.reason);
        self.0.insert(reason.as_str_name());
        refusal
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one reason after the other")]
async fn every_reason_is_given_and_nothing_is_written() {
    use StandardErrorReason as Reason;
    let ([eu, us], _links) = Office::in_regions(["eu", "us"]).await;
    let mut seen = Seen::default();
    until("version 1 has come", async || {
        us.sends("global", None).await.1 == format!("{POLICY}@1")
    })
    .await;
    let (mut ana, mut bo) = (eu.door("ana"), eu.door("bo"));

    // What is not there.
    let asked = create("office/nothing", "global", &policy(4, 10));
    let told = seen
        .refusal(&eu, Reason::DocumentNotFound, Code::NotFound, ana.create_draft(asked))
        .await;
    assert_eq!(told.metadata["document"], "office/nothing");
    for basis in ["office/verification-policy@9", "office/playbooks@1"] {
        let asked = GetEffectiveRequest {
            document: POLICY.to_owned(),
            basis: basis.to_owned(),
            ..GetEffectiveRequest::default()
        };
        seen.refusal(&eu, Reason::VersionNotFound, Code::NotFound, ana.get_effective(asked))
            .await;
    }
    let overlay = eu.publish(POLICY, "country/DE", &sends(4)).await;
    let asked = GetPublicationRequest {
        document: PLAYBOOKS.to_owned(),
        publication_id: overlay.publication_id.clone(),
    };
    seen.refusal(&eu, Reason::VersionNotFound, Code::NotFound, ana.get_publication(asked))
        .await;
    let asked = CreateDraftRequest {
        document: PLAYBOOKS.to_owned(),
        ..withdraw(&overlay)
    };
    seen.refusal(&eu, Reason::VersionNotFound, Code::NotFound, ana.create_draft(asked))
        .await;
    let draft = eu.draft(POLICY, "global", &policy(4, 10)).await;
    let asked = DiscardDraftRequest {
        document: PLAYBOOKS.to_owned(),
        draft_id: draft.draft_id.clone(),
        request_id: request_id(),
    };
    seen.refusal(&eu, Reason::DraftNotFound, Code::NotFound, ana.discard_draft(asked))
        .await;
    let asked = create(POLICY, "country/XX", &sends(4));
    let told = seen
        .refusal(&eu, Reason::PlaceNotFound, Code::NotFound, ana.create_draft(asked))
        .await;
    assert_eq!(told.metadata["place"], "country/XX");
    let asked = GetEffectiveRequest {
        document: POLICY.to_owned(),
        place: "site/nowhere".to_owned(),
        ..GetEffectiveRequest::default()
    };
    seen.refusal(&eu, Reason::PlaceNotFound, Code::NotFound, ana.get_effective(asked))
        .await;

    // What is wrong with a content.
    let mut wrong = policy(99, 0);
    wrong["colour"] = json!("blue");
    wrong["codes"]["lifetime"] = json!("yes");
    let asked = create(POLICY, "global", &wrong);
    let told = seen
        .refusal(
            &eu,
            Reason::ContentInvalid,
            Code::InvalidArgument,
            ana.create_draft(asked),
        )
        .await;
    assert_eq!(paths(&told), ["codes.lifetime", "colour"]);
    let asked = create(POLICY, "global", &policy(99, 0));
    let told = seen
        .refusal(
            &eu,
            Reason::ContentInvalid,
            Code::InvalidArgument,
            ana.create_draft(asked),
        )
        .await;
    assert_eq!(paths(&told), ["codes.sends", "codes.sends_per_hour"]);
    let asked = create(POLICY, "global", &policy(5, 4));
    let told = seen
        .refusal(
            &eu,
            Reason::ContentInvalid,
            Code::InvalidArgument,
            ana.create_draft(asked),
        )
        .await;
    assert_eq!(told.violations[0].description, "is more than can be sent in an hour");
    let asked = UpdateDraftRequest {
        document: POLICY.to_owned(),
        draft_id: draft.draft_id.clone(),
        content: "[]".to_owned(),
        etag: draft.etag.clone(),
        request_id: request_id(),
        ..UpdateDraftRequest::default()
    };
    seen.refusal(
        &eu,
        Reason::ContentInvalid,
        Code::InvalidArgument,
        ana.update_draft(asked),
    )
    .await;
    let looser = json!({"codes": {"sends": 9, "lifetime": "601s"}, "purposes": {"payment": null}});
    let asked = create(POLICY, "country/FR", &json!({"codes": {"checks": 4, "sends": 4}}));
    ana.create_draft(asked).await.unwrap();
    let asked = create(POLICY, "country/FR", &looser);
    let told = seen
        .refusal(
            &eu,
            Reason::ContentInvalid,
            Code::InvalidArgument,
            ana.create_draft(asked),
        )
        .await;
    assert!(
        paths(&told).contains(&"codes.sends"),
        "beyond what the field may be at all: {told:?}"
    );
    let mut looser = policy(5, 10);
    looser["codes"] = json!({"sends_per_hour": 11});
    looser["purposes"]["payment"] = json!({"grant_lifetime": "3600s"});
    looser["purposes"]["help"] = policy(5, 10)["purposes"]["payment"].clone();
    let asked = create(POLICY, "country/FR", &looser);
    let told = seen
        .refusal(
            &eu,
            Reason::OverlayLoosens,
            Code::InvalidArgument,
            ana.create_draft(asked),
        )
        .await;
    assert_eq!(
        paths(&told),
        [
            "codes.sends_per_hour",
            r#"purposes["help"]"#,
            r#"purposes["payment"].grant_lifetime"#
        ]
    );
    let words = &told.violations[0].description;
    for part in ["DEPARTURE_MAY_TIGHTEN_LOWER", "10 in the standard", "11 in the overlay"] {
        assert!(words.contains(part), "{part} is missing in {words}");
    }
    let asked = CheckContentRequest {
        document: POLICY.to_owned(),
        content: " ".repeat(200 * 1024),
        ..CheckContentRequest::default()
    };
    let told = seen
        .refusal(
            &eu,
            Reason::ContentTooLarge,
            Code::InvalidArgument,
            ana.check_content(asked),
        )
        .await;
    assert_eq!(told.metadata["limit_bytes"], "196608");

    // Who may make rules, for where, and from when.
    let asked = create(POLICY, "country/US", &sends(4));
    let told = seen
        .refusal(
            &eu,
            Reason::PlaceOfOtherRegion,
            Code::FailedPrecondition,
            ana.create_draft(asked),
        )
        .await;
    assert_eq!(
        (&*told.metadata["place"], &*told.metadata["region"]),
        ("country/US", "us")
    );
    let asked = create(POLICY, "global", &policy(4, 10));
    let told = seen
        .refusal(
            &us,
            Reason::NotAuthority,
            Code::FailedPrecondition,
            us.door("ana").create_draft(asked),
        )
        .await;
    assert_eq!(told.metadata["region"], "eu");
    let asked = CreateDraftRequest {
        effective_from: Some(day(2026, 3, 1)),
        ..create(POLICY, "global", &policy(4, 10))
    };
    let told = seen
        .refusal(&eu, Reason::DayPassed, Code::InvalidArgument, ana.create_draft(asked))
        .await;
    assert_eq!(told.metadata["today"], "2026-03-02");

    // Approval.
    let told = seen
        .refusal(
            &eu,
            Reason::ApproverIsAuthor,
            Code::FailedPrecondition,
            ana.approve_draft(approve(&draft)),
        )
        .await;
    assert_eq!(told.violations, []);
    let report = eu.check(&draft).await;
    let asked = publish(&draft, &report);
    seen.refusal(
        &eu,
        Reason::ApprovalMissing,
        Code::FailedPrecondition,
        ana.publish_draft(asked),
    )
    .await;
    let approved = eu.approve(&draft).await;
    let told = seen
        .refusal(
            &eu,
            Reason::DraftState,
            Code::FailedPrecondition,
            bo.approve_draft(approve(&approved)),
        )
        .await;
    assert_eq!(told.metadata["state"], "approved");
    assert_eq!(told.preconditions[0].subject, draft.draft_id);

    // The check.
    let asked = PublishDraftRequest {
        digest: "0".repeat(64),
        ..publish(&draft, &report)
    };
    seen.refusal(
        &eu,
        Reason::CheckOutdated,
        Code::FailedPrecondition,
        ana.publish_draft(asked),
    )
    .await;

    // Withdrawals.
    let seeded = eu
        .door("ana")
        .list_publications(list_of(POLICY, "global"))
        .await
        .unwrap()
        .into_inner();
    let asked = withdraw(&seeded.publications[0]);
    seen.refusal(
        &eu,
        Reason::LastVersion,
        Code::FailedPrecondition,
        ana.create_draft(asked),
    )
    .await;
    eu.withdraw(&overlay, None).await;
    let asked = withdraw(&overlay);
    seen.refusal(
        &eu,
        Reason::AlreadyWithdrawn,
        Code::FailedPrecondition,
        ana.create_draft(asked),
    )
    .await;

    // Overlays that would be set aside: three an hour, and then five a verification.
    eu.publish(POLICY, "global", &policy(3, 10)).await;
    eu.publish(POLICY, "country/IT", &json!({"codes": {"sends_per_hour": 3}}))
        .await;
    let (draft, report) = eu.ready(POLICY, "global", &policy(5, 10)).await;
    let asked = publish(&draft, &report);
    let told = seen
        .refusal(
            &eu,
            Reason::OverlaysSetAside,
            Code::FailedPrecondition,
            ana.publish_draft(asked),
        )
        .await;
    assert_eq!(told.metadata["places"], "country/IT");

    // The authority.
    let hand_over = |region: &str| HandOverAuthorityRequest {
        service: "office".to_owned(),
        region: region.to_owned(),
        reason: "as the test wants it".to_owned(),
        request_id: request_id(),
    };
    let told = seen
        .refusal(
            &eu,
            Reason::RegionNotFollowed,
            Code::InvalidArgument,
            ana.hand_over_authority(hand_over("cn")),
        )
        .await;
    assert_eq!(told.metadata["region"], "cn");
    let asked = hand_over("eu");
    seen.refusal(
        &eu,
        Reason::AuthorityHeld,
        Code::FailedPrecondition,
        ana.hand_over_authority(asked),
    )
    .await;
    let asked = TakeAuthorityRequest {
        service: "office".to_owned(),
        reason: "as the test wants it".to_owned(),
        request_id: request_id(),
    };
    let told = seen
        .refusal(
            &eu,
            Reason::AuthorityHeld,
            Code::FailedPrecondition,
            ana.take_authority(asked),
        )
        .await;
    assert_eq!(told.metadata["region"], "eu");
    seen.refusal(
        &us,
        Reason::NotAuthority,
        Code::FailedPrecondition,
        us.door("ana").hand_over_authority(hand_over("us")),
    )
    .await;

    let all: BTreeSet<&str> = (1..)
        .map_while(|number| StandardErrorReason::try_from(number).ok())
        .map(|reason| reason.as_str_name())
        .collect();
    assert_eq!(seen.0, all);
}

#[tokio::test]
async fn what_was_true_when_a_draft_was_written_is_asked_again() {
    let office = Office::open().await;
    let mut ana = office.door("ana");
    // The overlay was stricter than the standard when it was checked.
    let (overlay, report) = office.ready(POLICY, "country/DE", &sends(4)).await;
    office.publish(POLICY, "global", &policy(3, 10)).await;
    let refusal = refused(ana.publish_draft(publish(&overlay, &report)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_OVERLAY_LOOSENS");
    assert_eq!(paths(&refusal), ["codes.sends"]);
    let other = office
        .draft(POLICY, "country/FR", &json!({"codes": {"sends": 3, "checks": 4}}))
        .await;
    office.publish(POLICY, "global", &policy(2, 10)).await;
    let refusal = refused(office.door("bo").approve_draft(approve(&other)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_OVERLAY_LOOSENS");

    // Its day was to come.
    let asked = CreateDraftRequest {
        effective_from: Some(day(2026, 3, 3)),
        ..create(POLICY, "global", &policy(1, 10))
    };
    let draft = ana.create_draft(asked).await.unwrap().into_inner().draft.unwrap();
    office.approve(&draft).await;
    let report = office.check(&draft).await;
    office.hand.advance(Duration::from_hours(48));
    let refusal = refused(office.door("ana").publish_draft(publish(&draft, &report)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_DAY_PASSED");

    // The place went to another region.
    let mut territories: Value = serde_json::from_str(&office.held(TERRITORIES, "", None).await.content).unwrap();
    let (overlay, report) = office.ready(POLICY, "country/NO", &sends(1)).await;
    territories["countries"]["NO"]["region"] = json!("us");
    office.publish(TERRITORIES, "global", &territories).await;
    let refusal = refused(office.door("ana").publish_draft(publish(&overlay, &report)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_PLACE_OF_OTHER_REGION");
    assert_eq!(refusal.metadata["region"], "us");
    // And then is no more.
    territories["countries"].as_object_mut().unwrap().remove("NO");
    let members = territories["groups"]["eea"]["countries"].as_array_mut().unwrap();
    members.retain(|country| country != "NO");
    office.publish(TERRITORIES, "global", &territories).await;
    let refusal = refused(office.door("ana").publish_draft(publish(&overlay, &report)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_PLACE_NOT_FOUND");
    office.close().await;
}

#[tokio::test]
async fn a_refusal_names_as_many_paths_as_it_can_and_says_how_many_there_are_more() {
    let office = Office::open().await;
    let mut wrong = policy(4, 10);
    for number in 0..400 {
        wrong[format!("unknown_{number}")] = json!(number);
    }
    let refusal = refused(office.door("ana").create_draft(create(POLICY, "global", &wrong)).await);
    let omitted: usize = refusal.metadata["violations_omitted"].parse().unwrap();
    assert!(refusal.violations.len() > 20, "{}", refusal.violations.len());
    assert_eq!(refusal.violations.len() + omitted, 400);
    office.close().await;
}

#[tokio::test]
async fn a_call_for_another_service_is_refused() {
    let office = Office::open().await;
    let asked = ListDocumentsRequest {
        service: "warranty".to_owned(),
    };
    let refusal = refused(office.door("ana").list_documents(asked).await);
    assert_eq!(paths(&refusal), ["service"]);
    office.close().await;
}

/// The paths that a refusal names, sorted.
fn paths(refusal: &Explained) -> Vec<&str> {
    let mut paths: Vec<_> = refusal
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    paths.sort_unstable();
    paths
}
