//! What agents have been certified for.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{AgentId, Certified};

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
