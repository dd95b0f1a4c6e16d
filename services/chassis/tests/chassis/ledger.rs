//! A small service to run: it revokes grants and says so on its feed.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::migrate::Migrator;
use support_chassis::call::{Call, Caller};
use support_chassis::clock::Clock;
use support_chassis::db::{DbError, Tx};
use support_chassis::error::into_status;
use support_chassis::feed::{ApplyError, Consumer, Received};
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::BoxError;
use support_chassis::passport::{PASSPORT_HEADER, Signer};
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::settings::{SettingDocs, Settings, TrustRole, TrustSettings};
use support_postgres::testing::TestDatabase;
use support_proto::support::identity::v1::grant_service_client::GrantServiceClient;
use support_proto::support::identity::v1::grant_service_server::{GrantService, GrantServiceServer};
use support_proto::support::identity::v1::{
    GetGrantRequest, GetGrantResponse, Grant, GrantRevoked, IssueGrantTokenRequest, IssueGrantTokenResponse,
    ListGrantsRequest, ListGrantsResponse, RevokeGrantRequest, RevokeGrantResponse,
};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use tokio::sync::Notify;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

/// All that is ever run here.
pub(crate) const SERVICES: &[&str] = &["ledger", "reader", "doomed"];

/// Without migrations of its own.
pub(crate) static MIGRATOR: Migrator = Migrator::DEFAULT;

pub(crate) static LEDGER: Service = Service {
    name: "ledger",
    title: "revokes grants",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[],
    start: |kit| async { Ok(Parts::new().serve(GrantServiceServer::new(Ledger { kit }))) }.boxed(),
};

/// Hears what the ledger says.
pub(crate) static READER: Service = Service {
    name: "reader",
    title: "hears of revoked grants",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[],
    start: |_| async { Ok(Parts::new().consume("ledger", Revocations)) }.boxed(),
};

struct Revocations;

impl Consumer for Revocations {
    fn event_types(&self) -> Vec<&'static str> {
        vec!["support.identity.v1.GrantRevoked"]
    }

    fn apply<'t>(&'t self, _: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        async {
            let revoked = event.decode::<GrantRevoked>()?.expect("nothing else was asked for");
            tracing::info!(grant_id = revoked.grant_id, "heard of a revoked grant");
            Ok(())
        }
        .boxed()
    }
}

/// Ends in a panic when it is told to.
pub(crate) static DOOMED: Service = Service {
    name: "doomed",
    title: "panics when told to",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[],
    start: doomed,
};
/// Tells it.
pub(crate) static DOOM: Notify = Notify::const_new();

fn doomed(_: Kit) -> BoxFuture<'static, Result<Parts, StartError>> {
    let work = async {
        DOOM.notified().await;
        if true {
            panic!("as the test wants it")
        } else {
            Ok::<(), BoxError>(())
        }
    };
    async { Ok(Parts::new().work("doom", work)) }.boxed()
}

/// A call to `GetGrant` has arrived.
pub(crate) static ARRIVED: Notify = Notify::const_new();

struct Ledger {
    kit: Kit,
}

#[tonic::async_trait]
impl GrantService for Ledger {
    /// Answers only once the service drains.
    async fn get_grant(&self, request: Request<GetGrantRequest>) -> Result<Response<GetGrantResponse>, Status> {
        let call = Call::of(&request)?;
        ARRIVED.notify_one();
        call.draining().cancelled().await;
        let grant = Grant {
            grant_id: request.into_inner().grant_id,
            ..Grant::default()
        };
        Ok(Response::new(GetGrantResponse { grant: Some(grant) }))
    }

    async fn list_grants(&self, _: Request<ListGrantsRequest>) -> Result<Response<ListGrantsResponse>, Status> {
        panic!("as the test wants it")
    }

    async fn issue_grant_token(
        &self,
        _: Request<IssueGrantTokenRequest>,
    ) -> Result<Response<IssueGrantTokenResponse>, Status> {
        Err(Status::unimplemented("not played here"))
    }

    async fn revoke_grant(
        &self,
        request: Request<RevokeGrantRequest>,
    ) -> Result<Response<RevokeGrantResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let grant: Id = request
            .grant_id
            .parse()
            .map_err(|_| Status::invalid_argument("no id"))?;
        let answer = self
            .kit
            .db
            .write(&call, &request, async |tx| {
                let revoked = GrantRevoked {
                    grant_id: grant.to_string(),
                    ..GrantRevoked::default()
                };
                tx.append(grant, &revoked).await?;
                let grant = Grant {
                    grant_id: grant.to_string(),
                    ..Grant::default()
                };
                Ok::<_, DbError>(RevokeGrantResponse { grant: Some(grant) })
            })
            .await
            .map_err(into_status)?;
        Ok(Response::new(answer))
    }
}

/// The seeds of the keys.
const GATEWAY_SEED: [u8; 32] = [1; 32];
const READER_SEED: [u8; 32] = [2; 32];
const LEDGER_SEED: [u8; 32] = [3; 32];

/// What all services here are told; each believes the gateway and the others.
pub(crate) fn settings(database: &TestDatabase) -> Settings {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let trusted = |issuer: &str, role, seed: [u8; 32]| TrustSettings {
        issuer: issuer.to_owned(),
        role,
        public_key: base64(SigningKey::from_bytes(&seed).verifying_key().as_bytes()),
    };
    Settings::new(SERVICES)
        .set("region", "eu")
        .set("database.url", database.url())
        .set("database.max_connections", 4)
        .set("server.drain_seconds", 20)
        .set("ledger.passport.signing_key", base64(&LEDGER_SEED))
        .set("reader.passport.signing_key", base64(&READER_SEED))
        .set(
            "passport.trust",
            vec![
                trusted("gateway", TrustRole::Gateway, GATEWAY_SEED),
                trusted("reader", TrustRole::Service, READER_SEED),
                trusted("ledger", TrustRole::Service, LEDGER_SEED),
            ],
        )
}

/// A member of staff who may do everything here.
pub(crate) fn staff() -> Caller {
    Caller {
        kind: CallerKind::Staff,
        subject: "staff-1".to_owned(),
        organisation: Some("org-1".to_owned()),
        scopes: ["customers.read", "grants.revoke"].map(str::to_owned).into(),
        assurance: AssuranceLevel::Aal2,
        region: Some("eu".to_owned()),
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    }
}

/// A passport for the caller, signed by the gateway.
pub(crate) fn passport(caller: &Caller) -> String {
    let signer = Signer::new(
        "gateway",
        &SigningKey::from_bytes(&GATEWAY_SEED),
        Duration::from_mins(5),
    )
    .unwrap();
    signer.sign(caller, Clock::system().now()).unwrap()
}

/// A plain client, with a passport as the gateway would send it.
pub(crate) type Client = GrantServiceClient<InterceptedService<Channel, Bearing>>;

/// A client with the passport of [`staff`].
pub(crate) fn client(channel: Channel) -> Client {
    GrantServiceClient::with_interceptor(channel, Bearing(passport(&staff()).parse().unwrap()))
}

/// Puts a passport into requests.
#[derive(Clone)]
pub(crate) struct Bearing(MetadataValue<Ascii>);

impl Interceptor for Bearing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(PASSPORT_HEADER, self.0.clone());
        Ok(request)
    }
}

/// A new grant.
pub(crate) fn grant_id() -> String {
    Ids::new("eu".parse().unwrap(), Clock::system())
        .next::<Id>()
        .to_string()
}
