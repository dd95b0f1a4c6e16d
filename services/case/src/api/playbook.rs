//! `CasePlaybookService`: the playbook of a case at a desk.

use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::vault::Vault;
use support_proto::support::case::v1::case_playbook_service_server::CasePlaybookService;
use support_proto::support::case::v1::{MarkPlaybookStepRequest, MarkPlaybookStepResponse, WatchPlaybookRequest};
use tonic::{Request, Response, Status};

use super::{open, parse, present};
use crate::desk::watch::{self, DeskStream};
use crate::desk::{Playbooks, Pulses};
use crate::error::Error;
use crate::ops;

/// The service `support.case.v1.CasePlaybookService`.
#[derive(Debug, Clone)]
pub struct PlaybookApi {
    db: Db,
    clock: Clock,
    playbooks: Playbooks,
    pulses: Pulses,
    vault: Vault,
}

impl PlaybookApi {
    /// The service over a database, localisation's playbooks, what tells which cases have changed, and what opens them.
    #[must_use]
    pub fn new(db: Db, clock: Clock, playbooks: Playbooks, pulses: Pulses, vault: Vault) -> Self {
        Self {
            db,
            clock,
            playbooks,
            pulses,
            vault,
        }
    }
}

#[tonic::async_trait]
impl CasePlaybookService for PlaybookApi {
    type WatchPlaybookStream = DeskStream;

    async fn watch_playbook(&self, request: Request<WatchPlaybookRequest>) -> Result<Response<DeskStream>, Status> {
        let (_, viewer, request) = open(request)?;
        let asked = parse::desk(request)?;
        let pulse = self.pulses.of(asked.case);
        let stream = watch::open(
            (self.db.clone(), self.vault.clone()),
            self.playbooks.clone(),
            viewer,
            asked,
            pulse,
        )
        .await?;
        Ok(Response::new(stream))
    }

    async fn mark_playbook_step(
        &self,
        request: Request<MarkPlaybookStepRequest>,
    ) -> Result<Response<MarkPlaybookStepResponse>, Status> {
        let (call, viewer, request) = open(request)?;
        let (case, marking) = parse::marking(&viewer, &request, self.clock.now())?;
        let written = self.db.write(&call, &request, async |tx| {
            let mark = ops::mark_step(tx, &self.vault, &viewer, case, marking).await?;
            Ok::<_, Error>(MarkPlaybookStepResponse {
                mark: mark.as_ref().map(present::mark),
            })
        });
        Ok(Response::new(written.await?))
    }
}
