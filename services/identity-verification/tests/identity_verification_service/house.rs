//! A running service, and what one does with it.

use std::future::Future;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::PgPool;
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::error::{Explained, explain};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Running, migrate, run};
use support_chassis::settings::{Settings, TrustRole};
use support_chassis::vault::{KeyRing, Vault};
use support_identity_verification::{NAME, SERVICE};
use support_postgres::testing::{TestDatabase, database_from};
use support_proto::support::identity::v1::audit_service_client::AuditServiceClient;
use support_proto::support::identity::v1::credential_service_client::CredentialServiceClient;
use support_proto::support::identity::v1::customer_service_client::CustomerServiceClient;
use support_proto::support::identity::v1::delegation_service_client::DelegationServiceClient;
use support_proto::support::identity::v1::disclosure_service_client::DisclosureServiceClient;
use support_proto::support::identity::v1::erasure_service_client::ErasureServiceClient;
use support_proto::support::identity::v1::factor_service_client::FactorServiceClient;
use support_proto::support::identity::v1::grant_service_client::GrantServiceClient;
use support_proto::support::identity::v1::local_outbox_service_client::LocalOutboxServiceClient;
use support_proto::support::identity::v1::organisation_service_client::OrganisationServiceClient;
use support_proto::support::identity::v1::profile_service_client::ProfileServiceClient;
use support_proto::support::identity::v1::verification_service_client::VerificationServiceClient;
use support_proto::support::identity::v1::{
    CheckCodeResponse, Customer, GetVerificationRequest, ListOutboxMessagesRequest, OutboxMessage, Verification,
};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_testing::{Door, Localisation, call_as, call_by, signing_key, trust};
use tonic::Status;
use tonic::transport::Channel;

use crate::localisation::localisation;
pub(crate) use crate::requests::*;

pub(crate) const SESSION_SEED: [u8; 32] = [4; 32];
/// How long a test waits for what should come at once.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running service.
pub(crate) struct House {
    pub(crate) channel: Channel,
    pub(crate) pool: PgPool,
    pub(crate) localisation: Localisation,
    pub(crate) running: Running,
    life: Lifecycle,
    _database: TestDatabase,
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn url_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// What the service is told: messages are kept, everything else as little as can be.
pub(crate) fn settings(url: &str, localisation: &str) -> Settings {
    Settings::new(&[NAME, "localisation", "case", "repair-logistics", "routing", "warranty"])
        .set("region", "eu")
        .set("database.url", url)
        .set("database.max_connections", 4)
        // Every test starts a service, which connects anew: on a busy machine that takes longer than in operation.
        .set("database.acquire_timeout_ms", 30_000)
        .set("peers.localisation", vec![localisation])
        // Where they matter, a test has them.
        .set("peers.case", vec!["http://127.0.0.1:1"])
        .set("peers.repair-logistics", vec!["http://127.0.0.1:1"])
        .set("peers.routing", vec!["http://127.0.0.1:1"])
        .set("peers.warranty", vec!["http://127.0.0.1:1"])
        .set("passport.signing_key", signing_key(NAME))
        .set(
            "passport.trust",
            vec![
                trust("gateway", TrustRole::Gateway),
                trust("reader", TrustRole::Service),
            ],
        )
        .set("vault.keys", VAULT_KEYS)
        .set("vault.lookup_keys", LOOKUP_KEYS)
        .set("identity-verification.service_key", base64(&[5; 32]))
        .set("identity-verification.tokens.session_key", base64(&SESSION_SEED))
        .set("identity-verification.delivery.outbox", "local")
        // Time is moved by hand where a test is about it; upkeep is then asked for and not waited for.
        .set("identity-verification.verification.expiry_interval_ms", 3_600_000)
}

/// The keys of personal data: of 32 bytes 1, and of 32 bytes 2.
const VAULT_KEYS: &str = "first AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const LOOKUP_KEYS: &str = "first AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// What the house seals by.
pub(crate) fn vault() -> Vault {
    Vault::new(
        KeyRing::parse(VAULT_KEYS).unwrap(),
        KeyRing::parse(LOOKUP_KEYS).unwrap(),
    )
}

/// A migrated database.
pub(crate) async fn database() -> TestDatabase {
    database_from("identity-verification", |url| async move {
        migrate(&SERVICE, &settings(&url, "http://127.0.0.1:1")).await.map(drop)
    })
    .await
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    pub(crate) async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        Self::with_words(localisation(), change).await
    }

    /// With other words than usual.
    pub(crate) async fn with_words(localisation: Localisation, change: impl FnOnce(Settings) -> Settings) -> Self {
        let database = database().await;
        let address = localisation.serve().await;
        let settings = change(settings(database.url(), &format!("http://{address}")));
        let life = Lifecycle::new();
        let running = run(&SERVICE, &settings, &life, None).await.unwrap();
        let channel = support_testing::channel(running.address);
        let pool = PgPool::connect_lazy(database.url()).unwrap();
        let house = Self {
            channel,
            pool,
            localisation,
            running,
            life,
            _database: database,
        };
        house.warm_up().await;
        house
    }

    /// Waits until the service has a connection, so that no call of a test waits for one within its deadline.
    async fn warm_up(&self) {
        let nobody = GetVerificationRequest {
            verification_id: some_id(),
        };
        eventually("the database is connected", async || {
            let answer = self.verifications(&visitor()).get_verification(nobody.clone()).await;
            (answer.unwrap_err().code() == tonic::Code::NotFound).then_some(())
        })
        .await;
    }

    /// Ends the service; everything it was at is finished.
    pub(crate) async fn end(self) {
        self.life.drain("test");
        drop(self.channel);
        assert_eq!(self.running.finished().await, Ok(()));
    }

    pub(crate) fn door(&self, caller: &Caller) -> Door {
        call_as(&self.channel, caller, Clock::system().now())
    }

    /// What another service calls through, on its own account.
    pub(crate) fn reader(&self) -> Door {
        call_by(
            "reader",
            &self.channel,
            &Caller::service("reader"),
            Clock::system().now(),
        )
    }

    pub(crate) fn customers(&self, caller: &Caller) -> CustomerServiceClient<Door> {
        CustomerServiceClient::new(self.door(caller))
    }

    pub(crate) fn verifications(&self, caller: &Caller) -> VerificationServiceClient<Door> {
        VerificationServiceClient::new(self.door(caller))
    }

    pub(crate) fn delegations(&self, caller: &Caller) -> DelegationServiceClient<Door> {
        DelegationServiceClient::new(self.door(caller))
    }

    pub(crate) fn disclosure(&self, caller: &Caller) -> DisclosureServiceClient<Door> {
        DisclosureServiceClient::new(self.door(caller))
    }

    pub(crate) fn profiles(&self, caller: &Caller) -> ProfileServiceClient<Door> {
        ProfileServiceClient::new(self.door(caller))
    }

    pub(crate) fn organisations(&self, caller: &Caller) -> OrganisationServiceClient<Door> {
        OrganisationServiceClient::new(self.door(caller))
    }

    pub(crate) fn audit(&self, caller: &Caller) -> AuditServiceClient<Door> {
        AuditServiceClient::new(self.door(caller))
    }

    pub(crate) fn factors(&self, caller: &Caller) -> FactorServiceClient<Door> {
        FactorServiceClient::new(self.door(caller))
    }

    pub(crate) fn grants(&self, caller: &Caller) -> GrantServiceClient<Door> {
        GrantServiceClient::new(self.door(caller))
    }

    pub(crate) fn erasures(&self, caller: &Caller) -> ErasureServiceClient<Door> {
        ErasureServiceClient::new(self.door(caller))
    }

    pub(crate) fn credentials(&self, caller: &Caller) -> CredentialServiceClient<Door> {
        CredentialServiceClient::new(self.door(caller))
    }

    pub(crate) fn outbox(&self, caller: &Caller) -> LocalOutboxServiceClient<Door> {
        LocalOutboxServiceClient::new(self.door(caller))
    }

    pub(crate) fn standard(&self) -> StandardServiceClient<Door> {
        StandardServiceClient::new(self.door(&operator()))
    }

    /// What a local system would have sent, newest first.
    pub(crate) async fn kept(&self, request: ListOutboxMessagesRequest) -> Vec<OutboxMessage> {
        let answer = self.outbox(&operator()).list_outbox_messages(request).await;
        answer.unwrap().into_inner().messages
    }

    /// What is on record of these actions, oldest first: who, what, and what came of it.
    pub(crate) async fn trail(&self, actions: &str) -> Vec<String> {
        sqlx::query_scalar!(
            r#"select actor_id || ' ' || action || ' ' || outcome as "told!" from audit_entries where action like $1 order by number"#,
            actions
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }

    /// A customer with one e-mail address, made by staff.
    pub(crate) async fn customer(&self, address: &str) -> Customer {
        let answer = self
            .customers(&staff())
            .create_customer(new_customer(vec![email(address)]))
            .await;
        answer.unwrap().into_inner().customer.unwrap()
    }

    /// Starts a verification as a visitor.
    pub(crate) async fn start(&self, address: &str) -> Verification {
        let answer = self
            .verifications(&visitor())
            .start_verification(start(email(address)))
            .await;
        answer.unwrap().into_inner().verification.unwrap()
    }

    /// Waits for the message of a verification.
    pub(crate) async fn message(&self, verification: &Verification) -> OutboxMessage {
        eventually("a message is kept", async || {
            let request = ListOutboxMessagesRequest {
                verification_id: verification.verification_id.clone(),
                ..ListOutboxMessagesRequest::default()
            };
            let answer = self
                .outbox(&operator())
                .list_outbox_messages(request)
                .await
                .unwrap()
                .into_inner();
            answer.messages.into_iter().next()
        })
        .await
    }

    /// Waits for the code of a verification.
    pub(crate) async fn code(&self, verification: &Verification) -> String {
        code_in(&self.message(verification).await.body)
    }

    /// Tries a code as a visitor.
    pub(crate) async fn check(&self, verification: &Verification, code: &str) -> Result<CheckCodeResponse, Explained> {
        let answer = self
            .verifications(&visitor())
            .check_code(check(verification, code))
            .await;
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| explain(&status))
    }

    /// Verifies whoever has an address.
    pub(crate) async fn verify(&self, address: &str) -> CheckCodeResponse {
        let verification = self.start(address).await;
        let code = self.code(&verification).await;
        self.check(&verification, &code).await.unwrap()
    }
}

/// The six digits in a text.
pub(crate) fn code_in(text: &str) -> String {
    let is_code = |word: &&str| word.len() == 6;
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(is_code)
        .expect("a code is in the text")
        .to_owned()
}

/// A code that is not `code`.
pub(crate) fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Waits for a condition, which is looked at again and again.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking)
        .await
        .unwrap_or_else(|_| panic!("waited in vain until {what}"))
}

/// Asserts that a call was refused for a reason of this service, and gives the rest.
pub(crate) fn refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    reason: support_proto::support::identity::v1::IdentityErrorReason,
    code: tonic::Code,
) -> Explained {
    told(&explain(&answer.unwrap_err()), reason, code)
}

/// The same for a status that was read already.
pub(crate) fn told(
    explained: &Explained,
    reason: support_proto::support::identity::v1::IdentityErrorReason,
    code: tonic::Code,
) -> Explained {
    assert_eq!(explained.reason, reason.as_str_name(), "{explained:?}");
    assert_eq!(
        (explained.code, explained.domain.as_str()),
        (code, "support.identity.v1"),
        "{explained:?}"
    );
    explained.clone()
}
