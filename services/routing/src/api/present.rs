//! What the domain has, as answers say it.

use support_chassis::clock::timestamp;
use support_proto::support::routing::v1 as pb;
use support_proto::support::types::v1 as types;

use crate::domain::{Agent, Change, Channel, Entry, Offer, Presence, ProductLine, Task, TaskState};

pub(super) fn agent(agent: &Agent) -> pb::Agent {
    pb::Agent {
        agent_id: agent.id().to_string(),
        subject: agent.subject.clone(),
        display_name: agent.display_name.reveal().to_owned(),
        site: agent.site.clone(),
        time_zone: agent.time_zone.clone(),
        languages: agent
            .languages
            .iter()
            .map(|skill| pb::LanguageSkill {
                language: skill.language.to_string(),
                level: skill.level.into(),
            })
            .collect(),
        skills: agent
            .skills
            .iter()
            .map(|skill| pb::ProductSkill {
                product_line: product_line(Some(skill.product_line)).into(),
                level: skill.level.into(),
            })
            .collect(),
        capacity: agent.book.capacity,
        load: agent.book.load,
        presence: presence(agent.presence).into(),
        presence_time: Some(timestamp(agent.presence_since)),
    }
}

fn presence(presence: Presence) -> pb::Presence {
    match presence {
        Presence::Available => pb::Presence::Available,
        Presence::Break => pb::Presence::Break,
        Presence::AfterContactWork => pb::Presence::AfterContactWork,
        Presence::Offline => pb::Presence::Offline,
    }
}

pub(super) fn task(task: &Task) -> pb::Task {
    pb::Task {
        task_id: task.id.to_string(),
        case_id: task.case_id.to_string(),
        state: task_state(task.state).into(),
        channel: channel(task.channel).into(),
        language: task.language.to_string(),
        product_line: product_line(task.product_line).into(),
        priority: task.priority.into(),
        weight: task.weight,
        agent_id: task.agent.map(|agent| agent.to_string()).unwrap_or_default(),
        offer_count: task.offer_count,
        queue_time: Some(timestamp(task.queue_time)),
        accept_time: task.accept_time.map(timestamp),
        end_time: task.end_time.map(timestamp),
    }
}

fn task_state(state: TaskState) -> pb::TaskState {
    match state {
        TaskState::Queued => pb::TaskState::Queued,
        TaskState::Offered => pb::TaskState::Offered,
        TaskState::Accepted => pb::TaskState::Accepted,
        TaskState::Wrapping => pb::TaskState::Wrapping,
        TaskState::Completed => pb::TaskState::Completed,
        TaskState::Canceled => pb::TaskState::Canceled,
    }
}

fn channel(channel: Channel) -> types::Channel {
    match channel {
        Channel::Phone => types::Channel::Phone,
        Channel::Email => types::Channel::Email,
        Channel::Chat => types::Channel::Chat,
        Channel::Store => types::Channel::Store,
        Channel::Social => types::Channel::Social,
        Channel::App => types::Channel::App,
    }
}

fn product_line(line: Option<ProductLine>) -> types::ProductLine {
    match line {
        None => types::ProductLine::Unspecified,
        Some(ProductLine::Phone) => types::ProductLine::Phone,
        Some(ProductLine::Laptop) => types::ProductLine::Laptop,
        Some(ProductLine::Tablet) => types::ProductLine::Tablet,
        Some(ProductLine::Watch) => types::ProductLine::Watch,
        Some(ProductLine::Audio) => types::ProductLine::Audio,
        Some(ProductLine::Desktop) => types::ProductLine::Desktop,
        Some(ProductLine::Accessory) => types::ProductLine::Accessory,
    }
}

pub(super) fn offer(offer: &Offer, of: &Task) -> pb::Offer {
    pb::Offer {
        offer_id: offer.id.to_string(),
        task: Some(task(of)),
        agent_id: offer.agent.to_string(),
        offer_time: Some(timestamp(offer.offered_at)),
        expire_time: Some(timestamp(offer.expires_at)),
    }
}

pub(super) fn entry(entry: &Entry) -> pb::TaskHistoryEntry {
    let change = match entry.change {
        Change::Queued => pb::TaskChange::Queued,
        Change::Offered => pb::TaskChange::Offered,
        Change::Accepted => pb::TaskChange::Accepted,
        Change::Rejected => pb::TaskChange::Rejected,
        Change::TimedOut => pb::TaskChange::TimedOut,
        Change::Withdrawn => pb::TaskChange::Withdrawn,
        Change::Completed => pb::TaskChange::Completed,
        Change::Canceled => pb::TaskChange::Canceled,
    };
    let (agent_id, agent_load, agent_capacity) = entry
        .book
        .map(|(agent, load, capacity)| (agent.to_string(), load, capacity))
        .unwrap_or_default();
    pb::TaskHistoryEntry {
        sequence: entry.sequence,
        change: change.into(),
        agent_id,
        agent_load,
        agent_capacity,
        occur_time: Some(timestamp(entry.at)),
    }
}
