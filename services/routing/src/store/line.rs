//! What the engine is told: the tasks that wait and the agents who are available.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::read;
use crate::domain::{AgentId, Attributes, Book, Candidate, Held, Named, Profile, Sharing, Skill, TaskId};
use crate::engine::Queued;

struct TaskRow {
    id: TaskId,
    version: i64,
    channel: String,
    language: String,
    product_line: Option<String>,
    priority: i16,
    queue_time: OffsetDateTime,
    country_code: Option<String>,
    severity: String,
    area: Option<String>,
    segment: Option<String>,
    cause: String,
    model: String,
    further_languages: Vec<String>,
    last_agent_id: Option<AgentId>,
    account_manager_id: Option<AgentId>,
    queue: Option<String>,
}

/// The columns of [`TaskRow`], and whatever decides which rows.
macro_rules! tasks {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            TaskRow,
            r#"
            select id as "id: TaskId", version, channel, language, product_line, priority, queue_time, country_code,
                severity, area, segment, cause, model, further_languages, last_agent_id as "last_agent_id: AgentId",
                account_manager_id as "account_manager_id: AgentId", queue
            from tasks
            "# + $rest
            $(, $argument)*
        )
    };
}

/// All tasks that stand in line.
pub async fn all_tasks(connection: &mut PgConnection) -> Result<Vec<Queued>, DbError> {
    let rows = tasks!("where state = 'queued' and end_time is null and hold_until is null")
        .fetch_all(&mut *connection)
        .await?;
    with_refusals(connection, rows).await
}

/// Those of the tasks that stand in line.
pub async fn tasks(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Queued>, DbError> {
    let rows = tasks!("where state = 'queued' and hold_until is null and id = any($1)", ids)
        .fetch_all(&mut *connection)
        .await?;
    with_refusals(connection, rows).await
}

/// A task as the plan sees it, whatever has become of it.
pub async fn of_task(connection: &mut PgConnection, id: TaskId) -> Result<Option<Queued>, DbError> {
    let rows = tasks!("where id = $1", id.uuid()).fetch_all(&mut *connection).await?;
    Ok(with_refusals(connection, rows).await?.pop())
}

/// The tasks that came after `after` and at `before` at the latest, by their ids, the first so many: whatever has become of
/// them.
pub async fn tasks_since(
    connection: &mut PgConnection,
    after: Uuid,
    before: Uuid,
    limit: i64,
) -> Result<Vec<Queued>, DbError> {
    let rows = tasks!("where id > $1 and id <= $2 order by id limit $3", after, before, limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    rows.into_iter().map(Queued::try_from).collect()
}

/// All tasks that stand in line, for who asks where: without who let them go by.
pub async fn standing(connection: &mut PgConnection) -> Result<Vec<Queued>, DbError> {
    let rows = tasks!("where state = 'queued' and end_time is null and hold_until is null");
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(Queued::try_from).collect()
}

/// Those of the tasks that there are, whatever has become of them, without who let them go by.
pub async fn as_queued(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Queued>, DbError> {
    let rows = tasks!("where id = any($1)", ids).fetch_all(connection).await?;
    rows.into_iter().map(Queued::try_from).collect()
}

async fn with_refusals(connection: &mut PgConnection, rows: Vec<TaskRow>) -> Result<Vec<Queued>, DbError> {
    let returned: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.version > 1)
        .map(|row| row.id.uuid())
        .collect();
    let mut refusals = refusals(connection, &returned).await?;
    rows.into_iter()
        .map(|row| {
            let let_go_by = refusals.remove(&row.id).unwrap_or_default();
            Ok(Queued {
                let_go_by,
                ..Queued::try_from(row)?
            })
        })
        .collect()
}

impl TryFrom<TaskRow> for Queued {
    type Error = DbError;

    fn try_from(row: TaskRow) -> Result<Self, DbError> {
        fn word<T: FromStr>(word: Option<&str>, column: &'static str) -> Result<Option<T>, DbError> {
            word.map(|word| read(word, "tasks", column)).transpose()
        }
        let further = row.further_languages.iter();
        let further = further.map(|language| read(language, "tasks", "further_languages"));
        Ok(Self {
            task: row.id,
            version: row.version,
            attributes: Arc::new(Attributes {
                channel: read(&row.channel, "tasks", "channel")?,
                language: read(&row.language, "tasks", "language")?,
                further_languages: further.collect::<Result<_, _>>()?,
                product_line: word(row.product_line.as_deref(), "product_line")?,
                model: row.model,
                severity: read(&row.severity, "tasks", "severity")?,
                area: word(row.area.as_deref(), "area")?,
                country: word(row.country_code.as_deref(), "country_code")?,
                region: row.id.region().to_string(),
                segment: word(row.segment.as_deref(), "segment")?,
                cause: read(&row.cause, "tasks", "cause")?,
                queue: row.queue,
            }),
            named: Named {
                last_agent: row.last_agent_id,
                account_manager: row.account_manager_id,
            },
            priority: row.priority,
            queue_time: row.queue_time,
            let_go_by: Vec::new(),
        })
    }
}

/// Who let the tasks go by, and when they last did.
async fn refusals(
    connection: &mut PgConnection,
    tasks: &[Uuid],
) -> Result<HashMap<TaskId, Vec<(AgentId, OffsetDateTime)>>, DbError> {
    let mut refusals: HashMap<TaskId, Vec<_>> = HashMap::new();
    if tasks.is_empty() {
        return Ok(refusals);
    }
    let rows = sqlx::query!(
        r#"select task_id as "task_id!: TaskId", agent_id as "agent_id!: AgentId", max(ended_at) as "last!"
         from (
             select task_id, agent_id, ended_at from offers where task_id = any($1) and ended_as in ('rejected', 'timed_out')
             union all
             select task_id, agent_id, occurred_at from task_history
             where task_id = any($1) and change in ('pulled_back', 'transferred', 'lapsed')
         ) as let_go_by
         group by task_id, agent_id order by task_id, agent_id"#,
        tasks,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        refusals.entry(row.task_id).or_default().push((row.agent_id, row.last));
    }
    Ok(refusals)
}

struct AgentRow {
    id: AgentId,
    site: String,
    region: Option<String>,
    capacity: i32,
    shares: i64,
    apart: i32,
    load: i32,
    held: i64,
    idle_since: OffsetDateTime,
    languages: Vec<String>,
    language_levels: Vec<i16>,
    skills: Vec<String>,
    skill_levels: Vec<i16>,
    abilities: Vec<String>,
    ability_levels: Vec<i16>,
    certifications: Vec<String>,
}

/// The columns of [`AgentRow`], and whatever decides which rows.
macro_rules! agents {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            AgentRow,
            r#"
            select a.id as "id: AgentId", a.site, a.region, a.capacity, a.shares, a.apart, a.load, a.held, a.idle_since,
                array(select l.language from agent_languages l where l.agent_id = a.id order by l.language) as "languages!",
                array(select l.level from agent_languages l where l.agent_id = a.id order by l.language) as "language_levels!",
                array(select s.product_line from agent_skills s where s.agent_id = a.id order by s.product_line) as "skills!",
                array(select s.level from agent_skills s where s.agent_id = a.id order by s.product_line) as "skill_levels!",
                array(select b.skill from agent_abilities b where b.agent_id = a.id order by b.skill) as "abilities!",
                array(select b.level from agent_abilities b where b.agent_id = a.id order by b.skill) as "ability_levels!",
                array(select c.certification from agent_certifications c
                    where c.agent_id = a.id and c.granted_at <= $1 and (c.expires_at is null or c.expires_at > $1)
                    order by c.certification) as "certifications!"
            from agents a
            "# + $rest
            $(, $argument)*
        )
    };
}

/// As `agents`, for very many of them: each table is read once from end to end, where the other would be asked for every agent. Which
/// side of a join may be missing is said here, for it is told by how the database would join them, which changes with what is in it.
macro_rules! everybody {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            AgentRow,
            r#"
            select a.id as "id!: AgentId", a.site as "site!", a.region, a.capacity as "capacity!", a.shares as "shares!",
                a.apart as "apart!", a.load as "load!", a.held as "held!", a.idle_since as "idle_since!",
                coalesce(l.languages, '{}') as "languages!", coalesce(l.levels, '{}') as "language_levels!",
                coalesce(s.skills, '{}') as "skills!", coalesce(s.levels, '{}') as "skill_levels!",
                coalesce(b.abilities, '{}') as "abilities!", coalesce(b.levels, '{}') as "ability_levels!",
                coalesce(c.certifications, '{}') as "certifications!"
            from agents a
            left join (
                select agent_id, array_agg(language) as languages, array_agg(level) as levels
                from agent_languages group by agent_id
            ) l on l.agent_id = a.id
            left join (
                select agent_id, array_agg(product_line) as skills, array_agg(level) as levels
                from agent_skills group by agent_id
            ) s on s.agent_id = a.id
            left join (
                select agent_id, array_agg(skill) as abilities, array_agg(level) as levels
                from agent_abilities group by agent_id
            ) b on b.agent_id = a.id
            left join (
                select agent_id, array_agg(certification) as certifications
                from agent_certifications where granted_at <= $1 and (expires_at is null or expires_at > $1) group by agent_id
            ) c on c.agent_id = a.id
            "# + $rest
            $(, $argument)*
        )
    };
}

/// All agents who are available, as they are `now`.
pub async fn all_agents(connection: &mut PgConnection, now: OffsetDateTime) -> Result<Vec<Candidate>, DbError> {
    let rows = everybody!("where a.presence = 'available'", now)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Candidate::try_from).collect()
}

/// The agents who are available, in the order of their ids, after the last of the page before.
pub async fn agents_after(
    connection: &mut PgConnection,
    after: AgentId,
    limit: i64,
    now: OffsetDateTime,
) -> Result<Vec<Candidate>, DbError> {
    let rows = agents!(
        "where a.presence = 'available' and a.id > $2 order by a.id limit $3",
        now,
        after.uuid(),
        limit
    );
    rows.fetch_all(connection)
        .await?
        .into_iter()
        .map(Candidate::try_from)
        .collect()
}

/// All agents who have not left, as they are `now`, whether or not they are at work.
pub async fn all_known(connection: &mut PgConnection, now: OffsetDateTime) -> Result<Vec<Candidate>, DbError> {
    let rows = everybody!("where a.deactivated_at is null", now)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Candidate::try_from).collect()
}

/// Those of the agents who are available, as they are `now`.
pub async fn agents(
    connection: &mut PgConnection,
    ids: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<Candidate>, DbError> {
    let rows = agents!("where a.presence = 'available' and a.id = any($2)", now, ids)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Candidate::try_from).collect()
}

impl TryFrom<AgentRow> for Candidate {
    type Error = DbError;

    fn try_from(row: AgentRow) -> Result<Self, DbError> {
        let languages = row
            .languages
            .iter()
            .zip(row.language_levels)
            .map(|(language, level)| Ok((read(language, "agent_languages", "language")?, level)))
            .collect::<Result<_, DbError>>()?;
        let lines = row.skills.iter().zip(row.skill_levels);
        let lines = lines.map(|(line, level)| Ok((Skill::product(read(line, "agent_skills", "product_line")?), level)));
        let abilities = row.abilities.iter().zip(row.ability_levels);
        let abilities = abilities.map(|(skill, level)| Ok((read(skill, "agent_abilities", "skill")?, level)));
        let skills = lines.chain(abilities).collect::<Result<_, DbError>>()?;
        let certifications = row.certifications.iter();
        let certifications = certifications
            .map(|name| read(name, "agent_certifications", "certification"))
            .collect::<Result<_, DbError>>()?;
        let region = row.region.unwrap_or_else(|| row.id.region().to_string());
        Ok(Self {
            book: Book {
                agent: row.id,
                capacity: row.capacity,
                sharing: Sharing::unpacked(row.shares, row.apart),
                load: row.load,
                held: Held::unpacked(row.held),
                idle_since: row.idle_since,
            },
            profile: Profile::new(languages, skills)
                .at(row.site, region)
                .certified(certifications),
        })
    }
}
