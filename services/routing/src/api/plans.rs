//! `PlanService`.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::call::Call;
use support_chassis::clock::{Clock, from_duration, timestamp};
use support_chassis::db::Db;
use support_chassis::error::Violation;
use support_chassis::id::{Id, Ids};
use support_chassis::{id, page};
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::plan_service_server::PlanService;
use tonic::{Request, Response, Status};

use super::present;
use crate::domain::{AgentId, Change, Lack, Ruling, Scope, Shortlist, Standing, Stood, TaskId, TaskState};
use crate::engine::Queued;
use crate::error::Error;
use crate::explain::{StandsNow, stood};
use crate::ops;
use crate::plan::Book;
use crate::plan::shadow::{Finding, Ways};
use crate::store;
use crate::store::shadow::Shadow;

/// Answers about the routing plan at work.
#[derive(Clone, Debug)]
pub struct PlanApi {
    /// The database.
    pub db: Db,
    /// Where ids come from.
    pub ids: Ids,
    /// What time it is.
    pub clock: Clock,
    /// The plans that hold.
    pub book: Book,
}

#[tonic::async_trait]
impl PlanService for PlanApi {
    async fn explain_task(
        &self,
        request: Request<pb::ExplainTaskRequest>,
    ) -> Result<Response<pb::ExplainTaskResponse>, Status> {
        let request = request.into_inner();
        let id: TaskId = id::parse("task_id", &request.task_id)?;
        let binding = ("ExplainTask", &request.task_id);
        let page = page::parse::<AgentId, _>(request.page_size, &request.page_token, 50, 1000, &binding)
            .map_err(Error::from)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let task = store::tasks::find(&mut connection, id).await.map_err(Error::from)?;
        let queued = store::line::of_task(&mut connection, id).await.map_err(Error::from)?;
        let (Some(task), Some(queued)) = (task, queued) else {
            return Err(Error::TaskNotFound.into());
        };
        let history = store::tasks::history(&mut connection, id).await.map_err(Error::from)?;
        let shortlists = store::shortlists::of_task(&mut connection, id)
            .await
            .map_err(Error::from)?;
        let now = self.clock.now();
        let plan = self.book.of_tasks(queued.attributes.country, now);
        let ruling = plan.ruling(&queued.attributes, &queued.named);
        // Everybody is read once, to be counted; after that only those of the page.
        let agents = match page.after {
            _ if task.state != TaskState::Queued => Ok(Vec::new()),
            None => store::line::all_agents(&mut connection, now).await,
            Some(after) => store::line::agents_after(&mut connection, after, page.limit(), now).await,
        };
        let agents = agents.map_err(Error::from)?;
        drop(connection);
        let mut stood_to: Vec<(AgentId, StandsNow)> = agents
            .iter()
            .map(|agent| (agent.book.agent, stood(&queued, &plan, &ruling, agent, now)))
            .collect();
        stood_to.sort_by_key(|(agent, _)| *agent);
        let mut counts: BTreeMap<Standing, i32> = BTreeMap::new();
        if page.after.is_none() {
            for (_, stood) in &stood_to {
                *counts.entry(stood.standing).or_default() += 1;
            }
        }
        stood_to.truncate(usize::try_from(page.limit()).unwrap_or_default());
        let (listed, next_page_token) = page.cut(stood_to, |(agent, _)| *agent);
        let offers = history.iter().filter(|entry| entry.change == Change::Offered);
        let waited = now - queued.queue_time;
        let in_line = plan.priorities.aged(queued.priority, waited);
        Ok(Response::new(pb::ExplainTaskResponse {
            task: Some(present::task(&task)),
            standard_basis: plan.basis.clone(),
            rules: ruling.rules.clone(),
            queue: ruling.queue.clone(),
            before_all: ruling.before_all,
            priority_in_line: in_line.into(),
            stages: stages(&ruling, &queued, waited),
            counts: counts
                .into_iter()
                .map(|(standing, count)| pb::CandidateCount {
                    standing: standing_of(standing).into(),
                    count,
                })
                .collect(),
            candidates: listed.into_iter().map(candidate).collect(),
            next_page_token,
            offers: offers.map(|entry| present::entry(entry, None)).collect(),
            shortlists: shortlists
                .iter()
                .map(|(sequence, list)| shortlist(*sequence, list))
                .collect(),
        }))
    }

    async fn start_shadow(
        &self,
        request: Request<pb::StartShadowRequest>,
    ) -> Result<Response<pb::StartShadowResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let length = from_duration(request.length.as_ref());
        let draft = id::parse_optional::<Id>("draft_id", &request.draft_id)?;
        if draft.is_some() != request.content.is_empty() {
            return Err(Violation::new("content", "must be given where no draft is named, and nowhere else").into());
        }
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                let drafted = match draft {
                    None => None,
                    Some(id) => {
                        let drafted = self.book.draft(tx.conn(), id).await?;
                        let unknown = || Violation::new("draft_id", "is no draft of the plan for everywhere");
                        Some(drafted.ok_or_else(|| Error::Invalid(unknown().into()))?)
                    }
                };
                let content = drafted.as_ref().unwrap_or(&request.content);
                let shadow = ops::shadow::start(tx, &self.ids, content, length, now).await?;
                Ok::<_, Error>(pb::StartShadowResponse {
                    shadow: Some(shadow_of(&shadow, &[])),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn end_shadow(
        &self,
        request: Request<pb::EndShadowRequest>,
    ) -> Result<Response<pb::EndShadowResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let now = tx.now();
                store::shadow::end(tx.conn(), now).await?;
                let shadow = latest(tx.conn()).await?;
                Ok::<_, Error>(pb::EndShadowResponse { shadow })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_shadow(&self, _: Request<pb::GetShadowRequest>) -> Result<Response<pb::GetShadowResponse>, Status> {
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let shadow = latest(&mut connection).await?;
        Ok(Response::new(pb::GetShadowResponse { shadow }))
    }
}

async fn latest(connection: &mut PgConnection) -> Result<Option<pb::Shadow>, Error> {
    let Some(shadow) = store::shadow::find(connection).await? else {
        return Ok(None);
    };
    let findings = store::shadow::findings(connection).await?;
    Ok(Some(shadow_of(&shadow, &findings)))
}

fn shadow_of(shadow: &Shadow, findings: &[(Ways, Finding)]) -> pb::Shadow {
    pb::Shadow {
        start_time: Some(timestamp(shadow.started_at)),
        end_time: Some(timestamp(shadow.ends_at)),
        tasks: findings.iter().map(|(_, finding)| finding.tasks).sum(),
        findings: findings
            .iter()
            .map(|((rules_live, rules_tried), finding)| pb::ShadowFinding {
                rules_live: rules_live.clone(),
                rules_tried: rules_tried.clone(),
                tasks: finding.tasks,
                moved: finding.moved,
                raised: finding.raised,
                lowered: finding.lowered,
                fewer: finding.fewer,
                more: finding.more,
                nobody: finding.nobody,
            })
            .collect(),
    }
}

fn stages(ruling: &Ruling, task: &Queued, waited: time::Duration) -> Vec<pb::TaskStage> {
    let reached = ruling.reached(waited);
    let stages = ruling.stages.iter().enumerate().map(|(place, stage)| {
        let need = stage.need_of(&task.named);
        let (sites, regions) = match need.scope {
            Scope::Anywhere => (Vec::new(), Vec::new()),
            Scope::Within { sites, regions } => (sites, regions),
        };
        pb::TaskStage {
            reach_time: Some(timestamp(task.queue_time + stage.after)),
            is_reached: place < reached,
            languages: need
                .languages
                .iter()
                .map(|(language, level)| pb::LanguageSkill {
                    language: language.to_string(),
                    level: (*level).into(),
                })
                .collect(),
            skills: need
                .skills
                .iter()
                .map(|any| pb::SkillChoice {
                    any: any
                        .iter()
                        .map(|(skill, level)| pb::SkillLevel {
                            skill: skill.to_string(),
                            level: (*level).into(),
                        })
                        .collect(),
                })
                .collect(),
            certifications: need.certifications.iter().map(ToString::to_string).collect(),
            sites,
            regions,
            agent_ids: need.agents.iter().map(ToString::to_string).collect(),
        }
    });
    stages.collect()
}

fn candidate((agent, stood): (AgentId, StandsNow)) -> pb::TaskCandidate {
    pb::TaskCandidate {
        agent_id: agent.to_string(),
        standing: standing_of(stood.standing).into(),
        stage: stood.stage.and_then(|stage| i32::try_from(stage).ok()).unwrap_or(-1),
        wanting: stood.wanting,
        let_go_by_time: stood.let_go_by.map(timestamp),
    }
}

fn shortlist(sequence: i64, list: &Shortlist) -> pb::OfferShortlist {
    let others = Standing::ALL.into_iter().zip(list.counts);
    pb::OfferShortlist {
        sequence,
        taken: Some(stood_then(&list.taken)),
        next: list.next.iter().flatten().map(stood_then).collect(),
        others: others
            .filter(|(_, count)| *count > 0)
            .map(|(standing, count)| pb::CandidateCount {
                standing: standing_of(standing).into(),
                count: i32::try_from(count).unwrap_or(i32::MAX),
            })
            .collect(),
    }
}

fn stood_then(stood: &Stood) -> pb::OfferCandidate {
    pb::OfferCandidate {
        agent_id: stood.agent.to_string(),
        load: stood.load,
        capacity: stood.capacity,
        idle_since: Some(timestamp(stood.idle_since)),
    }
}

fn standing_of(standing: Standing) -> pb::CandidateStanding {
    match standing {
        Standing::Fits => pb::CandidateStanding::Fits,
        Standing::LetItGoBy => pb::CandidateStanding::LetItGoBy,
        Standing::NoRoom => pb::CandidateStanding::NoRoom,
        Standing::Lacks(Lack::Agent) => pb::CandidateStanding::NotAsked,
        Standing::Lacks(Lack::Language) => pb::CandidateStanding::Language,
        Standing::Lacks(Lack::Skill) => pb::CandidateStanding::Skill,
        Standing::Lacks(Lack::Certification) => pb::CandidateStanding::Certification,
        Standing::Lacks(Lack::Place) => pb::CandidateStanding::Place,
    }
}
