//! The service among those that it listens to, on a clock that the test moves: a case service, a repair-logistics and a warranty that
//! know what the test has them know.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use support_chassis::call::{Call, Caller};
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::feed::wait_until_caught_up;
use support_chassis::id::{Id, Ids};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Parts, Running, Service, run_at};
use support_chassis::settings::{SettingDocs, Settings, TrustRole};
use support_identity_verification::{NAME, SERVICE};
use support_postgres::testing::TestDatabase;
use support_proto::codec::Event;
use support_proto::support::case::v1 as case;
use support_proto::support::case::v1::case_service_server::{CaseService, CaseServiceServer};
use support_proto::support::identity::v1::customer_service_client::CustomerServiceClient;
use support_proto::support::identity::v1::notification_service_client::NotificationServiceClient;
use support_proto::support::identity::v1::{
    CreateCustomerRequest, Customer, ListNotificationsRequest, Notification, NotificationState,
};
use support_proto::support::options::v1::CallerKind;
use support_proto::support::repair::v1 as repair;
use support_proto::support::repair::v1::provider_service_server::{ProviderService, ProviderServiceServer};
use support_proto::support::repair::v1::repair_service_server::{RepairService, RepairServiceServer};
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::plan_service_server::{PlanService, PlanServiceServer};
use support_testing::{Door, LIMIT, Localisation, call_as, signing_key, trust};
use time::OffsetDateTime;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::house::{database, eventually, staff};
use crate::mail_server::{self, Inbox, Mail};
use crate::texts::shipped;

static NO_TABLES: Migrator = Migrator::DEFAULT;

/// What the neighbours of all tests know, by id.
static CASES: LazyLock<Mutex<HashMap<String, case::Case>>> = LazyLock::new(Mutex::default);
static PLANS: LazyLock<Mutex<HashMap<String, warranty::Plan>>> = LazyLock::new(Mutex::default);
/// The places of repairs.
static PLACES: LazyLock<Mutex<HashMap<String, repair::Provider>>> = LazyLock::new(Mutex::default);

const fn neighbour(
    name: &'static str,
    start: fn(
        support_chassis::service::Kit,
    ) -> futures_util::future::BoxFuture<'static, Result<Parts, support_chassis::service::StartError>>,
) -> Service {
    Service {
        name,
        title: "knows what a test has it know",
        migrator: &NO_TABLES,
        defaults: "",
        setting_docs: SettingDocs::none(),
        standards: &[],
        start,
    }
}

static CASE: Service = neighbour("case", |_| {
    async { Ok(Parts::new().serve(CaseServiceServer::new(Neighbour))) }.boxed()
});
static REPAIR_LOGISTICS: Service = neighbour("repair-logistics", |_| {
    async {
        Ok(Parts::new()
            .serve(RepairServiceServer::new(Neighbour))
            .serve(ProviderServiceServer::new(Neighbour)))
    }
    .boxed()
});
static WARRANTY: Service = neighbour("warranty", |_| {
    async { Ok(Parts::new().serve(PlanServiceServer::new(Neighbour))) }.boxed()
});

struct Neighbour;

/// Whoever asks does so in the service's own name.
fn asked_by_the_service<T>(request: &Request<T>) {
    let call = Call::of(request).unwrap();
    assert_eq!(
        (call.caller().kind, call.caller().subject.as_str()),
        (CallerKind::Service, NAME)
    );
}

macro_rules! plays {
    ($service:ident of $package:ident, $own:ident: $request:ident -> $response:ident by $answer:expr;
     $($method:ident: $in:ident -> $out:ident),* $(,)?) => {
        #[tonic::async_trait]
        impl $service for Neighbour {
            async fn $own(
                &self,
                request: Request<$package::$request>,
            ) -> Result<Response<$package::$response>, Status> {
                asked_by_the_service(&request);
                let answer: fn(&$package::$request) -> Option<$package::$response> = $answer;
                answer(request.get_ref()).map(Response::new).ok_or_else(|| Status::not_found("no such thing"))
            }

            $(async fn $method(
                &self,
                _: Request<$package::$in>,
            ) -> Result<Response<$package::$out>, Status> {
                Err(Status::unimplemented("not played here"))
            })*
        }
    };
}

plays! {
    CaseService of case, get_case: GetCaseRequest -> GetCaseResponse by |asked| {
        let case = CASES.lock().unwrap().get(&asked.case_id).cloned();
        case.map(|case| case::GetCaseResponse { case: Some(case), ..case::GetCaseResponse::default() })
    };
    open_case: OpenCaseRequest -> OpenCaseResponse,
    list_cases: ListCasesRequest -> ListCasesResponse,
    post_message: PostMessageRequest -> PostMessageResponse,
    list_messages: ListMessagesRequest -> ListMessagesResponse,
    assign_case: AssignCaseRequest -> AssignCaseResponse,
    resolve_case: ResolveCaseRequest -> ResolveCaseResponse,
    reopen_case: ReopenCaseRequest -> ReopenCaseResponse,
    close_case: CloseCaseRequest -> CloseCaseResponse,
    list_timeline: ListTimelineRequest -> ListTimelineResponse,
    change_severity: ChangeSeverityRequest -> ChangeSeverityResponse,
    change_language: ChangeLanguageRequest -> ChangeLanguageResponse,
}

plays! {
    RepairService of repair, get_repair: GetRepairRequest -> GetRepairResponse by |asked| {
        let place = PLACES.lock().unwrap().get(&asked.repair_id).cloned();
        place.map(|place| repair::GetRepairResponse {
            steps: Vec::new(),
            repair: Some(repair::Repair {
                repair_id: asked.repair_id.clone(),
                provider_id: place.provider_id,
                ..repair::Repair::default()
            }),
        })
    };
    submit_repair: SubmitRepairRequest -> SubmitRepairResponse,
    list_repairs: ListRepairsRequest -> ListRepairsResponse,
    receive_device: ReceiveDeviceRequest -> ReceiveDeviceResponse,
    record_diagnosis: RecordDiagnosisRequest -> RecordDiagnosisResponse,
    start_repair: StartRepairRequest -> StartRepairResponse,
    finish_repair: FinishRepairRequest -> FinishRepairResponse,
    return_device: ReturnDeviceRequest -> ReturnDeviceResponse,
    cancel_repair: CancelRepairRequest -> CancelRepairResponse,
}

plays! {
    ProviderService of repair, get_provider: GetProviderRequest -> GetProviderResponse by |asked| {
        let places = PLACES.lock().unwrap();
        let place = places.values().find(|place| place.provider_id == asked.provider_id).cloned();
        place.map(|place| repair::GetProviderResponse { provider: Some(place) })
    };
    create_provider: CreateProviderRequest -> CreateProviderResponse,
    list_providers: ListProvidersRequest -> ListProvidersResponse,
}

plays! {
    PlanService of warranty, get_plan: GetPlanRequest -> GetPlanResponse by |asked| {
        let plan = PLANS.lock().unwrap().get(&asked.plan_id).cloned();
        plan.map(|plan| warranty::GetPlanResponse { plan: Some(plan) })
    };
    list_plan_offers: ListPlanOffersRequest -> ListPlanOffersResponse,
    quote_plan: QuotePlanRequest -> QuotePlanResponse,
    enrol_plan: EnrolPlanRequest -> EnrolPlanResponse,
    list_plans: ListPlansRequest -> ListPlansResponse,
    renew_plan: RenewPlanRequest -> RenewPlanResponse,
    set_plan_renewal: SetPlanRenewalRequest -> SetPlanRenewalResponse,
    record_plan_payment: RecordPlanPaymentRequest -> RecordPlanPaymentResponse,
    preview_plan_cancellation: PreviewPlanCancellationRequest -> PreviewPlanCancellationResponse,
    cancel_plan: CancelPlanRequest -> CancelPlanResponse,
    transfer_plan: TransferPlanRequest -> TransferPlanResponse,
}

/// The service and its neighbours.
pub(crate) struct Town {
    pub(crate) hand: ManualClock,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) pool: PgPool,
    pub(crate) inbox: Arc<Inbox>,
    database: TestDatabase,
    feeds: HashMap<&'static str, Db>,
    settings: Settings,
    neighbours: Lifecycle,
    service: Option<(Running, Lifecycle, Channel)>,
    _databases: Vec<TestDatabase>,
    _localisation: Localisation,
}

impl Town {
    pub(crate) async fn at(now: OffsetDateTime) -> Self {
        Self::with(now, |settings| settings).await
    }

    pub(crate) async fn with(now: OffsetDateTime, change: impl FnOnce(Settings) -> Settings) -> Self {
        let (clock, hand) = Clock::manual(now);
        let localisation = Localisation::new(&["de", "ar"]);
        for locale in ["en", "de", "ar"] {
            localisation.publish(locale, shipped(locale));
        }
        let words = localisation.serve().await;
        let (mail, inbox) = mail_server::serve().await;
        let database = database().await;
        let mut settings = crate::house::settings(database.url(), &format!("http://{words}"))
            .set("feed.poll_interval_ms", 20)
            .set("passport.trust", {
                vec![trust("gateway", TrustRole::Gateway), trust(NAME, TrustRole::Service)]
            });
        settings = change(by_mail(settings, mail));
        let neighbours = Lifecycle::new();
        let (mut feeds, mut databases) = (HashMap::new(), Vec::new());
        for service in [&CASE, &REPAIR_LOGISTICS, &WARRANTY] {
            let own = support_testing::database("feed-only", &NO_TABLES).await;
            let told = Settings::new(&[service.name])
                .set("region", "eu")
                .set("database.url", own.url())
                .set("database.max_connections", 4)
                .set("database.acquire_timeout_ms", 30_000)
                .set("feed.poll_interval_ms", 20)
                .set("passport.signing_key", signing_key(service.name))
                .set("passport.trust", vec![trust(NAME, TrustRole::Service)]);
            let running = run_at(service, &told, &neighbours, None, clock.clone()).await.unwrap();
            let peer = format!("peers.{}", service.name);
            settings = settings.set(&peer, vec![format!("http://{}", running.address)]);
            let db = Db::connect(&DatabaseSettings::small(own.url())).await.unwrap();
            feeds.insert(service.name, db.with_clock(clock.clone()));
            databases.push(own);
        }
        let mut town = Self {
            ids: Ids::new("eu".parse().unwrap(), clock.clone()),
            pool: PgPool::connect_lazy(database.url()).unwrap(),
            hand,
            clock,
            inbox,
            database,
            feeds,
            settings,
            neighbours,
            service: None,
            _databases: databases,
            _localisation: localisation,
        };
        town.start().await;
        town
    }

    /// Starts the service, which is not running.
    pub(crate) async fn start(&mut self) {
        let life = Lifecycle::new();
        let running = run_at(&SERVICE, &self.settings, &life, None, self.clock.clone())
            .await
            .unwrap();
        let channel = support_testing::channel(running.address);
        self.service = Some((running, life, channel));
    }

    /// Ends the service where it stands, as a crash does.
    pub(crate) async fn crash(&mut self) {
        let (running, life, _) = self.service.take().unwrap();
        life.abort();
        // How it ended is no news.
        let _ = running.finished().await;
    }

    pub(crate) fn door(&self, caller: &Caller) -> Door {
        let (_, _, channel) = self.service.as_ref().unwrap();
        call_as(channel, caller, self.clock.now())
    }

    pub(crate) fn channel(&self) -> Channel {
        let (_, _, channel) = self.service.as_ref().unwrap();
        channel.clone()
    }

    pub(crate) fn customers(&self, caller: &Caller) -> CustomerServiceClient<Door> {
        CustomerServiceClient::new(self.door(caller))
    }

    pub(crate) fn notifications(&self, caller: &Caller) -> NotificationServiceClient<Door> {
        NotificationServiceClient::new(self.door(caller))
    }

    /// A customer whose addresses are all verified.
    pub(crate) async fn customer(&self, new: CreateCustomerRequest) -> Customer {
        let made = eventually("the service answers", async || {
            let answer = self.customers(&staff()).create_customer(new.clone()).await;
            answer.ok()?.into_inner().customer
        })
        .await;
        sqlx::query!("update contact_points set verified_at = created_at")
            .execute(&self.pool)
            .await
            .unwrap();
        made
    }

    /// A case of a customer, known to the case service.
    pub(crate) fn case(&self, customer: &Customer) -> String {
        let id = self.ids.next::<Id>().to_string();
        let case = case::Case {
            case_id: id.clone(),
            case_number: "C-10000008".to_owned(),
            customer_id: customer.customer_id.clone(),
            state: case::CaseState::Open.into(),
            channel: support_proto::support::types::v1::Channel::Chat.into(),
            ..case::Case::default()
        };
        CASES.lock().unwrap().insert(id.clone(), case);
        id
    }

    /// A repair at a place, known to repair-logistics.
    pub(crate) fn repair(&self, kind: repair::ProviderKind) -> String {
        let id = self.ids.next::<Id>().to_string();
        let place = repair::Provider {
            provider_id: self.ids.next::<Id>().to_string(),
            name: "Device Store Zürich".to_owned(),
            kind: kind.into(),
            ..repair::Provider::default()
        };
        PLACES.lock().unwrap().insert(id.clone(), place);
        id
    }

    /// A plan of a customer, known to warranty.
    pub(crate) fn plan(&self, customer: &Customer) -> String {
        let id = self.ids.next::<Id>().to_string();
        let plan = warranty::Plan {
            plan_id: id.clone(),
            holder_customer_id: customer.customer_id.clone(),
            name_key: "plan.name.standard".to_owned(),
            ..warranty::Plan::default()
        };
        PLANS.lock().unwrap().insert(id.clone(), plan);
        id
    }

    /// Has a neighbour tell of something.
    pub(crate) async fn tell(&self, neighbour: &str, subject: &str, event: &impl Event) {
        let mut tx = self.feeds[neighbour].begin().await.unwrap();
        let subject: Id = subject.parse().unwrap();
        tx.append(subject, event).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until the service has heard all that a neighbour has told.
    pub(crate) async fn heard(&self, neighbour: &str) {
        let own = Db::connect(&DatabaseSettings::small(self.database.url()))
            .await
            .unwrap();
        let heard = wait_until_caught_up(&own, neighbour, &self.feeds[neighbour], LIMIT).await;
        assert!(heard.unwrap());
        own.close().await;
    }

    /// Waits until nothing is left to decide.
    pub(crate) async fn decided(&self) {
        eventually("all is decided", async || {
            let left = sqlx::query_scalar!(r#"select count(*) as "count!" from happenings where state = 'new'"#)
                .fetch_one(&self.pool)
                .await
                .unwrap();
            (left == 0).then_some(())
        })
        .await;
    }

    /// So much later.
    pub(crate) fn later(&self, by: Duration) {
        self.hand.advance(by);
    }

    /// What was told of a case, or of a customer, when `enough` holds.
    pub(crate) async fn listed(&self, asked: ListNotificationsRequest, enough: usize) -> Vec<Notification> {
        eventually("it is told, or not", async || {
            self.nudge().await;
            let answer = self
                .notifications(&staff())
                .list_notifications(asked.clone())
                .await
                .ok()?
                .into_inner()
                .notifications;
            let ended = answer
                .iter()
                .filter(|told| told.state() != NotificationState::Pending)
                .count();
            (ended >= enough).then_some(answer)
        })
        .await
    }

    /// Lets some time pass where something was tried and is to be tried again soon, as on a busy machine whose words have not come yet.
    /// What a worker is at is tried again after a minute, and is left alone.
    async fn nudge(&self) {
        let now = self.clock.now();
        let soon = now + Duration::from_secs(45);
        let put_off: bool = sqlx::query_scalar(
            "select exists (select from deliveries where state = 'pending' and attempts > 0 and due_at > $1 and due_at < $2)
                 or exists (select from happenings where state = 'new' and attempts > 0 and due_at > $1 and due_at < $2)",
        )
        .bind(now)
        .bind(soon)
        .fetch_one(&self.pool)
        .await
        .unwrap();
        if put_off {
            self.later(Duration::from_secs(1));
        }
    }

    /// The mails that have come in, when there are so many.
    pub(crate) async fn mails(&self, count: usize) -> Vec<Mail> {
        eventually("the mails arrive", async || {
            self.nudge().await;
            let mails = self.inbox.mails.lock().unwrap().clone();
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// Whether the mail server takes nothing from now on.
    pub(crate) fn mail_is_put_off(&self, is_put_off: bool) {
        let times = if is_put_off { usize::MAX } else { 0 };
        self.inbox.puts_off.store(times, Ordering::SeqCst);
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some((_, life, _)) = &self.service {
            life.abort();
        }
        self.neighbours.abort();
    }
}

fn by_mail(settings: Settings, server: SocketAddr) -> Settings {
    crate::delivery::by_mail(settings, server).set("identity-verification.product_name", "Device Support")
}
