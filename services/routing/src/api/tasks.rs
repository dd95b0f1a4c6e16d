//! `TaskService`.

use support_chassis::db::Db;
use support_chassis::error::Violations;
use support_chassis::{id, page};
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::task_service_server::TaskService;
use tonic::{Request, Response, Status};

use super::present;
use crate::contract;
use crate::domain::TaskId;
use crate::error::Error;
use crate::store;

/// Answers about tasks.
#[derive(Clone, Debug)]
pub struct TaskApi {
    /// The database.
    pub db: Db,
}

#[tonic::async_trait]
impl TaskService for TaskApi {
    async fn get_task(&self, request: Request<pb::GetTaskRequest>) -> Result<Response<pb::GetTaskResponse>, Status> {
        let id: TaskId = id::parse("task_id", &request.get_ref().task_id)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let task = store::tasks::find(&mut connection, id)
            .await
            .map_err(Error::from)?
            .ok_or(Error::TaskNotFound)?;
        Ok(Response::new(pb::GetTaskResponse {
            task: Some(present::task(&task)),
        }))
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>, Status> {
        let request = request.into_inner();
        let mut fields = Violations::new();
        let case = fields.take(id::parse_optional("case_id", &request.case_id));
        let agent = fields.take(id::parse_optional("agent_id", &request.agent_id));
        let (case, agent) = fields.finish((case, agent))?;
        let filter = store::tasks::Filter {
            states: request.states().filter_map(contract::read_task_state).collect(),
            case,
            agent,
        };
        let binding = ("ListTasks", &request.states, &request.case_id, &request.agent_id);
        let page = page::parse::<TaskId, _>(request.page_size, &request.page_token, 50, 1000, &binding)
            .map_err(Error::from)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let tasks = store::tasks::list(&mut connection, &filter, page.after, page.limit())
            .await
            .map_err(Error::from)?;
        let (tasks, next_page_token) = page.cut(tasks, |task| task.id);
        Ok(Response::new(pb::ListTasksResponse {
            tasks: tasks.iter().map(present::task).collect(),
            next_page_token,
        }))
    }

    async fn list_task_history(
        &self,
        request: Request<pb::ListTaskHistoryRequest>,
    ) -> Result<Response<pb::ListTaskHistoryResponse>, Status> {
        let id: TaskId = id::parse("task_id", &request.get_ref().task_id)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let history = store::tasks::history(&mut connection, id).await.map_err(Error::from)?;
        if history.is_empty() {
            return Err(Error::TaskNotFound.into());
        }
        let hands = store::desk::hands(&mut connection, id).await.map_err(Error::from)?;
        let hand = |sequence| {
            let found = hands.iter().find(|(place, _)| *place == sequence);
            found.map(|(_, hand)| hand)
        };
        Ok(Response::new(pb::ListTaskHistoryResponse {
            entries: history
                .iter()
                .map(|entry| present::entry(entry, hand(entry.sequence)))
                .collect(),
        }))
    }
}
