//! The same request any number of times has one effect and one answer.

use futures_util::future::join_all;
use support::session::Patience;
use support_chassis::error::explain;
use support_proto::support::case::v1::{ListCasesRequest, OpenCaseRequest};
use support_proto::support::types::v1::CommonErrorReason;
use support_tests::people::{Customer, timeline};
use support_tests::speak::{Asked, curl};
use support_tests::town::shared;
use support_tests::wait::{soon, until};
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_of_the_same_request_open_one_case() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let request = customer.case("Only once, please");
    let calls = (0..20).map(|number| {
        let (request, token) = (request.clone(), customer.token.clone());
        async move {
            // Each on a connection of its own, as twenty programs would, and like these with some patience.
            let session = town.session().with_patience(Patience::default());
            let caller = session.as_customer(&token).unwrap();
            let opened = session
                .retrying(async || caller.cases().open_case(request.clone()).await)
                .await;
            opened.unwrap_or_else(|status| panic!("call {number}: {status:?}"))
        }
    });
    let answers = soon("twenty answers", join_all(calls)).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");

    // And later, and in another way of writing.
    let again = customer
        .caller
        .cases()
        .open_case(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, answers[0]);
    let json = serde_json::json!({
        "requestId": request.request_id, "channel": "CHANNEL_CHAT", "language": request.language,
        "productLine": "PRODUCT_LINE_PHONE", "severity": "SEVERITY_NORMAL",
        "subject": request.subject, "description": request.description,
        "readLanguages": request.read_languages,
    });
    let asked = Asked::new("/support.case.v1.CaseService/OpenCase", &customer.token, json);
    let by_json = curl::call(&town.gateway_url, "en", &asked).await;
    assert_eq!(by_json.answer()["case"]["caseId"], again.case.as_ref().unwrap().case_id);

    let asked = ListCasesRequest {
        customer_id: customer.id.clone(),
        ..ListCasesRequest::default()
    };
    let cases = customer
        .caller
        .cases()
        .list_cases(asked)
        .await
        .unwrap()
        .into_inner()
        .cases;
    assert_eq!(cases.len(), 1);
    let entries = until("the task in the history", async || {
        let entries = timeline(&customer.caller, &cases[0].case_id).await;
        (entries.len() > 1).then_some(entries)
    })
    .await;
    assert_eq!(entries.len(), 2, "opened once, queued once: {entries:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_of_its_caller_and_of_its_request() {
    let town = shared();
    let (one, other) = (Customer::verified(town).await, Customer::verified(town).await);
    let request = one.case("Mine");
    let first = one
        .caller
        .cases()
        .open_case(request.clone())
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    // Another body under the same id.
    let changed = OpenCaseRequest {
        subject: "Mine, and more".to_owned(),
        ..request.clone()
    };
    let explained = explain(&one.caller.cases().open_case(changed).await.unwrap_err());
    assert_eq!(explained.code, Code::InvalidArgument);
    assert_eq!(explained.common(), Some(CommonErrorReason::RequestIdReused));
    // Another caller with the same id and body: another request.
    let second = other
        .caller
        .cases()
        .open_case(request)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    assert_ne!(first.case_id, second.case_id);
    assert_eq!(second.customer_id, other.id);
}
