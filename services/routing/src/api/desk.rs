//! `DeskService`.

use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::desk_service_server::DeskService;
use tonic::{Request, Response, Status};

use super::present;
use crate::contract;
use crate::domain::{AgentId, ByHand, Language, NotALanguage, Party, TaskId, TaskState};
use crate::error::Error;
use crate::live::Live;
use crate::ops::desk::{Desk, Onward};
use crate::store;

/// Does what is done with work by hand.
#[derive(Clone, Debug)]
pub struct DeskApi {
    /// The database.
    pub db: Db,
    /// What the use cases go by.
    pub desk: Desk,
    /// Whom to wake.
    pub live: Live,
}

/// Who calls, and why.
fn hand(call: &Call, cause: pb::HandCause, note: &str) -> Result<ByHand, Status> {
    Ok(ByHand {
        actor: call.caller().subject.clone(),
        cause: contract::read_hand_cause(cause),
        note: id::parse_optional("note_id", note)?,
    })
}

fn joined(party: &Party) -> Vec<String> {
    party.joined.iter().map(|joined| joined.agent.to_string()).collect()
}

#[tonic::async_trait]
impl DeskService for DeskApi {
    async fn get_desk(&self, request: Request<pb::GetDeskRequest>) -> Result<Response<pb::GetDeskResponse>, Status> {
        let call = Call::of(&request)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let agent = store::agents::find_by_subject(&mut connection, &call.caller().subject)
            .await
            .map_err(Error::from)?
            .ok_or(Error::AgentNotFound)?;
        let rules = self.desk.rules.of_agents(&agent.site, self.db.clock().now());
        let items = store::desk::in_hand(&mut connection, agent.id())
            .await
            .map_err(Error::from)?
            .into_iter()
            .map(|item| pb::DeskItem {
                task: Some(present::task(&item.party.task)),
                joined: item.party.task.agent != Some(agent.id()),
                wrap_up_due_time: item
                    .contact_end
                    .filter(|_| item.party.task.state == TaskState::Wrapping)
                    .map(|end| timestamp(end + rules.wrap_up_limit)),
                participant_agent_ids: joined(&item.party),
                note_id: item.note.map(|note| note.to_string()).unwrap_or_default(),
                callback: item.is_callback,
            })
            .collect();
        Ok(Response::new(pb::GetDeskResponse { items }))
    }

    async fn end_contact(
        &self,
        request: Request<pb::EndContactRequest>,
    ) -> Result<Response<pb::EndContactResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let (task, due) = self.desk.end_contact(tx, &call.caller().subject, task, now).await?;
                Ok::<_, Error>(pb::EndContactResponse {
                    task: Some(present::task(&task)),
                    wrap_up_due_time: Some(timestamp(due)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn transfer_task(
        &self,
        request: Request<pb::TransferTaskRequest>,
    ) -> Result<Response<pb::TransferTaskResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let mut fields = Violations::new();
        let task = fields.take(id::parse::<TaskId>("task_id", &request.task_id));
        let agent = fields.take(id::parse_optional::<AgentId>("agent_id", &request.agent_id));
        let language = (!request.language.is_empty()).then(|| request.language.parse::<Language>());
        let language = language
            .transpose()
            .map_err(|error: NotALanguage| Violation::new("language", error.to_string()));
        let language = fields.take(language);
        let (task, agent, language) = fields.finish((task, agent, language))?;
        let hand = hand(&call, request.cause(), &request.note_id)?;
        let onward = Onward {
            agent,
            language,
            product_line: contract::read_product_line(request.product_line()),
            queue: Some(request.queue.clone()).filter(|queue| !queue.is_empty()),
        };
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = self.desk.transfer(tx, task, onward, &hand, now).await?;
                Ok::<_, Error>(pb::TransferTaskResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn add_participant(
        &self,
        request: Request<pb::AddParticipantRequest>,
    ) -> Result<Response<pb::AddParticipantResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let agent = id::parse("agent_id", &request.agent_id)?;
        let hand = hand(&call, pb::HandCause::Unspecified, &request.note_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let party = self.desk.add_participant(tx, task, agent, &hand, now).await?;
                Ok::<_, Error>(pb::AddParticipantResponse {
                    task: Some(present::task(&party.task)),
                    participant_agent_ids: joined(&party),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn remove_participant(
        &self,
        request: Request<pb::RemoveParticipantRequest>,
    ) -> Result<Response<pb::RemoveParticipantResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let agent = id::parse_optional("agent_id", &request.agent_id)?;
        let hand = hand(&call, pb::HandCause::Unspecified, "")?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let party = self.desk.remove_participant(tx, task, agent, &hand, now).await?;
                Ok::<_, Error>(pb::RemoveParticipantResponse {
                    task: Some(present::task(&party.task)),
                    participant_agent_ids: joined(&party),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn hand_over_task(
        &self,
        request: Request<pb::HandOverTaskRequest>,
    ) -> Result<Response<pb::HandOverTaskResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let agent = id::parse("agent_id", &request.agent_id)?;
        let hand = hand(&call, request.cause(), &request.note_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = self.desk.hand_over(tx, task, agent, request.stay, &hand, now).await?;
                Ok::<_, Error>(pb::HandOverTaskResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn report_not_reached(
        &self,
        request: Request<pb::ReportNotReachedRequest>,
    ) -> Result<Response<pb::ReportNotReachedResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let tried = self.desk.not_reached(tx, &call.caller().subject, task, now).await?;
                Ok::<_, Error>(pb::ReportNotReachedResponse {
                    task: Some(present::task(&tried.task)),
                    attempts: tried.attempts,
                    retry_time: tried.again.map(timestamp),
                })
            })
            .await?;
        self.live.offered();
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn assign_task(
        &self,
        request: Request<pb::AssignTaskRequest>,
    ) -> Result<Response<pb::AssignTaskResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let agent = id::parse("agent_id", &request.agent_id)?;
        let hand = hand(&call, request.cause(), "")?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = self.desk.assign(tx, task, agent, &hand, now).await?;
                Ok::<_, Error>(pb::AssignTaskResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.offered();
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn take_over_task(
        &self,
        request: Request<pb::TakeOverTaskRequest>,
    ) -> Result<Response<pb::TakeOverTaskResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let hand = hand(&call, request.cause(), "")?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = self.desk.take_over(tx, task, &hand, now).await?;
                Ok::<_, Error>(pb::TakeOverTaskResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn get_fairness(
        &self,
        request: Request<pb::GetFairnessRequest>,
    ) -> Result<Response<pb::GetFairnessResponse>, Status> {
        Ok(Response::new(self.fairness(request.get_ref()).await?))
    }

    async fn pull_back_task(
        &self,
        request: Request<pb::PullBackTaskRequest>,
    ) -> Result<Response<pb::PullBackTaskResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let hand = hand(&call, request.cause(), "")?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = self.desk.pull_back(tx, task, &hand, now).await?;
                Ok::<_, Error>(pb::PullBackTaskResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }
}
