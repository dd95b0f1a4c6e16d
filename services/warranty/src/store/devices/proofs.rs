//! Proofs of purchase. What was reviewed stays as it is; the document lies elsewhere.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::id::Id;
use time::{Date, OffsetDateTime};

use crate::domain::country::Country;
use crate::domain::device::{
    Actor, ActorKind, DeviceId, NewProof, Proof, ProofId, ProofKind, ProofState, ReviewReason,
};

/// The constraint that one proof waits at a time.
pub const ONE_OPEN: &str = "purchase_proofs_one_open";

const TABLE: &str = "purchase_proofs";

struct Row {
    id: ProofId,
    device_id: DeviceId,
    origin_id: DeviceId,
    kind: String,
    purchase_date: Date,
    purchase_country_code: String,
    sold_used: bool,
    seller_reference: Option<String>,
    document_reference: String,
    case_id: Option<Id>,
    case_agent: Option<String>,
    submitter_kind: String,
    submitter_id: String,
    submitter_organisation: Option<String>,
    submitted_at: OffsetDateTime,
    state: String,
    reason: Option<String>,
    reviewer_kind: Option<String>,
    reviewer_id: Option<String>,
    ended_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Proof {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let kind = |name: &str, column| stored(ActorKind::from_name(name), TABLE, column);
        let reviewer = row
            .reviewer_kind
            .zip(row.reviewer_id)
            .map(|(name, id)| kind(&name, "reviewer_kind").map(|kind| Actor { kind, id }))
            .transpose()?;
        Ok(Self {
            id: row.id,
            origin: row.origin_id,
            said: NewProof {
                device_id: row.device_id,
                kind: stored(ProofKind::from_name(&row.kind), TABLE, "kind")?,
                day: row.purchase_date,
                country: stored(
                    Country::from_code(&row.purchase_country_code),
                    TABLE,
                    "purchase_country_code",
                )?,
                used: row.sold_used,
                seller_reference: row.seller_reference,
                document_reference: row.document_reference,
                case_id: row.case_id,
                case_agent: row.case_agent,
            },
            submitter: Actor {
                kind: kind(&row.submitter_kind, "submitter_kind")?,
                id: row.submitter_id,
            },
            submitter_organisation: row.submitter_organisation,
            submitted_at: row.submitted_at,
            state: stored(ProofState::from_name(&row.state), TABLE, "state")?,
            reason: row
                .reason
                .map(|name| stored(ReviewReason::from_name(&name), TABLE, "reason"))
                .transpose()?,
            reviewer,
            ended_at: row.ended_at,
        })
    }
}

macro_rules! select_proofs {
    ($end:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select id as "id: ProofId", device_id as "device_id: DeviceId", origin_id as "origin_id: DeviceId", kind,
                      purchase_date, purchase_country_code, sold_used, seller_reference, document_reference,
                      case_id as "case_id: Id", case_agent, submitter_kind, submitter_id, submitter_organisation,
                      submitted_at, state, reason, reviewer_kind, reviewer_id, ended_at
               from purchase_proofs
               "# + $end
            $(, $argument)*
        )
    };
}

/// Adds a proof that waits for its review. Breaks [`ONE_OPEN`] where another one does.
pub async fn insert(connection: &mut PgConnection, proof: &Proof) -> Result<(), DbError> {
    let said = &proof.said;
    sqlx::query!(
        "insert into purchase_proofs (id, device_id, origin_id, kind, purchase_date, purchase_country_code, sold_used,
                                      seller_reference, document_reference, case_id, case_agent, submitter_kind,
                                      submitter_id, submitter_organisation, submitted_at, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        proof.id.uuid(),
        said.device_id.uuid(),
        proof.origin.uuid(),
        said.kind.as_str(),
        said.day,
        said.country.code(),
        said.used,
        said.seller_reference,
        said.document_reference,
        said.case_id.map(Id::uuid),
        said.case_agent,
        proof.submitter.kind.as_str(),
        proof.submitter.id,
        proof.submitter_organisation,
        proof.submitted_at,
        proof.state.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The proof with this id.
pub async fn get(connection: &mut PgConnection, id: ProofId) -> Result<Option<Proof>, DbError> {
    select_proofs!("where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Proof::try_from)
        .transpose()
}

/// The proof with this id, locked.
pub async fn lock(connection: &mut PgConnection, id: ProofId) -> Result<Option<Proof>, DbError> {
    select_proofs!("where id = $1 for update", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Proof::try_from)
        .transpose()
}

/// Ends a locked proof that waited.
pub async fn end(
    connection: &mut PgConnection,
    id: ProofId,
    state: ProofState,
    review: Option<(ReviewReason, &Actor)>,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update purchase_proofs set state = $2, reason = $3, reviewer_kind = $4, reviewer_id = $5, ended_at = $6
         where id = $1",
        id.uuid(),
        state.as_str(),
        review.map(|(reason, _)| reason.as_str()),
        review.map(|(_, reviewer)| reviewer.kind.as_str()),
        review.map(|(_, reviewer)| reviewer.id.as_str()),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The proofs of a device, the oldest first, after one, `limit` at most.
pub async fn list_of_device(
    connection: &mut PgConnection,
    device_id: DeviceId,
    after: Option<ProofId>,
    limit: i64,
) -> Result<Vec<Proof>, DbError> {
    select_proofs!(
        "where device_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        device_id.uuid(),
        after.map(ProofId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Proof::try_from)
    .collect()
}

/// The proofs that wait for their review, the oldest first, after one, `limit` at most.
pub async fn list_waiting(
    connection: &mut PgConnection,
    after: Option<ProofId>,
    limit: i64,
) -> Result<Vec<Proof>, DbError> {
    select_proofs!(
        "where state = 'submitted' and ($1::uuid is null or id > $1) order by id limit $2",
        after.map(ProofId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Proof::try_from)
    .collect()
}
