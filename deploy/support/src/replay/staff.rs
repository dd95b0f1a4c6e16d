//! The staff: simulated agents who connect, take offers and finish tasks as agents do.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use support_proto::support::case::v1::GetCaseRequest;
use support_proto::support::routing::v1::{
    AcceptOfferRequest, CompleteTaskRequest, CreateAgentRequest, LanguageSkill, ListAgentsRequest, ListTasksRequest,
    Offer, Presence, ProductSkill, RejectOfferRequest, SetPresenceRequest, Task, TaskState, WatchOffersRequest,
};
use support_proto::support::types::v1::ProductLine;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::Code;

use super::floor::Floor;
use super::repairs::LANGUAGES;
use super::trace::Shift;
use crate::session::{Caller, Failure, Session, again, call, request_id};
use crate::world::Issuer;

/// How much an agent may hold: one call, and nothing beside it.
pub const CAPACITY: i32 = 6;
/// How long a token of an agent is good. A day at its own speed, and some.
pub const TOKEN_LIFE: Duration = Duration::from_hours(30);
/// Whoever's shift ends this many seconds before the last one's stays until everybody has been served.
const LAST_HOURS: u32 = 900;
/// How long to wait before a broken stream is opened again.
const REOPEN: Duration = Duration::from_millis(100);

/// One agent.
pub struct Agent {
    /// The id in the system.
    pub agent_id: String,
    shift: Shift,
    stays: bool,
    caller: Caller,
}

/// Makes an agent of this run for every shift.
///
/// # Errors
///
/// What the system refused.
pub async fn hire(
    session: &Session,
    operator: &Caller,
    issuer: &Issuer,
    run: &str,
    shifts: Vec<Shift>,
) -> anyhow::Result<Vec<Arc<Agent>>> {
    let last = shifts.iter().map(|shift| shift.to).max().unwrap_or_default();
    let mut agents = Vec::new();
    for shift in shifts {
        let name = shift.server.to_lowercase();
        let subject = format!("replay-{run}-{name}");
        let skills = (1..=7).filter_map(|line| ProductLine::try_from(line).ok());
        let request = CreateAgentRequest {
            request_id: request_id(run, &subject, "create"),
            subject: subject.clone(),
            display_name: shift.server.clone(),
            site: "Replay".to_owned(),
            time_zone: "UTC".to_owned(),
            languages: LANGUAGES
                .iter()
                .map(|tag| LanguageSkill {
                    language: (*tag).to_owned(),
                    level: 4,
                })
                .collect(),
            skills: skills
                .map(|line| ProductSkill {
                    product_line: line.into(),
                    level: 4,
                })
                .collect(),
            capacity: CAPACITY,
            ..CreateAgentRequest::default()
        };
        let agent_id = match call!(operator.agents().create_agent(request)) {
            Ok(made) => made.agent.context("no agent in the answer")?.agent_id,
            Err(status) if status.code() == Code::AlreadyExists => find(operator, &subject).await?,
            Err(status) => return Err(anyhow::Error::new(status).context("an agent could not be made")),
        };
        let caller = session.as_agent(&issuer.agent_token(&subject, TOKEN_LIFE))?;
        let stays = shift.to + LAST_HOURS >= last;
        agents.push(Arc::new(Agent {
            agent_id,
            shift,
            stays,
            caller,
        }));
    }
    Ok(agents)
}

async fn find(operator: &Caller, subject: &str) -> anyhow::Result<String> {
    let mut request = ListAgentsRequest {
        page_size: 1000,
        ..Default::default()
    };
    loop {
        let page = call!(operator.agents().list_agents(request.clone()))?;
        if let Some(agent) = page.agents.into_iter().find(|agent| agent.subject == subject) {
            return Ok(agent.agent_id);
        }
        anyhow::ensure!(!page.next_page_token.is_empty(), "an agent exists and is not listed");
        request.page_token = page.next_page_token;
    }
}

impl Agent {
    /// The agent as a caller of the API.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// When the shift begins, in seconds since the day's midnight.
    #[must_use]
    pub fn begins(&self) -> u32 {
        self.shift.from
    }

    /// Works the shift, and to the end of the call that is under way.
    pub async fn work(self: Arc<Self>, floor: Arc<Floor>) {
        let mut hands = JoinSet::new();
        self.take_up(&floor, &mut hands).await;
        tokio::select! {
            () = floor.clock.until(self.shift.from.into()) => {}
            () = floor.all_settled() => return,
        }
        floor.at_work.send_modify(|count| *count += 1);
        let mut seen = HashSet::new();
        tokio::select! {
            () = self.end_of_shift(&floor) => {}
            () = self.attend(&floor, &mut seen, &mut hands) => {}
        }
        floor.at_work.send_modify(|count| *count -= 1);
        self.show(&floor, Presence::Offline).await;
        while hands.join_next().await.is_some() {}
    }

    async fn end_of_shift(&self, floor: &Floor) {
        tokio::select! {
            () = floor.all_settled() => {}
            () = floor.clock.until(self.shift.to.into()), if !self.stays => {}
        }
    }

    /// Takes offers as they come, over as many streams as it needs. Never ends by itself.
    async fn attend(self: &Arc<Self>, floor: &Arc<Floor>, seen: &mut HashSet<String>, hands: &mut JoinSet<()>) {
        loop {
            // Again with every stream: in an outage the system may have sent us home.
            self.show(floor, Presence::Available).await;
            let caller = &self.caller;
            let mut stream = match call!(caller.agents().watch_offers(WatchOffersRequest {})) {
                Ok(stream) => stream,
                Err(status) => {
                    floor.faults.note(format!("an agent could not watch offers: {status}"));
                    return std::future::pending().await;
                }
            };
            let ended = loop {
                match stream.message().await {
                    Ok(Some(news)) => {
                        for offer in news.made {
                            if seen.insert(offer.offer_id.clone()) {
                                hands.spawn(Arc::clone(self).take(Arc::clone(floor), offer));
                            }
                        }
                    }
                    Ok(None) => break None,
                    Err(status) => break Some(status),
                }
            };
            if ended.as_ref().and_then(again) == Some(Failure::Away) {
                floor.session.presence().lost();
            }
            sleep(REOPEN).await;
        }
    }

    /// Sets the presence. Its request id is new each time: what was said in an earlier process does not hold any more.
    async fn show(&self, floor: &Floor, presence: Presence) {
        let caller = &self.caller;
        let request = SetPresenceRequest {
            request_id: uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string(),
            presence: presence.into(),
        };
        if let Err(status) = call!(caller.agents().set_presence(request)) {
            floor.faults.note(format!("an agent's presence was refused: {status}"));
        }
    }

    /// Answers an offer, leads the conversation, finishes the task.
    async fn take(self: Arc<Self>, floor: Arc<Floor>, offer: Offer) {
        let Some(task) = offer.task else { return };
        let offered_at = floor.clock.now();
        let caller = &self.caller;
        let Some(key) = self.call_of(&floor, &task.case_id).await else {
            // Somebody else's case: it keeps its place in line.
            let request = RejectOfferRequest {
                request_id: request_id(&floor.run, &offer.offer_id, "reject"),
                offer_id: offer.offer_id.clone(),
            };
            if let Err(status) = call!(caller.agents().reject_offer(request))
                && !has_ended(&status)
            {
                floor.faults.note(format!("an offer could not be declined: {status}"));
            }
            return;
        };
        let request = AcceptOfferRequest {
            request_id: request_id(&floor.run, &offer.offer_id, "accept"),
            offer_id: offer.offer_id.clone(),
        };
        match call!(caller.agents().accept_offer(request)) {
            Ok(_) => self.talk(&floor, &key, &task, offered_at).await,
            // The caller gave up, or the offer ran out during an outage and went to somebody else.
            Err(status) if has_ended(&status) => {}
            Err(status) => floor.faults.note(format!("an offer could not be accepted: {status}")),
        }
    }

    /// The conversation of an accepted task. It fills the time from the offer on: what the system takes to answer is short
    /// beside a conversation, but compressed with it, it would take hands away that the day had.
    async fn talk(&self, floor: &Floor, key: &str, task: &Task, offered_at: f64) {
        let Some(line) = floor.board.line(key) else { return };
        let at = floor.clock.now();
        if !line.answer(at) {
            // Too late: the caller has hung up, and the end of their case ends the task.
            return;
        }
        floor.clock.until(offered_at + line.service).await;
        let caller = &self.caller;
        let request = CompleteTaskRequest {
            request_id: request_id(&floor.run, &task.task_id, "complete"),
            task_id: task.task_id.clone(),
        };
        if let Err(status) = call!(caller.agents().complete_task(request)) {
            floor
                .faults
                .note(format!("the task of call {key} could not be completed: {status}"));
        }
        line.talked(at, caller.clone());
    }

    /// Which of this run's calls a case belongs to.
    async fn call_of(&self, floor: &Floor, case_id: &str) -> Option<String> {
        if let Some(key) = floor.board.call_of(case_id) {
            return Some(key);
        }
        let caller = &self.caller;
        match call!(caller.cases().get_case(GetCaseRequest {
            case_id: case_id.to_owned()
        })) {
            Ok(answer) => floor.board.key_of(&answer.case?.source_reference).map(str::to_owned),
            Err(status) => {
                floor
                    .faults
                    .note(format!("an offered case could not be read: {status}"));
                None
            }
        }
    }

    /// Goes on with what an earlier process of this run has left in this agent's hands.
    async fn take_up(self: &Arc<Self>, floor: &Arc<Floor>, hands: &mut JoinSet<()>) {
        if floor.found.is_empty() {
            return;
        }
        let operator = &floor.operator;
        let request = ListTasksRequest {
            states: vec![TaskState::Accepted.into()],
            agent_id: self.agent_id.clone(),
            ..Default::default()
        };
        let tasks = match call!(operator.tasks().list_tasks(request)) {
            Ok(page) => page.tasks,
            Err(status) => {
                return floor
                    .faults
                    .note(format!("an agent's tasks could not be read: {status}"));
            }
        };
        for task in tasks {
            let (agent, floor) = (Arc::clone(self), Arc::clone(floor));
            hands.spawn(async move {
                if let Some(key) = agent.call_of(&floor, &task.case_id).await {
                    agent.talk(&floor, &key, &task, floor.clock.now()).await;
                }
            });
        }
    }
}

/// Whether an offer was refused because it is over.
fn has_ended(status: &tonic::Status) -> bool {
    matches!(status.code(), Code::FailedPrecondition | Code::NotFound)
}
