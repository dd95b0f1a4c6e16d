//! A case service that knows one case of one customer, and tells what a test has it tell.

use std::sync::LazyLock;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::call::Call;
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::Id;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Parts, Running, Service, run};
use support_chassis::settings::{SettingDocs, Settings, TrustRole};
use support_postgres::testing::TestDatabase;
use support_proto::codec::Event;
use support_proto::support::case::v1 as case;
use support_proto::support::case::v1::case_service_server::{CaseService, CaseServiceServer};
use support_proto::support::types::v1::ProductLine;
use support_testing::{LIMIT, signing_key, trust};
use tonic::{Request, Response, Status};

use crate::world::ids;

static NO_TABLES: Migrator = Migrator::DEFAULT;

static CASE: Service = Service {
    name: "case",
    title: "knows one case",
    migrator: &NO_TABLES,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[],
    start: |_| async { Ok(Parts::new().serve(CaseServiceServer::new(Desk))) }.boxed(),
};

/// The only case there is.
pub(crate) static KNOWN: LazyLock<String> = LazyLock::new(|| ids().next::<Id>().to_string());

/// The running service.
pub(crate) struct FakeCase {
    db: Db,
    _database: TestDatabase,
    running: Running,
    life: Lifecycle,
}

impl FakeCase {
    pub(crate) async fn start() -> Self {
        let database = support_testing::database("feed-only", &NO_TABLES).await;
        let settings = Settings::new(&["case"])
            .set("region", "eu")
            .set("database.url", database.url())
            .set("database.max_connections", 4)
            .set("feed.poll_interval_ms", 20)
            .set("passport.signing_key", signing_key("case"))
            .set(
                "passport.trust",
                vec![
                    trust("gateway", TrustRole::Gateway),
                    trust("localisation", TrustRole::Service),
                ],
            );
        let life = Lifecycle::new();
        let running = run(&CASE, &settings, &life, None).await.unwrap();
        let db = Db::connect(&DatabaseSettings::small(database.url())).await.unwrap();
        Self {
            db,
            _database: database,
            running,
            life,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.running.address)
    }

    /// Tells this of a case, and waits until the service whose database this is has heard it.
    pub(crate) async fn tell(&self, subject: Id, event: &impl Event, listener: &Db) {
        let mut tx = self.db.begin().await.unwrap();
        tx.append(subject, event).await.unwrap();
        tx.commit().await.unwrap();
        let heard = wait_until_caught_up(listener, "case", &self.db, LIMIT).await;
        assert!(heard.unwrap());
    }
}

impl Drop for FakeCase {
    fn drop(&mut self) {
        self.life.abort();
    }
}

struct Desk;

fn known(case_id: &str) -> Result<(), Status> {
    if case_id == *KNOWN {
        Ok(())
    } else {
        Err(Status::not_found("no such case"))
    }
}

macro_rules! not_played {
    ($($method:ident: $request:ident -> $response:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl CaseService for Desk {
            async fn get_case(
                &self,
                request: Request<case::GetCaseRequest>,
            ) -> Result<Response<case::GetCaseResponse>, Status> {
                // The caller's own passport comes along: case decides what they may see.
                let call = Call::of(&request)?;
                assert_eq!(call.actor(), Some("localisation"));
                known(&request.get_ref().case_id)?;
                Ok(Response::new(case::GetCaseResponse {
                    case: Some(case::Case {
                        case_id: KNOWN.clone(),
                        state: case::CaseState::Assigned.into(),
                        language: "de".to_owned(),
                        product_line: ProductLine::Phone.into(),
                        subject: "Telefon immer leer".to_owned(),
                        description: "Ich lade es jede Nacht.".to_owned(),
                        ..case::Case::default()
                    }),
                    ..case::GetCaseResponse::default()
                }))
            }

            async fn list_messages(
                &self,
                request: Request<case::ListMessagesRequest>,
            ) -> Result<Response<case::ListMessagesResponse>, Status> {
                known(&request.get_ref().case_id)?;
                let message = |author: case::MessageAuthor, body: &str| case::Message {
                    author: author.into(),
                    body: body.to_owned(),
                    ..case::Message::default()
                };
                Ok(Response::new(case::ListMessagesResponse {
                    messages: vec![
                        // What staff say is not what the customer asks.
                        message(case::MessageAuthor::Staff, "Drucker Drucker Drucker"),
                        message(case::MessageAuthor::Customer, "Der Akku hält keinen halben Tag."),
                    ],
                    next_page_token: String::new(),
                }))
            }

            $(async fn $method(
                &self,
                _: Request<case::$request>,
            ) -> Result<Response<case::$response>, Status> {
                Err(Status::unimplemented("not played here"))
            })+
        }
    };
}

not_played! {
    open_case: OpenCaseRequest -> OpenCaseResponse,
    list_cases: ListCasesRequest -> ListCasesResponse,
    post_message: PostMessageRequest -> PostMessageResponse,
    assign_case: AssignCaseRequest -> AssignCaseResponse,
    resolve_case: ResolveCaseRequest -> ResolveCaseResponse,
    reopen_case: ReopenCaseRequest -> ReopenCaseResponse,
    close_case: CloseCaseRequest -> CloseCaseResponse,
    list_timeline: ListTimelineRequest -> ListTimelineResponse,
    change_language: ChangeLanguageRequest -> ChangeLanguageResponse,
    change_severity: ChangeSeverityRequest -> ChangeSeverityResponse,
}
