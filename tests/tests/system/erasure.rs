//! A customer's two rights: to be handed all that is held on them, and to be erased wherever it is.

use support::seed::REVIEWER;
use support_proto::support::case::v1::{GetCaseRequest, ListMessagesRequest};
use support_proto::support::identity::v1::{
    ApproveErasureRequest, EraseCustomerRequest, ErasureState, ExportCustomerRequest, GetErasureRequest,
    PersonalDataReason,
};
use support_proto::support::repair::v1::SubmitRepairRequest;
use support_proto::support::types::v1::Channel;
use support_proto::support::warranty::v1::Damage;
use support_tests::books;
use support_tests::people::{Agent, Customer, partner, request_id, says, timeline};
use support_tests::town::{Town, shared};
use support_tests::wait::until;

/// All that is held on a customer.
async fn exported(town: &Town, customer_id: &str) -> serde_json::Value {
    let request = ExportCustomerRequest {
        customer_id: customer_id.to_owned(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    let mut stream = town
        .operator()
        .erasures()
        .export_customer(request)
        .await
        .unwrap()
        .into_inner();
    let mut text = String::new();
    while let Some(part) = stream.message().await.unwrap() {
        text.push_str(&part.text);
    }
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_handed_all_that_is_held_and_then_erased_everywhere() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let mut agent = Agent::at_work(town, &customer.language, 3).await;
    let mark = request_id();
    let (subject, said) = (format!("subject-{mark}"), format!("said-{mark}"));
    let (answered, problem) = (format!("answered-{mark}"), format!("problem-{mark}"));
    let serial = customer.device().await;
    let case = customer.opens(&subject).await;
    let offer = agent.offered(&case.case_id).await;
    agent.accepts(&offer).await;
    says(&customer.caller, &case.case_id, Channel::Chat, &said).await;
    says(&agent.caller, &case.case_id, Channel::Chat, &answered).await;
    let (workshop, _) = partner(town, "nordlicht-service").await;
    let order = SubmitRepairRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        provider_code: "ASP-BER-01".to_owned(),
        serial_number: serial.clone(),
        problem: problem.clone(),
        language: "en".to_owned(),
        damage: Damage::None.into(),
        ..SubmitRepairRequest::default()
    };
    until("the repair", async || {
        workshop.repairs().submit_repair(order.clone()).await.ok()
    })
    .await;
    until("the history", async || {
        let entries = timeline(&customer.caller, &case.case_id).await;
        (entries.len() >= 6).then_some(())
    })
    .await;

    let document = exported(town, &customer.id).await;
    let services = document["services"].as_array().unwrap();
    assert_eq!(services.len(), 6);
    for told in services {
        assert_eq!(told["complete"], true, "{}", told["service"]);
    }
    let text = document.to_string();
    let personal = [&customer.name, &customer.email, &subject, &said, &answered, &problem];
    for held in personal.into_iter().chain([&serial]) {
        assert!(text.contains(held.as_str()), "the export lacks {held}");
    }

    let request = EraseCustomerRequest {
        request_id: request_id(),
        customer_id: customer.id.clone(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    let asked = town
        .operator()
        .erasures()
        .erase_customer(request)
        .await
        .unwrap()
        .into_inner();
    let erasure_id = asked.erasure.unwrap().erasure_id;
    let approve = ApproveErasureRequest {
        request_id: request_id(),
        erasure_id: erasure_id.clone(),
    };
    town.operator()
        .erasures()
        .approve_erasure(approve.clone())
        .await
        .unwrap_err();
    let token = town
        .issuer
        .operator_token_of(REVIEWER, std::time::Duration::from_mins(10));
    let reviewer = town.session().as_operator(&token).unwrap();
    reviewer.erasures().approve_erasure(approve).await.unwrap();
    let report = until("every service has erased", async || {
        let request = GetErasureRequest {
            erasure_id: erasure_id.clone(),
        };
        let report = reviewer.erasures().get_erasure(request).await.unwrap().into_inner();
        report
            .erasure
            .filter(|erasure| erasure.state() == ErasureState::Completed)
    })
    .await;
    let changed: Vec<_> = report
        .services
        .iter()
        .filter(|service| service.erase_time.is_some() && service.records > 0)
        .map(|service| service.service.as_str())
        .collect();
    assert_eq!(
        changed,
        ["case", "identity-verification", "repair-logistics", "routing"]
    );

    // Nothing of it can be read again, with whatever keys.
    let uuid = &customer.id[3..];
    for database in [
        "support_identity_verification",
        "support_case",
        "support_repair_logistics",
    ] {
        let mut connection = books::connect(town, database).await;
        let keys: Vec<(bool, bool)> = sqlx::query_as(
            "select wrapped is null, erased_at is not null from customer_keys where customer_id = $1::uuid",
        )
        .bind(uuid)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        assert_eq!(keys, [(true, true)], "{database}");
    }
    let get = GetCaseRequest {
        case_id: case.case_id.clone(),
    };
    let left = agent
        .caller
        .cases()
        .get_case(get)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    assert!(left.words_erased, "the case is there, and says that its words are not");
    assert_eq!((&*left.subject, &*left.case_number), ("", &*case.case_number));
    let list = ListMessagesRequest {
        case_id: case.case_id.clone(),
        ..ListMessagesRequest::default()
    };
    let messages = agent
        .caller
        .cases()
        .list_messages(list)
        .await
        .unwrap()
        .into_inner()
        .messages;
    assert_eq!(messages.len(), 2);
    assert!(
        messages
            .iter()
            .all(|message| message.words_erased && message.body.is_empty())
    );

    for (table, rows) in books::dump(town).await {
        for row in rows {
            for secret in personal {
                assert!(!row.contains(secret.as_str()), "{table} still holds {secret}: {row}");
            }
        }
    }
    until("the session has ended", async || {
        customer.caller.cases().open_case(customer.case("again")).await.err()
    })
    .await;
}
