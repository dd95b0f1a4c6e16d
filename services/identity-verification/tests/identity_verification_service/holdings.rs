//! That all that is held on a customer is handed out, and erased.

use serde_json::Value;
use support_proto::support::identity::v1::{
    AccessibilityNeed, CheckCodeRequest, ConsentKind, CreateOrganisationRequest, ExportCustomerRequest, FrontEndPlace,
    FrontEndReport, MembershipRole, OrganisationKind, PersonalDataReason, RecordConsentRequest,
    SetAccessibilityNeedsRequest, SetMembershipRequest,
};
use support_proto::support::localisation::v1::TextOrigin;
use support_proto::support::types::v1::Channel;
use support_testing::{Holdings, nothing_is_forgotten, showing};

use crate::delegations::{Two, two};
use crate::erasures::{approve, ask};
use crate::house::{House, check, customer, guardian, request_id, staff};

#[tokio::test]
async fn every_table_that_says_something_of_a_customer_is_exported_and_erased_or_says_why_not() {
    let database = crate::house::database().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let holdings = Holdings {
        exports: &[
            include_str!("../../src/store/held.rs"),
            include_str!("../../src/store/held/noticed.rs"),
        ],
        erases: &[
            include_str!("../../src/store/leaving.rs"),
            // Of what seals, what unseals for ever.
            include_str!("../../src/store/sealed.rs")
                .split_once("pub async fn erase(")
                .unwrap()
                .1,
            include_str!("../../src/store/delegations.rs"),
        ],
        not_exported: &[
            ("accessibility_needs", "it is, opened, by what reads it for staff"),
            ("audit_links", "the chain over audit entries: hashes alone"),
            (
                "audit_unlinked",
                "numbers of entries that have no place in the chain yet",
            ),
            (
                "contact_lookups",
                "keyed hashes of contact points, which are exported themselves",
            ),
            ("erasure_services", "which services have erased, which GetErasure tells"),
            ("factor_challenges", "secrets of minutes: what a proof is held against"),
            (
                "local_outbox_messages",
                "in place of the customer's own mailbox, for hours, where nothing is sent",
            ),
            ("number_reports", "by keyed hash of a number, whoever has it"),
            (
                "recovery_codes",
                "keyed hashes of secrets; the set is exported as an authenticator",
            ),
            ("send_windows", "counts by keyed hash of an address, whoever has it"),
        ],
        not_erased: &[
            (
                "audit_entries",
                "ids and names of fields; what is on record does not go",
            ),
            ("audit_links", "the chain over audit entries: hashes alone"),
            (
                "audit_unlinked",
                "numbers of entries that have no place in the chain yet",
            ),
            ("contact_points", "sealed by the data key that is destroyed"),
            ("erasures", "the erasure itself: an id, and who asked"),
            ("erasure_services", "which services have erased"),
            (
                "happenings",
                "kinds and ids of what happened, which name nobody, pruned in time",
            ),
            (
                "personal_exports",
                "to whom it was handed, for whoever asks whether it was right",
            ),
            ("proofs", "by which methods an id was verified"),
        ],
    };
    nothing_is_forgotten(&pool, &holdings).await;
}

/// Ada, of whom there is everything.
async fn known_whole(house: &House) -> Two {
    let two = two(house).await;
    let own = customer(&two.ada);
    let needs = SetAccessibilityNeedsRequest {
        request_id: request_id(),
        customer_id: two.ada.clone(),
        accessibility_needs: vec![AccessibilityNeed::Deaf.into()],
        etag: String::new(),
    };
    house.profiles(&own).set_accessibility_needs(needs).await.unwrap();
    let consent = RecordConsentRequest {
        request_id: request_id(),
        customer_id: two.ada.clone(),
        kind: ConsentKind::Surveys.into(),
        given: true,
        channel: Channel::App.into(),
        wording: Some(TextOrigin {
            key: "consent.surveys".to_owned(),
            locale: "en".to_owned(),
            version: 3,
        }),
    };
    house.profiles(&own).record_consent(consent).await.unwrap();
    let school = CreateOrganisationRequest {
        request_id: request_id(),
        kind: OrganisationKind::Education.into(),
        display_name: "School of Engines".to_owned(),
        country_code: "CH".to_owned(),
    };
    let school = house.organisations(&staff()).create_organisation(school).await.unwrap();
    let membership = SetMembershipRequest {
        request_id: request_id(),
        organisation_id: school.into_inner().organisation.unwrap().organisation_id,
        customer_id: two.ada.clone(),
        role: MembershipRole::Teacher.into(),
    };
    house.organisations(&staff()).set_membership(membership).await.unwrap();
    // Verified on a device, somewhere.
    let started = house.start("ada@example.com").await;
    let proof = CheckCodeRequest {
        report: Some(FrontEndReport {
            device_id: "a-device-of-hers".to_owned(),
            place: Some(FrontEndPlace {
                latitude: 47.4,
                longitude: 8.5,
            }),
        }),
        ..check(&started, &house.code(&started).await)
    };
    house
        .verifications(&crate::house::visitor())
        .check_code(proof)
        .await
        .unwrap();
    two
}

async fn exported(house: &House, customer_id: &str) -> Value {
    let request = ExportCustomerRequest {
        customer_id: customer_id.to_owned(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    let mut stream = house
        .erasures(&showing(&guardian("agent-7"), customer_id, "general_help"))
        .export_customer(request)
        .await
        .unwrap()
        .into_inner();
    let mut document = String::new();
    while let Some(part) = stream.message().await.unwrap() {
        document.push_str(&part.text);
    }
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut services = document["services"].as_array().unwrap().clone();
    services.retain(|service| service["service"] == "identity-verification");
    services.remove(0)["records"].clone()
}

#[tokio::test]
async fn all_that_is_held_on_a_customer_is_handed_out_and_erased() {
    let house = House::new().await;
    let Two { ada, bob, delegation } = known_whole(&house).await;
    let records = exported(&house, &ada).await;
    for collection in [
        "customers",
        "accessibility_needs",
        "consents",
        "memberships",
        "delegations",
        "customer_devices",
        "customer_places",
        "risk_assessments",
        "verifications",
        "grants",
        "deliveries",
        "happenings",
        "audit_entries",
        "personal_exports",
    ] {
        assert!(
            records[collection].as_array().is_some_and(|held| !held.is_empty()),
            "{collection}: {records}"
        );
    }
    assert_eq!(records["accessibility_needs"][0]["needs"][0], "deaf");
    assert_eq!(records["memberships"][0]["organisation"], "School of Engines");
    assert_eq!(records["customer_places"][0]["latitude"], 47);
    for hash in ["device_key", "contact_key", "prefix_key", "country_key", "code_mac"] {
        assert!(
            !records.to_string().contains(hash),
            "keyed hashes tell nobody anything: {hash}"
        );
    }

    let asked = ask(&house, &guardian("agent-7"), &ada).await.unwrap();
    approve(&house, &guardian("agent-8"), &asked.erasure_id).await.unwrap();
    for (table, left) in [
        ("accessibility_needs", "select count(*) from accessibility_needs"),
        ("consents", "select count(*) from consents"),
        ("memberships", "select count(*) from memberships where ended_at is null"),
        ("delegations", "select count(*) from delegations where ended_at is null"),
        ("customer_devices", "select count(*) from customer_devices"),
        ("customer_places", "select count(*) from customer_places"),
        (
            "risk_assessments",
            "select count(*) from risk_assessments where num_nonnulls(device_key, prefix_key, country_key) > 0",
        ),
        ("factor_failures", "select count(*) from factor_failures"),
        (
            "send_windows",
            "select count(*) from send_windows where contact_key in (select contact_key from verifications)",
        ),
    ] {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(left))
            .fetch_one(&house.pool)
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
    // What is of the other one stays, and says how it ended.
    let records = exported(&house, &bob).await;
    let told = &records["delegations"][0];
    assert_eq!(told["end_reason"], "erased");
    assert!(delegation.delegation_id.ends_with(told["id"].as_str().unwrap()));
}
