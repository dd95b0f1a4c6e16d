//! The standard at its door: a service with documents, asked as people and other regions ask it.

#[path = "office/authority.rs"]
mod authority;
#[path = "office/drafts.rs"]
mod drafts;
#[path = "office/loosening.rs"]
mod loosening;
#[path = "office/publishing.rs"]
mod publishing;
#[path = "office/reading.rs"]
mod reading;
#[path = "office/refusals.rs"]
mod refusals;
#[path = "office/report.rs"]
mod report;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use support_chassis::call::Caller;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::error::{Explained, explain};
use support_chassis::lifecycle::{BoxError, Lifecycle};
use support_chassis::service::{Parts, Running, Service, migrate, run_at};
use support_chassis::settings::{SettingDocs, Settings, TrustRole};
use support_chassis::standard::{Consequence, Document, Examination, Fare, Faring, Findings, MoneyChange, WhatIf};
use support_postgres::testing::{TestDatabase, database};
use support_proto::codec::Event;
use support_proto::support::identity::v1::VerificationPolicy;
use support_proto::support::localisation::v1::Playbooks;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{
    ApproveDraftRequest, CheckDraftRequest, CheckReport, CreateDraftRequest, Draft, GetEffectiveRequest,
    GetEffectiveResponse, ListPublicationsRequest, Publication, PublishDraftRequest,
};
use support_proto::support::types::v1::Date;
use support_testing::{Door, LIMIT, call_as, channel, events_of, signing_key, trust};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::standard::link::Link;

/// Asks for the approval of a second person.
const POLICY: &str = "office/verification-policy";
/// Does not.
const PLAYBOOKS: &str = "office/playbooks";
const TERRITORIES: &str = "office/territories";

/// The day on which the office opens.
const OPENING: OffsetDateTime = datetime!(2026-03-02 9:00 UTC);

static NO_TABLES: Migrator = Migrator::DEFAULT;

static POLICY_DOCUMENT: Document<VerificationPolicy> = Document::new(include_str!("office/verification-policy.yaml"))
    .checked_by(check_policy)
    .simulated_by(|change| simulate(change).boxed());
static PLAYBOOKS_DOCUMENT: Document<Playbooks> = Document::new(include_str!("office/playbooks.yaml"));

static OFFICE: Service = Service {
    name: "office",
    title: "rules by documents",
    migrator: &NO_TABLES,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&POLICY_DOCUMENT, &PLAYBOOKS_DOCUMENT],
    start: |_| async { Ok(Parts::new()) }.boxed(),
};

/// What the field rules do not say.
fn check_policy(policy: &VerificationPolicy) -> Vec<(String, String)> {
    let codes = policy.codes.unwrap_or_default();
    if codes.sends > codes.sends_per_hour {
        return vec![(
            "codes.sends".to_owned(),
            "is more than can be sent in an hour".to_owned(),
        )];
    }
    Vec::new()
}

/// How many sends are lost. It counts the locks of those who publish, which nobody may hold while it works.
async fn simulate(change: WhatIf<VerificationPolicy>) -> Result<Findings, BoxError> {
    let locks: i64 = sqlx::query_scalar(
        "select count(*) from pg_locks where locktype = 'advisory'
         and database = (select oid from pg_database where datname = current_database())",
    )
    .fetch_one(change.db.pool())
    .await?;
    let sends = |policy: &VerificationPolicy| policy.codes.unwrap_or_default().sends;
    let playbooks = change.others.standard(&PLAYBOOKS_DOCUMENT);
    let consequence = Consequence {
        whom: format!("customers, {}", change.reach.holds(Some("FR"))),
        count: locks,
        before: format!("{} sends by {}", sends(&change.held), change.held.basis),
        after: format!("{} sends", sends(&change.proposed)),
        examples: vec!["eu-1".to_owned()],
        fare: Some(Fare::Worse),
        // What holds of another document is at hand.
        rule: playbooks.on(&change.place, change.day).basis.to_string(),
        money: vec![MoneyChange {
            currency: "EUR".to_owned(),
            more: 5,
            less: 0,
        }],
        ..Consequence::default()
    };
    let examination = Examination {
        what: "customers".to_owned(),
        total: 7,
        looked_at: 5,
        farings: vec![Faring {
            worse: 5,
            ..Faring::default()
        }],
    };
    Ok(Findings {
        consequences: vec![consequence],
        examinations: vec![examination],
    })
}

/// The service in one region.
struct Office {
    running: Running,
    channel: Channel,
    life: Lifecycle,
    clock: Clock,
    hand: ManualClock,
    database: TestDatabase,
}

type Client = StandardServiceClient<Door>;

/// How each region reaches each other one.
type Links = HashMap<(&'static str, &'static str), Link>;

impl Office {
    /// In one region, `eu`, alone.
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::in_region("eu", listener, &[], Clock::manual(OPENING)).await
    }

    /// In several regions that follow each other; `eu` holds the authority.
    async fn in_regions<const N: usize>(names: [&'static str; N]) -> ([Self; N], Links) {
        let time = Clock::manual(OPENING);
        let mut listeners = Vec::new();
        for name in names {
            listeners.push((name, TcpListener::bind("127.0.0.1:0").await.unwrap()));
        }
        let mut links = Links::new();
        for (from, _) in &listeners {
            for (to, listener) in listeners.iter().filter(|(to, _)| to != from) {
                links.insert((*from, *to), Link::to(listener.local_addr().unwrap()).await);
            }
        }
        let mut offices = Vec::new();
        for (name, listener) in listeners {
            let followed: Vec<(&str, String)> = links
                .iter()
                .filter(|((from, _), _)| *from == name)
                .map(|((_, to), link)| (*to, format!("http://{}", link.address())))
                .collect();
            offices.push(Self::in_region(name, listener, &followed, time.clone()).await);
        }
        let offices = offices.try_into().unwrap_or_else(|_| panic!("one office a region"));
        (offices, links)
    }

    async fn in_region(
        region: &str,
        listener: TcpListener,
        follows: &[(&str, String)],
        (clock, hand): (Clock, ManualClock),
    ) -> Self {
        let database = database().await;
        let regions: BTreeMap<&str, Vec<&str>> = follows
            .iter()
            .map(|(region, url)| (*region, vec![url.as_str()]))
            .collect();
        let settings = Settings::new(&["office"])
            .set("region", region)
            .set("database.url", database.url())
            .set("database.max_connections", 8)
            .set("passport.signing_key", signing_key("office"))
            .set(
                "passport.trust",
                vec![
                    trust("gateway", TrustRole::Gateway),
                    trust("office", TrustRole::Service),
                ],
            )
            .set("feed.heartbeat_seconds", 1)
            .set("standard.authority", "eu")
            .set("standard.regions", regions);
        migrate(&OFFICE, &settings).await.unwrap();
        let life = Lifecycle::new();
        let running = run_at(&OFFICE, &settings, &life, Some(listener), clock.clone())
            .await
            .unwrap();
        Self {
            channel: channel(running.address),
            running,
            life,
            clock,
            hand,
            database,
        }
    }

    /// The door, for somebody of this name who may do everything.
    fn door(&self, subject: &str) -> Client {
        self.door_for(CallerKind::Operator, subject)
    }

    fn door_for(&self, kind: CallerKind, subject: &str) -> Client {
        let caller = Caller {
            kind,
            subject: subject.to_owned(),
            organisation: None,
            scopes: ["read", "write", "approve", "publish", "govern"]
                .map(|verb| format!("standard.{verb}"))
                .into(),
            assurance: AssuranceLevel::Unspecified,
            region: None,
            grant_id: None,
            bounds: support_chassis::call::Bounds::default(),
        };
        StandardServiceClient::new(call_as(&self.channel, &caller, self.clock.now()))
            .max_decoding_message_size(8 * 1024 * 1024)
    }

    /// The rows there are, by table.
    async fn rows(&self) -> Vec<(String, i64)> {
        let pool = PgPool::connect(self.database.url()).await.unwrap();
        let mut rows = Vec::new();
        for (table, count) in [
            ("publications", "select count(*) from standard_publications"),
            ("withdrawals", "select count(*) from standard_withdrawals"),
            ("tenures", "select count(*) from standard_tenures"),
            ("drafts", "select count(*) from standard_drafts"),
            (
                "revisions",
                "select coalesce(sum(revision), 0)::bigint from standard_drafts",
            ),
            ("answers", "select count(*) from idempotency_keys"),
            ("events", "select count(*) from outbox"),
        ] {
            rows.push((
                table.to_owned(),
                sqlx::query_scalar(count).fetch_one(&pool).await.unwrap(),
            ));
        }
        pool.close().await;
        rows
    }

    /// Writes a draft of a content as Ana.
    async fn draft(&self, document: &str, place: &str, content: &Value) -> Draft {
        let asked = create(document, place, content);
        self.door("ana")
            .create_draft(asked)
            .await
            .unwrap()
            .into_inner()
            .draft
            .unwrap()
    }

    /// Writes a draft, has it approved by Bo and checked, but does not publish it.
    async fn ready(&self, document: &str, place: &str, content: &Value) -> (Draft, CheckReport) {
        let draft = self.draft(document, place, content).await;
        self.approve(&draft).await;
        let report = self.check(&draft).await;
        (draft, report)
    }

    async fn approve(&self, draft: &Draft) -> Draft {
        let approved = self.door("bo").approve_draft(approve(draft)).await.unwrap();
        approved.into_inner().draft.unwrap()
    }

    async fn check(&self, draft: &Draft) -> CheckReport {
        let asked = CheckDraftRequest {
            document: draft.document.clone(),
            draft_id: draft.draft_id.clone(),
        };
        self.door("ana")
            .check_draft(asked)
            .await
            .unwrap()
            .into_inner()
            .report
            .unwrap()
    }

    /// Writes, approves, checks and publishes.
    async fn publish(&self, document: &str, place: &str, content: &Value) -> Publication {
        self.publish_from(document, place, content, None).await
    }

    async fn publish_from(&self, document: &str, place: &str, content: &Value, day: Option<Date>) -> Publication {
        let asked = CreateDraftRequest {
            effective_from: day,
            ..create(document, place, content)
        };
        let draft = self
            .door("ana")
            .create_draft(asked)
            .await
            .unwrap()
            .into_inner()
            .draft
            .unwrap();
        self.carry_out(draft).await
    }

    async fn withdraw(&self, publication: &Publication, day: Option<Date>) -> Publication {
        let asked = CreateDraftRequest {
            effective_from: day,
            ..withdraw(publication)
        };
        let draft = self
            .door("ana")
            .create_draft(asked)
            .await
            .unwrap()
            .into_inner()
            .draft
            .unwrap();
        self.carry_out(draft).await
    }

    async fn carry_out(&self, draft: Draft) -> Publication {
        self.approve(&draft).await;
        let report = self.check(&draft).await;
        let published = self.door("cy").publish_draft(publish(&draft, &report)).await.unwrap();
        published.into_inner().publication.unwrap()
    }

    async fn held(&self, document: &str, place: &str, day: Option<Date>) -> GetEffectiveResponse {
        let asked = GetEffectiveRequest {
            document: document.to_owned(),
            place: place.to_owned(),
            day,
            basis: String::new(),
        };
        self.door("ana").get_effective(asked).await.unwrap().into_inner()
    }

    /// The number of sends that hold, and by what.
    async fn sends(&self, place: &str, day: Option<Date>) -> (i64, String) {
        let held = self.held(POLICY, place, day).await;
        let content: Value = serde_json::from_str(&held.content).unwrap();
        (content["codes"]["sends"].as_i64().unwrap(), held.basis)
    }

    /// All events of a type that the feed has by now, and those still to come up to `count`.
    async fn told<E: Event>(&self, count: usize) -> Vec<E> {
        let door = call_as(&self.channel, &Caller::service("reader"), self.clock.now());
        events_of(door, count).await
    }

    async fn close(self) {
        self.life.drain("test");
        assert_eq!(self.running.finished().await, Ok(()));
    }
}

/// A whole policy with so many sends, and so many an hour.
fn policy(sends: i64, sends_per_hour: i64) -> Value {
    json!({
        "codes": {"lifetime": "600s", "sends": sends, "checks": 5, "sends_per_hour": sends_per_hour},
        "purposes": {"payment": {
            "assurance": "ASSURANCE_LEVEL_AAL1",
            "methods": ["VERIFICATION_METHOD_EMAIL_CODE", "VERIFICATION_METHOD_SMS_CODE"],
            "grant_lifetime": "1800s",
        }},
    })
}

/// Fewer sends in a place.
fn sends(sends: i64) -> Value {
    json!({"codes": {"sends": sends}})
}

fn create(document: &str, place: &str, content: &Value) -> CreateDraftRequest {
    CreateDraftRequest {
        document: document.to_owned(),
        place: place.to_owned(),
        content: content.to_string(),
        reason: "as the test wants it".to_owned(),
        request_id: request_id(),
        ..CreateDraftRequest::default()
    }
}

fn withdraw(publication: &Publication) -> CreateDraftRequest {
    CreateDraftRequest {
        document: publication.document.clone(),
        withdraws: publication.publication_id.clone(),
        reason: "as the test wants it".to_owned(),
        request_id: request_id(),
        ..CreateDraftRequest::default()
    }
}

fn approve(draft: &Draft) -> ApproveDraftRequest {
    ApproveDraftRequest {
        document: draft.document.clone(),
        draft_id: draft.draft_id.clone(),
        etag: draft.etag.clone(),
        request_id: request_id(),
    }
}

fn publish(draft: &Draft, report: &CheckReport) -> PublishDraftRequest {
    PublishDraftRequest {
        document: draft.document.clone(),
        draft_id: draft.draft_id.clone(),
        digest: report.digest.clone(),
        may_set_aside: false,
        request_id: request_id(),
    }
}

fn list_of(document: &str, place: &str) -> ListPublicationsRequest {
    ListPublicationsRequest {
        document: document.to_owned(),
        place: place.to_owned(),
        ..ListPublicationsRequest::default()
    }
}

fn request_id() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("0198f2c4-0000-7000-8000-{:012x}", LAST.fetch_add(1, Ordering::Relaxed))
}

fn day(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

/// Waits for what must come.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let coming = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, coming)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Why a call was refused.
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Explained {
    explain(&answer.unwrap_err())
}
