//! What agents have been certified for.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::read;
use crate::domain::{AgentId, Certification, Certified, Ending};

/// Writes certifications of agents, locked, each in the place of the one that stands. Its end, and warnings of it, will be told anew.
pub async fn grant(connection: &mut PgConnection, granted: &[(AgentId, Certified)]) -> Result<(), DbError> {
    if granted.is_empty() {
        return Ok(());
    }
    let agents: Vec<Uuid> = granted.iter().map(|(agent, _)| agent.uuid()).collect();
    let names: Vec<String> = granted.iter().map(|(_, one)| one.certification.to_string()).collect();
    let starts: Vec<OffsetDateTime> = granted.iter().map(|(_, one)| one.granted_at).collect();
    let ends: Vec<Option<OffsetDateTime>> = granted.iter().map(|(_, one)| one.expires_at).collect();
    sqlx::query!(
        "insert into agent_certifications (agent_id, certification, granted_at, expires_at)
         select * from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
         on conflict (agent_id, certification) do update
             set granted_at = excluded.granted_at, expires_at = excluded.expires_at, warned_days = null, is_end_told = false",
        &agents,
        &names,
        &starts,
        &ends as &[Option<OffsetDateTime>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a certification away from an agent, locked. False where there is none.
pub async fn revoke(
    connection: &mut PgConnection,
    agent: AgentId,
    certification: &Certification,
) -> Result<bool, DbError> {
    let taken = sqlx::query!(
        "delete from agent_certifications where agent_id = $1 and certification = $2",
        agent.uuid(),
        certification.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// What ends by `until`, of agents who have not left, after what stood last on the page before; the first to end first.
pub async fn ending(
    connection: &mut PgConnection,
    from: OffsetDateTime,
    until: OffsetDateTime,
    site: Option<&str>,
    after: Option<&(OffsetDateTime, AgentId, String)>,
    limit: i64,
) -> Result<Vec<Ending>, DbError> {
    sqlx::query!(
        r#"select c.agent_id as "agent_id: AgentId", a.site, a.team, c.certification, c.expires_at as "expires_at!"
         from agent_certifications c join agents a on a.id = c.agent_id
         where c.expires_at > $1 and c.expires_at <= $2 and a.deactivated_at is null and ($3::text is null or a.site = $3)
             and ($4::timestamptz is null or (c.expires_at, c.agent_id, c.certification) > ($4, $5::uuid, $6::text))
         order by c.expires_at, c.agent_id, c.certification limit $7"#,
        from,
        until,
        site,
        after.map(|(at, _, _)| *at),
        after.map(|(_, agent, _)| agent.uuid()),
        after.map(|(_, _, name)| name.clone()),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Ending {
            agent: row.agent_id,
            site: row.site,
            team: row.team,
            certification: read(&row.certification, "agent_certifications", "certification")?,
            expires_at: row.expires_at,
        })
    })
    .collect()
}

/// Something of which it is to be told that it has ended, or will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose it is.
    pub agent: AgentId,
    /// What for.
    pub certification: Certification,
    /// When it ends.
    pub expires_at: OffsetDateTime,
    /// For how many days ahead it was told last.
    pub warned_days: Option<i32>,
}

/// What has ended by `now` or ends within the most of `days`, and was not told for all of them yet that are reached; the first to
/// end first.
pub async fn due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    days: &[i32],
    limit: i64,
) -> Result<Vec<Due>, DbError> {
    sqlx::query!(
        r#"select c.agent_id as "agent_id: AgentId", c.certification, c.expires_at as "expires_at!", c.warned_days
         from agent_certifications c
         where c.expires_at <= $1::timestamptz + $4::integer * interval '1 day' and not c.is_end_told and (
             c.expires_at <= $1
             or exists (
                 select from unnest($2::integer[]) as given (days)
                 where c.expires_at <= $1 + given.days * interval '1 day' and (c.warned_days is null or c.warned_days > given.days)
             )
         )
         order by c.expires_at, c.agent_id, c.certification limit $3"#,
        now,
        days,
        limit,
        days.iter().max().copied().unwrap_or_default(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Due {
            agent: row.agent_id,
            certification: read(&row.certification, "agent_certifications", "certification")?,
            expires_at: row.expires_at,
            warned_days: row.warned_days,
        })
    })
    .collect()
}

/// Notes what was told of something due, of an agent, locked: a warning so many days ahead, or its end. False where it is not what
/// it was any more.
pub async fn told(connection: &mut PgConnection, due: &Due, warned_days: Option<i32>) -> Result<bool, DbError> {
    let noted = sqlx::query!(
        "update agent_certifications set warned_days = coalesce($4, warned_days), is_end_told = $4 is null
         where agent_id = $1 and certification = $2 and expires_at = $3 and not is_end_told
             and warned_days is not distinct from $5",
        due.agent.uuid(),
        due.certification.as_str(),
        due.expires_at,
        warned_days,
        due.warned_days,
    )
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}
