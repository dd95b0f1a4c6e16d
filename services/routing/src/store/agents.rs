//! Agents, with what they speak and know, and when they were last seen.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::read;
use crate::domain::{Agent, AgentId, Book, Held, LanguageSkill, Presence, ProductSkill, Sharing};

struct Row {
    id: AgentId,
    subject: String,
    display_name: String,
    site: String,
    time_zone: String,
    languages: Vec<String>,
    language_levels: Vec<i16>,
    skills: Vec<String>,
    skill_levels: Vec<i16>,
    capacity: i32,
    shares: i64,
    apart: i32,
    load: i32,
    held: i64,
    presence: String,
    presence_since: OffsetDateTime,
    idle_since: OffsetDateTime,
}

impl TryFrom<Row> for Agent {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let languages = row
            .languages
            .iter()
            .zip(row.language_levels)
            .map(|(language, level)| {
                Ok(LanguageSkill {
                    language: read(language, "agent_languages", "language")?,
                    level,
                })
            })
            .collect::<Result<_, DbError>>()?;
        let skills = row
            .skills
            .iter()
            .zip(row.skill_levels)
            .map(|(line, level)| {
                Ok(ProductSkill {
                    product_line: read(line, "agent_skills", "product_line")?,
                    level,
                })
            })
            .collect::<Result<_, DbError>>()?;
        Ok(Self {
            subject: row.subject,
            display_name: row.display_name.into(),
            site: row.site,
            time_zone: row.time_zone,
            languages,
            skills,
            book: Book {
                agent: row.id,
                capacity: row.capacity,
                sharing: Sharing::unpacked(row.shares, row.apart),
                load: row.load,
                held: Held::unpacked(row.held),
                idle_since: row.idle_since,
            },
            presence: read(&row.presence, "agents", "presence")?,
            presence_since: row.presence_since,
        })
    }
}

/// The columns of [`Row`], and whatever decides which rows.
macro_rules! select {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"
            select a.id as "id: AgentId", a.subject, a.display_name, a.site, a.time_zone,
                array(select l.language from agent_languages l where l.agent_id = a.id order by l.language) as "languages!",
                array(select l.level from agent_languages l where l.agent_id = a.id order by l.language) as "language_levels!",
                array(select s.product_line from agent_skills s where s.agent_id = a.id order by s.product_line) as "skills!",
                array(select s.level from agent_skills s where s.agent_id = a.id order by s.product_line) as "skill_levels!",
                a.capacity, a.shares, a.apart, a.load, a.held, a.presence, a.presence_since, a.idle_since
            from agents a
            "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes a new agent. Fails with `agents_subject_key` where the subject is taken.
pub async fn insert(connection: &mut PgConnection, agent: &Agent, now: OffsetDateTime) -> Result<(), DbError> {
    let languages: Vec<String> = agent.languages.iter().map(|skill| skill.language.to_string()).collect();
    let language_levels: Vec<i16> = agent.languages.iter().map(|skill| skill.level).collect();
    let skills: Vec<String> = agent
        .skills
        .iter()
        .map(|skill| skill.product_line.to_string())
        .collect();
    let skill_levels: Vec<i16> = agent.skills.iter().map(|skill| skill.level).collect();
    sqlx::query!(
        "with agent as (
             insert into agents (id, subject, display_name, site, time_zone, capacity, load, presence, presence_since, idle_since, created_at,
                 shares, apart)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $16, $17)
             returning id
         ), spoken as (
             insert into agent_languages (agent_id, language, level)
             select agent.id, given.language, given.level from agent, unnest($12::text[], $13::smallint[]) as given (language, level)
         )
         insert into agent_skills (agent_id, product_line, level)
         select agent.id, given.product_line, given.level from agent, unnest($14::text[], $15::smallint[]) as given (product_line, level)",
        agent.id().uuid(),
        agent.subject,
        agent.display_name.reveal(),
        agent.site,
        agent.time_zone,
        agent.book.capacity,
        agent.book.load,
        agent.presence.as_str(),
        agent.presence_since,
        agent.book.idle_since,
        now,
        &languages,
        &language_levels,
        &skills,
        &skill_levels,
        agent.book.sharing.packed_shares(),
        agent.book.sharing.packed_apart(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads an agent.
pub async fn find(connection: &mut PgConnection, id: AgentId) -> Result<Option<Agent>, DbError> {
    select!("where a.id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Reads the agent who calls with `subject`.
pub async fn find_by_subject(connection: &mut PgConnection, subject: &str) -> Result<Option<Agent>, DbError> {
    select!("where a.subject = $1", subject)
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Locks and reads the agent who calls with `subject`.
pub async fn lock_by_subject(connection: &mut PgConnection, subject: &str) -> Result<Option<Agent>, DbError> {
    select!("where a.subject = $1 for no key update of a", subject)
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Locks and reads an agent, unless somebody else has it locked.
pub async fn lock_if_free(connection: &mut PgConnection, id: AgentId) -> Result<Option<Agent>, DbError> {
    select!("where a.id = $1 for no key update of a skip locked", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Reads agents in the order of their ids, which is that of their making.
pub async fn list(
    connection: &mut PgConnection,
    presence: Option<Presence>,
    after: Option<AgentId>,
    limit: i64,
) -> Result<Vec<Agent>, DbError> {
    select!(
        "where ($1::text is null or a.presence = $1) and ($2::uuid is null or a.id > $2) order by a.id limit $3",
        presence.map(Presence::as_str),
        after.map(AgentId::uuid),
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Agent::try_from)
    .collect()
}

/// Writes the presence of a locked agent.
pub async fn set_presence(connection: &mut PgConnection, agent: &Agent) -> Result<(), DbError> {
    sqlx::query!(
        "update agents set presence = $2, presence_since = $3, idle_since = $4 where id = $1",
        agent.id().uuid(),
        agent.presence.as_str(),
        agent.presence_since,
        agent.book.idle_since,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks an agent and reads their book.
pub async fn lock_book(connection: &mut PgConnection, id: AgentId) -> Result<Option<Book>, DbError> {
    let row = sqlx::query!(
        "select capacity, shares, apart, load, held, idle_since from agents where id = $1 for no key update",
        id.uuid()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Book {
        agent: id,
        capacity: row.capacity,
        sharing: Sharing::unpacked(row.shares, row.apart),
        load: row.load,
        held: Held::unpacked(row.held),
        idle_since: row.idle_since,
    }))
}

/// Locks those of the agents whom nobody else has locked, and reads their books and presences.
pub async fn lock_free_books(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<(Book, Presence)>, DbError> {
    sqlx::query!(
        r#"select id as "id: AgentId", capacity, shares, apart, load, held, idle_since, presence from agents
         where id = any($1) order by id for no key update skip locked"#,
        ids,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let book = Book {
            agent: row.id,
            capacity: row.capacity,
            sharing: Sharing::unpacked(row.shares, row.apart),
            load: row.load,
            held: Held::unpacked(row.held),
            idle_since: row.idle_since,
        };
        Ok((book, read(&row.presence, "agents", "presence")?))
    })
    .collect()
}

/// Notes that an agent was seen.
pub async fn saw(connection: &mut PgConnection, id: AgentId, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "insert into agent_sightings (agent_id, seen_at) values ($1, $2)
         on conflict (agent_id) do update set seen_at = greatest(agent_sightings.seen_at, excluded.seen_at)",
        id.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that agents were seen, as far as nobody else is just noting the same.
pub async fn saw_all(connection: &mut PgConnection, ids: &[Uuid], now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update agent_sightings set seen_at = $2 where agent_id in (
             select agent_id from agent_sightings where agent_id = any($1) and seen_at < $2
             order by agent_id for update skip locked
         )",
        ids,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When an agent was last seen.
pub async fn seen_at(connection: &mut PgConnection, id: AgentId) -> Result<Option<OffsetDateTime>, DbError> {
    Ok(
        sqlx::query_scalar!("select seen_at from agent_sightings where agent_id = $1", id.uuid())
            .fetch_optional(connection)
            .await?,
    )
}

/// The sites of the agents who are at work by their presence.
pub async fn sites_at_work(connection: &mut PgConnection) -> Result<Vec<String>, DbError> {
    Ok(
        sqlx::query_scalar!("select distinct site from agents where presence <> 'offline' order by site")
            .fetch_all(connection)
            .await?,
    )
}

/// Agents who are at work by their presence and have not been seen since the time that stands for their site, with that
/// time.
pub async fn out_of_sight(
    connection: &mut PgConnection,
    before: &[(String, OffsetDateTime)],
    limit: i64,
) -> Result<Vec<(AgentId, OffsetDateTime)>, DbError> {
    let (sites, times): (Vec<String>, Vec<OffsetDateTime>) = before.iter().cloned().unzip();
    let rows = sqlx::query!(
        r#"select a.id as "id: AgentId", given.before as "before!"
         from agents a
         join agent_sightings s on s.agent_id = a.id
         join unnest($1::text[], $2::timestamptz[]) as given (site, before) on given.site = a.site
         where a.presence <> 'offline' and s.seen_at <= given.before order by s.seen_at limit $3"#,
        &sites,
        &times,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.before)).collect())
}
