//! What the matcher looks at: the line of waiting tasks and the agents with room.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use uuid::Uuid;

use super::read;
use crate::domain::{AgentId, Book, Candidate, Need, Refusal, TaskId, Waiting};

/// The first `limit` waiting tasks of each need, with those who let them go by and until when those are to be left
/// alone: `delay` after they did.
pub async fn waiting(connection: &mut PgConnection, limit: i64, delay: Duration) -> Result<Vec<Waiting>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id!: TaskId", version as "version!", language as "language!", product_line,
             weight as "weight!", priority as "priority!", queue_time as "queue_time!", offer_count as "offer_count!"
         from (
             select *, row_number() over (
                 partition by language, product_line, weight order by priority desc, queue_time, id
             ) as place
             from tasks where state = 'queued'
         ) as line
         where place <= $1"#,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let offered_before: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.offer_count > 0)
        .map(|row| row.id.uuid())
        .collect();
    let mut refusals = refusals(connection, &offered_before, delay).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Waiting {
                task: row.id,
                version: row.version,
                need: Need {
                    language: read(&row.language, "tasks", "language")?,
                    product_line: row
                        .product_line
                        .map(|line| read(&line, "tasks", "product_line"))
                        .transpose()?,
                    weight: row.weight,
                },
                priority: row.priority,
                queue_time: row.queue_time,
                refusals: refusals.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn refusals(
    connection: &mut PgConnection,
    tasks: &[Uuid],
    delay: Duration,
) -> Result<HashMap<TaskId, Vec<Refusal>>, DbError> {
    let mut refusals: HashMap<TaskId, Vec<Refusal>> = HashMap::new();
    if tasks.is_empty() {
        return Ok(refusals);
    }
    let rows = sqlx::query!(
        r#"select task_id as "task_id: TaskId", agent_id as "agent_id: AgentId", max(ended_at) as "last!" from offers
         where task_id = any($1) and ended_as in ('rejected', 'timed_out') group by task_id, agent_id"#,
        tasks,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let refusal = Refusal {
            agent: row.agent_id,
            until: row.last + delay,
        };
        refusals.entry(row.task_id).or_default().push(refusal);
    }
    Ok(refusals)
}

/// The available agents who have room.
pub async fn candidates(connection: &mut PgConnection) -> Result<Vec<Candidate>, DbError> {
    sqlx::query!(
        r#"select a.id as "id: AgentId", a.capacity, a.load, a.idle_since,
             array(select l.language from agent_languages l where l.agent_id = a.id) as "languages!",
             array(select s.product_line from agent_skills s where s.agent_id = a.id) as "skills!"
         from agents a where a.presence = 'available' and a.load < a.capacity"#,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Candidate {
            book: Book {
                agent: row.id,
                capacity: row.capacity,
                load: row.load,
                idle_since: row.idle_since,
            },
            languages: row
                .languages
                .iter()
                .map(|language| read(language, "agent_languages", "language"))
                .collect::<Result<_, _>>()?,
            skills: row
                .skills
                .iter()
                .map(|line| read(line, "agent_skills", "product_line"))
                .collect::<Result<_, _>>()?,
        })
    })
    .collect()
}
