//! Finds out what has to be said of a happening, and decides where it is told.
//!
//! A happening is taken on for a while (its lease), the services that know more are asked outside any transaction, and then
//! it is decided in one. A worker that dies in between leaves it to be taken on again: deciding happens once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use support_chassis::client::Peer;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::error::{PeerError, from_peer};
use support_chassis::lifecycle::{BoxError, Lifecycle};
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::case::v1::{Case, CaseState, GetCaseRequest};
use support_proto::support::repair::v1::provider_service_client::ProviderServiceClient;
use support_proto::support::repair::v1::repair_service_client::RepairServiceClient;
use support_proto::support::repair::v1::{GetProviderRequest, GetRepairRequest, Provider, ProviderKind};
use support_proto::support::types::v1::Channel;
use support_proto::support::warranty::v1::plan_service_client::PlanServiceClient;
use support_proto::support::warranty::v1::{GetPlanRequest, Plan};
use tokio::sync::Notify;
use tonic::Code;
use tracing::Instrument as _;

use crate::domain::happening::Kind;
use crate::domain::ids::SubjectId;
use crate::error::IdentityError;
use crate::metrics::Metrics;
use crate::ops::decide_happening::{Deciding, decide_happening, give_up};
use crate::settings::DeliverySettings;
use crate::store::happenings::{self, Claimed, Facts, Happening};

/// The wait after a first attempt that failed; doubled with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// After so long nothing is worth telling any more, whatever the rules say.
const LONGEST_WORTH: Duration = Duration::from_hours(14 * 24);

/// Who is asked for what has to be said.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Knows cases.
    pub case: Peer,
    /// Knows repairs, and who carries them out.
    pub repair_logistics: Peer,
    /// Knows plans.
    pub warranty: Peer,
}

/// Decides where happenings are told.
#[derive(Debug)]
pub struct Decider {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Who is asked.
    pub sources: Sources,
    /// What decisions are made with.
    pub means: Deciding,
    /// Told when something happened.
    pub wake: Arc<Notify>,
    /// Told when there is something to deliver.
    pub deliveries: Arc<Notify>,
    /// Counts notifications.
    pub metrics: Metrics,
    /// How many at once, how often, how long.
    pub settings: DeliverySettings,
}

/// What came of asking.
enum Found {
    /// All there is to say.
    Facts(Box<Happening>, Facts),
    /// It is not told, for this reason.
    Nothing(&'static str),
}

impl Decider {
    /// Decides until the service drains.
    pub async fn run(self: Arc<Self>, lifecycle: Lifecycle) -> Result<(), BoxError> {
        let period = Duration::from_millis(self.settings.poll_interval_ms);
        let wake = Arc::clone(&self.wake);
        lifecycle
            .every(period, Some(wake), move || Arc::clone(&self).round())
            .await
    }

    async fn round(self: Arc<Self>) -> Result<(), IdentityError> {
        let at_once = usize::try_from(self.settings.concurrency).unwrap_or(1).max(1);
        let now = self.clock.now();
        let lease_end = now + Duration::from_secs(self.settings.lease_seconds.into());
        let mut connection = self.db.read().await?;
        let limit = i64::try_from(at_once).unwrap_or(1);
        let claimed = happenings::claim(&mut connection, now, lease_end, limit).await?;
        drop(connection);
        if claimed.is_empty() {
            return Ok(());
        }
        if claimed.len() == at_once {
            self.wake.notify_one();
        }
        stream::iter(claimed)
            .for_each_concurrent(at_once, |claimed| {
                let span = tracing::info_span!(
                    parent: None, "decide", happening = %claimed.happening.id, kind = claimed.happening.kind.as_str()
                );
                self.decide(claimed).instrument(span)
            })
            .await;
        self.deliveries.notify_one();
        Ok(())
    }

    async fn decide(&self, claimed: Claimed) {
        let outcome = match self.find(&claimed.happening).await {
            Ok(found) => self.settle(&claimed.happening, found).await,
            Err(error) => self.put_off(&claimed, &error).await,
        };
        if let Err(error) = outcome {
            // The lease runs out, and the next worker has the same chance. Nothing was lost.
            let error = support_chassis::error::chain(&error);
            tracing::warn!(error, "a happening was not decided");
        }
    }

    /// Asks for what has to be said; nothing is open at the database meanwhile.
    async fn find(&self, happening: &Happening) -> Result<Found, Box<PeerError>> {
        let mut happening = happening.clone();
        let mut facts = Facts::default();
        if let Some(case_id) = happening.case_id {
            let Some(case) = self.case(&case_id.to_string()).await? else {
                return Ok(Found::Nothing("no_customer"));
            };
            if happening.kind == Kind::CaseAnswered {
                // Who is spoken to hears it, and what is closed is told as closed.
                match (case.channel(), case.state()) {
                    (Channel::Phone | Channel::Store, _) => return Ok(Found::Nothing("not_told")),
                    (_, CaseState::Closed) => return Ok(Found::Nothing("overtaken")),
                    _ => {}
                }
            }
            happening.customer_id = case.customer_id.parse().ok();
            facts.case_number = Some(case.case_number);
        }
        if let Some(subject_id) = happening.subject_id {
            if happening.kind == Kind::RepairFinished {
                let place = self.place_of(subject_id).await?;
                // A depot sends devices back; everywhere else they are handed over.
                if let Some(place) = place.filter(|place| place.kind() != ProviderKind::Depot) {
                    happening.kind = Kind::RepairReadyForCollection;
                    facts.place = Some(place.name);
                }
            } else if happening.case_id.is_none() {
                let Some(plan) = self.plan(&subject_id.to_string()).await? else {
                    return Ok(Found::Nothing("no_customer"));
                };
                happening.customer_id = plan.holder_customer_id.parse().ok();
                facts.plan_name_key = (!plan.name_key.is_empty()).then_some(plan.name_key);
            }
        }
        Ok(Found::Facts(Box::new(happening), facts))
    }

    async fn case(&self, case_id: &str) -> Result<Option<Case>, Box<PeerError>> {
        let request = GetCaseRequest {
            case_id: case_id.to_owned(),
        };
        let answer = CaseServiceClient::new(self.sources.case.clone())
            .get_case(request)
            .await;
        Ok(known("case", answer)?.and_then(|answer| answer.case))
    }

    async fn place_of(&self, repair_id: SubjectId) -> Result<Option<Provider>, Box<PeerError>> {
        let source = || self.sources.repair_logistics.clone();
        let request = GetRepairRequest {
            repair_id: repair_id.to_string(),
        };
        let answer = RepairServiceClient::new(source()).get_repair(request).await;
        let Some(repair) = known("repair-logistics", answer)?.and_then(|answer| answer.repair) else {
            return Ok(None);
        };
        let request = GetProviderRequest {
            provider_id: repair.provider_id,
        };
        let answer = ProviderServiceClient::new(source()).get_provider(request).await;
        Ok(known("repair-logistics", answer)?.and_then(|answer| answer.provider))
    }

    async fn plan(&self, plan_id: &str) -> Result<Option<Plan>, Box<PeerError>> {
        let request = GetPlanRequest {
            plan_id: plan_id.to_owned(),
        };
        let answer = PlanServiceClient::new(self.sources.warranty.clone())
            .get_plan(request)
            .await;
        Ok(known("warranty", answer)?.and_then(|answer| answer.plan))
    }

    async fn settle(&self, happening: &Happening, found: Found) -> Result<(), IdentityError> {
        let mut tx = self.db.begin().await?;
        let (kind, nowhere) = match found {
            Found::Facts(happening, facts) => {
                let decided = decide_happening(&mut tx, &self.means, &happening, &facts).await?;
                (happening.kind, decided.err())
            }
            Found::Nothing(reason) => {
                give_up(&mut tx, &self.means.ids, happening, reason).await?;
                (happening.kind, Some(reason))
            }
        };
        tx.commit().await?;
        if let Some(reason) = nowhere {
            tracing::debug!(reason, "a happening is told nowhere");
            self.metrics.notified(kind, "none", reason);
        }
        Ok(())
    }

    async fn put_off(&self, claimed: &Claimed, error: &PeerError) -> Result<(), IdentityError> {
        let now = self.clock.now();
        if now >= claimed.happening.occurred_at + LONGEST_WORTH {
            return self.settle(&claimed.happening, Found::Nothing("stale")).await;
        }
        tracing::info!(%error, attempts = claimed.attempts, "what has to be said is not known yet");
        let mut connection = self.db.read().await?;
        happenings::put_off(&mut connection, claimed.happening.id, now + backoff(claimed.attempts)).await?;
        Ok(())
    }
}

/// An answer; none where there is no such thing.
fn known<T>(service: &str, answer: Result<tonic::Response<T>, tonic::Status>) -> Result<Option<T>, Box<PeerError>> {
    match answer {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(Box::new(from_peer(service, status))),
    }
}

fn backoff(attempts: i16) -> Duration {
    let doublings = u32::try_from(attempts.max(1) - 1).unwrap_or(0).min(16);
    FIRST_RETRY.saturating_mul(1 << doublings).min(LONGEST_RETRY)
}
