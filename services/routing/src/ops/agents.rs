//! Agents come to be, come to work and go.

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use time::OffsetDateTime;

use super::{events, settle};
use crate::domain::{Agent, AgentId, Book, Change, DisplayName, LanguageSkill, Presence, ProductSkill, Sharing, apply};
use crate::error::Error;
use crate::store;

/// An agent to be made.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// The subject of the staff tokens that the agent calls with.
    pub subject: String,
    /// The name shown to customers.
    pub display_name: DisplayName,
    /// Where the agent works.
    pub site: String,
    /// An IANA name.
    pub time_zone: String,
    /// The languages, each once.
    pub languages: Vec<LanguageSkill>,
    /// The product lines, each once.
    pub skills: Vec<ProductSkill>,
    /// How much the agent may hold, 1 to 100.
    pub capacity: i32,
    /// How that is shared out.
    pub sharing: Sharing,
}

/// Makes an agent, not at work yet.
///
/// # Errors
///
/// [`Error::AgentExists`] where the subject is taken.
pub async fn create(tx: &mut Tx, ids: &Ids, new: NewAgent, now: OffsetDateTime) -> Result<Agent, Error> {
    let mut agent = Agent {
        subject: new.subject,
        display_name: new.display_name,
        site: new.site,
        time_zone: new.time_zone,
        languages: new.languages,
        skills: new.skills,
        book: Book {
            sharing: new.sharing,
            ..Book::new(ids.next(), new.capacity, now)
        },
        presence: Presence::Offline,
        presence_since: now,
    };
    // As they are read back.
    agent.languages.sort_by(|one, other| one.language.cmp(&other.language));
    agent.skills.sort_by_key(|skill| skill.product_line.as_str());
    store::agents::insert(tx.conn(), &agent, now).await?;
    tx.append(agent.id(), &events::agent_created(agent.id())).await?;
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
    store::agents::set_presence(tx.conn(), &after).await?;
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
