//! Who calls: tokens good and bad, and what the method asks of the caller.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use support_chassis::error::explain;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::Code;

use super::harness::http::framed;
use super::harness::tokens::{
    self, AUDIENCE, CUSTOMER_ID, IDENTITY, Issuer, PROVIDER, customer, now, operator, partner, staff,
};
use super::harness::{CASE_ID, GET_CASE, Stage, bearer, get_case, soon};

#[tokio::test]
async fn every_kind_of_caller_arrives_as_what_it_is() {
    let stage = Stage::start().await;
    stage.get_case(&customer()).await.unwrap();
    let (call, _) = stage.desk.last();
    assert_eq!(call.caller().kind, CallerKind::Customer);
    assert_eq!(call.caller().subject, CUSTOMER_ID);
    assert_eq!(call.caller().assurance, AssuranceLevel::Aal1);
    assert_eq!(call.caller().grant_id.as_deref(), Some("grant-7"));
    assert_eq!(call.caller().region.as_deref(), Some("eu"));
    assert_eq!(call.actor(), None);

    stage.get_case(&staff(&["cases.read", "cases.write"])).await.unwrap();
    let (call, _) = stage.desk.last();
    assert_eq!(call.caller().kind, CallerKind::Staff);
    assert_eq!(call.caller().subject, "agent-cork-01");
    assert!(call.caller().has_scope("cases.write"));

    // Scopes as one string, as RFC 9068 has them.
    stage.get_case(&operator("cases.read tasks.read")).await.unwrap();
    let (call, _) = stage.desk.last();
    assert_eq!(call.caller().kind, CallerKind::Operator);
    assert!(call.caller().has_scope("tasks.read"));
    assert!(!call.caller().has_scope("cases.write"));
}

#[tokio::test]
async fn a_revoked_grant_opens_nothing_within_seconds() {
    let stage = Stage::start().await;
    stage.get_case(&customer()).await.unwrap();
    stage.identity.revoked.lock().unwrap().push("grant-7".to_owned());
    let status = soon("its token is refused", async {
        loop {
            match stage.get_case(&customer()).await {
                Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                Err(status) => break status,
            }
        }
    })
    .await;
    assert_eq!(
        explain(&status).common(),
        Some(CommonErrorReason::CredentialsInvalid),
        "{status:?}"
    );
    stage.get_case(&staff(&["cases.read"])).await.unwrap();
}

#[tokio::test]
async fn an_assurance_decays_within_its_token() {
    let stage = Stage::start().await;
    let with = |decays: i64| {
        Issuer::identity().token(&json!({
            "sub": CUSTOMER_ID, "kind": "customer", "aal": 2, "grant": "grant-8", "aal_exp": now() + decays,
        }))
    };
    stage.get_case(&with(60)).await.unwrap();
    let (call, _) = stage.desk.last();
    assert_eq!(call.caller().assurance, AssuranceLevel::Aal2);
    stage.get_case(&with(-1)).await.unwrap();
    let (call, _) = stage.desk.last();
    assert_eq!(
        call.caller().assurance,
        AssuranceLevel::Aal1,
        "the token lives on with less"
    );
}

#[tokio::test]
async fn where_a_call_comes_from_is_told_by_the_gateway_alone() {
    let stage = Stage::start().await;
    let list = "/support.warranty.v1.CatalogueService/ListProducts";
    stage
        .grpc(list, &[("x-support-source", "somewhere else")], framed(&[]))
        .await;
    let seen = stage.spy.seen.lock().unwrap();
    assert_eq!(seen[0].0["x-support-source"], "127.0.0.1");
    assert_eq!(seen[0].0.get_all("x-support-source").iter().count(), 1);
}

#[tokio::test]
async fn a_partner_and_a_visitor_reach_what_is_theirs() {
    let stage = Stage::start().await;
    let trust = super::harness::trust();
    let list = "/support.warranty.v1.CatalogueService/ListProducts";
    let partner = bearer(&partner("devices.read"));
    stage.grpc(list, &[("authorization", &partner)], framed(&[])).await;
    stage.grpc(list, &[], framed(&[])).await;
    let seen = stage.spy.seen.lock().unwrap();
    let who = |at: usize| {
        let token = seen[at].0["x-support-passport"].to_str().unwrap();
        trust.verify(token, tokens::at()).unwrap().caller()
    };
    assert_eq!(who(0).kind, CallerKind::Partner);
    assert_eq!(who(0).subject, "client-3");
    assert_eq!(who(0).organisation.as_deref(), Some("fixit"));
    assert!(who(0).has_scope("devices.read"));
    assert_eq!(who(1).kind, CallerKind::Anonymous);
    assert!(who(1).scopes.is_empty());
}

/// The reason of a call with this token, which never reaches the service.
async fn refused(stage: &Stage, token: &str) -> (Code, CommonErrorReason) {
    let before = stage.desk.calls();
    let status = stage.get_case(token).await.unwrap_err();
    assert_eq!(stage.desk.calls(), before, "a refused call was passed on");
    let explained = explain(&status);
    (
        explained.code,
        explained.common().unwrap_or_else(|| panic!("{explained:?}")),
    )
}

#[tokio::test]
async fn a_token_that_is_not_good_opens_nothing() {
    let stage = Stage::start().await;
    let identity = Issuer::identity();
    let good = json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1 });
    stage.get_case(&identity.token(&good)).await.unwrap();
    let but = |change: Value| {
        let mut claims = good.clone();
        claims
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        identity.token(&claims)
    };
    let invalid = (Code::Unauthenticated, CommonErrorReason::CredentialsInvalid);
    for (what, token) in [
        ("another issuer", but(json!({ "iss": PROVIDER }))),
        ("no issuer", but(json!({ "iss": null }))),
        ("another audience", but(json!({ "aud": "somebody-else" }))),
        ("other audiences", but(json!({ "aud": ["a", "b"] }))),
        ("no audience", but(json!({ "aud": null }))),
        ("no end", but(json!({ "exp": null }))),
        ("an end outside the calendar", but(json!({ "exp": i64::MAX }))),
        ("an end of words", but(json!({ "exp": "tomorrow" }))),
        ("not yet good", but(json!({ "nbf": now() + 600 }))),
        ("no kind", but(json!({ "kind": null }))),
        ("a kind that is none", but(json!({ "kind": "admin" }))),
        ("the services' own kind", but(json!({ "kind": "service" }))),
        ("no subject", but(json!({ "sub": "" }))),
        ("an endless subject", but(json!({ "sub": "x".repeat(201) }))),
        ("an assurance that is none", but(json!({ "aal": 9 }))),
        ("too long", but(json!({ "padding": "x".repeat(9000) }))),
        ("nothing", "x".to_owned()),
        ("dots", "..".to_owned()),
        ("no base64", "a.b.c".to_owned()),
    ] {
        assert_eq!(refused(&stage, &token).await, invalid, "{what}");
    }
    // Among several audiences ours is enough.
    stage.get_case(&but(json!({ "aud": ["a", AUDIENCE] }))).await.unwrap();
    let expired = (Code::Unauthenticated, CommonErrorReason::CredentialsExpired);
    assert_eq!(refused(&stage, &but(json!({ "exp": now() - 1 }))).await, expired);
}

#[tokio::test]
async fn nobody_vouches_beyond_what_is_theirs() {
    let stage = Stage::start().await;
    let invalid = (Code::Unauthenticated, CommonErrorReason::CredentialsInvalid);
    let claims = json!({ "kind": "operator", "scope": "cases.read" });
    // Identity-verification for an operator, the identity provider for a customer.
    assert_eq!(refused(&stage, &Issuer::identity().token(&claims)).await, invalid);
    let claims = json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 3 });
    assert_eq!(refused(&stage, &Issuer::provider().token(&claims)).await, invalid);
    // In each other's name.
    let claims = json!({ "kind": "operator", "iss": PROVIDER, "scope": "cases.read" });
    assert_eq!(refused(&stage, &Issuer::identity().token(&claims)).await, invalid);
}

#[tokio::test]
async fn forged_tokens_open_nothing() {
    let stage = Stage::start().await;
    stage.get_case(&customer()).await.unwrap();
    let invalid = (Code::Unauthenticated, CommonErrorReason::CredentialsInvalid);
    let claims = json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1 });

    // Another key under a known name.
    let forger = Issuer::new(IDENTITY, "identity-1", 99);
    assert_eq!(refused(&stage, &forger.token(&claims)).await, invalid, "another key");
    // Its own name for the key.
    let forger = Issuer::new(IDENTITY, "forged-1", 99);
    assert_eq!(refused(&stage, &forger.token(&claims)).await, invalid, "unknown key");
    // No name for the key at all.
    let nameless = Issuer::identity().signed(&Header::new(Algorithm::EdDSA), &claims);
    assert_eq!(refused(&stage, &nameless).await, invalid, "nameless key");

    // The public key, which everybody has, as the secret of HS256.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("identity-1".to_owned());
    let key = EncodingKey::from_secret(&Issuer::identity().public_key());
    let confused = jsonwebtoken::encode(&header, &Issuer::identity().claims(&claims), &key).unwrap();
    assert_eq!(refused(&stage, &confused).await, invalid, "hs256 with the public key");

    // No signature, by the header's own word.
    let part = |value: &Value| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
    };
    for algorithm in ["none", "None", "NONE", ""] {
        let header = part(&json!({ "alg": algorithm, "typ": "JWT", "kid": "identity-1" }));
        let body = part(&Issuer::identity().claims(&claims));
        assert_eq!(
            refused(&stage, &format!("{header}.{body}.")).await,
            invalid,
            "{algorithm:?}"
        );
    }

    // The claims of a good token changed.
    let good = customer();
    let pieces: Vec<&str> = good.split('.').collect();
    let changed = part(&Issuer::identity().claims(&json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 3 })));
    assert_eq!(
        refused(&stage, &format!("{}.{changed}.{}", pieces[0], pieces[2])).await,
        invalid,
        "changed"
    );
    // And the good one still is.
    stage.get_case(&good).await.unwrap();
}

#[tokio::test]
async fn an_authorization_header_is_one_bearer_token() {
    let stage = Stage::start().await;
    let token = bearer(&customer());
    let body = || framed(&prost::Message::encode_to_vec(&get_case()));
    for headers in [
        vec![("authorization", token.as_str()), ("authorization", token.as_str())],
        vec![("authorization", "Basic Zm9vOmJhcg==")],
        vec![("authorization", "Bearer")],
        vec![("authorization", "Bearer  ")],
        vec![("authorization", "")],
        vec![("authorization", "Bearer \u{fc}")],
    ] {
        let explained = stage.grpc(GET_CASE, &headers, body()).await.explained();
        assert_eq!(
            explained.common(),
            Some(CommonErrorReason::CredentialsInvalid),
            "{headers:?}"
        );
        let answered = stage
            .json(GET_CASE, &headers, json!({ "caseId": CASE_ID }).to_string())
            .await;
        assert_eq!(answered.status, 401, "{headers:?}");
    }
    assert_eq!(stage.desk.calls(), 0);
    let lower = token.replace("Bearer", "bearer");
    stage.grpc(GET_CASE, &[("authorization", &lower)], body()).await;
    assert_eq!(stage.desk.calls(), 1);
}

#[tokio::test]
async fn what_the_method_asks_is_asked_before_the_call_is_passed_on() {
    // The service asks the same again: here there is none that could.
    let stage = Stage::without(&["case"]).await;
    let denied = |reason| (Code::PermissionDenied, reason);
    assert_eq!(
        refused(&stage, "").await,
        denied(CommonErrorReason::CallerKindNotAllowed)
    );
    assert_eq!(
        refused(&stage, &partner("cases.read")).await,
        denied(CommonErrorReason::CallerKindNotAllowed)
    );
    assert_eq!(
        refused(&stage, &staff(&["cases.write"])).await,
        denied(CommonErrorReason::ScopeMissing)
    );
    let unproven = Issuer::identity().token(&json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 0 }));
    assert_eq!(
        refused(&stage, &unproven).await,
        denied(CommonErrorReason::AssuranceTooLow)
    );
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    use std::sync::atomic::Ordering;

    let stage = Stage::start().await;
    stage.get_case(&customer()).await.unwrap();
    let next = Issuer::new(IDENTITY, "identity-2", 21);
    stage.identity.keys.lock().unwrap().push(next.clone());
    let token = next.token(&json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1 }));
    // Not at once: strangers must not make the gateway ask for every call of theirs.
    super::harness::until("the new key is known", || async {
        stage.get_case(&token).await.is_ok()
    })
    .await;
    // However many tokens name keys that nobody has.
    let before = stage.identity.asked.load(Ordering::SeqCst);
    let stranger = Issuer::new(IDENTITY, "nobody-1", 33);
    soon("strangers are refused", async {
        let calls = (0..50).map(|number| {
            let claims = json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1, "n": number });
            let token = stranger.token(&claims);
            let stage = &stage;
            async move { stage.get_case(&token).await.unwrap_err() }
        });
        futures_util::future::join_all(calls).await
    })
    .await;
    assert!(stage.identity.asked.load(Ordering::SeqCst) <= before + 2);
    assert!(tokens::now() > 0);
}

#[tokio::test]
async fn a_token_is_good_until_its_end_and_not_longer() {
    let stage = Stage::start().await;
    let claims = json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1, "exp": now() + 2 });
    let token = Issuer::identity().token(&claims);
    stage.get_case(&token).await.unwrap();
    // Remembered as good, and forgotten in time.
    super::harness::until("the token ends", || async { stage.get_case(&token).await.is_err() }).await;
    assert_eq!(
        refused(&stage, &token).await,
        (Code::Unauthenticated, CommonErrorReason::CredentialsExpired)
    );
    assert!(now() >= claims["exp"].as_i64().unwrap());
}
