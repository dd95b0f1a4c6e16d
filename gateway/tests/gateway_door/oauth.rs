//! Access tokens for partners' systems, as their OAuth libraries ask for them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::harness::backends::{CLIENT_ID, CLIENT_SECRET};
use super::harness::http::Answered;
use super::harness::{Stage, bearer};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

fn plain(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", plain(id), plain(secret))))
}

async fn token(stage: &Stage, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answered {
    let mut all = vec![FORM];
    all.extend_from_slice(headers);
    stage.plain("/oauth2/token", &all, encoded(fields)).await
}

fn error(answered: &Answered) -> (u16, String) {
    assert_eq!(answered.header("content-type"), "application/json");
    assert_eq!(answered.header("cache-control"), "no-store");
    let body = answered.json();
    assert!(!body["error_description"].as_str().unwrap().is_empty());
    (answered.status.as_u16(), body["error"].as_str().unwrap().to_owned())
}

fn issued(answered: &Answered) -> String {
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    assert_eq!(answered.header("cache-control"), "no-store");
    let body = answered.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 900);
    assert_eq!(body["scope"], "repairs.read repairs.write");
    body["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_issued_by_form_and_by_basic_and_opens_the_door() {
    let stage = Stage::start().await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "repairs.read repairs.write"),
        ("resource", "ignored"),
    ];
    let by_form = issued(&token(&stage, &[], &fields).await);
    let authorization = basic(CLIENT_ID, CLIENT_SECRET);
    let answered = token(
        &stage,
        &[("authorization", &authorization)],
        &[("grant_type", "client_credentials")],
    )
    .await;
    let by_basic = issued(&answered);
    for token in [by_form, by_basic] {
        let path = "/support.warranty.v1.CatalogueService/ListProducts";
        let answered = stage.json(path, &[("authorization", &bearer(&token))], "{}").await;
        assert_eq!(answered.status, 200);
    }
}

#[tokio::test]
async fn refusals_are_those_of_the_rfc() {
    let stage = Stage::start().await;
    let grant = ("grant_type", "client_credentials");
    let wrong = token(
        &stage,
        &[],
        &[grant, ("client_id", CLIENT_ID), ("client_secret", "wrong")],
    )
    .await;
    assert_eq!(error(&wrong), (401, "invalid_client".to_owned()));
    assert_eq!(wrong.header("www-authenticate"), "Basic");
    let authorization = basic(CLIENT_ID, "wrong");
    let wrong = token(&stage, &[("authorization", &authorization)], &[grant]).await;
    assert_eq!(error(&wrong), (401, "invalid_client".to_owned()));

    let no_client = token(&stage, &[], &[grant]).await;
    assert_eq!(error(&no_client), (400, "invalid_request".to_owned()));
    let password = token(&stage, &[], &[("grant_type", "password")]).await;
    assert_eq!(error(&password), (400, "unsupported_grant_type".to_owned()));
    let no_grant = token(&stage, &[], &[]).await;
    assert_eq!(no_grant.status, 400);

    let authorization = basic(CLIENT_ID, CLIENT_SECRET);
    let twice = token(
        &stage,
        &[("authorization", &authorization)],
        &[grant, ("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)],
    )
    .await;
    assert_eq!(error(&twice), (400, "invalid_request".to_owned()));
    for header in ["Basic !!!", "Basic", "Bearer x", "Basic bm9jb2xvbg=="] {
        let answered = token(&stage, &[("authorization", header)], &[grant]).await;
        assert_eq!(error(&answered), (400, "invalid_request".to_owned()), "{header}");
    }
    let scope = [
        grant,
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("scope", "ALL!"),
    ];
    assert_eq!(
        error(&token(&stage, &[], &scope).await),
        (400, "invalid_scope".to_owned())
    );
}

#[tokio::test]
async fn other_requests_to_the_endpoint_are_refused() {
    let stage = Stage::start().await;
    let answered = stage.get("/oauth2/token").await;
    assert_eq!(error(&answered), (405, "invalid_request".to_owned()));
    let answered = stage.json("/oauth2/token", &[], "{}").await;
    assert_eq!(error(&answered), (400, "invalid_request".to_owned()));
    let long = format!("grant_type=client_credentials&client_secret={}", "x".repeat(20_000));
    let answered = stage.plain("/oauth2/token", &[FORM], long).await;
    assert_eq!(error(&answered), (400, "invalid_request".to_owned()));
    let answered = stage
        .plain(
            "/oauth2/token",
            &[FORM],
            b"grant_type=client_credentials&client_id=%ff%fe".to_vec(),
        )
        .await;
    assert_eq!(answered.status, 401, "a client that is none, and shows nothing");
}

#[tokio::test]
async fn while_identity_verification_is_down_there_are_no_tokens() {
    let stage = Stage::without(&["identity-verification"]).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
    ];
    let answered = token(&stage, &[], &fields).await;
    assert_eq!(error(&answered), (503, "temporarily_unavailable".to_owned()));
    assert_ne!(answered.json()["error"], Value::Null);
}
