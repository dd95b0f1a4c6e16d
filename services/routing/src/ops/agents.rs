//! Agents come to be, come to work and go.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use time::OffsetDateTime;

use super::{events, settle};
use crate::domain::{Agent, AgentId, Certification, Certified, Change, Details, Presence, apply};
use crate::error::Error;
use crate::store;

/// An agent to be made.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// The subject of the staff tokens that the agent calls with.
    pub subject: String,
    /// What is known of them.
    pub details: Details,
    /// What they have been certified for elsewhere, each once.
    pub certifications: Vec<NewCertified>,
}

/// A certification that somebody brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCertified {
    /// What for.
    pub certification: Certification,
    /// From when it holds; none for from now on.
    pub granted_at: Option<OffsetDateTime>,
    /// Until when; none where it does not end.
    pub expires_at: Option<OffsetDateTime>,
}

impl NewCertified {
    /// What comes of it where `stands` is what stands already; none where that is the same.
    #[must_use]
    pub fn instead_of(&self, stands: Option<&Certified>, now: OffsetDateTime) -> Option<Certified> {
        let granted_at = self
            .granted_at
            .unwrap_or_else(|| stands.map_or(now, |stands| stands.granted_at));
        let certified = Certified {
            certification: self.certification.clone(),
            granted_at,
            expires_at: self.expires_at,
        };
        (stands != Some(&certified)).then_some(certified)
    }
}

/// Makes an agent, not at work yet.
///
/// # Errors
///
/// [`Error::AgentExists`] where the subject is taken.
pub async fn create(tx: &mut Tx, ids: &Ids, new: NewAgent, now: OffsetDateTime) -> Result<Agent, Error> {
    let mut agent = Agent::new(ids.next(), new.subject, new.details, now);
    let brought = new.certifications.iter();
    agent.certifications = brought.filter_map(|one| one.instead_of(None, now)).collect();
    agent
        .certifications
        .sort_by(|one, other| one.certification.cmp(&other.certification));
    store::agents::insert(tx.conn(), std::slice::from_ref(&agent), now).await?;
    let granted: Vec<_> = agent
        .certifications
        .iter()
        .map(|one| (agent.id(), one.clone()))
        .collect();
    store::training::grant(tx.conn(), &granted).await?;
    tx.append(agent.id(), &events::agent_created(agent.id())).await?;
    Ok(agent)
}

/// Changes what is known of an agent to what `change` makes of them, at once and whatever they do.
///
/// # Errors
///
/// [`Error::AgentNotFound`]; [`Error::AgentGone`]; [`Error::AgentChanged`] where they stand at another version than
/// `expected` (0 for any); [`Error::AgentHoldsWork`] where they hold work that could not be held so; what `change` fails with.
pub async fn update(
    tx: &mut Tx,
    id: AgentId,
    expected: i64,
    change: impl FnOnce(&Agent) -> Result<Details, Error> + Send,
) -> Result<Agent, Error> {
    let agent = working(tx, id).await?;
    if expected != 0 && expected != agent.version {
        return Err(Error::AgentChanged(agent.version));
    }
    let details = change(&agent)?.in_order();
    if details == agent.details() {
        return Ok(agent);
    }
    let after = agent.changed_to(details).ok_or(Error::AgentHoldsWork)?;
    store::agents::update(tx.conn(), std::slice::from_ref(&after)).await?;
    tx.append(after.id(), &events::agent_updated(&after)).await?;
    Ok(after)
}

/// An agent leaves.
///
/// # Errors
///
/// [`Error::AgentNotFound`]; [`Error::AgentGone`].
pub async fn deactivate(tx: &mut Tx, id: AgentId, now: OffsetDateTime) -> Result<Agent, Error> {
    let agent = working(tx, id).await?;
    let mut after = turn(tx, agent, Presence::Offline, now).await?;
    after.deactivated_at = Some(now);
    after.version += 1;
    store::agents::update(tx.conn(), std::slice::from_ref(&after)).await?;
    tx.append(after.id(), &events::agent_deactivated(after.id())).await?;
    Ok(after)
}

/// Locks an agent who has not left.
pub(super) async fn working(tx: &mut Tx, id: AgentId) -> Result<Agent, Error> {
    let agent = store::agents::lock(tx.conn(), id).await?.ok_or(Error::AgentNotFound)?;
    if agent.deactivated_at.is_some() {
        return Err(Error::AgentGone);
    }
    Ok(agent)
}

/// Sets the presence of the agent who calls with `subject`. Whoever is not available gives back what they were offered.
/// The presence that stands is a heartbeat.
///
/// # Errors
///
/// [`Error::AgentNotFound`] where the caller is none.
pub async fn set_presence(tx: &mut Tx, subject: &str, presence: Presence, now: OffsetDateTime) -> Result<Agent, Error> {
    let agent = store::agents::lock_by_subject(tx.conn(), subject)
        .await?
        .ok_or(Error::AgentNotFound)?;
    store::agents::saw(tx.conn(), agent.id(), now).await?;
    turn(tx, agent, presence, now).await
}

/// Sends an agent home who has not been seen since `before`. False where there is nothing to do, or somebody is just
/// changing the agent.
pub async fn lapse(tx: &mut Tx, id: AgentId, before: OffsetDateTime, now: OffsetDateTime) -> Result<bool, Error> {
    let Some(agent) = store::agents::lock_if_free(tx.conn(), id).await? else {
        return Ok(false);
    };
    let is_gone = store::agents::seen_at(tx.conn(), id)
        .await?
        .is_none_or(|seen| seen <= before);
    if !is_gone || agent.presence == Presence::Offline {
        return Ok(false);
    }
    turn(tx, agent, Presence::Offline, now).await?;
    Ok(true)
}

async fn turn(tx: &mut Tx, agent: Agent, presence: Presence, now: OffsetDateTime) -> Result<Agent, Error> {
    let Some(mut after) = agent.with_presence(presence, now) else {
        return Ok(agent);
    };
    let shift_end = match presence {
        Presence::Offline => super::roster::end_of_shift(tx, &after, now).await?,
        _ => None,
    };
    store::agents::set_presence(tx.conn(), &after, shift_end).await?;
    store::fairness::note_presence(tx.conn(), &after).await?;
    tx.append(after.id(), &events::presence_changed(&after)).await?;
    if presence != Presence::Available {
        let mut settled = Vec::new();
        for task in store::tasks::lock_offered_to(tx.conn(), after.id()).await? {
            let changed = apply(&task, Some(&after.book), Change::Withdrawn, now)
                .map_err(|refused| Error::refused(task.id, refused))?;
            after.book = changed.book.unwrap_or(after.book);
            settled.push(changed);
        }
        settle(tx, &settled, &[]).await?;
    }
    Ok(after)
}
