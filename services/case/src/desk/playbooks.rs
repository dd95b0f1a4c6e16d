//! Localisation's playbooks, and what they were when localisation last answered.
//!
//! The words for one case are asked for with the names that stand in them. Without names they are the same for all cases, and
//! these are what is kept: a desk that opens while localisation is away gets the steps all the same, with `{$case_number}`
//! where the number would stand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use support_chassis::client::Peer;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::playbook_service_client::PlaybookServiceClient;
use tokio::time::{Instant, timeout};
use tonic::{Code, Status};

/// Nobody at a desk waits longer for what may be known from before.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is kept is asked for again after so long.
const FRESH: Duration = Duration::from_mins(1);
/// So many are kept: purposes, products, channels, places and languages make many, of which few are used.
const MOST: usize = 2_000;

/// What a playbook is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// What the customer wants; empty where that is not known.
    pub purpose: String,
    /// The product line, as the contract numbers it.
    pub product_line: i32,
    /// The channel, as the contract numbers it.
    pub channel: i32,
    /// The place whose steps hold: `country/DE`; empty for the whole world's.
    pub place: String,
    /// What its reader reads, best first.
    pub languages: Vec<String>,
}

/// The steps as localisation gave them.
#[derive(Debug, Clone)]
pub struct Given {
    /// The steps.
    pub steps: Vec<wire::RenderedStep>,
    /// The versions of the standard they come from.
    pub basis: String,
    /// Whether they are what localisation last said, because it does not answer now.
    pub is_stale: bool,
}

/// What was given without names, and when.
type Kept = HashMap<Subject, (Instant, wire::GetPlaybookResponse)>;

/// Localisation's playbooks. Clones share what is kept.
#[derive(Debug, Clone)]
pub struct Playbooks {
    peer: Peer,
    kept: Arc<Mutex<Kept>>,
}

impl Playbooks {
    /// The playbooks of `localisation`, asked for in the service's own name: they are no secret to staff.
    #[must_use]
    pub fn of(localisation: &Peer) -> Self {
        Self {
            peer: localisation.own(),
            kept: Arc::default(),
        }
    }

    /// The steps for a subject, with these names in them; what was last known where localisation does not answer; none where
    /// nothing is.
    pub async fn get(&self, subject: &Subject, names: &[wire::Argument]) -> Option<Given> {
        match self.ask(subject, names).await {
            Ok(answer) => {
                if self.is_old(subject)
                    && let Ok(nameless) = self.ask(subject, &[]).await
                {
                    self.keep(subject, nameless);
                }
                Some(Given {
                    steps: answer.steps,
                    basis: answer.basis,
                    is_stale: false,
                })
            }
            Err(status) => {
                tracing::debug!(code = ?status.code(), "localisation gives no playbook, going on with the last one");
                let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.get(subject).map(|(_, answer)| Given {
                    steps: answer.steps.clone(),
                    basis: answer.basis.clone(),
                    is_stale: true,
                })
            }
        }
    }

    async fn ask(&self, subject: &Subject, names: &[wire::Argument]) -> Result<wire::GetPlaybookResponse, Status> {
        let mut request = wire::GetPlaybookRequest {
            purpose: subject.purpose.clone(),
            product_line: subject.product_line,
            channel: subject.channel,
            stage: 0,
            place: subject.place.clone(),
            languages: subject.languages.clone(),
            arguments: names.to_vec(),
        };
        let mut client = PlaybookServiceClient::new(self.peer.clone());
        let late = |_| Status::deadline_exceeded("localisation does not answer in time");
        let answer = timeout(PATIENCE, client.get_playbook(request.clone()))
            .await
            .map_err(late)?;
        match answer {
            // No such purpose, here or any more: what is said in every conversation is still right.
            Err(status) if status.code() == Code::NotFound && !request.purpose.is_empty() => {
                request.purpose.clear();
                let answer = timeout(PATIENCE, client.get_playbook(request)).await.map_err(late)?;
                Ok(answer?.into_inner())
            }
            answer => Ok(answer?.into_inner()),
        }
    }

    fn is_old(&self, subject: &Subject) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(subject).is_none_or(|(at, _)| at.elapsed() > FRESH)
    }

    fn keep(&self, subject: &Subject, answer: wire::GetPlaybookResponse) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST && !kept.contains_key(subject) {
            let oldest = kept
                .iter()
                .min_by_key(|(_, (at, _))| *at)
                .map(|(subject, _)| subject.clone());
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        kept.insert(subject.clone(), (Instant::now(), answer));
    }
}
