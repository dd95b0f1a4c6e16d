//! Errors in the caller's language.

use std::time::Duration;

use prost::Message as _;
use serde_json::{Value, json};
use support_proto::support::types::v1::CommonErrorReason;
use tonic_types::StatusExt as _;

use super::harness::backends::{MALFORMED_IN_GERMAN, NOT_FOUND_IN_GERMAN, case_not_found, script};
use super::harness::http::framed;
use super::harness::tokens::customer;
use super::harness::{CASE_ID, GET_CASE, Stage, bearer, get_case, until};

/// A stage whose gateway has its words: they are on their way when it starts.
async fn speaking() -> Stage {
    let stage = Stage::start().await;
    until("words are there", || async {
        let headers = [("accept-language", "de")];
        let problem = stage.json(GET_CASE, &headers, "no json").await.json();
        problem["localizedMessage"] != Value::Null
    })
    .await;
    stage
}

#[tokio::test]
async fn an_error_is_told_in_the_callers_language() {
    let stage = speaking().await;
    stage.desk.play(script(|_| async { Err(case_not_found()) }));
    let token = bearer(&customer());
    let headers = [
        ("authorization", token.as_str()),
        ("accept-language", "de-AT, en;q=0.5"),
    ];

    let answered = stage
        .grpc(GET_CASE, &headers, framed(&get_case().encode_to_vec()))
        .await;
    let status = answered.grpc();
    let words = status.get_details_localized_message().unwrap();
    assert_eq!(
        (words.locale.as_str(), words.message.as_str()),
        ("de", NOT_FOUND_IN_GERMAN)
    );
    // Beside the rest, not in place of it.
    let explained = answered.explained();
    assert_eq!(explained.reason, "CASE_ERROR_REASON_CASE_NOT_FOUND");
    assert_eq!(explained.metadata["case_id"], "eu-1");
    assert_eq!(explained.message, "no such case");

    let answered = stage
        .json(GET_CASE, &headers, json!({ "caseId": CASE_ID }).to_string())
        .await;
    let problem = answered.json();
    assert_eq!(
        problem["localizedMessage"],
        json!({ "locale": "de", "message": NOT_FOUND_IN_GERMAN })
    );
    assert_eq!(problem["detail"], "no such case");
}

#[tokio::test]
async fn without_a_wish_or_without_words_an_error_comes_without() {
    let stage = speaking().await;
    let token = bearer(&customer());
    let words = async |headers: &[(&str, &str)], body: &str| -> Value {
        let mut all = vec![("authorization", token.as_str())];
        all.extend_from_slice(headers);
        stage.json(GET_CASE, &all, body).await.json()["localizedMessage"].clone()
    };
    stage.desk.play(script(|_| async { Err(case_not_found()) }));
    let body = json!({ "caseId": CASE_ID }).to_string();
    assert_eq!(words(&[], &body).await, Value::Null);
    for nonsense in ["", "*", "<>", ";;;,,,"] {
        assert_eq!(
            words(&[("accept-language", nonsense)], &body).await,
            Value::Null,
            "{nonsense}"
        );
    }
    // This sentence has a placeholder, and nobody fills it here.
    assert_eq!(words(&[("accept-language", "de")], "{}").await, Value::Null);
    // One tag that is none does not silence the others.
    let both = words(&[("accept-language", "12-34, de")], &body).await;
    assert_eq!(both["message"], NOT_FOUND_IN_GERMAN);
}

#[tokio::test]
async fn the_doors_own_refusals_of_json_are_told_as_well() {
    let stage = speaking().await;
    let token = bearer(&customer());
    let headers = [("authorization", token.as_str()), ("accept-language", "de")];
    let problem = stage.json(GET_CASE, &headers, "no json").await.json();
    assert_eq!(problem["reason"], "COMMON_ERROR_REASON_MALFORMED_MESSAGE");
    assert_eq!(problem["localizedMessage"]["message"], MALFORMED_IN_GERMAN);
}

#[tokio::test]
async fn an_error_does_not_wait_for_words() {
    let mut stage = Stage::without(&["localisation"]).await;
    stage.localisation.hang(true);
    stage.raise("localisation").await;
    stage.desk.play(script(|_| async { Err(case_not_found()) }));
    let token = bearer(&customer());
    let headers = [("authorization", token.as_str()), ("accept-language", "de")];
    let began = tokio::time::Instant::now();
    let answered = stage
        .grpc(GET_CASE, &headers, framed(&get_case().encode_to_vec()))
        .await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(answered.explained().reason, "CASE_ERROR_REASON_CASE_NOT_FOUND");
    assert!(answered.grpc().get_details_localized_message().is_none());
}

#[tokio::test]
async fn words_come_back_with_localisation() {
    let mut stage = Stage::without(&["localisation"]).await;
    let token = bearer(&customer());
    stage.desk.play(script(|_| async { Err(case_not_found()) }));
    let answered = async |stage: &Stage| {
        let headers = [("authorization", token.as_str()), ("accept-language", "de")];
        stage
            .grpc(GET_CASE, &headers, framed(&get_case().encode_to_vec()))
            .await
            .grpc()
    };
    assert!(answered(&stage).await.get_details_localized_message().is_none());
    stage.raise("localisation").await;
    until("words are there", || async {
        answered(&stage).await.get_details_localized_message().is_some()
    })
    .await;
    // And they stay when it goes again.
    stage.kill("localisation").await;
    assert!(answered(&stage).await.get_details_localized_message().is_some());
    assert_ne!(
        support_chassis::error::explain(&answered(&stage).await).common(),
        Some(CommonErrorReason::DependencyUnavailable)
    );
}
