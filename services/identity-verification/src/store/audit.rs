//! The audit trail.

use sqlx::PgConnection;
use support_chassis::db::{Db, DbError, Tx, stored};
use support_chassis::page::Page;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::audit::Break;
use crate::domain::audit::{Action, Actor, Deed, Entry, Fault, Link, Walk};
use crate::domain::ids::{CaseId, CustomerId};

const TABLE: &str = "audit_links";
/// The advisory lock of who links entries ("auditlnk" in ASCII).
const LINKING: i64 = 0x6175_6469_746c_6e6b;
/// How many entries are linked in one transaction, and how many are walked with one statement.
const AT_ONCE: i64 = 1_000;

/// Puts on record what the call of this transaction did (what the service did, where it works unasked), and gives the entry's number.
pub async fn record(tx: &mut Tx, deed: &Deed) -> Result<i64, DbError> {
    let (actor, now) = (Actor::of(tx.call()), tx.now());
    let fields: Vec<_> = deed.fields.iter().map(|field| (*field).to_owned()).collect();
    Ok(sqlx::query_scalar!(
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome,
             customer_id, case_id, grant_id, subject_id, fields, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning number",
        now,
        actor.kind,
        actor.id,
        actor.organisation,
        actor.service,
        deed.action.as_str(),
        if deed.is_refused { "refused" } else { "done" },
        deed.customer_id.map(CustomerId::uuid),
        deed.case_id.map(CaseId::uuid),
        deed.grant_id.map(crate::domain::ids::GrantId::uuid),
        deed.subject_id,
        &fields,
        deed.reason.map(crate::domain::audit::Reason::as_str),
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The same in short, for what was done to something of a customer.
pub async fn record_change(
    tx: &mut Tx,
    action: Action,
    customer: CustomerId,
    subject: impl Into<Option<Uuid>>,
) -> Result<(), DbError> {
    let deed = Deed {
        subject_id: subject.into(),
        ..Deed::new(action, customer)
    };
    record(tx, &deed).await.map(drop)
}

struct Row {
    number: i64,
    recorded_at: OffsetDateTime,
    actor_kind: String,
    actor_id: String,
    actor_organisation: Option<String>,
    actor_service: Option<String>,
    action: String,
    outcome: String,
    customer_id: Option<Uuid>,
    case_id: Option<Uuid>,
    grant_id: Option<Uuid>,
    subject_id: Option<Uuid>,
    fields: Vec<String>,
    reason: Option<String>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        Self {
            number: row.number,
            recorded_at: row.recorded_at,
            actor: Actor {
                kind: row.actor_kind,
                id: row.actor_id,
                organisation: row.actor_organisation,
                service: row.actor_service,
            },
            action: row.action,
            outcome: row.outcome,
            customer_id: row.customer_id,
            case_id: row.case_id,
            grant_id: row.grant_id,
            subject_id: row.subject_id,
            fields: row.fields,
            reason: row.reason,
        }
    }
}

fn link(position: i64, hash: &[u8]) -> Result<Link, DbError> {
    Ok(Link {
        position,
        hash: super::digest(TABLE, "hash", hash)?,
    })
}

async fn head(connection: &mut PgConnection) -> Result<Link, DbError> {
    sqlx::query!("select position, hash from audit_links order by position desc limit 1")
        .fetch_optional(connection)
        .await?
        .map_or(Ok(Link::BEGINNING), |row| link(row.position, &row.hash))
}

/// Gives entries that have none their place in the chain, up to a thousand, and says how many those were and what the head is
/// now; none where another process is at it.
pub async fn link_entries(db: &Db) -> Result<Option<(usize, Link)>, DbError> {
    let mut tx = db.begin().await?;
    let is_ours = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "is_ours!""#, LINKING)
        .fetch_one(tx.conn())
        .await?;
    if !is_ours {
        tx.rollback().await?;
        return Ok(None);
    }
    let entries: Vec<Entry> = sqlx::query_as!(
        Row,
        "select number, recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, customer_id,
             case_id, grant_id, subject_id, fields, reason
         from audit_unlinked join audit_entries on number = entry_number
         order by number limit $1",
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?
    .into_iter()
    .map(Entry::from)
    .collect();
    let mut last = head(tx.conn()).await?;
    let (mut positions, mut numbers, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &entries {
        let position = last.position + 1;
        last = Link {
            position,
            hash: entry.link(position, &last.hash),
        };
        positions.push(position);
        numbers.push(entry.number);
        hashes.push(last.hash.to_vec());
    }
    if entries.is_empty() {
        tx.rollback().await?;
        return Ok(Some((0, last)));
    }
    sqlx::query!(
        "insert into audit_links (position, entry_number, hash) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])",
        &positions,
        &numbers,
        &hashes,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from audit_unlinked where entry_number = any($1)", &numbers)
        .execute(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(Some((entries.len(), last)))
}

/// What a walk has found.
#[derive(Debug)]
pub struct Verified {
    /// How far it came.
    pub walk: Walk,
    /// Whether that is the end.
    pub is_complete: bool,
    /// Where the chain first breaks.
    pub first_break: Option<Break>,
    /// How many entries wait for their place.
    pub unlinked: i64,
}

/// Walks up to `limit` links of the chain.
pub async fn verify(db: &Db, walk: Walk, limit: i64) -> Result<Verified, DbError> {
    let mut tx = db.begin().await?;
    // One moment for all of it: what is linked in the meantime must not look as if it had been lost.
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(tx.conn())
        .await?;
    let mut found = Verified {
        walk,
        is_complete: false,
        first_break: None,
        unlinked: 0,
    };
    let mut left = limit;
    while left > 0 && found.first_break.is_none() && !found.is_complete {
        let wanted = left.min(AT_ONCE);
        let walked = steps(tx.conn(), &mut found, wanted).await?;
        found.is_complete = walked < wanted && found.first_break.is_none();
        left -= walked;
    }
    if found.is_complete {
        found.first_break = match found.walk.end() {
            Err(first) => Some(first),
            Ok(()) => lost(tx.conn()).await?,
        };
        found.unlinked = sqlx::query_scalar!(r#"select count(*) as "count!" from audit_unlinked"#)
            .fetch_one(tx.conn())
            .await?;
    }
    tx.rollback().await?;
    Ok(found)
}

async fn steps(connection: &mut PgConnection, found: &mut Verified, limit: i64) -> Result<i64, DbError> {
    let rows = sqlx::query!(
        r#"select position, entry_number, hash, number as "number?", recorded_at as "recorded_at?",
             actor_kind as "actor_kind?", actor_id as "actor_id?", actor_organisation, actor_service, action as "action?",
             outcome as "outcome?", customer_id, case_id, grant_id, subject_id, fields as "fields?", reason
         from (select position, entry_number, hash from audit_links where position > $1 order by position limit $2) as links
             left join audit_entries on number = entry_number
         order by position"#,
        found.walk.through().position,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    for row in rows {
        let entry = row.number.map(|number| {
            let column = |value| stored(value, "audit_entries", "number");
            Ok::<_, DbError>(Entry {
                number,
                recorded_at: stored(row.recorded_at, "audit_entries", "recorded_at")?,
                actor: Actor {
                    kind: column(row.actor_kind)?,
                    id: column(row.actor_id)?,
                    organisation: row.actor_organisation,
                    service: row.actor_service,
                },
                action: column(row.action)?,
                outcome: column(row.outcome)?,
                customer_id: row.customer_id,
                case_id: row.case_id,
                grant_id: row.grant_id,
                subject_id: row.subject_id,
                fields: row.fields.unwrap_or_default(),
                reason: row.reason,
            })
        });
        let link = link(row.position, &row.hash)?;
        if let Err(first) = found.walk.step(link, row.entry_number, entry.transpose()?.as_ref()) {
            found.first_break = Some(first);
            break;
        }
    }
    Ok(count)
}

/// An entry that neither has a place nor waits for one.
async fn lost(connection: &mut PgConnection) -> Result<Option<Break>, DbError> {
    let number = sqlx::query_scalar!(
        "select number from audit_entries
         where not exists (select from audit_links where entry_number = number)
             and not exists (select from audit_unlinked where entry_number = number)
         order by number limit 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(number.map(|number| Break {
        position: 0,
        entry_number: Some(number),
        fault: Fault::Unlinked,
    }))
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this customer.
    pub customer_id: Option<CustomerId>,
    /// For this case.
    pub case_id: Option<CaseId>,
    /// By this actor.
    pub actor_id: Option<String>,
    /// From this time on.
    pub since: Option<OffsetDateTime>,
    /// Before this time.
    pub until: Option<OffsetDateTime>,
}

/// An entry, and its place where it has one.
#[derive(Debug, Clone)]
pub struct Listed {
    /// It.
    pub entry: Entry,
    /// Its place.
    pub link: Option<Link>,
}

/// The entries that are asked for, newest first: one more than the page holds. The sort key is the number.
pub async fn list(connection: &mut PgConnection, filter: &Filter, page: &Page<i64>) -> Result<Vec<Listed>, DbError> {
    let rows = sqlx::query!(
        r#"select number, recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, customer_id,
             case_id, grant_id, subject_id, fields, reason, position as "position?", hash as "hash?"
         from audit_entries left join audit_links on entry_number = number
         where ($1::bigint is null or number < $1) and ($2::uuid is null or customer_id = $2)
             and ($3::uuid is null or case_id = $3) and ($4::text is null or actor_id = $4)
             and ($5::timestamptz is null or recorded_at >= $5) and ($6::timestamptz is null or recorded_at < $6)
         order by number desc limit $7"#,
        page.after,
        filter.customer_id.map(CustomerId::uuid),
        filter.case_id.map(CaseId::uuid),
        filter.actor_id,
        filter.since,
        filter.until,
        page.limit(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let link = match (row.position, row.hash) {
                (Some(position), Some(hash)) => Some(link(position, &hash)?),
                _ => None,
            };
            let entry = Row {
                number: row.number,
                recorded_at: row.recorded_at,
                actor_kind: row.actor_kind,
                actor_id: row.actor_id,
                actor_organisation: row.actor_organisation,
                actor_service: row.actor_service,
                action: row.action,
                outcome: row.outcome,
                customer_id: row.customer_id,
                case_id: row.case_id,
                grant_id: row.grant_id,
                subject_id: row.subject_id,
                fields: row.fields,
                reason: row.reason,
            };
            Ok(Listed {
                entry: entry.into(),
                link,
            })
        })
        .collect()
}
