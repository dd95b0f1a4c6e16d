//! What can be read of the standard.

use support_proto::support::standard::v1::{ListDocumentsRequest, ListDocumentsResponse};

use super::*;

impl Office {
    pub(super) async fn documents(&self) -> ListDocumentsResponse {
        let asked = ListDocumentsRequest {
            service: "office".to_owned(),
        };
        self.door("ana").list_documents(asked).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn documents_say_how_they_stand() {
    let office = Office::open().await;
    office.publish(POLICY, "country/DE", &sends(4)).await;
    let scheduled = office
        .publish_from(POLICY, "global", &policy(3, 10), Some(day(2026, 3, 9)))
        .await;
    office
        .publish_from(POLICY, "global", &policy(2, 10), Some(day(2026, 3, 20)))
        .await;
    let told = office.documents().await;
    assert_eq!((told.region.as_str(), told.authority_region.as_str()), ("eu", "eu"));
    assert_eq!(told.regions, []);
    let names: Vec<_> = told
        .documents
        .iter()
        .map(|document| {
            (
                document.document.as_str(),
                document.message_type.as_str(),
                document.four_eyes,
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            (PLAYBOOKS, "support.localisation.v1.Playbooks", false),
            (TERRITORIES, "support.standard.v1.Territories", true),
            (POLICY, "support.identity.v1.VerificationPolicy", true),
        ]
    );
    let stands = &told.documents[2];
    assert_eq!(stands.version, 1);
    let versions: Vec<_> = stands
        .scheduled
        .iter()
        .map(|next| (next.version, next.effective_from))
        .collect();
    assert_eq!(versions, [(2, Some(day(2026, 3, 9))), (3, Some(day(2026, 3, 20)))]);
    assert_eq!(stands.scheduled[0].publication_id, scheduled.publication_id);
    let [overlay] = stands.overlays.as_slice() else {
        panic!("{:?}", stands.overlays)
    };
    assert_eq!(
        (overlay.place.as_str(), overlay.version, overlay.region.as_str()),
        ("country/DE", 1, "eu")
    );
    assert_eq!(overlay.lifted, []);

    // A week later it is lifted.
    office.hand.set(datetime!(2026-03-09 0:00 UTC));
    let stands = office.documents().await.documents.pop().unwrap();
    assert_eq!((stands.version, stands.effective_from), (2, Some(day(2026, 3, 9))));
    let [lifted] = stands.overlays[0].lifted.as_slice() else {
        panic!("{:?}", stands.overlays)
    };
    assert_eq!(
        (
            lifted.path.as_str(),
            lifted.standard_value.as_str(),
            lifted.overlay_value.as_str()
        ),
        ("codes.sends", "3", "4")
    );
    let held = office.held(POLICY, "country/DE", None).await;
    assert_eq!(held.overlays, stands.overlays);
    office.close().await;
}

#[tokio::test]
async fn layers_lie_over_each_other_from_the_world_to_the_site() {
    let office = Office::open().await;
    let mut territories: Value = serde_json::from_str(&office.held(TERRITORIES, "", None).await.content).unwrap();
    territories["sites"]["cork"] = json!({"country": "IE"});
    office.publish(TERRITORIES, "global", &territories).await;
    office
        .publish(POLICY, "group/eea", &json!({"codes": {"sends": 4, "checks": 4}}))
        .await;
    office
        .publish(POLICY, "country/IE", &json!({"codes": {"sends": 3}}))
        .await;
    office
        .publish(
            POLICY,
            "site/cork",
            &json!({"codes": {"sends": 2}, "purposes": {"payment": {"methods": ["VERIFICATION_METHOD_EMAIL_CODE"]}}}),
        )
        .await;
    let held = office.held(POLICY, "site/cork", None).await;
    let places: Vec<_> = held.overlays.iter().map(|overlay| overlay.place.as_str()).collect();
    assert_eq!(places, ["group/eea", "country/IE", "site/cork"]);
    let content: Value = serde_json::from_str(&held.content).unwrap();
    assert_eq!(
        content["codes"],
        json!({"lifetime": "600s", "sends": 2, "checks": 4, "sends_per_hour": 10})
    );
    assert_eq!(
        content["purposes"]["payment"]["methods"],
        json!(["VERIFICATION_METHOD_EMAIL_CODE"])
    );
    let sends = [
        ("site/cork", 2),
        ("country/IE", 3),
        ("country/DE", 4),
        ("group/eea", 4),
        ("country/GB", 5),
        ("global", 5),
        ("", 5),
    ];
    for (place, expected) in sends {
        assert_eq!(office.sends(place, None).await.0, expected, "{place}");
    }
    // An overlay is held against what lies above it, not against the world.
    let refusal = refused(
        office
            .door("ana")
            .create_draft(create(POLICY, "site/cork", &super::sends(4)))
            .await,
    );
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_OVERLAY_LOOSENS");
    assert!(
        refusal.violations[0].description.contains("3 in the standard"),
        "{refusal:?}"
    );
    office.close().await;
}

#[tokio::test]
async fn only_who_may_is_let_in() {
    let office = Office::open().await;
    let caller = Caller {
        kind: CallerKind::Staff,
        subject: "eve".to_owned(),
        organisation: None,
        scopes: ["standard.read".to_owned()].into(),
        assurance: AssuranceLevel::Unspecified,
        region: None,
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    };
    let mut eve = StandardServiceClient::new(call_as(&office.channel, &caller, office.clock.now()));
    let asked = GetEffectiveRequest {
        document: POLICY.to_owned(),
        ..GetEffectiveRequest::default()
    };
    eve.get_effective(asked).await.unwrap();
    let refusal = refused(eve.create_draft(create(POLICY, "global", &policy(4, 10))).await);
    assert_eq!(refusal.code, tonic::Code::PermissionDenied);
    office.close().await;
}
