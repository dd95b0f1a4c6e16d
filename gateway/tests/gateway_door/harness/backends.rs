//! Small services behind the gateway: real servers of the chassis, played by hand.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::StreamExt as _;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Collected, StreamBody};
use support_chassis::call::Call;
use support_proto::support::case::v1 as case;
use support_proto::support::case::v1::case_service_server::CaseService;
use support_proto::support::identity::v1 as identity;
use support_proto::support::identity::v1::credential_service_server::CredentialService;
use support_proto::support::identity::v1::factor_service_server::FactorService;
use support_proto::support::identity::v1::partner_client_service_server::PartnerClientService;
use support_proto::support::types::v1::{Channel, CommonErrorReason};
use support_testing::Localisation;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::server::NamedService;
use tonic::{Code, Status};
use tower::Service;

use super::http::framed;
use super::tokens::{CUSTOMER_ID, Issuer};

/// What a service does with a call.
pub(crate) type Script = Arc<dyn Fn(Call) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

pub(crate) fn script<F>(work: impl Fn(Call) -> F + Send + Sync + 'static) -> Script
where
    F: Future<Output = Result<(), Status>> + Send + 'static,
{
    Arc::new(move |call| work(call).boxed())
}

/// The case service: answers what it is told to and remembers who asked.
#[derive(Clone)]
pub(crate) struct Desk {
    script: Arc<Mutex<Script>>,
    calls: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<(Call, MetadataMap)>>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            script: Arc::new(Mutex::new(script(|_| async { Ok(()) }))),
            calls: Arc::default(),
            last: Arc::default(),
        }
    }
}

impl Desk {
    pub(crate) fn play(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn last(&self) -> (Call, MetadataMap) {
        self.last.lock().unwrap().clone().unwrap()
    }

    async fn work<T>(&self, request: &tonic::Request<T>) -> Result<(), Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let call = Call::of(request)?;
        *self.last.lock().unwrap() = Some((call.clone(), request.metadata().clone()));
        let work = (self.script.lock().unwrap())(call);
        work.await
    }
}

/// The case that the desk knows.
pub(crate) fn known_case(case_id: &str) -> case::Case {
    case::Case {
        case_id: case_id.to_owned(),
        case_number: "EU-1".to_owned(),
        customer_id: CUSTOMER_ID.to_owned(),
        state: case::CaseState::Assigned.into(),
        channel: Channel::Chat.into(),
        language: "zh-Hans".to_owned(),
        subject: "屏幕裂了 \u{1f4f1} \"\\/".to_owned(),
        open_time: Some(prost_types::Timestamp {
            seconds: 1_800_000_000,
            nanos: 120_000_000,
        }),
        ..case::Case::default()
    }
}

macro_rules! not_played {
    ($($method:ident: $request:ident -> $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl CaseService for Desk {
            async fn get_case(
                &self,
                request: tonic::Request<case::GetCaseRequest>,
            ) -> Result<tonic::Response<case::GetCaseResponse>, Status> {
                self.work(&request).await?;
                let case = Some(known_case(&request.get_ref().case_id));
                Ok(tonic::Response::new(case::GetCaseResponse { case, ..case::GetCaseResponse::default() }))
            }

            async fn open_case(
                &self,
                request: tonic::Request<case::OpenCaseRequest>,
            ) -> Result<tonic::Response<case::OpenCaseResponse>, Status> {
                self.work(&request).await?;
                let case = case::Case { subject: request.into_inner().subject, ..known_case("eu-1") };
                Ok(tonic::Response::new(case::OpenCaseResponse { case: Some(case) }))
            }

            $(async fn $method(
                &self,
                _: tonic::Request<case::$request>,
            ) -> Result<tonic::Response<case::$response>, Status> {
                Err(Status::unimplemented("not played here"))
            })+
        }
    };
}

not_played! {
    list_cases: ListCasesRequest -> ListCasesResponse,
    post_message: PostMessageRequest -> PostMessageResponse,
    list_messages: ListMessagesRequest -> ListMessagesResponse,
    assign_case: AssignCaseRequest -> AssignCaseResponse,
    change_language: ChangeLanguageRequest -> ChangeLanguageResponse,
    change_severity: ChangeSeverityRequest -> ChangeSeverityResponse,
    resolve_case: ResolveCaseRequest -> ResolveCaseResponse,
    reopen_case: ReopenCaseRequest -> ReopenCaseResponse,
    close_case: CloseCaseRequest -> CloseCaseResponse,
    list_timeline: ListTimelineRequest -> ListTimelineResponse,
}

/// Identity-verification: gives its keys, and tokens to one client.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) keys: Arc<Mutex<Vec<Issuer>>>,
    pub(crate) asked: Arc<AtomicUsize>,
    /// The grants that were revoked.
    pub(crate) revoked: Arc<Mutex<Vec<String>>>,
    /// The clients that are suspended.
    pub(crate) suspended: Arc<Mutex<Vec<String>>>,
    /// Who asked for tokens last, and for what.
    pub(crate) token_asked: Arc<Mutex<Option<(Call, identity::IssuePartnerTokenRequest)>>>,
    /// What is answered in the place of a token.
    pub(crate) refusal: Arc<Mutex<Option<Status>>>,
}

pub(crate) const CLIENT_ID: &str = "eu-client 1";
/// With characters that a form and Basic authentication must encode.
pub(crate) const CLIENT_SECRET: &str = "s3:cr+t %&=ü";

impl Default for Identity {
    fn default() -> Self {
        Self {
            keys: Arc::new(Mutex::new(vec![Issuer::identity()])),
            asked: Arc::default(),
            revoked: Arc::default(),
            suspended: Arc::default(),
            token_asked: Arc::default(),
            refusal: Arc::default(),
        }
    }
}

/// The factors, of which the gateway asks for one thing alone.
macro_rules! factors {
    ($($method:ident($request:ident) -> $response:ident,)*) => {
        #[tonic::async_trait]
        impl FactorService for Identity {
            $(async fn $method(
                &self,
                _: tonic::Request<identity::$request>,
            ) -> Result<tonic::Response<identity::$response>, Status> {
                Err(Status::unimplemented("not played here"))
            })*

            async fn list_revoked_grants(
                &self,
                _: tonic::Request<identity::ListRevokedGrantsRequest>,
            ) -> Result<tonic::Response<identity::ListRevokedGrantsResponse>, Status> {
                let now = std::time::SystemTime::now();
                let grants = self.revoked.lock().unwrap();
                let grants = grants.iter().map(|grant| identity::RevokedGrant {
                    grant_id: grant.clone(),
                    revoke_time: Some(now.into()),
                    expire_time: Some((now + std::time::Duration::from_mins(10)).into()),
                });
                Ok(tonic::Response::new(identity::ListRevokedGrantsResponse { grants: grants.collect() }))
            }
        }
    };
}

factors! {
    list_authenticators(ListAuthenticatorsRequest) -> ListAuthenticatorsResponse,
    remove_authenticator(RemoveAuthenticatorRequest) -> RemoveAuthenticatorResponse,
    enrol_totp(EnrolTotpRequest) -> EnrolTotpResponse,
    confirm_totp(ConfirmTotpRequest) -> ConfirmTotpResponse,
    enrol_passkey(EnrolPasskeyRequest) -> EnrolPasskeyResponse,
    confirm_passkey(ConfirmPasskeyRequest) -> ConfirmPasskeyResponse,
    enrol_push_device(EnrolPushDeviceRequest) -> EnrolPushDeviceResponse,
    create_support_pin(CreateSupportPinRequest) -> CreateSupportPinResponse,
    create_recovery_codes(CreateRecoveryCodesRequest) -> CreateRecoveryCodesResponse,
    challenge_factor(ChallengeFactorRequest) -> ChallengeFactorResponse,
    redeem_factor(RedeemFactorRequest) -> RedeemFactorResponse,
    check_pin(CheckPinRequest) -> CheckPinResponse,
    witness_document(WitnessDocumentRequest) -> WitnessDocumentResponse,
    list_push_prompts(ListPushPromptsRequest) -> ListPushPromptsResponse,
    answer_push_prompt(AnswerPushPromptRequest) -> AnswerPushPromptResponse,
    renew_session(RenewSessionRequest) -> RenewSessionResponse,
}

/// The clients, of which the gateway asks for one thing alone.
macro_rules! clients {
    ($($method:ident($request:ident) -> $response:ident,)*) => {
        #[tonic::async_trait]
        impl PartnerClientService for Identity {
            $(async fn $method(
                &self,
                _: tonic::Request<identity::$request>,
            ) -> Result<tonic::Response<identity::$response>, Status> {
                Err(Status::unimplemented("not played here"))
            })*

            async fn list_suspended_partner_clients(
                &self,
                _: tonic::Request<identity::ListSuspendedPartnerClientsRequest>,
            ) -> Result<tonic::Response<identity::ListSuspendedPartnerClientsResponse>, Status> {
                Ok(tonic::Response::new(identity::ListSuspendedPartnerClientsResponse {
                    client_ids: self.suspended.lock().unwrap().clone(),
                }))
            }
        }
    };
}

clients! {
    get_partner_client(GetPartnerClientRequest) -> GetPartnerClientResponse,
    list_partner_clients(ListPartnerClientsRequest) -> ListPartnerClientsResponse,
    set_partner_client_access(SetPartnerClientAccessRequest) -> SetPartnerClientAccessResponse,
    set_partner_client_keys(SetPartnerClientKeysRequest) -> SetPartnerClientKeysResponse,
    rotate_partner_client_secret(RotatePartnerClientSecretRequest) -> RotatePartnerClientSecretResponse,
    suspend_partner_client(SuspendPartnerClientRequest) -> SuspendPartnerClientResponse,
    resume_partner_client(ResumePartnerClientRequest) -> ResumePartnerClientResponse,
}

#[tonic::async_trait]
impl CredentialService for Identity {
    async fn create_partner_client(
        &self,
        _: tonic::Request<identity::CreatePartnerClientRequest>,
    ) -> Result<tonic::Response<identity::CreatePartnerClientResponse>, Status> {
        Err(Status::unimplemented("not played here"))
    }

    async fn issue_partner_token(
        &self,
        request: tonic::Request<identity::IssuePartnerTokenRequest>,
    ) -> Result<tonic::Response<identity::IssuePartnerTokenResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let proven = request.client_secret == CLIENT_SECRET
            || !request.client_assertion.is_empty()
            || call.caller().bounds.certificate.is_some();
        let is_known = request.client_id == CLIENT_ID && proven;
        *self.token_asked.lock().unwrap() = Some((call, request));
        if let Some(refusal) = self.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        if !is_known {
            return Err(support_chassis::error::Answer::new(
                Code::Unauthenticated,
                "support.identity.v1",
                identity::IdentityErrorReason::ClientRefused.as_str_name(),
                "the client is refused",
            )
            .to_status());
        }
        Ok(tonic::Response::new(identity::IssuePartnerTokenResponse {
            access_token: super::tokens::partner("repairs.read"),
            expires_in_seconds: 900,
            scopes: vec!["repairs.read".to_owned(), "repairs.write".to_owned()],
            ..identity::IssuePartnerTokenResponse::default()
        }))
    }

    async fn get_key_set(
        &self,
        _: tonic::Request<identity::GetKeySetRequest>,
    ) -> Result<tonic::Response<identity::GetKeySetResponse>, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let keys: Vec<_> = self.keys.lock().unwrap().iter().map(Issuer::jwk).collect();
        Ok(tonic::Response::new(identity::GetKeySetResponse {
            issuer: super::tokens::IDENTITY.to_owned(),
            jwks_json: serde_json::json!({ "keys": keys }).to_string(),
        }))
    }
}

pub(crate) const NOT_FOUND_IN_GERMAN: &str = "Diesen Vorgang gibt es nicht.";
pub(crate) const MALFORMED_IN_GERMAN: &str = "Die Anfrage ist nicht lesbar.";

/// Localisation: German, and a few sentences.
pub(crate) fn localisation() -> Localisation {
    let localisation = Localisation::new(&["de"]);
    localisation.publish(
        "en",
        [
            ("error.case.case_not_found", "There is no such case."),
            ("error.common.malformed_message", "The request cannot be read."),
            ("error.common.invalid_fields", "The field {$field} is wrong."),
        ],
    );
    localisation.publish(
        "de",
        [
            ("error.case.case_not_found", NOT_FOUND_IN_GERMAN),
            ("error.common.malformed_message", MALFORMED_IN_GERMAN),
            ("error.common.invalid_fields", "Das Feld {$field} ist falsch."),
        ],
    );
    localisation
}

/// A service that takes bytes as they are and keeps them.
#[derive(Clone, Default)]
pub(crate) struct Spy {
    pub(crate) seen: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    /// The message it answers with.
    pub(crate) reply: Arc<Mutex<Vec<u8>>>,
}

impl NamedService for Spy {
    const NAME: &'static str = "support.warranty.v1.CatalogueService";
}

impl Service<Request<Body>> for Spy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let spy = self.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
            spy.seen.lock().unwrap().push((head.headers, body));
            let reply = Bytes::from(framed(&spy.reply.lock().unwrap()));
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            trailers.insert("x-from-the-service", HeaderValue::from_static("yes"));
            let frames = [Frame::data(reply), Frame::trailers(trailers)];
            let frames = futures_util::stream::iter(frames.map(Ok::<_, Status>));
            Ok(grpc_response(Body::new(StreamBody::new(frames))))
        }
        .boxed()
    }
}

/// The standard of one service: the same kind of spy under the name that several services have.
#[derive(Clone, Default)]
pub(crate) struct Rules(pub(crate) Spy);

impl NamedService for Rules {
    const NAME: &'static str = "support.standard.v1.StandardService";
}

impl Service<Request<Body>> for Rules {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}

fn grpc_response(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}

/// The frames of one open stream.
pub(crate) type Feed = mpsc::UnboundedSender<Frame<Bytes>>;

/// The agents' service: every stream that is opened is handed to the test, which feeds it.
#[derive(Clone)]
pub(crate) struct Offers {
    pub(crate) opened: mpsc::UnboundedSender<Feed>,
}

impl NamedService for Offers {
    const NAME: &'static str = "support.routing.v1.AgentService";
}

impl Service<Request<Body>> for Offers {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let (feed, frames) = mpsc::unbounded_channel();
        self.opened.send(feed).unwrap();
        let frames = UnboundedReceiverStream::new(frames).map(Ok::<_, Status>);
        Box::pin(std::future::ready(Ok(grpc_response(Body::new(StreamBody::new(
            frames,
        ))))))
    }
}

/// The trailers of a stream that ended well or not.
pub(crate) fn end(status: &Status) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    support_chassis::error::write_status(status, &mut trailers);
    Frame::trailers(trailers)
}

pub(crate) fn case_not_found() -> Status {
    support_chassis::error::Answer::new(
        Code::NotFound,
        "support.case.v1",
        case::CaseErrorReason::CaseNotFound.as_str_name(),
        "no such case",
    )
    .with("case_id", "eu-1")
    .to_status()
}

pub(crate) fn overloaded() -> Status {
    support_chassis::error::Answer::common(
        Code::ResourceExhausted,
        CommonErrorReason::Overloaded,
        "too much at once",
    )
    .retry_after(std::time::Duration::from_millis(1500))
    .to_status()
}
