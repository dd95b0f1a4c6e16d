//! `AgentService`.

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::id::{self, Ids};
use support_chassis::page;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::agent_service_server::AgentService;
use tonic::{Request, Response, Status, Streaming};

use super::watch::{self, OfferStream};
use super::{parse, people, present};
use crate::contract;
use crate::domain::AgentId;
use crate::error::Error;
use crate::live::Live;
use crate::{ops, store};

/// Answers for agents.
#[derive(Clone, Debug)]
pub struct AgentApi {
    /// The database.
    pub db: Db,
    /// Where new ids come from.
    pub ids: Ids,
    /// Whom to wake.
    pub live: Live,
}

#[tonic::async_trait]
impl AgentService for AgentApi {
    type WatchOffersStream = OfferStream;

    async fn create_agent(
        &self,
        request: Request<pb::CreateAgentRequest>,
    ) -> Result<Response<pb::CreateAgentResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse::new_agent(&request)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let agent = ops::agents::create(tx, &self.ids, new, now).await?;
                Ok::<_, Error>(pb::CreateAgentResponse {
                    agent: Some(present::agent(&agent)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_agent(&self, request: Request<pb::GetAgentRequest>) -> Result<Response<pb::GetAgentResponse>, Status> {
        let id: AgentId = id::parse("agent_id", &request.get_ref().agent_id)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let agent = store::agents::find(&mut connection, id)
            .await
            .map_err(Error::from)?
            .ok_or(Error::AgentNotFound)?;
        Ok(Response::new(pb::GetAgentResponse {
            agent: Some(present::agent(&agent)),
        }))
    }

    async fn list_agents(
        &self,
        request: Request<pb::ListAgentsRequest>,
    ) -> Result<Response<pb::ListAgentsResponse>, Status> {
        let request = request.into_inner();
        let binding = ("ListAgents", request.presence);
        let page = page::parse::<AgentId, _>(request.page_size, &request.page_token, 50, 1000, &binding)
            .map_err(Error::from)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let presence = contract::read_presence(request.presence());
        let agents = store::agents::list(&mut connection, presence, page.after, page.limit())
            .await
            .map_err(Error::from)?;
        let (agents, next_page_token) = page.cut(agents, crate::domain::Agent::id);
        Ok(Response::new(pb::ListAgentsResponse {
            agents: agents.iter().map(present::agent).collect(),
            next_page_token,
        }))
    }

    async fn update_agent(
        &self,
        request: Request<pb::UpdateAgentRequest>,
    ) -> Result<Response<pb::UpdateAgentResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("agent_id", &request.agent_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let change = |agent: &crate::domain::Agent| people::changed(agent, &request);
                let agent = ops::agents::update(tx, id, request.expected_version, change).await?;
                Ok::<_, Error>(pb::UpdateAgentResponse {
                    agent: Some(present::agent(&agent)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn deactivate_agent(
        &self,
        request: Request<pb::DeactivateAgentRequest>,
    ) -> Result<Response<pb::DeactivateAgentResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("agent_id", &request.agent_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let agent = ops::agents::deactivate(tx, id, now).await?;
                Ok::<_, Error>(pb::DeactivateAgentResponse {
                    agent: Some(present::agent(&agent)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn import_agents(
        &self,
        request: Request<Streaming<pb::ImportAgentsRequest>>,
    ) -> Result<Response<pb::ImportAgentsResponse>, Status> {
        let answer = people::import(self, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn set_presence(
        &self,
        request: Request<pb::SetPresenceRequest>,
    ) -> Result<Response<pb::SetPresenceResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let presence = contract::read_presence(request.presence())
            .ok_or_else(|| support_chassis::error::Violation::new("presence", "must be a presence"))?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let agent = ops::agents::set_presence(tx, &call.caller().subject, presence, now).await?;
                Ok::<_, Error>(pb::SetPresenceResponse {
                    agent: Some(present::agent(&agent)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn watch_offers(
        &self,
        request: Request<pb::WatchOffersRequest>,
    ) -> Result<Response<Self::WatchOffersStream>, Status> {
        let call = Call::of(&request)?;
        let stream = watch::open(&self.db, &self.live, &call).await?;
        Ok(Response::new(stream))
    }

    async fn accept_offer(
        &self,
        request: Request<pb::AcceptOfferRequest>,
    ) -> Result<Response<pb::AcceptOfferResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let offer = id::parse("offer_id", &request.offer_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = ops::offers::accept(tx, &call.caller().subject, offer, now).await?;
                Ok::<_, Error>(pb::AcceptOfferResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn reject_offer(
        &self,
        request: Request<pb::RejectOfferRequest>,
    ) -> Result<Response<pb::RejectOfferResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let offer = id::parse("offer_id", &request.offer_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = ops::offers::reject(tx, &call.caller().subject, offer, now).await?;
                Ok::<_, Error>(pb::RejectOfferResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }

    async fn complete_task(
        &self,
        request: Request<pb::CompleteTaskRequest>,
    ) -> Result<Response<pb::CompleteTaskResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let task = id::parse("task_id", &request.task_id)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let task = ops::tasks::complete(tx, &call.caller().subject, task, now).await?;
                Ok::<_, Error>(pb::CompleteTaskResponse {
                    task: Some(present::task(&task)),
                })
            })
            .await?;
        self.live.changed();
        Ok(Response::new(answer))
    }
}
