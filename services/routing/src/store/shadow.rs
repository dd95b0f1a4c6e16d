//! The plan that is tried, and what it has found.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::plan::shadow::{Finding, Ways};

/// A trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// The plan, as JSON.
    pub content: String,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ends, or has ended.
    pub ends_at: OffsetDateTime,
    /// The last task that was looked at.
    pub seen: Uuid,
}

/// Begins a trial in the place of the one before, whose findings go.
pub async fn begin(connection: &mut PgConnection, shadow: &Shadow) -> Result<(), DbError> {
    sqlx::query!(
        "insert into shadow (content, started_at, ends_at, seen) values ($1, $2, $3, $4)
         on conflict (is_the_one) do update
             set content = excluded.content, started_at = excluded.started_at, ends_at = excluded.ends_at, seen = excluded.seen",
        shadow.content,
        shadow.started_at,
        shadow.ends_at,
        shadow.seen,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from shadow_findings").execute(connection).await?;
    Ok(())
}

/// Ends the trial, if it has not ended.
pub async fn end(connection: &mut PgConnection, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update shadow set ends_at = greatest($1, started_at) where ends_at > $1",
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads the latest trial.
pub async fn find(connection: &mut PgConnection) -> Result<Option<Shadow>, DbError> {
    let shadow = sqlx::query_as!(Shadow, "select content, started_at, ends_at, seen from shadow");
    Ok(shadow.fetch_optional(connection).await?)
}

/// Locks and reads the trial, where it had not ended at `since` and nobody else has it locked.
pub async fn lock_if_free(connection: &mut PgConnection, since: OffsetDateTime) -> Result<Option<Shadow>, DbError> {
    let shadow = sqlx::query_as!(
        Shadow,
        "select content, started_at, ends_at, seen from shadow where ends_at > $1 for update skip locked",
        since
    );
    Ok(shadow.fetch_optional(connection).await?)
}

/// What it has found, by most tasks first.
pub async fn findings(connection: &mut PgConnection) -> Result<Vec<(Ways, Finding)>, DbError> {
    let rows = sqlx::query!(
        "select rules_live, rules_tried, tasks, moved, raised, lowered, fewer, more, nobody from shadow_findings
         order by tasks desc, rules_live, rules_tried"
    );
    let rows = rows.fetch_all(connection).await?;
    let findings = rows.into_iter().map(|row| {
        let finding = Finding {
            tasks: row.tasks,
            moved: row.moved,
            raised: row.raised,
            lowered: row.lowered,
            fewer: row.fewer,
            more: row.more,
            nobody: row.nobody,
        };
        ((row.rules_live, row.rules_tried), finding)
    });
    Ok(findings.collect())
}

/// Adds what was found of tasks, the last of them `seen`.
pub async fn add(connection: &mut PgConnection, found: &BTreeMap<Ways, Finding>, seen: Uuid) -> Result<(), DbError> {
    let of = |number: fn(&Finding) -> i64| found.values().map(number).collect::<Vec<_>>();
    let (live, tried): (Vec<String>, Vec<String>) = found.keys().cloned().unzip();
    sqlx::query!(
        "insert into shadow_findings as known (rules_live, rules_tried, tasks, moved, raised, lowered, fewer, more, nobody)
         select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
             $8::bigint[], $9::bigint[])
         on conflict (rules_live, rules_tried) do update set
             tasks = known.tasks + excluded.tasks, moved = known.moved + excluded.moved, raised = known.raised + excluded.raised,
             lowered = known.lowered + excluded.lowered, fewer = known.fewer + excluded.fewer, more = known.more + excluded.more,
             nobody = known.nobody + excluded.nobody",
        &live,
        &tried,
        &of(|finding| finding.tasks),
        &of(|finding| finding.moved),
        &of(|finding| finding.raised),
        &of(|finding| finding.lowered),
        &of(|finding| finding.fewer),
        &of(|finding| finding.more),
        &of(|finding| finding.nobody),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("update shadow set seen = $1", seen)
        .execute(connection)
        .await?;
    Ok(())
}
