//! The public API as its callers use it: a gateway's address, a token, and the generated clients.
//!
//! A [`Session`] is one connection to a gateway; [`Caller`]s share it, each with its own bearer token. Calls that may be
//! sent again go through [`Session::retrying`], which sends the very same request until the system answers: the request
//! ids of [`request_id`] are the same however often the program asks, so a call that did take effect before the system
//! went away gives its stored answer instead of a second effect. Nothing here prints.
//!
//! ```no_run
//! # async fn example(token: &str) -> anyhow::Result<()> {
//! use support::session::Session;
//! use support_proto::support::case::v1::ListCasesRequest;
//!
//! let session = Session::connect("http://127.0.0.1:8080")?;
//! let operator = session.as_operator(token)?;
//! let request = ListCasesRequest { page_size: 10, ..Default::default() };
//! let cases = session
//!     .retrying(|| {
//!         let (mut cases, request) = (operator.cases(), request.clone());
//!         async move { cases.list_cases(request).await }
//!     })
//!     .await?;
//! # drop(cases);
//! # Ok(()) }
//! ```

mod bearer;
mod patience;
mod request;

use std::sync::Arc;
use std::time::Duration;

use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::identity::v1::credential_service_client::CredentialServiceClient;
use support_proto::support::identity::v1::customer_service_client::CustomerServiceClient;
use support_proto::support::identity::v1::erasure_service_client::ErasureServiceClient;
use support_proto::support::identity::v1::grant_service_client::GrantServiceClient;
use support_proto::support::identity::v1::local_outbox_service_client::LocalOutboxServiceClient;
use support_proto::support::identity::v1::notification_service_client::NotificationServiceClient;
use support_proto::support::identity::v1::verification_service_client::VerificationServiceClient;
use support_proto::support::localisation::v1::knowledge_service_client::KnowledgeServiceClient;
use support_proto::support::localisation::v1::locale_service_client::LocaleServiceClient;
use support_proto::support::localisation::v1::message_service_client::MessageServiceClient;
use support_proto::support::localisation::v1::playbook_service_client::PlaybookServiceClient;
use support_proto::support::localisation::v1::translation_service_client::TranslationServiceClient;
use support_proto::support::repair::v1::provider_service_client::ProviderServiceClient;
use support_proto::support::repair::v1::repair_service_client::RepairServiceClient;
use support_proto::support::routing::v1::agent_service_client::AgentServiceClient;
use support_proto::support::routing::v1::roster_service_client::RosterServiceClient;
use support_proto::support::routing::v1::simulation_service_client::SimulationServiceClient;
use support_proto::support::routing::v1::task_service_client::TaskServiceClient;
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::warranty::v1::catalogue_service_client::CatalogueServiceClient;
use support_proto::support::warranty::v1::coverage_service_client::CoverageServiceClient;
use support_proto::support::warranty::v1::device_life_service_client::DeviceLifeServiceClient;
use support_proto::support::warranty::v1::device_service_client::DeviceServiceClient;
use support_proto::support::warranty::v1::entitlement_service_client::EntitlementServiceClient;
use support_proto::support::warranty::v1::explanation_service_client::ExplanationServiceClient;
use support_proto::support::warranty::v1::fleet_service_client::FleetServiceClient;
use support_proto::support::warranty::v1::plan_service_client::PlanServiceClient;
use support_proto::support::warranty::v1::proof_of_purchase_service_client::ProofOfPurchaseServiceClient;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

pub use bearer::Bearer;
pub(crate) use patience::call;
pub use patience::{Failure, Patience, Presence, again};
pub use request::request_id;

/// What the generated clients speak over: the shared channel, with one caller's token on every call.
pub type Line = InterceptedService<Channel, Bearer>;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The gateway's address is none.
    #[error("the gateway's address is not a url like http://127.0.0.1:8080")]
    Address(#[source] tonic::transport::Error),
    /// The token cannot stand in a header.
    #[error("the token holds characters that no token has")]
    Token,
}

/// One connection to a gateway. Clones share it.
#[derive(Debug, Clone)]
pub struct Session {
    channel: Channel,
    presence: Arc<Presence>,
    patience: Patience,
}

impl Session {
    /// A session with the gateway at `url`. It connects with the first call, and again after every loss.
    ///
    /// # Errors
    ///
    /// Where `url` is no address.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn connect(url: impl Into<String>) -> Result<Self, SessionError> {
        let endpoint = Endpoint::from_shared(url.into())
            .map_err(SessionError::Address)?
            .connect_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            // A machine that vanishes says nothing; without this a stream to it would wait for ever.
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(20));
        Ok(Self {
            channel: endpoint.connect_lazy(),
            presence: Arc::default(),
            patience: Patience::default(),
        })
    }

    /// The same session with another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Whether the system answers, as far as the calls of this session have seen.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Somebody who has not said who they are.
    #[must_use]
    pub fn anonymous(&self) -> Caller {
        self.caller(Bearer::none())
    }

    /// An operator, by a token of the operator's issuer.
    ///
    /// # Errors
    ///
    /// Where the token cannot be one.
    pub fn as_operator(&self, token: &str) -> Result<Caller, SessionError> {
        self.bearing(token)
    }

    /// An agent, by a token of the operator's issuer.
    ///
    /// # Errors
    ///
    /// Where the token cannot be one.
    pub fn as_agent(&self, token: &str) -> Result<Caller, SessionError> {
        self.bearing(token)
    }

    /// A customer, by the session token of a completed verification.
    ///
    /// # Errors
    ///
    /// Where the token cannot be one.
    pub fn as_customer(&self, token: &str) -> Result<Caller, SessionError> {
        self.bearing(token)
    }

    /// A partner's system, by an access token (OAuth 2.0 client credentials).
    ///
    /// # Errors
    ///
    /// Where the token cannot be one.
    pub fn as_partner(&self, token: &str) -> Result<Caller, SessionError> {
        self.bearing(token)
    }

    fn bearing(&self, token: &str) -> Result<Caller, SessionError> {
        Ok(self.caller(Bearer::new(token).ok_or(SessionError::Token)?))
    }

    fn caller(&self, bearer: Bearer) -> Caller {
        Caller {
            line: InterceptedService::new(self.channel.clone(), bearer.clone()),
            bearer,
            session: self.clone(),
        }
    }
}

/// Somebody who calls. Each method gives a client of one service of the contract; making one costs nothing.
#[derive(Clone)]
pub struct Caller {
    line: Line,
    bearer: Bearer,
    session: Session,
}

impl Caller {
    /// The session that the caller uses.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The same agent, who shows a customer's grant with every call: the token that `IssueGrantToken` gave them.
    ///
    /// # Errors
    ///
    /// Where the token cannot be one.
    pub fn showing(&self, grant_token: &str) -> Result<Self, SessionError> {
        let bearer = self.bearer.showing(grant_token).ok_or(SessionError::Token)?;
        Ok(self.session.caller(bearer))
    }
}

/// One client a line: `name: Client`.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident,)*) => {
        impl Caller {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> $client<Line> {
                    $client::new(self.line.clone())
                }
            )*
        }
    };
}

clients! {
    /// Customers and their contact points.
    customers: CustomerServiceClient,
    /// Verifications by one-time code.
    verifications: VerificationServiceClient,
    /// What customers were told.
    notifications: NotificationServiceClient,
    /// Erasures of customers, and all that is held on one.
    erasures: ErasureServiceClient,
    /// What verifications allow.
    grants: GrantServiceClient,
    /// Partners' clients and their tokens.
    credentials: CredentialServiceClient,
    /// The messages that a local system keeps instead of sending.
    outbox: LocalOutboxServiceClient,
    /// Cases.
    cases: CaseServiceClient,
    /// Agents, their presence and their offers.
    agents: AgentServiceClient,
    /// When agents are planned to be at work.
    rosters: RosterServiceClient,
    /// Tasks and their histories.
    tasks: TaskServiceClient,
    /// What would be.
    simulations: SimulationServiceClient,
    /// Products.
    catalogue: CatalogueServiceClient,
    /// Devices.
    devices: DeviceServiceClient,
    /// How devices come into the register, and what becomes of them.
    device_life: DeviceLifeServiceClient,
    /// Coverage decisions.
    coverage: CoverageServiceClient,
    /// Decisions, explained.
    explanations: ExplanationServiceClient,
    /// Decisions about many devices.
    fleet: FleetServiceClient,
    /// Proofs of purchase.
    proofs: ProofOfPurchaseServiceClient,
    /// Plans that customers buy.
    plans: PlanServiceClient,
    /// What decisions grant.
    entitlements: EntitlementServiceClient,
    /// Those who repair.
    providers: ProviderServiceClient,
    /// Repairs.
    repairs: RepairServiceClient,
    /// Locales.
    locales: LocaleServiceClient,
    /// Messages in every language.
    messages: MessageServiceClient,
    /// Drafts of texts, their review, and the sets that are published.
    translations: TranslationServiceClient,
    /// Articles.
    knowledge: KnowledgeServiceClient,
    /// The standards of all services.
    standard: StandardServiceClient,
    /// What to say and ask.
    playbooks: PlaybookServiceClient,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Caller")
    }
}
