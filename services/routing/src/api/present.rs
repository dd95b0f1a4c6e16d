//! What the domain has, as answers say it.

use support_chassis::clock::timestamp;
use support_proto::support::routing::v1 as pb;

use crate::contract;
use crate::domain::{Agent, ByHand, Certified, Channel, Entry, Offer, Share, Sharing, Task};

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
                product_line: contract::product_line(skill.product_line).into(),
                level: skill.level.into(),
            })
            .collect(),
        capacity: agent.book.capacity,
        load: agent.book.load,
        presence: contract::presence(agent.presence).into(),
        presence_time: Some(timestamp(agent.presence_since)),
        version: agent.version,
        picture: agent.picture.reveal().to_owned(),
        region: agent.region.clone().unwrap_or_else(|| agent.id().region().to_string()),
        team: agent.team.clone(),
        abilities: agent
            .abilities
            .iter()
            .map(|ability| pb::Ability {
                name: ability.skill.to_string(),
                level: ability.level.into(),
            })
            .collect(),
        certifications: agent.certifications.iter().map(certified).collect(),
        channels: channels(&agent.book.sharing),
        deactivate_time: agent.deactivated_at.map(timestamp),
    }
}

pub(super) fn certified(one: &Certified) -> pb::AgentCertification {
    pb::AgentCertification {
        name: one.certification.to_string(),
        grant_time: Some(timestamp(one.granted_at)),
        expire_time: one.expires_at.map(timestamp),
    }
}

fn channels(sharing: &Sharing) -> Vec<pb::ChannelRule> {
    let rule = |channel: Channel| {
        let weight = match sharing.share(channel)? {
            Share::Units(units) => i32::from(units),
            Share::Whole => 0,
        };
        let others = Channel::ALL
            .iter()
            .filter(|other| **other != channel && sharing.share(**other).is_some() && sharing.mix(channel, **other));
        Some(pb::ChannelRule {
            channel: contract::channel(channel).into(),
            weight,
            mixes_with: others.map(|other| contract::channel(*other).into()).collect(),
        })
    };
    Channel::ALL.iter().filter_map(|channel| rule(*channel)).collect()
}

pub(super) fn task(task: &Task) -> pb::Task {
    pb::Task {
        task_id: task.id.to_string(),
        case_id: task.case_id.to_string(),
        state: contract::task_state(task.state).into(),
        channel: contract::channel(task.channel).into(),
        language: task.language.to_string(),
        product_line: task.product_line.map(contract::product_line).unwrap_or_default().into(),
        priority: task.priority.into(),
        weight: task.weight,
        agent_id: task.agent.map(|agent| agent.to_string()).unwrap_or_default(),
        offer_count: task.offer_count,
        queue_time: Some(timestamp(task.queue_time)),
        accept_time: task.accept_time.map(timestamp),
        end_time: task.end_time.map(timestamp),
        country_code: task.country.map(|country| country.to_string()).unwrap_or_default(),
        standard_basis: task.basis.clone().unwrap_or_default(),
    }
}

pub(super) fn offer(offer: &Offer, of: &Task) -> pb::Offer {
    pb::Offer {
        offer_id: offer.id.to_string(),
        task: Some(task(of)),
        agent_id: offer.agent.to_string(),
        offer_time: Some(timestamp(offer.offered_at)),
        expire_time: Some(timestamp(offer.expires_at)),
        standard_basis: offer.basis.clone().unwrap_or_default(),
    }
}

pub(super) fn entry(entry: &Entry, hand: Option<&ByHand>) -> pb::TaskHistoryEntry {
    let (agent_id, agent_load, agent_capacity) = entry
        .book
        .map(|(agent, load, capacity)| (agent.to_string(), load, capacity))
        .unwrap_or_default();
    pb::TaskHistoryEntry {
        sequence: entry.sequence,
        change: contract::change(entry.change).into(),
        agent_id,
        agent_load,
        agent_capacity,
        occur_time: Some(timestamp(entry.at)),
        standard_basis: entry.basis.clone().unwrap_or_default(),
        offer_reason: entry.reason.map(|reason| pb::OfferReason {
            relaxed_steps: reason.relaxed_steps.into(),
            candidates: reason.candidates,
            asked_again: reason.asked_again,
        }),
        actor: hand.map(|hand| hand.actor.clone()).unwrap_or_default(),
        hand_cause: hand
            .and_then(|hand| hand.cause)
            .map(contract::hand_cause)
            .unwrap_or_default()
            .into(),
        note_id: hand
            .and_then(|hand| hand.note)
            .map(|note| note.to_string())
            .unwrap_or_default(),
    }
}
