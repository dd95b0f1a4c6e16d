//! What happened, as the feed tells it.

use support_chassis::clock::timestamp;
use support_chassis::outbox::Entry;
use support_proto::support::routing::v1 as pb;

use crate::contract;
use crate::domain::{Agent, AgentId, Certification, Certified, Change, Changed};
use crate::store::training::Due;

/// The event of a change.
pub(super) fn entry(changed: &Changed) -> Entry {
    let task = &changed.task;
    let (task_id, case_id) = (task.id.to_string(), task.case_id.to_string());
    let agent_id = changed
        .entry
        .book
        .map(|(agent, _, _)| agent.to_string())
        .unwrap_or_default();
    let returned = || {
        Entry::new(
            task.id,
            &pb::TaskReturned {
                task_id: task_id.clone(),
                case_id: case_id.clone(),
                agent_id: agent_id.clone(),
                why: contract::change(changed.entry.change).into(),
            },
        )
    };
    match changed.entry.change {
        Change::Queued => Entry::new(task.id, &pb::TaskQueued { task_id, case_id }),
        Change::Offered | Change::Assigned => Entry::new(
            task.id,
            &pb::TaskOffered {
                task_id,
                case_id,
                agent_id,
            },
        ),
        Change::Accepted | Change::TakenOver | Change::HandedOver => Entry::new(
            task.id,
            &pb::TaskAccepted {
                task_id,
                case_id,
                agent_id,
            },
        ),
        Change::Rejected
        | Change::TimedOut
        | Change::Withdrawn
        | Change::PulledBack
        | Change::Transferred
        | Change::Lapsed
        | Change::NotReached => returned(),
        Change::CallbackRequested => Entry::new(task.id, &pb::TaskCallbackRequested { task_id, case_id }),
        Change::CallbackDue => Entry::new(task.id, &pb::TaskCallbackDue { task_id, case_id }),
        Change::GivenUp => Entry::new(task.id, &pb::TaskCallbackGivenUp { task_id, case_id }),
        Change::ContactEnded => Entry::new(
            task.id,
            &pb::TaskContactEnded {
                task_id,
                case_id,
                agent_id,
            },
        ),
        Change::Joined => Entry::new(
            task.id,
            &pb::TaskParticipantJoined {
                task_id,
                case_id,
                agent_id,
            },
        ),
        Change::Left => Entry::new(
            task.id,
            &pb::TaskParticipantLeft {
                task_id,
                case_id,
                agent_id,
            },
        ),
        Change::Completed => Entry::new(
            task.id,
            &pb::TaskCompleted {
                task_id,
                case_id,
                agent_id,
            },
        ),
        Change::Canceled => Entry::new(task.id, &pb::TaskCanceled { task_id, case_id }),
    }
}

pub(super) fn agent_created(id: AgentId) -> pb::AgentCreated {
    pb::AgentCreated {
        agent_id: id.to_string(),
    }
}

/// The event that what is planned for an agent was changed.
pub(super) fn shifts_changed(agent: AgentId) -> pb::AgentShiftsChanged {
    pb::AgentShiftsChanged {
        agent_id: agent.to_string(),
    }
}

pub(super) fn agent_updated(agent: &Agent) -> pb::AgentUpdated {
    pb::AgentUpdated {
        agent_id: agent.id().to_string(),
        version: agent.version,
    }
}

pub(super) fn agent_deactivated(id: AgentId) -> pb::AgentDeactivated {
    pb::AgentDeactivated {
        agent_id: id.to_string(),
    }
}

pub(super) fn agent_certified(id: AgentId, certified: &Certified) -> pb::AgentCertified {
    pb::AgentCertified {
        agent_id: id.to_string(),
        certification: certified.certification.to_string(),
        expire_time: certified.expires_at.map(timestamp),
    }
}

pub(super) fn certification_expiring(due: &Due, days_ahead: i32) -> pb::CertificationExpiring {
    pb::CertificationExpiring {
        agent_id: due.agent.to_string(),
        certification: due.certification.to_string(),
        expire_time: Some(timestamp(due.expires_at)),
        days_ahead,
    }
}

pub(super) fn certification_ended(id: AgentId, ended: &Certification, was_revoked: bool) -> pb::CertificationEnded {
    pb::CertificationEnded {
        agent_id: id.to_string(),
        certification: ended.to_string(),
        was_revoked,
    }
}

pub(super) fn presence_changed(agent: &Agent) -> pb::AgentPresenceChanged {
    pb::AgentPresenceChanged {
        agent_id: agent.id().to_string(),
        presence: contract::presence(agent.presence).into(),
    }
}
