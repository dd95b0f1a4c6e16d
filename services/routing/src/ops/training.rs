//! Agents learn, are certified, and certifications end.

use support_chassis::db::Tx;
use time::OffsetDateTime;

use super::agents::working;
use super::events;
use crate::domain::{Agent, AgentId, Certification, Certified, Course, Enrolment, Outcome, TrainingRules};
use crate::error::Error;
use crate::store;

/// An agent is to take a course.
///
/// # Errors
///
/// [`Error::AgentNotFound`], [`Error::AgentGone`], [`Error::CourseNotFound`].
pub async fn enrol(tx: &mut Tx, id: AgentId, course: &str, now: OffsetDateTime) -> Result<Enrolment, Error> {
    working(tx, id).await?;
    find(tx, course).await?;
    store::courses::enrol(tx.conn(), id, course, now).await?;
    enrolment(tx, id, course).await
}

/// An attempt at a course came out so. Whoever passes is certified from now on, unless they are for longer already. Gives their
/// certification too, where they have it.
///
/// # Errors
///
/// As [`enrol`]; [`Error::NotEnrolled`].
pub async fn attempt(
    tx: &mut Tx,
    id: AgentId,
    course: &str,
    outcome: Outcome,
    now: OffsetDateTime,
) -> Result<(Enrolment, Option<Certified>), Error> {
    let agent = working(tx, id).await?;
    let course = find(tx, course).await?;
    enrolment(tx, id, &course.name).await?;
    store::courses::attempt(tx.conn(), id, &course.name, outcome, now).await?;
    let stands = of(&agent, &course.certification);
    let new = (outcome == Outcome::Passed)
        .then(|| course.certifies(stands.as_ref(), now))
        .flatten();
    if let Some(certified) = &new {
        store::training::grant(tx.conn(), &[(id, certified.clone())]).await?;
        tx.append(id, &events::agent_certified(id, certified)).await?;
    }
    Ok((enrolment(tx, id, &course.name).await?, new.or(stands)))
}

/// Takes a certification away.
///
/// # Errors
///
/// [`Error::AgentNotFound`].
pub async fn revoke(tx: &mut Tx, id: AgentId, certification: &Certification) -> Result<Agent, Error> {
    let mut agent = store::agents::lock(tx.conn(), id).await?.ok_or(Error::AgentNotFound)?;
    if store::training::revoke(tx.conn(), id, certification).await? {
        agent.certifications.retain(|one| one.certification != *certification);
        tx.append(id, &events::certification_ended(id, certification, true))
            .await?;
    }
    Ok(agent)
}

/// Tells of what has ended, and of what will; at most `limit`. Waits for nobody: an agent whom somebody is just changing is looked at
/// the next time. Gives of how many it told.
///
/// # Errors
///
/// What the database says.
pub async fn tell(tx: &mut Tx, rules: &TrainingRules, limit: i64, now: OffsetDateTime) -> Result<usize, Error> {
    let mut told = 0;
    for due in store::training::due(tx.conn(), now, &rules.warning_days, limit).await? {
        if store::agents::lock_if_free(tx.conn(), due.agent).await?.is_none() {
            continue;
        }
        let days = (due.expires_at > now)
            .then(|| rules.warning(due.expires_at, now))
            .flatten();
        if (days.is_none() && due.expires_at > now) || !store::training::told(tx.conn(), &due, days).await? {
            continue;
        }
        if let Some(days) = days {
            let expiring = events::certification_expiring(&due, days);
            tx.append(due.agent, &expiring).await?;
        } else {
            let ended = events::certification_ended(due.agent, &due.certification, false);
            tx.append(due.agent, &ended).await?;
        }
        told += 1;
    }
    Ok(told)
}

async fn find(tx: &mut Tx, course: &str) -> Result<Course, Error> {
    let found = store::courses::list(tx.conn(), Some(course)).await?;
    found.into_iter().next().ok_or(Error::CourseNotFound)
}

async fn enrolment(tx: &mut Tx, id: AgentId, course: &str) -> Result<Enrolment, Error> {
    let enrolments = store::courses::enrolments(tx.conn(), id).await?;
    let mut of_course = enrolments.into_iter().filter(|one| one.course == course);
    of_course.next().ok_or(Error::NotEnrolled)
}

fn of(agent: &Agent, certification: &Certification) -> Option<Certified> {
    let mut of_it = agent
        .certifications
        .iter()
        .filter(|one| one.certification == *certification);
    of_it.next().cloned()
}
