//! Where bad input is given: a system that has come to rest.

use std::collections::BTreeMap;

use serde_json::Value;
use support_chassis::error::{Explained, explain};
use support_proto::support::case::v1::{Case, TimelineEntryKind};
use support_proto::support::repair::v1::SubmitRepairRequest;
use support_proto::support::warranty::v1::Damage;
use support_tests::books;
use support_tests::people::{Customer, partner, request_id, timeline};
use support_tests::speak::web::send;
use support_tests::speak::{Asked, curl, web};
use support_tests::town::Town;
use support_tests::wait::until;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// A town with a little life in it that has come to rest, and what its books hold.
pub(super) struct Scene {
    pub(super) town: Town,
    pub(super) customer: Customer,
    pub(super) other: Customer,
    pub(super) others_case: Case,
    pub(super) others_repair: String,
    pub(super) serial: String,
    /// A partner's token; the repair is another partner's.
    pub(super) stranger: String,
    books: BTreeMap<String, i64>,
}

impl Scene {
    /// The scene of all tests here, each for itself in turn.
    pub(super) async fn enter() -> MutexGuard<'static, Self> {
        static SCENE: OnceCell<Mutex<Scene>> = OnceCell::const_new();
        let scene = SCENE.get_or_init(|| async { Mutex::new(Self::set().await) }).await;
        let mut scene = scene.lock().await;
        at_rest(&scene.town).await;
        scene.books = books::rows(&scene.town).await;
        scene
    }

    async fn set() -> Self {
        let town = tokio::task::spawn_blocking(|| Town::build("rest", "")).await.unwrap();
        let (customer, other) = (Customer::verified(&town).await, Customer::verified(&town).await);
        let serial = other.device().await;
        let others_case = other.opens("Mine alone").await;
        let (workshop, _) = partner(&town, "nordlicht-service").await;
        let order = SubmitRepairRequest {
            request_id: request_id(),
            case_id: others_case.case_id.clone(),
            provider_code: "ASP-BER-01".to_owned(),
            serial_number: serial.clone(),
            problem: "It does not start".to_owned(),
            language: "en".to_owned(),
            damage: Damage::None.into(),
            ..SubmitRepairRequest::default()
        };
        let submitted = until("the repair", async || {
            workshop.repairs().submit_repair(order.clone()).await.ok()
        })
        .await;
        let others_repair = submitted.into_inner().repair.unwrap().repair_id;
        // At rest: what follows from all this has followed.
        until("the history is whole", async || {
            let entries = timeline(&other.caller, &others_case.case_id).await;
            let told = |kind| entries.iter().any(|entry| entry.kind() == kind);
            (told(TimelineEntryKind::TaskQueued) && told(TimelineEntryKind::RepairSubmitted)).then_some(())
        })
        .await;
        let (_, stranger) = partner(&town, "atelier-mobile").await;
        let books = BTreeMap::new();
        Self {
            town,
            customer,
            other,
            others_case,
            others_repair,
            serial,
            stranger,
            books,
        }
    }

    /// Nothing was written since.
    pub(super) async fn nothing_was_written(&self) {
        let written = self.written().await;
        assert!(written.is_empty(), "rows were written: {written:#?}");
    }

    /// The tables that have more rows or fewer than before, once everything has settled.
    pub(super) async fn written(&self) -> Vec<String> {
        at_rest(&self.town).await;
        let now = books::rows(&self.town).await;
        now.iter()
            .filter(|(table, count)| self.books.get(*table) != Some(count))
            // A message leaves when it is due; that it was to be sent stands in another table, which counts.
            .filter(|(table, _)| !table.ends_with(".local_outbox_messages"))
            .map(|(table, count)| format!("{table}: {:?} -> {count}", self.books.get(table)))
            .collect()
    }

    /// The call is refused with this reason, by JSON and by gRPC-Web alike.
    pub(super) async fn refused(&self, what: &str, reason: &str, asked: &Asked) {
        let by_curl = curl::call(&self.town.gateway_url, "", asked).await;
        let by_web = web::call(&self.town.gateway_url, "", asked).await;
        assert_eq!(by_curl, by_web, "{what}");
        assert_eq!(by_curl.refusal().reason, reason, "{what}: {by_curl:?}");
    }

    /// What a body that no client would send is told.
    pub(super) async fn raw(&self, path: &str, body: Vec<u8>) -> Explained {
        let asked = Asked::new(path, &self.customer.token, Value::Null);
        explain(&send(&self.town.gateway_url, "", &asked, body).await.unwrap_err())
    }
}

/// Waits until all services have heard of everything: every reader of a feed is at its end.
async fn at_rest(town: &Town) {
    until("every event has arrived", async || {
        for database in books::DATABASES {
            let mut connection = books::connect(town, database).await;
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from feed_consumers where position < (select coalesce(max(position), 0) from outbox)",
            )
            .fetch_one(&mut connection)
            .await
            .unwrap();
            if waiting > 0 {
                return None;
            }
        }
        // And what of it is told to customers is decided.
        let mut connection = books::connect(town, "support_identity_verification").await;
        let undecided: i64 = sqlx::query_scalar("select count(*) from happenings where state = 'new'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        (undecided == 0).then_some(())
    })
    .await;
}
