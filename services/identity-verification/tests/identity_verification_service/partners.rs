//! Partners' clients: how they show who they are, what their tokens carry, and why they are refused.

#[path = "partners/addresses.rs"]
mod addresses;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use support_chassis::call::{Bounds, Caller, Certificate};
use support_chassis::clock::Clock;
use support_chassis::settings::Settings;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::IdentityErrorReason as Reason;
use support_proto::support::identity::v1::partner_client_service_client::PartnerClientServiceClient;
use support_testing::{Documents, Door};
use tonic::{Code, Status};

use crate::house::{House, operator, refused, request_id, some_id, url_base64, visitor};

const ISSUER: &str = "support-identity-verification";
const ENDPOINT: &str = "https://support.example.com/oauth2/token";
const THUMBPRINT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A house with one client, and the client's own key.
struct Fixers {
    house: House,
    id: String,
    secret: String,
}

fn now() -> i64 {
    Clock::system().now().unix_timestamp()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn jwks(keys: &[(&str, u8)]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|(kid, seed)| {
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": url_base64(key(*seed).verifying_key().as_bytes()) })
        })
        .collect();
    json!({ "keys": keys }).to_string()
}

fn certificate(thumbprint: &str, names: &[&str]) -> Certificate {
    Certificate {
        thumbprint: thumbprint.to_owned(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

impl Fixers {
    async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    /// Where keys may lie on this machine too.
    async fn beside() -> Self {
        Self::with(|settings| settings.set("identity-verification.partners.private_addresses", true)).await
    }

    async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let house =
            House::with(|settings| change(settings.set("identity-verification.tokens.endpoint", ENDPOINT))).await;
        let made = house
            .credentials(&operator())
            .create_partner_client(pb::CreatePartnerClientRequest {
                request_id: request_id(),
                organisation_id: "fixers-zurich".to_owned(),
                display_name: "front desk".to_owned(),
                scopes: vec!["repairs.write".to_owned(), "repairs.read".to_owned()],
            })
            .await
            .unwrap()
            .into_inner();
        Self {
            house,
            id: made.client_id,
            secret: made.client_secret,
        }
    }

    fn clients(&self) -> PartnerClientServiceClient<Door> {
        PartnerClientServiceClient::new(self.house.door(&operator()))
    }

    async fn keys(&self, change: impl FnOnce(&mut pb::SetPartnerClientKeysRequest)) -> pb::PartnerClient {
        let mut request = pb::SetPartnerClientKeysRequest {
            request_id: request_id(),
            client_id: self.id.clone(),
            ..pb::SetPartnerClientKeysRequest::default()
        };
        change(&mut request);
        let answer = self.clients().set_partner_client_keys(request).await.unwrap();
        answer.into_inner().client.unwrap()
    }

    async fn access(&self, locations: &[&str], technician_required: bool) {
        let request = pb::SetPartnerClientAccessRequest {
            request_id: request_id(),
            client_id: self.id.clone(),
            scopes: vec!["repairs.read".to_owned(), "repairs.write".to_owned()],
            locations: locations.iter().map(|location| (*location).to_owned()).collect(),
            technician_required,
        };
        self.clients().set_partner_client_access(request).await.unwrap();
    }

    /// Asks for a token, on a connection that may show a certificate.
    async fn ask(
        &self,
        shown: Option<Certificate>,
        change: impl FnOnce(&mut pb::IssuePartnerTokenRequest),
    ) -> Result<pb::IssuePartnerTokenResponse, Status> {
        let mut request = pb::IssuePartnerTokenRequest {
            client_id: self.id.clone(),
            ..pb::IssuePartnerTokenRequest::default()
        };
        change(&mut request);
        let caller = Caller {
            bounds: Bounds {
                certificate: shown,
                ..Bounds::default()
            },
            ..visitor()
        };
        let answer = self.house.credentials(&caller).issue_partner_token(request).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn by_secret(&self, secret: &str) -> Result<pb::IssuePartnerTokenResponse, Status> {
        self.ask(None, |it| secret.clone_into(&mut it.client_secret)).await
    }

    async fn by_assertion(&self, assertion: &str) -> Result<pb::IssuePartnerTokenResponse, Status> {
        self.ask(None, |it| assertion.clone_into(&mut it.client_assertion))
            .await
    }

    /// What the client signs, with claims that win over the usual ones.
    fn assertion(&self, kid: &str, seed: u8, claims: &Value) -> String {
        let mut all = json!({
            "iss": self.id, "sub": self.id, "aud": ISSUER, "jti": request_id(), "iat": now(), "exp": now() + 60,
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(kid.to_owned());
        let der = key(seed).to_pkcs8_der().unwrap();
        jsonwebtoken::encode(&header, &all, &EncodingKey::from_ed_der(der.as_bytes())).unwrap()
    }

    /// Asserts that an assertion is refused, and why.
    async fn refuses(&self, assertion: &str, cause: &str) {
        let refusal = refused(
            self.by_assertion(assertion).await,
            Reason::ClientAssertionRefused,
            Code::Unauthenticated,
        );
        assert_eq!(refusal.metadata["cause"], cause);
    }
}

/// The claims of a token, whose signature another test looks at.
fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token).unwrap().claims
}

#[tokio::test]
async fn what_is_wrong_is_told_apart() {
    let fixers = Fixers::new().await;
    let (place, other) = (some_id(), some_id());
    fixers.access(&[&place], true).await;
    let secret = fixers.secret.as_str();
    let ask = |change: fn(&mut pb::IssuePartnerTokenRequest), id: String| {
        fixers.ask(None, move |it| {
            it.client_secret = secret.to_owned();
            it.technician = "t-17".to_owned();
            it.locations = if id.is_empty() { Vec::new() } else { vec![id] };
            change(it);
        })
    };
    for id in [some_id(), "no id at all".to_owned()] {
        let answer = fixers.ask(None, |it| it.client_id = id).await;
        refused(answer, Reason::ClientUnknown, Code::Unauthenticated);
    }
    for wrong in ["wrong", &secret[..42], ""] {
        refused(
            fixers.by_secret(wrong).await,
            Reason::ClientRefused,
            Code::Unauthenticated,
        );
    }
    let answer = ask(
        |it| it.scopes = vec!["repairs.read".into(), "customers.read".into()],
        String::new(),
    )
    .await;
    let refusal = refused(answer, Reason::ScopeNotGranted, Code::PermissionDenied);
    assert_eq!(refusal.metadata["scope"], "customers.read");
    let refusal = refused(
        ask(|_| (), other.clone()).await,
        Reason::LocationNotGranted,
        Code::PermissionDenied,
    );
    assert_eq!(refusal.metadata["location"], other);
    refused(
        ask(|it| it.technician.clear(), String::new()).await,
        Reason::TechnicianMissing,
        Code::FailedPrecondition,
    );

    let issued = ask(|_| (), String::new()).await.unwrap();
    assert_eq!(
        (issued.locations.as_slice(), issued.certificate_bound),
        (&[place.clone()][..], false)
    );
    let claims = claims(&issued.access_token);
    assert_eq!(claims["locations"], json!([place]));
    assert_eq!(
        (&claims["technician"], &claims["org"]),
        (&json!("t-17"), &json!("fixers-zurich"))
    );
    assert_eq!(claims.get("cnf"), None);
}

#[tokio::test]
async fn a_suspended_client_gets_nothing_until_it_is_resumed() {
    let fixers = Fixers::new().await;
    let suspend = |reason: &str| pb::SuspendPartnerClientRequest {
        request_id: request_id(),
        client_id: fixers.id.clone(),
        reason: reason.to_owned(),
    };
    let first = fixers
        .clients()
        .suspend_partner_client(suspend("stolen"))
        .await
        .unwrap();
    let again = fixers.clients().suspend_partner_client(suspend("late")).await.unwrap();
    assert_eq!(first.get_ref().client, again.into_inner().client, "it stays as it is");
    assert_eq!(first.into_inner().client.unwrap().suspend_reason, "stolen");
    refused(
        fixers.by_secret(&fixers.secret).await,
        Reason::ClientSuspended,
        Code::PermissionDenied,
    );
    // Who does not know the secret does not learn of it.
    refused(
        fixers.by_secret("wrong").await,
        Reason::ClientRefused,
        Code::Unauthenticated,
    );
    let suspended = async || {
        PartnerClientServiceClient::new(fixers.house.reader())
            .list_suspended_partner_clients(pb::ListSuspendedPartnerClientsRequest {})
            .await
            .unwrap()
            .into_inner()
            .client_ids
    };
    assert_eq!(suspended().await, std::slice::from_ref(&fixers.id));
    let resume = pb::ResumePartnerClientRequest {
        request_id: request_id(),
        client_id: fixers.id.clone(),
    };
    fixers.clients().resume_partner_client(resume).await.unwrap();
    fixers.by_secret(&fixers.secret).await.unwrap();
    assert!(suspended().await.is_empty());
    assert_eq!(
        fixers.house.trail("partner_client_%").await,
        [
            "operator-1 partner_client_created done",
            "operator-1 partner_client_suspended done",
            "operator-1 partner_client_suspended done",
            "operator-1 partner_client_resumed done",
        ]
    );
    let access = pb::SetPartnerClientAccessRequest {
        request_id: request_id(),
        client_id: fixers.id.clone(),
        scopes: vec!["repairs.read".to_owned()],
        ..pb::SetPartnerClientAccessRequest::default()
    };
    fixers.clients().set_partner_client_access(access).await.unwrap();
    let rotate = pb::RotatePartnerClientSecretRequest {
        request_id: request_id(),
        client_id: fixers.id.clone(),
        overlap_hours: 0,
    };
    fixers.clients().rotate_partner_client_secret(rotate).await.unwrap();
    let keys = pb::SetPartnerClientKeysRequest {
        request_id: request_id(),
        client_id: fixers.id.clone(),
        ..pb::SetPartnerClientKeysRequest::default()
    };
    fixers.clients().set_partner_client_keys(keys).await.unwrap();
    let trail = fixers.house.trail("partner_%").await;
    assert_eq!(
        trail[trail.len() - 3..],
        [
            "operator-1 partner_locations_changed done",
            "operator-1 partner_secret_rotated done",
            "operator-1 partner_credentials_changed done",
        ]
    );
}

#[tokio::test]
async fn a_secret_is_changed_without_a_refused_call() {
    let fixers = Fixers::new().await;
    let rotate = |overlap_hours| pb::RotatePartnerClientSecretRequest {
        request_id: request_id(),
        client_id: fixers.id.clone(),
        overlap_hours,
    };
    let request = rotate(24);
    let second = fixers
        .clients()
        .rotate_partner_client_secret(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = fixers
        .clients()
        .rotate_partner_client_secret(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((again.secret_id, again.client_secret.as_str()), (second.secret_id, ""));
    assert!(second.client.unwrap().previous_secret_expire_time.is_some());
    fixers.by_secret(&fixers.secret).await.unwrap();
    fixers.by_secret(&second.client_secret).await.unwrap();

    let third = fixers.clients().rotate_partner_client_secret(rotate(24)).await.unwrap();
    let third = third.into_inner().client_secret;
    let first = fixers.by_secret(&fixers.secret).await;
    refused(first, Reason::ClientRefused, Code::Unauthenticated);
    fixers.by_secret(&second.client_secret).await.unwrap();

    let fourth = fixers.clients().rotate_partner_client_secret(rotate(0)).await.unwrap();
    fixers.by_secret(&fourth.into_inner().client_secret).await.unwrap();
    refused(
        fixers.by_secret(&third).await,
        Reason::ClientRefused,
        Code::Unauthenticated,
    );

    // No secret at all.
    let client = fixers.keys(|it| it.end_secrets = true).await;
    assert!(!client.has_secret && client.previous_secret_expire_time.is_none());
    refused(fixers.by_secret("").await, Reason::ClientRefused, Code::Unauthenticated);
}

#[tokio::test]
async fn what_a_client_signed_lets_it_in_once() {
    let fixers = Fixers::new().await;
    fixers.refuses(&fixers.assertion("k1", 1, &json!({})), "key").await;
    fixers.keys(|it| it.jwks_json = jwks(&[("k1", 1)])).await;

    let assertion = fixers.assertion("k1", 1, &json!({}));
    fixers.by_assertion(&assertion).await.unwrap();
    fixers.refuses(&assertion, "replayed").await;
    let by_url = json!({ "aud": ["https://elsewhere.example", ENDPOINT] });
    fixers.by_assertion(&fixers.assertion("k1", 1, &by_url)).await.unwrap();

    // However many come at the same moment, one is the first.
    let assertion = fixers.assertion("k1", 1, &json!({}));
    let tries = (0..20).map(|_| fixers.by_assertion(&assertion));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);

    let other = some_id();
    for (claims, cause) in [
        (json!({ "iss": other }), "issuer"),
        (json!({ "sub": other }), "issuer"),
        (json!({ "aud": "https://elsewhere.example" }), "audience"),
        (json!({ "exp": now() - 60 }), "expired"),
        (json!({ "exp": now() + 7200 }), "lifetime"),
        (json!({ "exp": i64::MAX }), "lifetime"),
        (json!({ "nbf": now() + 120 }), "not_yet"),
        (json!({ "iat": now() + 120 }), "not_yet"),
        (json!({ "jti": "" }), "id"),
        (json!({ "jti": "x".repeat(201) }), "id"),
        (json!({ "jti": 7 }), "malformed"),
        (json!({ "exp": "soon" }), "malformed"),
    ] {
        fixers.refuses(&fixers.assertion("k1", 1, &claims), cause).await;
    }
    fixers
        .refuses(&fixers.assertion("k1", 2, &json!({})), "signature")
        .await;
    fixers.refuses(&fixers.assertion("k2", 1, &json!({})), "key").await;
    fixers.refuses("nonsense", "key").await;
    // Nothing signed with what everybody knows: the public key as a shared secret.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".to_owned());
    let shared = EncodingKey::from_secret(key(1).verifying_key().as_bytes());
    let forged = jsonwebtoken::encode(&header, &json!({ "iss": fixers.id }), &shared).unwrap();
    fixers.refuses(&forged, "algorithm").await;
}

#[tokio::test]
async fn keys_are_fetched_from_where_a_client_publishes_them() {
    let fixers = Fixers::beside().await;
    let published = Documents::serve().await;
    fixers.keys(|it| it.jwks_url = published.url("/keys")).await;
    let unreachable = fixers.by_assertion(&fixers.assertion("k1", 1, &json!({}))).await;
    refused(unreachable, Reason::ClientKeysUnreachable, Code::Unavailable);

    published.put("/keys", jwks(&[("k1", 1)]));
    crate::house::eventually("the keys are fetched", async || {
        let answer = fixers.by_assertion(&fixers.assertion("k1", 1, &json!({}))).await;
        answer.is_ok().then_some(())
    })
    .await;
    let asked = published.asked();
    for _ in 0..10 {
        fixers
            .by_assertion(&fixers.assertion("k1", 1, &json!({})))
            .await
            .unwrap();
        fixers.refuses(&fixers.assertion("k9", 1, &json!({})), "key").await;
    }
    assert!(
        published.asked() <= asked + 3,
        "keys that there are not are not asked for each time"
    );
    // Keys that cannot be had any more are those that came last.
    published.remove("/keys");
    fixers
        .by_assertion(&fixers.assertion("k1", 1, &json!({})))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_certificate_lets_a_client_in_and_binds_its_tokens() {
    let fixers = Fixers::new().await;
    fixers
        .keys(|it| {
            it.certificate_thumbprints = vec![THUMBPRINT.to_owned()];
            it.certificate_names = vec!["desk.fixers.example".to_owned()];
        })
        .await;
    let registered = certificate(THUMBPRINT, &[]);
    let named = certificate("other", &["desk.fixers.example"]);
    for shown in [registered.clone(), named] {
        let issued = fixers.ask(Some(shown.clone()), |_| ()).await.unwrap();
        assert!(issued.certificate_bound);
        assert_eq!(claims(&issued.access_token)["cnf"]["x5t#S256"], shown.thumbprint);
    }
    for shown in [None, Some(certificate("other", &["fixers.example"]))] {
        refused(
            fixers.ask(shown, |_| ()).await,
            Reason::ClientCertificateWrong,
            Code::Unauthenticated,
        );
    }
    // The secret alone is enough, and its tokens are bound to nothing, until the certificate is required.
    let secret = |it: &mut pb::IssuePartnerTokenRequest| it.client_secret.clone_from(&fixers.secret);
    assert!(!fixers.ask(None, secret).await.unwrap().certificate_bound);
    fixers
        .keys(|it| {
            it.certificate_thumbprints = vec![THUMBPRINT.to_owned()];
            it.certificate_required = true;
        })
        .await;
    refused(
        fixers.ask(None, secret).await,
        Reason::ClientCertificateWrong,
        Code::Unauthenticated,
    );
    assert!(fixers.ask(Some(registered), secret).await.unwrap().certificate_bound);
}

#[tokio::test]
async fn keys_that_could_not_be_used_are_not_registered() {
    let fixers = Fixers::new().await;
    let field = async |jwks_json: &str, jwks_url: &str| {
        let request = pb::SetPartnerClientKeysRequest {
            request_id: request_id(),
            client_id: fixers.id.clone(),
            jwks_json: jwks_json.to_owned(),
            jwks_url: jwks_url.to_owned(),
            ..pb::SetPartnerClientKeysRequest::default()
        };
        let status = fixers.clients().set_partner_client_keys(request).await.unwrap_err();
        support_chassis::error::explain(&status).violations[0].field.clone()
    };
    for text in [
        "nonsense",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}"#,
    ] {
        assert_eq!(field(text, "").await, "jwks_json", "{text}");
    }
    for url in ["ftp://fixers.example/keys", "/keys", "https://"] {
        assert_eq!(field("", url).await, "jwks_url", "{url}");
    }
}

#[tokio::test]
async fn clients_are_read_and_listed_without_anything_secret() {
    let fixers = Fixers::new().await;
    let mut ids = vec![fixers.id.clone()];
    for index in 0..4 {
        let made = fixers
            .house
            .credentials(&operator())
            .create_partner_client(pb::CreatePartnerClientRequest {
                request_id: request_id(),
                organisation_id: if index == 3 { "others" } else { "fixers-zurich" }.to_owned(),
                display_name: "another".to_owned(),
                scopes: vec!["repairs.read".to_owned()],
            })
            .await;
        ids.insert(0, made.unwrap().into_inner().client_id);
    }
    let list = async |organisation: &str| {
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListPartnerClientsRequest {
                organisation_id: organisation.to_owned(),
                page_size: 2,
                page_token,
            };
            let page = fixers
                .clients()
                .list_partner_clients(request)
                .await
                .unwrap()
                .into_inner();
            seen.extend(page.clients.into_iter().map(|client| client.client_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return seen;
            }
        }
    };
    assert_eq!(list("").await, ids);
    assert_eq!(list("fixers-zurich").await, ids[1..]);
    let get = |client_id: String| pb::GetPartnerClientRequest { client_id };
    let read = fixers
        .clients()
        .get_partner_client(get(fixers.id.clone()))
        .await
        .unwrap();
    let read = read.into_inner().client.unwrap();
    assert!(read.has_secret && !format!("{read:?}").contains(&fixers.secret));
    refused(
        fixers.clients().get_partner_client(get(some_id())).await,
        Reason::ClientNotFound,
        Code::NotFound,
    );
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs() {
    let signs = async |next_from: &str| {
        let house = House::with(|settings| {
            settings
                .set(
                    "identity-verification.tokens.next_session_key",
                    crate::house::base64(&[78; 32]),
                )
                .set("identity-verification.tokens.next_from", next_from)
        })
        .await;
        let made = house
            .credentials(&operator())
            .create_partner_client(pb::CreatePartnerClientRequest {
                request_id: request_id(),
                organisation_id: "fixers".to_owned(),
                display_name: "desk".to_owned(),
                scopes: vec!["repairs.read".to_owned()],
            })
            .await
            .unwrap()
            .into_inner();
        let mut visitor = house.credentials(&visitor());
        let token = visitor
            .issue_partner_token(pb::IssuePartnerTokenRequest {
                client_id: made.client_id,
                client_secret: made.client_secret,
                ..pb::IssuePartnerTokenRequest::default()
            })
            .await
            .unwrap();
        let kid = jsonwebtoken::decode_header(&token.get_ref().access_token)
            .unwrap()
            .kid
            .unwrap();
        let keys = visitor.get_key_set(pb::GetKeySetRequest {}).await.unwrap().into_inner();
        let keys: Value = serde_json::from_str(&keys.jwks_json).unwrap();
        let place = keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .position(|key| key["kid"] == kid.as_str());
        (place, keys["keys"].as_array().unwrap().len())
    };
    assert_eq!(signs("2999-01-01T00:00:00Z").await, (Some(0), 2), "the current one");
    assert_eq!(signs("2026-01-01T00:00:00Z").await, (Some(1), 2), "the next one");
}
