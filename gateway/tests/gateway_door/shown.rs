//! Staff who show a customer's grant beside their own token.

use prost::Message as _;
use serde_json::{Value, json};
use support_chassis::call::ShownGrant;
use support_proto::support::types::v1::CommonErrorReason;
use tonic::Code;

use super::harness::http::framed;
use super::harness::tokens::{CUSTOMER_ID, Issuer, PROVIDER, customer, now, operator, staff};
use super::harness::{CASE_ID, GET_CASE, Stage, bearer, get_case, until};

const HEADER: &str = "x-support-grant";
/// A method that demands a grant of staff.
const ADD: &str = "/support.identity.v1.CustomerService/AddContactPoint";

fn agent() -> String {
    bearer(&staff(&["cases.read", "customers.write"]))
}

/// The token of a grant that was given to the agent, with claims that win over the usual ones.
fn grant(change: &Value) -> String {
    let mut claims = json!({
        "kind": "grant", "sub": CUSTOMER_ID, "agent": "agent-cork-01", "grant": "grant-7", "aal": 2, "aal_exp": now() + 60,
        "amr": ["email_code", "totp"], "purpose": "account_security", "case": CASE_ID,
    });
    claims
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    Issuer::identity().token(&claims)
}

fn body() -> Vec<u8> {
    framed(&get_case().encode_to_vec())
}

/// What the service hears that the caller shows.
async fn heard(stage: &Stage, token: &str, grant: &str) -> Option<ShownGrant> {
    let before = stage.desk.calls();
    stage
        .grpc(GET_CASE, &[("authorization", token), (HEADER, grant)], body())
        .await;
    assert_eq!(stage.desk.calls(), before + 1, "the call was refused");
    let (call, _) = stage.desk.last();
    call.caller().bounds.shown.clone()
}

/// The cause of a refusal; the call never reaches the service.
async fn refused(stage: &Stage, headers: &[(&str, &str)]) -> String {
    let before = stage.desk.calls();
    let told = stage.grpc(GET_CASE, headers, body()).await.explained();
    assert_eq!(stage.desk.calls(), before, "a refused call was passed on");
    assert_eq!(
        (told.code, told.common()),
        (Code::PermissionDenied, Some(CommonErrorReason::GrantRefused)),
        "{told:?}"
    );
    told.metadata["cause"].clone()
}

#[tokio::test]
async fn a_service_hears_what_an_agent_shows() {
    let stage = Stage::start().await;
    let shown = heard(&stage, &agent(), &grant(&json!({}))).await;
    let expected = ShownGrant {
        grant: "grant-7".to_owned(),
        customer: CUSTOMER_ID.to_owned(),
        aal: 2,
        amr: vec!["email_code".to_owned(), "totp".to_owned()],
        purpose: "account_security".to_owned(),
        case: Some(CASE_ID.to_owned()),
        delegate: None,
    };
    assert_eq!(shown, Some(expected.clone()));
    // By JSON too, and to the same agent without it nothing of it sticks.
    let headers = [("authorization", &*agent()), (HEADER, &*grant(&json!({})))];
    stage
        .json(GET_CASE, &headers, json!({ "caseId": CASE_ID }).to_string())
        .await;
    assert_eq!(stage.desk.last().0.caller().bounds.shown, Some(expected));
    stage.grpc(GET_CASE, &[("authorization", &agent())], body()).await;
    assert_eq!(stage.desk.last().0.caller().bounds.shown, None);
    assert_eq!(stage.desk.calls(), 3);
    // One that is for no case, of a delegate.
    let of_carer = grant(&json!({ "case": null, "delegate": "eu-0198f2c4-0000-7000-8000-00000000000d" }));
    let shown = heard(&stage, &agent(), &of_carer).await.unwrap();
    assert_eq!(shown.case, None);
    assert_eq!(
        shown.delegate.as_deref(),
        Some("eu-0198f2c4-0000-7000-8000-00000000000d")
    );
}

#[tokio::test]
async fn its_assurance_decays_and_it_ends_with_itself() {
    let stage = Stage::start().await;
    let decayed = grant(&json!({ "aal_exp": now() - 1 }));
    assert_eq!(heard(&stage, &agent(), &decayed).await.unwrap().aal, 1);
    let never = grant(&json!({ "aal": 1, "aal_exp": null }));
    assert_eq!(heard(&stage, &agent(), &never).await.unwrap().aal, 1);

    let ended = grant(&json!({ "exp": now() - 1 }));
    let cause = refused(&stage, &[("authorization", &agent()), (HEADER, &ended)]).await;
    assert_eq!(cause, "expired");
    // Remembered as good, and forgotten in time; the agent's own token goes on.
    let short = grant(&json!({ "exp": now() + 1 }));
    heard(&stage, &agent(), &short).await.unwrap();
    until("the grant has ended", || async {
        let answer = stage
            .grpc(GET_CASE, &[("authorization", &agent()), (HEADER, &short)], body())
            .await;
        answer.explained().metadata.get("cause").map(String::as_str) == Some("expired")
    })
    .await;
}

#[tokio::test]
async fn a_revoked_grant_is_worth_nothing_in_anybodys_hands_within_seconds() {
    let stage = Stage::start().await;
    let (agent, grant) = (agent(), grant(&json!({})));
    heard(&stage, &agent, &grant).await.unwrap();
    stage.identity.revoked.lock().unwrap().push("grant-7".to_owned());
    until("the grant is refused", || async {
        let answer = stage
            .grpc(GET_CASE, &[("authorization", &agent), (HEADER, &grant)], body())
            .await;
        answer.explained().metadata.get("cause").map(String::as_str) == Some("revoked")
    })
    .await;
    stage.grpc(GET_CASE, &[("authorization", &agent)], body()).await;
    assert_eq!(stage.desk.last().0.caller().bounds.shown, None);
}

#[tokio::test]
async fn what_is_shown_is_one_good_grant_in_the_hands_it_was_given_to() {
    let stage = Stage::start().await;
    let agent = agent();
    let good = grant(&json!({}));
    let provider = Issuer::provider().token(&json!({
        "kind": "grant", "sub": CUSTOMER_ID, "agent": "agent-cork-01", "grant": "grant-7", "aal": 2, "purpose": "payment",
    }));
    for (what, shown, cause) in [
        (
            "a colleague's",
            grant(&json!({ "agent": "agent-cork-02" })),
            "another_agent",
        ),
        ("nobody's", grant(&json!({ "agent": null })), "malformed"),
        ("of no customer", grant(&json!({ "sub": "" })), "malformed"),
        ("no grant", grant(&json!({ "grant": null })), "malformed"),
        ("for nothing", grant(&json!({ "purpose": null })), "malformed"),
        ("an assurance that is none", grant(&json!({ "aal": 9 })), "malformed"),
        (
            "another audience",
            grant(&json!({ "aud": "somebody-else" })),
            "malformed",
        ),
        ("another issuer", grant(&json!({ "iss": PROVIDER })), "malformed"),
        ("the identity provider's", provider, "malformed"),
        ("a customer's session", customer(), "malformed"),
        ("too long", "x".repeat(9000), "malformed"),
        ("empty", " ".to_owned(), "malformed"),
        ("nothing", "x".to_owned(), "malformed"),
    ] {
        let headers = [("authorization", &*agent), (HEADER, &*shown)];
        assert_eq!(refused(&stage, &headers).await, cause, "{what}");
    }
    let twice = [("authorization", &*agent), (HEADER, &*good), (HEADER, &*good)];
    assert_eq!(refused(&stage, &twice).await, "malformed");
    // Beside a colleague's token, an operator's, a customer's, and none.
    let colleague =
        Issuer::provider().token(&json!({ "kind": "staff", "sub": "agent-cork-02", "scopes": ["cases.read"] }));
    let headers = [("authorization", &*bearer(&colleague)), (HEADER, &*good)];
    assert_eq!(refused(&stage, &headers).await, "another_agent");
    for other in [operator("cases.read"), customer()] {
        let headers = [("authorization", &*bearer(&other)), (HEADER, &*good)];
        assert_eq!(refused(&stage, &headers).await, "not_staff");
    }
    assert_eq!(refused(&stage, &[(HEADER, &good)]).await, "not_staff");

    // It is shown beside a token, and is none: nobody calls by it.
    let told = stage.grpc(GET_CASE, &[("authorization", &bearer(&good))], body()).await;
    assert_eq!(told.explained().common(), Some(CommonErrorReason::CredentialsInvalid));
    heard(&stage, &agent, &good).await.unwrap();
}

#[tokio::test]
async fn where_a_method_demands_one_the_call_is_refused_before_it_is_passed_on() {
    // The service asks the same again: here there is none that could.
    let stage = Stage::without(&["identity-verification"]).await;
    let ask = async |shown: Option<&str>| {
        let agent = agent();
        let mut headers = vec![("authorization", agent.as_str())];
        headers.extend(shown.map(|shown| (HEADER, shown)));
        stage.grpc(ADD, &headers, framed(&[])).await.explained()
    };
    let told = ask(None).await;
    assert_eq!(told.common(), Some(CommonErrorReason::GrantMissing), "{told:?}");
    assert_eq!(
        (
            told.metadata["required_level"].as_str(),
            told.metadata["purposes"].as_str()
        ),
        ("ASSURANCE_LEVEL_AAL1", "account_security")
    );
}
