//! Partners' clients and the keys of tokens.

use ed25519_dalek::SigningKey;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use support_chassis::passport::key_id;
use support_proto::support::identity::v1::{CreatePartnerClientRequest, GetKeySetRequest, IssuePartnerTokenRequest};

use crate::house::{House, SESSION_SEED, base64, operator, request_id, visitor};

fn new_client() -> CreatePartnerClientRequest {
    CreatePartnerClientRequest {
        request_id: request_id(),
        organisation_id: "fixers-zurich".to_owned(),
        display_name: "front desk".to_owned(),
        scopes: vec!["repairs.write".to_owned(), "repairs.read".to_owned()],
    }
}

fn token(client_id: &str, client_secret: &str, scopes: &[&str]) -> IssuePartnerTokenRequest {
    IssuePartnerTokenRequest {
        client_id: client_id.to_owned(),
        client_secret: client_secret.to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..IssuePartnerTokenRequest::default()
    }
}

#[tokio::test]
async fn a_client_gets_tokens_for_its_organisation_and_scopes() {
    let house = House::new().await;
    let made = house
        .credentials(&operator())
        .create_partner_client(new_client())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(made.client_secret.len(), 43, "32 bytes in base64url");
    let mut visitor = house.credentials(&visitor());
    let issued = visitor
        .issue_partner_token(token(&made.client_id, &made.client_secret, &[]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(issued.expires_in_seconds, 900);
    assert_eq!(issued.scopes, ["repairs.read", "repairs.write"]);

    let keys = visitor.get_key_set(GetKeySetRequest {}).await.unwrap().into_inner();
    let set: JwkSet = serde_json::from_str(&keys.jwks_json).unwrap();
    let kid = decode_header(&issued.access_token).unwrap().kid.unwrap();
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["support-gateway"]);
    rules.set_issuer(&["support-identity-verification"]);
    let key = DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();
    let claims = decode::<serde_json::Value>(&issued.access_token, &key, &rules)
        .unwrap()
        .claims;
    assert_eq!(
        (&claims["kind"], &claims["org"]),
        (&"partner".into(), &"fixers-zurich".into())
    );
    assert_eq!(claims["sub"], made.client_id);
    assert_eq!(claims["scopes"], serde_json::json!(["repairs.read", "repairs.write"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);

    let fewer = visitor
        .issue_partner_token(token(&made.client_id, &made.client_secret, &["repairs.read"]))
        .await;
    assert_eq!(fewer.unwrap().into_inner().scopes, ["repairs.read"]);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_stored_nowhere() {
    let house = House::new().await;
    let mut client = house.credentials(&operator());
    let request = new_client();
    let first = client
        .create_partner_client(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = client.create_partner_client(request).await.unwrap().into_inner();
    assert_eq!(again.client_id, first.client_id);
    assert!(again.client_secret.is_empty() && !first.client_secret.is_empty());
    let stored = sqlx::query!("select response from idempotency_keys")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&stored.response).contains(&first.client_secret));
    let row = sqlx::query!("select secret_hash from partner_clients")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&row.secret_hash.unwrap()).contains(&first.client_secret));
}

#[tokio::test]
async fn the_key_set_keeps_the_keys_of_before() {
    let before = SigningKey::from_bytes(&[77; 32]).verifying_key();
    let house = House::with(|settings| {
        settings.set(
            "identity-verification.tokens.previous_public_keys",
            vec![base64(before.as_bytes())],
        )
    })
    .await;
    let answer = house
        .credentials(&visitor())
        .get_key_set(GetKeySetRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.issuer, "support-identity-verification");
    let keys: JwkSet = serde_json::from_str(&answer.jwks_json).unwrap();
    let kids: Vec<_> = keys.keys.iter().map(|key| key.common.key_id.clone().unwrap()).collect();
    let current = SigningKey::from_bytes(&SESSION_SEED).verifying_key();
    assert_eq!(kids, [key_id(&current), key_id(&before)]);
    assert!(!answer.jwks_json.contains("\"d\""), "no private part");
}
