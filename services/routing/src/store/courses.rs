//! Courses, and who takes part in them.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use super::read;
use crate::domain::{AgentId, Course, Enrolment, Outcome};

/// Writes a course in the place of the one of its name.
pub async fn put(connection: &mut PgConnection, course: &Course) -> Result<(), DbError> {
    sqlx::query!(
        "insert into courses (name, title, certification, valid_days) values ($1, $2, $3, $4)
         on conflict (name) do update
             set title = excluded.title, certification = excluded.certification, valid_days = excluded.valid_days",
        course.name,
        course.title,
        course.certification.as_str(),
        course.valid_days,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All courses, by name, or the one of this name.
pub async fn list(connection: &mut PgConnection, name: Option<&str>) -> Result<Vec<Course>, DbError> {
    sqlx::query!(
        "select name, title, certification, valid_days from courses where $1::text is null or name = $1 order by name",
        name
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Course {
            certification: read(&row.certification, "courses", "certification")?,
            name: row.name,
            title: row.title,
            valid_days: row.valid_days,
        })
    })
    .collect()
}

/// An agent takes part in a course from now on, if they did not before.
pub async fn enrol(
    connection: &mut PgConnection,
    agent: AgentId,
    course: &str,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into enrolments (agent_id, course, enrolled_at) values ($1, $2, $3) on conflict do nothing",
        agent.uuid(),
        course,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes an attempt of somebody who takes part.
pub async fn attempt(
    connection: &mut PgConnection,
    agent: AgentId,
    course: &str,
    outcome: Outcome,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into attempts (agent_id, course, attempted_at, has_passed) values ($1, $2, $3, $4)",
        agent.uuid(),
        course,
        now,
        outcome == Outcome::Passed,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The courses that an agent takes part in, the newest first.
pub async fn enrolments(connection: &mut PgConnection, agent: AgentId) -> Result<Vec<Enrolment>, DbError> {
    let rows = sqlx::query!(
        r#"select e.course, e.enrolled_at,
             array(select t.attempted_at from attempts t where t.agent_id = e.agent_id and t.course = e.course order by t.attempted_at)
                 as "times!",
             array(select t.has_passed from attempts t where t.agent_id = e.agent_id and t.course = e.course order by t.attempted_at)
                 as "passed!"
         from enrolments e where e.agent_id = $1 order by e.enrolled_at desc, e.course"#,
        agent.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let outcome = |has_passed: bool| if has_passed { Outcome::Passed } else { Outcome::Failed };
    let enrolments = rows.into_iter().map(|row| Enrolment {
        course: row.course,
        enrolled_at: row.enrolled_at,
        attempts: row.times.into_iter().zip(row.passed.into_iter().map(outcome)).collect(),
    });
    Ok(enrolments.collect())
}
