//! Bad input gets a clear, typed error at the door, and nothing is written: not a row in any table of any service.

mod scene;

use std::time::Duration;

use prost::Message as _;
use serde_json::{Value, json};
use support_proto::support::case::v1::OpenCaseRequest;
use support_proto::support::repair::v1::GetRepairRequest;
use support_tests::people::{language, nobody_like, request_id, timeline, with_token};
use support_tests::speak::web::framed;
use support_tests::speak::{Asked, curl};

use scene::Scene;

const CASES: &str = "/support.case.v1.CaseService";
const INVALID: &str = "COMMON_ERROR_REASON_INVALID_FIELDS";
const MALFORMED: &str = "COMMON_ERROR_REASON_MALFORMED_MESSAGE";

fn open_case(change: &Value) -> Value {
    let mut request = json!({
        "requestId": request_id(), "channel": "CHANNEL_CHAT", "language": language(),
        "severity": "SEVERITY_NORMAL", "subject": "It does not work",
    });
    request
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    request
}

/// So that the others could fail.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_good_is_written_and_seen() {
    let scene = Scene::enter().await;
    let asked = Asked::new(
        &format!("{CASES}/OpenCase"),
        &scene.customer.token,
        open_case(&json!({})),
    );
    let outcome = curl::call(&scene.town.gateway_url, "", &asked).await;
    assert_eq!(outcome.answer()["case"]["state"], "CASE_STATE_OPEN");
    let written = scene.written().await;
    for table in ["cases", "timeline_entries", "outbox", "idempotency_keys"] {
        let name = format!("support_case.public.{table}: ");
        assert!(
            written.iter().any(|line| line.starts_with(&name)),
            "{table} not in {written:#?}"
        );
    }
    // The news of it as well, in another service.
    let name = "support_routing.public.tasks: ";
    assert!(written.iter().any(|line| line.starts_with(name)), "{written:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_break_their_rules_write_nothing() {
    let scene = Scene::enter().await;
    let open = format!("{CASES}/OpenCase");
    let token = scene.customer.token.as_str();
    for (what, change) in [
        ("no request id", json!({ "requestId": "" })),
        ("a request id that is none", json!({ "requestId": "4711" })),
        ("no channel", json!({ "channel": "CHANNEL_UNSPECIFIED" })),
        ("a channel that is none", json!({ "channel": 77 })),
        ("no language", json!({ "language": "" })),
        ("a language that is none", json!({ "language": "<script>" })),
        ("no subject", json!({ "subject": "" })),
        ("a huge subject", json!({ "subject": "x".repeat(201) })),
        ("a huge description", json!({ "description": "ü".repeat(10_001) })),
        ("a very huge description", json!({ "description": "x".repeat(50_000) })),
        ("a huge source", json!({ "sourceReference": "x".repeat(101) })),
        (
            "a device that is no id",
            json!({ "deviceId": "'; drop table cases; --" }),
        ),
        ("a severity that is none", json!({ "severity": -1 })),
    ] {
        scene
            .refused(what, INVALID, &Asked::new(&open, token, open_case(&change)))
            .await;
    }
    // In other services as well.
    for (path, request) in [
        ("/support.identity.v1.VerificationService/StartVerification", json!({})),
        (
            "/support.identity.v1.VerificationService/CheckCode",
            json!({ "requestId": request_id(), "code": "12345x" }),
        ),
        (
            "/support.warranty.v1.DeviceService/RegisterDevice",
            json!({ "serialNumber": "lower case" }),
        ),
    ] {
        scene.refused(path, INVALID, &Asked::new(path, token, request)).await;
    }
    for (path, request) in [
        (
            "/support.repair.v1.RepairService/SubmitRepair",
            json!({ "serialNumber": "OOO" }),
        ),
        (
            "/support.repair.v1.RepairService/FinishRepair",
            json!({ "outcome": 99 }),
        ),
    ] {
        scene
            .refused(path, INVALID, &Asked::new(path, &scene.stranger, request))
            .await;
    }
    let operator = scene.town.operator_token();
    for (path, request) in [
        ("/support.routing.v1.AgentService/CreateAgent", json!({ "capacity": 0 })),
        ("/support.localisation.v1.KnowledgeService/PublishArticle", json!({})),
        (
            "/support.localisation.v1.MessageService/PublishMessages",
            json!({ "locale": "!" }),
        ),
    ] {
        scene
            .refused(path, INVALID, &Asked::new(path, &operator, request))
            .await;
    }
    // A name that is longer than any rule says.
    let customer = json!({
        "requestId": request_id(), "name": { "displayName": "x".repeat(300_000) }, "languages": ["en"],
        "countryCode": "DE", "contactPoints": [{ "email": "no address" }],
    });
    scene
        .refused(
            "a huge name",
            INVALID,
            &Asked::new(
                "/support.identity.v1.CustomerService/CreateCustomer",
                &operator,
                customer,
            ),
        )
        .await;
    scene.nothing_was_written().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_and_texts_that_are_no_message_write_nothing() {
    let scene = Scene::enter().await;
    let open = format!("{CASES}/OpenCase");
    let request = OpenCaseRequest {
        request_id: request_id(),
        subject: "It does not work".to_owned(),
        ..scene.customer.case("")
    };
    let whole = request.encode_to_vec();
    // A subject (field 8) of bytes that are no text, after a whole and good request.
    let broken_text = [whole.as_slice(), &[0x42, 0x03, b'a', 0xff, 0xfe]].concat();
    let wrong_type = [whole.as_slice(), &[0x45, 1, 2, 3, 4]].concat();
    // Groups within each other (fields 15), which cannot be skipped without descending.
    let groups = [whole.as_slice(), &[0x7b; 10_000], &[0x7c; 10_000]].concat();
    let mut short = framed(&whole);
    short.truncate(whole.len() - 3);
    for (what, body) in [
        ("broken utf-8", framed(&broken_text)),
        ("a wrong wire type", framed(&wrong_type)),
        ("10,000 nested groups", framed(&groups)),
        ("a message broken off", short),
        ("a length beyond the message", framed(&[0x42, 0x7f, b'x'])),
        ("nothing", Vec::new()),
    ] {
        let explained = scene.raw(&open, body).await;
        assert_eq!(explained.reason, MALFORMED, "{what}: {explained:?}");
    }
    let huge = OpenCaseRequest {
        description: "x".repeat(5 << 20),
        ..request
    };
    let explained = scene.raw(&open, framed(&huge.encode_to_vec())).await;
    assert_eq!(explained.reason, "COMMON_ERROR_REASON_MESSAGE_TOO_LARGE");

    let good = open_case(&json!({})).to_string();
    let authorization = format!("authorization: Bearer {}", scene.customer.token);
    let deep_arrays = good.replace(
        "\"It does not work\"",
        &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
    );
    let deep_objects = good.replace(
        "\"It does not work\"",
        &format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
    );
    for (what, body) in [
        ("10,000 nested arrays", deep_arrays),
        ("10,000 nested objects", deep_objects),
        ("an unknown field", good.replace("\"subject\"", "\"subjekt\"")),
        ("a number for text", good.replace("\"It does not work\"", "7")),
        (
            "an enum's name that is none",
            good.replace("CHANNEL_CHAT", "CHANNEL_SMOKE"),
        ),
        ("broken off", good[..good.len() - 1].to_owned()),
        ("no json", "subject=It does not work".to_owned()),
    ] {
        let url = format!("{}{open}", scene.town.gateway_url);
        let arguments = ["-H", "content-type: application/json", "-H", &authorization, &url];
        let (status, text) = curl::curl(&arguments, &body).await;
        assert_eq!(status, 400, "{what}");
        assert!(text.contains(MALFORMED), "{what}: {text}");
    }
    scene.nothing_was_written().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_or_anothers_writes_nothing() {
    let scene = Scene::enter().await;
    let (case, repair) = (scene.others_case.case_id.as_str(), scene.others_repair.as_str());
    let customer = scene.customer.token.as_str();
    let stranger = scene.stranger.as_str();
    let nobody = nobody_like(case);
    let not_found = "CASE_ERROR_REASON_CASE_NOT_FOUND";
    let post =
        |id: &str| json!({ "requestId": request_id(), "caseId": id, "channel": "CHANNEL_CHAT", "body": "hello" });
    let close = |id: &str| json!({ "requestId": request_id(), "caseId": id, "closeReason": "CLOSE_REASON_SOLVED" });
    let reopen = |id: &str| json!({ "requestId": request_id(), "caseId": id });
    for id in [case, nobody.as_str()] {
        for (method, request) in [
            ("GetCase", json!({ "caseId": id })),
            ("ListMessages", json!({ "caseId": id })),
            ("ListTimeline", json!({ "caseId": id })),
            ("PostMessage", post(id)),
            ("CloseCase", close(id)),
            ("ReopenCase", reopen(id)),
        ] {
            let asked = Asked::new(&format!("{CASES}/{method}"), customer, request);
            scene.refused(&format!("{method} {id}"), not_found, &asked).await;
        }
    }
    // A case in another's name, another's customer record, another's device.
    let asked = Asked::new(
        &format!("{CASES}/OpenCase"),
        customer,
        open_case(&json!({ "customerId": scene.other.id })),
    );
    scene
        .refused("in another's name", "CASE_ERROR_REASON_CUSTOMER_NOT_SELF", &asked)
        .await;
    let asked = Asked::new(
        "/support.identity.v1.CustomerService/GetCustomer",
        customer,
        json!({ "customerId": scene.other.id }),
    );
    scene
        .refused("another's record", "IDENTITY_ERROR_REASON_CUSTOMER_NOT_FOUND", &asked)
        .await;
    let add = json!({
        "requestId": request_id(), "customerId": scene.other.id, "contactPoint": { "email": "evil@post.example" },
    });
    let asked = Asked::new("/support.identity.v1.CustomerService/AddContactPoint", customer, add);
    scene
        .refused(
            "another's contact points",
            "COMMON_ERROR_REASON_PURPOSE_MISMATCH",
            &asked,
        )
        .await;
    let asked = Asked::new(
        "/support.warranty.v1.DeviceService/LookupDevice",
        customer,
        json!({ "serialNumber": scene.serial }),
    );
    scene
        .refused("another's device", "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND", &asked)
        .await;

    // Another partner's repair and workshop; another customer's repair.
    let repair_not_found = "REPAIR_ERROR_REASON_REPAIR_NOT_FOUND";
    for id in [repair, nobody.as_str()] {
        let change = json!({ "requestId": request_id(), "repairId": id });
        for (method, request) in [
            ("GetRepair", json!({ "repairId": id })),
            ("ReceiveDevice", change.clone()),
            ("CancelRepair", change),
        ] {
            let asked = Asked::new(&format!("/support.repair.v1.RepairService/{method}"), stranger, request);
            scene.refused(&format!("{method} {id}"), repair_not_found, &asked).await;
        }
    }
    let asked = Asked::new(
        "/support.repair.v1.RepairService/GetRepair",
        customer,
        json!({ "repairId": repair }),
    );
    scene
        .refused("another customer's repair", repair_not_found, &asked)
        .await;
    let order = json!({
        "requestId": request_id(), "caseId": case, "providerCode": "ASP-BER-01", "serialNumber": scene.serial,
        "problem": "x", "language": "en", "damage": "DAMAGE_NONE",
    });
    let asked = Asked::new("/support.repair.v1.RepairService/SubmitRepair", stranger, order);
    scene
        .refused("another's workshop", "REPAIR_ERROR_REASON_PROVIDER_NOT_FOUND", &asked)
        .await;

    // Staff tokens do not make a customer's way, nor customers' tokens that of staff.
    let resolve = json!({ "requestId": request_id(), "caseId": case, "resolution": "RESOLUTION_ANSWERED" });
    let asked = Asked::new(&format!("{CASES}/ResolveCase"), customer, resolve);
    scene
        .refused(
            "a customer resolves",
            "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
            &asked,
        )
        .await;
    let operator = scene.town.operator_token();
    let asked = Asked::new(&format!("{CASES}/PostMessage"), &operator, post(case));
    scene
        .refused(
            "an operator talks",
            "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
            &asked,
        )
        .await;
    scene.nothing_was_written().await;

    // Those it belongs to find it.
    let asked = GetRepairRequest {
        repair_id: scene.others_repair.clone(),
    };
    // On a connection of this test: the scene's own belong to the test that set it.
    let other = with_token(&scene.town.session(), &scene.other.token);
    other.repairs().get_repair(asked).await.unwrap();
    timeline(&other, case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_not_good_write_nothing() {
    let scene = Scene::enter().await;
    let open = format!("{CASES}/OpenCase");
    let issuer = &scene.town.issuer;
    let ended = issuer.token("staff", "agent-cork-01", &["cases.write"], Duration::ZERO);
    let pieces: Vec<&str> = scene.customer.token.split('.').collect();
    let others: Vec<&str> = scene.other.token.split('.').collect();
    let mixed = format!("{}.{}.{}", pieces[0], others[1], pieces[2]);
    let unsigned = format!("{}.{}.", pieces[0], pieces[1]);
    let elsewhere = std::env::temp_dir().join(request_id());
    let of_another_world = support::world::Secrets::load_or_make(&elsewhere)
        .unwrap()
        .issuer()
        .operator_token(Duration::from_mins(1));
    std::fs::remove_dir_all(elsewhere).unwrap();
    let invalid = "COMMON_ERROR_REASON_CREDENTIALS_INVALID";
    for (what, reason, token) in [
        ("ended", "COMMON_ERROR_REASON_CREDENTIALS_EXPIRED", ended.as_str()),
        ("another's claims under one's own signature", invalid, &mixed),
        ("unsigned", invalid, &unsigned),
        ("signed by another world's issuer", invalid, &of_another_world),
        ("none at all", "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED", ""),
    ] {
        scene
            .refused(what, reason, &Asked::new(&open, token, open_case(&json!({}))))
            .await;
    }
    // A code that was used, and codes that are wrong, and more of them than are allowed: those are counted, in the row of
    // the verification that is there.
    let refused = json!({ "clientId": "nobody", "clientSecret": "nothing" });
    let asked = Asked::new("/support.identity.v1.CredentialService/IssuePartnerToken", "", refused);
    scene
        .refused("a client that is none", "IDENTITY_ERROR_REASON_CLIENT_UNKNOWN", &asked)
        .await;
    let check =
        json!({ "requestId": request_id(), "verificationId": nobody_like(&scene.customer.id), "code": "123456" });
    let asked = Asked::new("/support.identity.v1.VerificationService/CheckCode", "", check);
    scene
        .refused(
            "a verification that is none",
            "IDENTITY_ERROR_REASON_VERIFICATION_NOT_FOUND",
            &asked,
        )
        .await;
    scene.nothing_was_written().await;
}
