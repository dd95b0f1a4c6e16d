//! Listens to routing: who has taken a case, and what became of its tasks.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, read_field};
use support_chassis::vault::Vault;
use support_proto::support::routing::v1::{TaskAccepted, TaskCanceled, TaskCompleted, TaskQueued};

use super::{found, note};
use crate::domain::AgentId;
use crate::domain::timeline::{Kind, Source};
use crate::ops;

/// Applies the events of routing.
#[derive(Debug, Clone)]
pub struct RoutingEvents {
    /// What cases are opened by.
    pub vault: Vault,
}

impl Consumer for RoutingEvents {
    fn event_types(&self) -> Vec<&'static str> {
        vec![
            "support.routing.v1.TaskQueued",
            "support.routing.v1.TaskAccepted",
            "support.routing.v1.TaskCompleted",
            "support.routing.v1.TaskCanceled",
        ]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        apply(tx, &self.vault, event).boxed()
    }
}

async fn apply(tx: &mut Tx, vault: &Vault, event: &Received) -> Result<(), ApplyError> {
    let line = |kind, task| note(event, Source::Routing, kind, task);
    if let Some(told) = event.decode::<TaskQueued>()? {
        let queued = line(Kind::TaskQueued, read_field("task_id", &told.task_id)?);
        return found(ops::note(tx, read_field("case_id", &told.case_id)?, &queued).await?);
    }
    if let Some(told) = event.decode::<TaskAccepted>()? {
        let (case, task, agent) = (
            read_field("case_id", &told.case_id)?,
            read_field("task_id", &told.task_id)?,
            read_field("agent_id", &told.agent_id)?,
        );
        let now = tx.now();
        return found(ops::accept_task(tx, vault, case, task, agent, event.occurred_at, now).await?);
    }
    if let Some(told) = event.decode::<TaskCompleted>()? {
        let agent: AgentId = read_field("agent_id", &told.agent_id)?;
        let mut completed = line(Kind::TaskCompleted, read_field("task_id", &told.task_id)?);
        completed.actor = Some(agent.to_string());
        return found(ops::note(tx, read_field("case_id", &told.case_id)?, &completed).await?);
    }
    if let Some(told) = event.decode::<TaskCanceled>()? {
        let canceled = line(Kind::TaskCanceled, read_field("task_id", &told.task_id)?);
        return found(ops::note(tx, read_field("case_id", &told.case_id)?, &canceled).await?);
    }
    Ok(())
}
