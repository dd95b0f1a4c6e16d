//! Agents, with what they speak and know, and when they were last seen.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::read;
use crate::domain::{Ability, Agent, AgentId, Book, Certified, Held, LanguageSkill, Presence, ProductSkill, Sharing};

struct Row {
    id: AgentId,
    subject: String,
    display_name: String,
    picture: String,
    site: String,
    region: Option<String>,
    team: String,
    time_zone: String,
    languages: Vec<String>,
    language_levels: Vec<i16>,
    skills: Vec<String>,
    skill_levels: Vec<i16>,
    abilities: Vec<String>,
    ability_levels: Vec<i16>,
    certifications: Vec<String>,
    granted: Vec<OffsetDateTime>,
    /// Whether they end; the `expiries` of those that do not mean nothing.
    expire: Vec<bool>,
    expiries: Vec<OffsetDateTime>,
    capacity: i32,
    shares: i64,
    apart: i32,
    load: i32,
    held: i64,
    presence: String,
    presence_since: OffsetDateTime,
    idle_since: OffsetDateTime,
    version: i64,
    deactivated_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Agent {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let languages = each(&row.languages, row.language_levels, |language, level| {
            let language = read(language, "agent_languages", "language")?;
            Ok(LanguageSkill { language, level })
        })?;
        let skills = each(&row.skills, row.skill_levels, |line, level| {
            let product_line = read(line, "agent_skills", "product_line")?;
            Ok(ProductSkill { product_line, level })
        })?;
        let abilities = each(&row.abilities, row.ability_levels, |skill, level| {
            let skill = read(skill, "agent_abilities", "skill")?;
            Ok(Ability { skill, level })
        })?;
        let times = row.granted.into_iter().zip(row.expire.into_iter().zip(row.expiries));
        let certifications = each(
            &row.certifications,
            times.collect(),
            |certification, (granted_at, (does_expire, expiry))| {
                let certification = read(certification, "agent_certifications", "certification")?;
                Ok(Certified {
                    certification,
                    granted_at,
                    expires_at: does_expire.then_some(expiry),
                })
            },
        )?;
        Ok(Self {
            subject: row.subject,
            display_name: row.display_name.into(),
            picture: row.picture.into(),
            site: row.site,
            region: row.region,
            team: row.team,
            time_zone: row.time_zone,
            languages,
            skills,
            abilities,
            certifications,
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
            version: row.version,
            deactivated_at: row.deactivated_at,
        })
    }
}

fn each<A, T>(names: &[String], with: Vec<A>, make: impl Fn(&str, A) -> Result<T, DbError>) -> Result<Vec<T>, DbError> {
    names.iter().zip(with).map(|(name, with)| make(name, with)).collect()
}

/// The columns of [`Row`], and whatever decides which rows.
macro_rules! select {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"
            select a.id as "id: AgentId", a.subject, a.display_name, a.picture, a.site, a.region, a.team, a.time_zone,
                array(select l.language from agent_languages l where l.agent_id = a.id order by l.language) as "languages!",
                array(select l.level from agent_languages l where l.agent_id = a.id order by l.language) as "language_levels!",
                array(select s.product_line from agent_skills s where s.agent_id = a.id order by s.product_line) as "skills!",
                array(select s.level from agent_skills s where s.agent_id = a.id order by s.product_line) as "skill_levels!",
                array(select b.skill from agent_abilities b where b.agent_id = a.id order by b.skill) as "abilities!",
                array(select b.level from agent_abilities b where b.agent_id = a.id order by b.skill) as "ability_levels!",
                array(select c.certification from agent_certifications c where c.agent_id = a.id order by c.certification)
                    as "certifications!",
                array(select c.granted_at from agent_certifications c where c.agent_id = a.id order by c.certification) as "granted!",
                array(select c.expires_at is not null from agent_certifications c where c.agent_id = a.id order by c.certification)
                    as "expire!",
                array(select coalesce(c.expires_at, c.granted_at) from agent_certifications c where c.agent_id = a.id
                    order by c.certification) as "expiries!",
                a.capacity, a.shares, a.apart, a.load, a.held, a.presence, a.presence_since, a.idle_since, a.version, a.deactivated_at
            from agents a
            "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes new agents. Fails with `agents_subject_key` where a subject is taken.
pub async fn insert(connection: &mut PgConnection, agents: &[Agent], now: OffsetDateTime) -> Result<(), DbError> {
    let columns = Columns::of(agents);
    sqlx::query!(
        "insert into agents (id, subject, display_name, picture, site, region, team, time_zone, capacity, shares, apart, presence,
             presence_since, idle_since, version, created_at)
         select given.*, 'offline', $12, $12, 1, $12
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::integer[],
             $10::bigint[], $11::integer[]) as given",
        &columns.ids,
        &columns.subjects,
        &columns.names,
        &columns.pictures,
        &columns.sites,
        &columns.regions as &[Option<String>],
        &columns.teams,
        &columns.zones,
        &columns.capacities,
        &columns.shares,
        &columns.apart,
        now,
    )
    .execute(&mut *connection)
    .await?;
    insert_skills(connection, agents).await
}

/// Writes what is known of agents, locked, who have changed.
pub async fn update(connection: &mut PgConnection, agents: &[Agent]) -> Result<(), DbError> {
    let columns = Columns::of(agents);
    sqlx::query!(
        "update agents set display_name = given.display_name, picture = given.picture, site = given.site, region = given.region,
             team = given.team, time_zone = given.time_zone, capacity = given.capacity, shares = given.shares, apart = given.apart,
             version = given.version, deactivated_at = given.deactivated_at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::bigint[],
             $10::integer[], $11::bigint[], $12::timestamptz[])
             as given (id, display_name, picture, site, region, team, time_zone, capacity, shares, apart, version, deactivated_at)
         where agents.id = given.id and agents.id = any($1)",
        &columns.ids,
        &columns.names,
        &columns.pictures,
        &columns.sites,
        &columns.regions as &[Option<String>],
        &columns.teams,
        &columns.zones,
        &columns.capacities,
        &columns.shares,
        &columns.apart,
        &columns.versions,
        &columns.gone as &[Option<OffsetDateTime>],
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with languages as (delete from agent_languages where agent_id = any($1)),
             skills as (delete from agent_skills where agent_id = any($1))
         delete from agent_abilities where agent_id = any($1)",
        &columns.ids
    )
    .execute(&mut *connection)
    .await?;
    insert_skills(connection, agents).await
}

async fn insert_skills(connection: &mut PgConnection, agents: &[Agent]) -> Result<(), DbError> {
    let languages = flat(agents, |agent| {
        let languages = agent.languages.iter();
        languages
            .map(|skill| (skill.language.to_string(), skill.level))
            .collect()
    });
    let skills = flat(agents, |agent| {
        let skills = agent.skills.iter();
        skills
            .map(|skill| (skill.product_line.to_string(), skill.level))
            .collect()
    });
    let abilities = flat(agents, |agent| {
        let abilities = agent.abilities.iter();
        abilities
            .map(|ability| (ability.skill.to_string(), ability.level))
            .collect()
    });
    sqlx::query!(
        "with languages as (
             insert into agent_languages (agent_id, language, level) select * from unnest($1::uuid[], $2::text[], $3::smallint[])
         ), skills as (
             insert into agent_skills (agent_id, product_line, level) select * from unnest($4::uuid[], $5::text[], $6::smallint[])
         )
         insert into agent_abilities (agent_id, skill, level) select * from unnest($7::uuid[], $8::text[], $9::smallint[])",
        &languages.0,
        &languages.1,
        &languages.2,
        &skills.0,
        &skills.1,
        &skills.2,
        &abilities.0,
        &abilities.1,
        &abilities.2,
    )
    .execute(connection)
    .await?;
    Ok(())
}

type Flat = (Vec<Uuid>, Vec<String>, Vec<i16>);

/// What each agent knows, as columns.
fn flat(agents: &[Agent], known: impl Fn(&Agent) -> Vec<(String, i16)>) -> Flat {
    let mut columns = Flat::default();
    for agent in agents {
        for (name, level) in known(agent) {
            columns.0.push(agent.id().uuid());
            columns.1.push(name);
            columns.2.push(level);
        }
    }
    columns
}

/// Columns, as `unnest` wants them.
struct Columns {
    ids: Vec<Uuid>,
    subjects: Vec<String>,
    names: Vec<String>,
    pictures: Vec<String>,
    sites: Vec<String>,
    regions: Vec<Option<String>>,
    teams: Vec<String>,
    zones: Vec<String>,
    capacities: Vec<i32>,
    shares: Vec<i64>,
    apart: Vec<i32>,
    versions: Vec<i64>,
    gone: Vec<Option<OffsetDateTime>>,
}

impl Columns {
    fn of(agents: &[Agent]) -> Self {
        let each = || agents.iter();
        Self {
            ids: each().map(|agent| agent.id().uuid()).collect(),
            subjects: each().map(|agent| agent.subject.clone()).collect(),
            names: each().map(|agent| agent.display_name.reveal().to_owned()).collect(),
            pictures: each().map(|agent| agent.picture.reveal().to_owned()).collect(),
            sites: each().map(|agent| agent.site.clone()).collect(),
            regions: each().map(|agent| agent.region.clone()).collect(),
            teams: each().map(|agent| agent.team.clone()).collect(),
            zones: each().map(|agent| agent.time_zone.clone()).collect(),
            capacities: each().map(|agent| agent.book.capacity).collect(),
            shares: each().map(|agent| agent.book.sharing.packed_shares()).collect(),
            apart: each().map(|agent| agent.book.sharing.packed_apart()).collect(),
            versions: each().map(|agent| agent.version).collect(),
            gone: each().map(|agent| agent.deactivated_at).collect(),
        }
    }
}

/// Locks and reads an agent.
pub async fn lock(connection: &mut PgConnection, id: AgentId) -> Result<Option<Agent>, DbError> {
    select!("where a.id = $1 for no key update of a", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Locks and reads the agents who call with these subjects, in the order of their ids.
pub async fn lock_by_subjects(connection: &mut PgConnection, subjects: &[String]) -> Result<Vec<Agent>, DbError> {
    select!(
        "where a.subject = any($1) order by a.id for no key update of a",
        subjects
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Agent::try_from)
    .collect()
}

/// Reads an agent.
pub async fn find(connection: &mut PgConnection, id: AgentId) -> Result<Option<Agent>, DbError> {
    select!("where a.id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Reads the agent who calls with `subject`; none where they have left.
pub async fn find_by_subject(connection: &mut PgConnection, subject: &str) -> Result<Option<Agent>, DbError> {
    select!("where a.subject = $1 and a.deactivated_at is null", subject)
        .fetch_optional(connection)
        .await?
        .map(Agent::try_from)
        .transpose()
}

/// Locks and reads the agent who calls with `subject`; none where they have left.
pub async fn lock_by_subject(connection: &mut PgConnection, subject: &str) -> Result<Option<Agent>, DbError> {
    select!(
        "where a.subject = $1 and a.deactivated_at is null for no key update of a",
        subject
    )
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

/// Writes the presence of a locked agent, and where they have gone, the end of the shift in which they did.
pub async fn set_presence(
    connection: &mut PgConnection,
    agent: &Agent,
    shift_end: Option<OffsetDateTime>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update agents set presence = $2, presence_since = $3, idle_since = $4, shift_end = $5 where id = $1",
        agent.id().uuid(),
        agent.presence.as_str(),
        agent.presence_since,
        agent.book.idle_since,
        shift_end,
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
