//! Identity providers of staff and operators: found, believed, and told apart.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use support_chassis::error::explain;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::settings::Settings;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::types::v1::CommonErrorReason;
use support_testing::Documents;
use tonic::Code;

use super::harness::tokens::{AUDIENCE, CUSTOMER_ID, Issuer};
use super::harness::{Stage, until};

const METADATA: &str = "/.well-known/openid-configuration";

/// An identity provider that publishes its keys.
struct Provider {
    documents: Documents,
    name: &'static str,
}

impl Provider {
    async fn start() -> Self {
        let documents = Documents::serve().await;
        // Tests end before it matters.
        let name = String::leak(documents.url(""));
        Self { documents, name }
    }

    fn issuer(&self, kid: &'static str, seed: u8) -> Issuer {
        Issuer::new(self.name, kid, seed)
    }

    fn publish(&self, keys: &[&Issuer]) {
        let keys: Vec<_> = keys.iter().map(|issuer| issuer.jwk()).collect();
        self.documents.put("/keys", json!({ "keys": keys }).to_string());
        let metadata = json!({ "issuer": self.name, "jwks_uri": self.documents.url("/keys"), "scopes_supported": [] });
        self.documents.put(METADATA, metadata.to_string());
    }

    fn settings(&self, more: &Value) -> Value {
        let mut settings = json!({
            "issuer": self.name, "kinds": ["staff", "operator"], "discover": true, "audience": "support-desk",
            "roles_claim": "realm_access.roles", "organisation_claim": "company",
            "roles": [
                { "role": "support-admins", "kind": "operator", "scopes": ["partners.write"] },
                { "role": "support-agents", "kind": "staff", "scopes": ["cases.read"] },
            ],
        });
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        settings
    }
}

fn agent() -> Value {
    json!({
        "aud": ["support-desk"], "sub": "42", "realm_access": { "roles": ["support-agents", "everybody"] }, "company": "shop-7",
        // Words that mean something else there.
        "scope": "openid cases.write", "kind": "operator", "org": "elsewhere", "grant": "x", "aal": 3,
    })
}

fn told(status: &tonic::Status) -> (Code, CommonErrorReason) {
    let explained = explain(status);
    (explained.code, explained.common().unwrap())
}

#[tokio::test]
async fn a_provider_is_found_by_its_name_and_its_roles_are_worth_what_the_settings_say() {
    let provider = Provider::start().await;
    let signer = provider.issuer("1", 31);
    provider.publish(&[&signer]);
    let issuers = json!([provider.settings(&json!({ "prefix": "corp" }))]);
    let stage = Stage::with(&[], json!({ "gateway": { "issuers": issuers } })).await;
    stage.get_case(&signer.token(&agent())).await.unwrap();
    let (call, _) = stage.desk.last();
    let caller = call.caller();
    assert_eq!((caller.kind, caller.subject.as_str()), (CallerKind::Staff, "corp:42"));
    assert_eq!(caller.scopes.iter().collect::<Vec<_>>(), ["cases.read"]);
    assert_eq!(
        (caller.organisation.as_deref(), caller.grant_id.as_deref()),
        (Some("shop-7"), None)
    );

    let invalid = (Code::Unauthenticated, CommonErrorReason::CredentialsInvalid);
    for change in [
        json!({ "realm_access": { "roles": ["everybody"] } }),
        json!({ "realm_access": null }),
        json!({ "aud": AUDIENCE }),
        json!({ "sub": "" }),
    ] {
        let mut claims = agent();
        claims
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let status = stage.get_case(&signer.token(&claims)).await.unwrap_err();
        assert_eq!(told(&status), invalid, "{change}");
    }
}

#[tokio::test]
async fn keys_are_changed_while_calls_go_on_and_kept_while_the_provider_is_away() {
    let provider = Provider::start().await;
    let (first, second) = (provider.issuer("1", 31), provider.issuer("2", 32));
    let issuers = json!([provider.settings(&json!({}))]);
    let stage = Stage::with(&[], json!({ "gateway": { "issuers": issuers } })).await;
    // Nobody can say yet whether a token is good.
    let status = stage.get_case(&first.token(&agent())).await.unwrap_err();
    assert_eq!(
        told(&status),
        (Code::Unavailable, CommonErrorReason::DependencyUnavailable)
    );
    provider.publish(&[&first]);
    until("its keys are had", async || {
        stage.get_case(&first.token(&agent())).await.is_ok()
    })
    .await;

    provider.publish(&[&first, &second]);
    until("the new key is had", async || {
        stage.get_case(&second.token(&agent())).await.is_ok()
    })
    .await;
    let asked = provider.documents.asked();
    let stranger = provider.issuer("3", 33);
    for _ in 0..20 {
        let status = stage.get_case(&stranger.token(&agent())).await.unwrap_err();
        assert_eq!(told(&status).1, CommonErrorReason::CredentialsInvalid);
        stage.get_case(&first.token(&agent())).await.unwrap();
    }
    assert!(
        provider.documents.asked() <= asked + 8,
        "not asked for each unknown key"
    );

    provider.documents.remove("/keys");
    provider.documents.remove(METADATA);
    stage.get_case(&second.token(&agent())).await.unwrap();
}

#[tokio::test]
async fn nobody_answers_for_another_provider() {
    let provider = Provider::start().await;
    let signer = provider.issuer("1", 31);
    provider.publish(&[&signer]);
    let metadata = json!({ "issuer": "https://other.example", "jwks_uri": provider.documents.url("/keys") });
    provider.documents.put(METADATA, metadata.to_string());
    let issuers = json!([provider.settings(&json!({}))]);
    let stage = Stage::with(&[], json!({ "gateway": { "issuers": issuers } })).await;
    let status = stage.get_case(&signer.token(&agent())).await.unwrap_err();
    assert_eq!(told(&status).1, CommonErrorReason::DependencyUnavailable);
}

#[tokio::test]
async fn the_same_subject_of_two_providers_is_two_people() {
    let (one, other) = (Provider::start().await, Provider::start().await);
    // Even where they call their keys alike.
    let signers = [one.issuer("1", 31), other.issuer("1", 32)];
    one.publish(&[&signers[0]]);
    other.publish(&[&signers[1]]);
    let issuers = json!([
        one.settings(&json!({ "prefix": "one" })),
        other.settings(&json!({ "prefix": "other" })),
    ]);
    let stage = Stage::with(&[], json!({ "gateway": { "issuers": issuers } })).await;
    let mut subjects = Vec::new();
    for signer in &signers {
        stage.get_case(&signer.token(&agent())).await.unwrap();
        subjects.push(stage.desk.last().0.caller().subject.clone());
    }
    assert_eq!(subjects, ["one:42", "other:42"]);
    // One in the other's name.
    let mut claims = agent();
    claims["iss"] = other.name.into();
    let status = stage.get_case(&signers[0].token(&claims)).await.unwrap_err();
    assert_eq!(told(&status).1, CommonErrorReason::CredentialsInvalid);
}

#[tokio::test]
async fn a_customers_passport_carries_what_their_grant_does() {
    let stage = Stage::start().await;
    let with = |more: Value| {
        let mut claims = json!({
            "kind": "customer", "sub": CUSTOMER_ID, "aal": 1, "grant": "grant-7", "amr": ["email_code", "totp"],
            "purpose": "plan_change", "case": "eu-0198f2c4-0000-7000-8000-000000000009",
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        Issuer::identity().token(&claims)
    };
    stage.get_case(&with(json!({}))).await.unwrap();
    let (call, _) = stage.desk.last();
    let bounds = &call.caller().bounds;
    assert_eq!(bounds.methods, ["email_code", "totp"]);
    assert_eq!(bounds.purpose.as_deref(), Some("plan_change"));
    assert_eq!(
        bounds.case_id.as_deref(),
        Some("eu-0198f2c4-0000-7000-8000-000000000009")
    );

    // What is of the account asks for a verification for that.
    let add = "/support.identity.v1.CustomerService/AddContactPoint";
    let answered = stage
        .json(add, &[("authorization", &format!("Bearer {}", with(json!({}))))], "{}")
        .await;
    assert_eq!(answered.status, 403);
    let body = answered.json();
    assert_eq!(body["reason"], CommonErrorReason::PurposeMismatch.as_str_name());
    assert_eq!(body["metadata"]["purposes"], "account_security", "{body}");
    let secure = with(json!({ "purpose": "account_security" }));
    let answered = stage
        .json(add, &[("authorization", &format!("Bearer {secure}"))], "{}")
        .await;
    assert_ne!(
        answered.json()["reason"],
        CommonErrorReason::PurposeMismatch.as_str_name()
    );
}

/// Why a gateway with such settings does not start.
async fn does_not_start(settings: Value) -> String {
    let mut tree = json!({
        "region": "eu",
        "gateway": { "passport": { "signing_key": support_testing::signing_key("gateway") } },
    });
    for service in super::harness::SERVICES {
        tree["peers"][service] = json!(["http://127.0.0.1:1"]);
    }
    let settings = Settings::new(&["gateway"])
        .values("the test", tree)
        .values("this test", settings);
    let mut chain = Vec::new();
    let error = support_gateway::run(&settings, &Lifecycle::new(), None)
        .await
        .unwrap_err();
    assert_eq!(error.exit_code(), 64);
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    chain.join(": ")
}

#[tokio::test]
async fn settings_that_leave_doubt_are_refused() {
    let issuer = |more: Value| {
        let mut issuer = json!({ "issuer": "https://a.example", "kinds": ["staff"] });
        issuer
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        issuer
    };
    let found = |more: Value| {
        let mut issuer = issuer(more);
        issuer["discover"] = true.into();
        issuer
    };
    for (issuers, what) in [
        (json!([issuer(json!({}))]), "needs one of"),
        (json!([found(json!({ "jwks": "{}" }))]), "needs one of"),
        (
            json!([found(json!({ "prefix": "a" })), found(json!({ "prefix": "b" }))]),
            "stands there twice",
        ),
        (
            json!([
                found(json!({})),
                found(json!({ "issuer": "https://b.example", "prefix": "b" }))
            ]),
            "prefix of its own",
        ),
        (
            json!([
                found(json!({ "prefix": "b" })),
                found(json!({ "issuer": "https://b.example", "prefix": "b" })),
            ]),
            "prefix of its own",
        ),
        (json!([found(json!({ "prefix": "A:b" }))]), "lower-case"),
        (json!([found(json!({ "kinds": ["customer"] }))]), "cannot vouch"),
        (json!([found(json!({ "roles_claim": "groups" }))]), "no roles_claim"),
        (
            json!([found(json!({
                "roles_claim": "groups", "roles": [{ "role": "x", "kind": "operator", "scopes": [] }],
            }))]),
            "kind that it may not vouch for",
        ),
        (json!([issuer(json!({ "jwks_url": "ftp://a.example" }))]), "https"),
        (json!([issuer(json!({ "jwks": "nonsense" }))]), "is none"),
    ] {
        let said = does_not_start(json!({ "gateway": { "issuers": issuers } })).await;
        assert!(said.contains(what), "{said}");
    }
    for (tls, what) in [
        (json!({ "key_file": "/nowhere" }), "certificate_file"),
        (json!({ "certificate_file": "/nowhere" }), "key_file"),
        (
            json!({ "client_authorities_file": "/nowhere" }),
            "client_authorities_file",
        ),
        (
            json!({ "certificate_file": "/nowhere", "key_file": "/nowhere" }),
            "cannot be read",
        ),
        (
            json!({ "certificate_file": "/n", "key_file": "/n", "trust_client_cert_header": true }),
            "trust_client_cert_header",
        ),
    ] {
        let said = does_not_start(json!({ "gateway": { "tls": tls } })).await;
        assert!(said.contains(what), "{said}");
    }
}

#[tokio::test]
async fn a_production_gateway_refuses_whom_a_local_system_believes() {
    let key = support_testing::signing_key("gateway");
    let production = |issuer: Value| {
        json!({
            "environment": "production",
            "gateway": {
                "passport": { "signing_key": key, "trust": [support_testing::trust("gateway", support_chassis::settings::TrustRole::Gateway)] },
                "issuers": [issuer],
            },
        })
    };
    let said = does_not_start(production(json!({
        "issuer": support_gateway::DEVELOPMENT_ISSUER, "kinds": ["staff", "operator"], "jwks": Issuer::provider().jwks(),
    })))
    .await;
    assert!(said.contains("not in production"), "{said}");
    let said = does_not_start(production(json!({
        "issuer": "http://login.example.com", "kinds": ["staff"], "discover": true,
    })))
    .await;
    assert!(said.contains("https"), "{said}");
}

#[tokio::test]
async fn the_key_of_tokens_is_changed_without_a_refused_call() {
    let stage = Stage::start().await;
    let (old, new) = (
        Issuer::identity(),
        Issuer::new(super::harness::tokens::IDENTITY, "identity-2", 41),
    );
    let claims = json!({ "kind": "customer", "sub": CUSTOMER_ID, "aal": 1 });
    let mut made = 0;
    // A stream of calls, each with a token of its own, through all that happens when a key is changed.
    let mut call = async |signer: &Issuer, times: usize| {
        for _ in 0..times {
            made += 1;
            let mut claims = claims.clone();
            claims["jti"] = made.into();
            stage.get_case(&signer.token(&claims)).await.unwrap();
        }
    };
    call(&old, 20).await;
    // It is published ahead of its use: before that, whoever checks tokens has looked again.
    stage.identity.keys.lock().unwrap().push(new.clone());
    call(&old, 20).await;
    let asked = stage.identity.asked.load(Ordering::SeqCst);
    let of_nobody = Issuer::new(super::harness::tokens::IDENTITY, "identity-3", 43).token(&claims);
    until("the keys are looked at again", async || {
        stage.get_case(&of_nobody).await.unwrap_err();
        stage.identity.asked.load(Ordering::SeqCst) > asked
    })
    .await;
    call(&new, 20).await;
    call(&old, 20).await;
    // What the old one has signed has run out.
    stage.identity.keys.lock().unwrap().remove(0);
    call(&new, 20).await;
}
