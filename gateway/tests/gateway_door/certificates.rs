//! TLS at the door, and tokens that are bound to a client certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, generate_simple_self_signed};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use serde_json::{Value, json};
use support_chassis::server::tls::certificate;
use support_proto::support::types::v1::CommonErrorReason;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::harness::backends::{CLIENT_ID, CLIENT_SECRET};
use super::harness::tokens::Issuer;
use super::harness::{Stage, bearer, soon};

const LIST: &str = "/support.warranty.v1.CatalogueService/ListProducts";
const NAME: &str = "desk.fixers.example";

/// A certificate and its key.
struct Paper {
    der: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Paper {
    /// Signed by itself.
    fn own(name: &str) -> Self {
        let made = generate_simple_self_signed([name.to_owned()]).unwrap();
        Self {
            der: made.cert.der().clone(),
            key: made.signing_key.serialize_der(),
        }
    }

    fn thumbprint(&self) -> String {
        certificate(&self.der, false).thumbprint
    }
}

/// A gateway that speaks TLS, and whom its clients believe.
struct Encrypted {
    stage: Stage,
    server: CertificateDer<'static>,
    /// Signed by the authority that the gateway trusts.
    vouched: Paper,
    _folder: tempfile::TempDir,
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

impl Encrypted {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let signed = CertificateParams::new([NAME.to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let tls = json!({
            "certificate_file": write(folder.path(), "server.pem", &server.cert.pem()),
            "key_file": write(folder.path(), "server.key", &server.signing_key.serialize_pem()),
            "client_authorities_file": write(folder.path(), "authority.pem", &authority.pem()),
        });
        Self {
            stage: Stage::with(&[], json!({ "gateway": { "tls": tls } })).await,
            server: server.cert.der().clone(),
            vouched: Paper {
                der: signed.der().clone(),
                key: key.serialize_der(),
            },
            _folder: folder,
        }
    }

    /// A request over a connection of its own that may show a certificate; the answer's status and body.
    async fn post(&self, paper: Option<&Paper>, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut roots = RootCertStore::empty();
        roots.add(self.server.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match paper {
            None => config.with_no_client_auth(),
            Some(paper) => {
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(paper.key.clone()));
                config.with_client_auth_cert(vec![paper.der.clone()], key).unwrap()
            }
        };
        let asking = async {
            let stream = TcpStream::connect(self.stage.address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut stream = TlsConnector::from(Arc::new(config))
                .connect(name, stream)
                .await
                .unwrap();
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // A server that closes without a farewell has said all it had to.
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        let answer = soon("an encrypted answer", asking).await;
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn list(&self, paper: Option<&Paper>, token: &str) -> (u16, String) {
        let content = "content-type: application/json\r\n";
        let headers = if token.is_empty() {
            content.to_owned()
        } else {
            format!("{content}authorization: {}\r\n", bearer(token))
        };
        let (status, body) = self.post(paper, LIST, &headers, "{}").await;
        (status, body["reason"].as_str().unwrap_or_default().to_owned())
    }

    async fn token(&self, paper: Option<&Paper>, form: &str) -> (u16, Value) {
        let form = format!("grant_type=client_credentials&{form}");
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        self.post(paper, "/oauth2/token", headers, &form).await
    }
}

fn bound_to(thumbprint: &str) -> String {
    Issuer::identity().token(&json!({
        "kind": "partner", "sub": "client-3", "org": "fixit", "scope": "devices.read",
        "cnf": { "x5t#S256": thumbprint },
    }))
}

#[tokio::test]
async fn a_bound_token_opens_nothing_without_its_certificate() {
    let door = Encrypted::start().await;
    let (own, other) = (Paper::own(NAME), Paper::own(NAME));
    let token = bound_to(&own.thumbprint());
    let mismatch = CommonErrorReason::CertificateMismatch.as_str_name();
    assert_eq!(door.list(Some(&own), &token).await.0, 200);
    for paper in [None, Some(&other), Some(&door.vouched)] {
        assert_eq!(door.list(paper, &token).await, (401, mismatch.to_owned()));
    }
    assert_eq!(
        door.list(Some(&own), &token).await.0,
        200,
        "it is remembered with what it is bound to"
    );
    // Nobody else needs one.
    assert_eq!(door.list(None, "").await.0, 200);
    // Bound to what we cannot check.
    let other_binding = Issuer::identity().token(&json!({
        "kind": "partner", "sub": "client-3", "org": "fixit", "scope": "devices.read", "cnf": { "jkt": "x" },
    }));
    let invalid = CommonErrorReason::CredentialsInvalid.as_str_name().to_owned();
    assert_eq!(door.list(Some(&own), &other_binding).await, (401, invalid));
}

#[tokio::test]
async fn who_asks_for_a_token_is_known_by_their_certificate() {
    let door = Encrypted::start().await;
    let shown = || {
        let asked = door.stage.identity.token_asked.lock().unwrap();
        asked.as_ref().unwrap().0.caller().bounds.certificate.clone()
    };
    let id = format!("client_id={}", CLIENT_ID.replace(' ', "%20"));
    let own = Paper::own(NAME);
    let (status, answer) = door.token(Some(&own), &id).await;
    assert_eq!(
        (status, answer["token_type"].as_str()),
        (200, Some("Bearer")),
        "{answer}"
    );
    assert_eq!(shown(), Some(certificate(&own.der, false)));
    assert!(
        shown().unwrap().names.is_empty(),
        "whoever signs for themselves is called what they like"
    );

    door.token(Some(&door.vouched), &id).await;
    assert_eq!(shown().unwrap().names, [NAME]);
    assert_eq!(door.token(None, &id).await.0, 401);
    assert_eq!(shown(), None);
}

#[tokio::test]
async fn a_proxy_is_believed_only_where_the_settings_say_so() {
    let own = Paper::own(NAME);
    let header = format!(":{}:", STANDARD.encode(&own.der));
    let token = bearer(&bound_to(&own.thumbprint()));
    let list = async |stage: &Stage| {
        let headers = [("authorization", token.as_str()), ("client-cert", header.as_str())];
        stage.json(LIST, &headers, "{}").await.status.as_u16()
    };
    assert_eq!(list(&Stage::start().await).await, 401);
    let settings = json!({ "gateway": { "tls": { "trust_client_cert_header": true } } });
    let stage = Stage::with(&[], settings).await;
    assert_eq!(list(&stage).await, 200);
    let fields = format!(
        "grant_type=client_credentials&client_id={}",
        CLIENT_ID.replace(' ', "+")
    );
    let form = ("content-type", "application/x-www-form-urlencoded");
    let answered = stage
        .plain("/oauth2/token", &[form, ("client-cert", &header)], fields)
        .await;
    assert_eq!(answered.status, 200);
    // It goes no further.
    for (headers, _) in stage.spy.seen.lock().unwrap().iter() {
        assert!(!headers.contains_key("client-cert"));
    }
}

#[tokio::test]
async fn a_suspended_clients_tokens_open_nothing_within_seconds() {
    let stage = Stage::start().await;
    let token = bearer(&super::harness::tokens::partner("devices.read"));
    let list = async || stage.json(LIST, &[("authorization", &token)], "{}").await;
    assert_eq!(list().await.status, 200);
    stage.identity.suspended.lock().unwrap().push("client-3".to_owned());
    let refused = soon("it is refused", async {
        loop {
            let answered = list().await;
            if answered.status != 200 {
                break answered;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json()["reason"],
        CommonErrorReason::ClientSuspended.as_str_name()
    );
    stage.identity.suspended.lock().unwrap().clear();
    super::harness::until("it opens again", async || list().await.status == 200).await;
}

#[tokio::test]
async fn what_a_client_signed_is_passed_on() {
    let stage = Stage::start().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let ask = async |fields: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .extend_pairs(fields)
            .finish();
        let answered = stage.plain("/oauth2/token", &[form], body).await;
        (answered.status.as_u16(), answered.json())
    };
    let kind = (
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
    let assertion = Issuer::identity().token(&json!({ "sub": CLIENT_ID }));
    let signed = ("client_assertion", assertion.as_str());
    let place = "eu-0198f2c4-0000-7000-8000-000000000002";
    let (status, _) = ask(&[kind, signed, ("location", place), ("technician", "t-17")]).await;
    assert_eq!(status, 200);
    let (_, asked) = stage.identity.token_asked.lock().unwrap().clone().unwrap();
    assert_eq!(
        (asked.client_id.as_str(), asked.client_assertion.as_str()),
        (CLIENT_ID, assertion.as_str())
    );
    assert_eq!(
        (asked.locations.as_slice(), asked.technician.as_str()),
        (&[place.to_owned()][..], "t-17")
    );

    for fields in [
        &[signed][..],
        &[signed, ("client_assertion_type", "saml")],
        &[kind, signed, ("client_secret", CLIENT_SECRET)],
    ] {
        let (status, body) = ask(fields).await;
        assert_eq!((status, body["error"].as_str()), (400, Some("invalid_request")));
    }
}

#[tokio::test]
async fn refusals_keep_their_reasons() {
    use support_chassis::error::Answer;
    use support_proto::support::identity::v1::IdentityErrorReason as Reason;
    use tonic::Code;

    let stage = Stage::start().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (code, reason, status, error) in [
        (Code::Unauthenticated, Reason::ClientUnknown, 401, "invalid_client"),
        (
            Code::Unauthenticated,
            Reason::ClientAssertionRefused,
            401,
            "invalid_client",
        ),
        (
            Code::Unauthenticated,
            Reason::ClientCertificateWrong,
            401,
            "invalid_client",
        ),
        (
            Code::PermissionDenied,
            Reason::ClientSuspended,
            400,
            "unauthorized_client",
        ),
        (Code::PermissionDenied, Reason::ScopeNotGranted, 400, "invalid_scope"),
        (
            Code::PermissionDenied,
            Reason::LocationNotGranted,
            400,
            "invalid_target",
        ),
        (
            Code::FailedPrecondition,
            Reason::TechnicianMissing,
            400,
            "invalid_request",
        ),
        (
            Code::Unavailable,
            Reason::ClientKeysUnreachable,
            503,
            "temporarily_unavailable",
        ),
    ] {
        let refusal = Answer::new(code, "support.identity.v1", reason.as_str_name(), "no").with("cause", "replayed");
        *stage.identity.refusal.lock().unwrap() = Some(refusal.to_status());
        let fields = "grant_type=client_credentials&client_id=x&client_secret=y";
        let answered = stage.plain("/oauth2/token", &[form], fields).await;
        let body = answered.json();
        assert_eq!(
            (answered.status.as_u16(), body["error"].as_str()),
            (status, Some(error)),
            "{reason:?}"
        );
        assert_eq!(answered.header("cache-control"), "no-store");
        if status != 503 {
            assert_eq!(body["reason"], reason.as_str_name());
            assert_eq!(body["cause"], "replayed");
        }
    }
}
