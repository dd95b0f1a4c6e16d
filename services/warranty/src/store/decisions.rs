//! Coverage decisions: what was known, what was asked and what was answered, one row each. Written once, never changed: a
//! trigger refuses it.
//!
//! Facts, question and answer are JSON, as the types of the domain write themselves, [packed](packing). What decisions come to
//! know, to ask and to say needs no migration; what an earlier service wrote stays readable, since a field that came later has a
//! default. Rows of earlier services hold JSON that is not packed.

pub mod packing;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use super::sweep::Stretch;
use crate::domain::country::Country;
use crate::domain::coverage::{Decision, DecisionId};
use crate::domain::device::{CustomerId, DeviceId};
use crate::domain::facts::{Facts, Question};
use crate::domain::reproduction::Seal;

const TABLE: &str = "coverage_decisions";

/// The versions that a decision goes by beside those of its terms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versions {
    /// Of the prices at the place; none where it went by none.
    pub prices: Option<String>,
    /// Of the plans that could have been bought; none where it went by none.
    pub offers: Option<String>,
}

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: DecisionId,
    /// The device.
    pub device_id: DeviceId,
    /// Where it was sold.
    pub country: Country,
    /// What was known of the device.
    pub facts: Facts,
    /// What was asked.
    pub question: Question,
    /// What was answered.
    pub decision: Decision,
    /// By what versions, beside those of its terms.
    pub versions: Versions,
    /// By which engine, and the digest of the answer.
    pub seal: Seal,
    /// The partner's organisation that asked; none where no partner did.
    pub asked_by_organisation: Option<String>,
    /// When it was decided.
    pub decided_at: OffsetDateTime,
}

/// Names a question on a fleet's stream, so that it is answered once however often it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemKey {
    /// Whose question it is and its request id, hashed.
    pub key: Uuid,
    /// SHA-256 of the question.
    pub digest: [u8; 32],
}

/// What was known and asked in a decision, without what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The decision's id.
    pub id: DecisionId,
    /// Where the device was sold.
    pub country: Country,
    /// What was known of the device.
    pub facts: Facts,
    /// What was asked.
    pub question: Question,
}

/// What a decision was made from, as it is packed: facts and question, as [`Given`] reads them.
#[derive(Serialize)]
struct GivenRef<'a> {
    facts: &'a Facts,
    question: &'a Question,
}

/// What a decision was made from.
#[derive(Deserialize)]
struct Given {
    facts: Facts,
    question: Question,
}

/// The columns that hold what a decision was made from: as JSON, or packed.
struct GivenColumns {
    facts: Option<Json<Facts>>,
    question: Option<Json<Question>>,
    packing: Option<i16>,
    given_packed: Option<Vec<u8>>,
}

impl TryFrom<GivenColumns> for Given {
    type Error = DbError;

    fn try_from(columns: GivenColumns) -> Result<Self, DbError> {
        if let (Some(facts), Some(question)) = (columns.facts, columns.question) {
            return Ok(Self {
                facts: facts.0,
                question: question.0,
            });
        }
        unpacked(columns.packing, columns.given_packed.as_deref(), "given_packed")
    }
}

/// What was packed with this dictionary.
fn unpacked<T: for<'de> Deserialize<'de>>(
    packing: Option<i16>,
    packed: Option<&[u8]>,
    column: &'static str,
) -> Result<T, DbError> {
    let json = packing
        .zip(packed)
        .and_then(|(number, packed)| packing::unpack(number, packed));
    let value = json.and_then(|json| serde_json::from_slice(&json).ok());
    stored(value, TABLE, column)
}

/// A row of `coverage_decisions`.
struct Row {
    id: DecisionId,
    device_id: DeviceId,
    purchase_country_code: String,
    facts: Option<Json<Facts>>,
    question: Option<Json<Question>>,
    answer: Option<Json<Decision>>,
    packing: Option<i16>,
    given_packed: Option<Vec<u8>>,
    answer_packed: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
    engine: i16,
    prices_version: Option<String>,
    offers_version: Option<String>,
    asked_by_organisation: Option<String>,
    decided_at: OffsetDateTime,
}

impl TryFrom<Row> for Kept {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let digest = row.digest.map(|digest| stored(digest.try_into().ok(), TABLE, "digest"));
        let given: Given = GivenColumns {
            facts: row.facts,
            question: row.question,
            packing: row.packing,
            given_packed: row.given_packed,
        }
        .try_into()?;
        Ok(Self {
            id: row.id,
            device_id: row.device_id,
            country: country(&row.purchase_country_code)?,
            facts: given.facts,
            question: given.question,
            decision: match row.answer {
                Some(answer) => answer.0,
                None => unpacked(row.packing, row.answer_packed.as_deref(), "answer_packed")?,
            },
            versions: Versions {
                prices: row.prices_version,
                offers: row.offers_version,
            },
            seal: Seal {
                engine: row.engine,
                digest: digest.transpose()?,
            },
            asked_by_organisation: row.asked_by_organisation,
            decided_at: row.decided_at,
        })
    }
}

/// A row of `coverage_decisions` without what was answered.
struct PastRow {
    id: DecisionId,
    purchase_country_code: String,
    facts: Option<Json<Facts>>,
    question: Option<Json<Question>>,
    packing: Option<i16>,
    given_packed: Option<Vec<u8>>,
}

impl TryFrom<PastRow> for Past {
    type Error = DbError;

    fn try_from(row: PastRow) -> Result<Self, DbError> {
        let given: Given = GivenColumns {
            facts: row.facts,
            question: row.question,
            packing: row.packing,
            given_packed: row.given_packed,
        }
        .try_into()?;
        Ok(Self {
            id: row.id,
            country: country(&row.purchase_country_code)?,
            facts: given.facts,
            question: given.question,
        })
    }
}

fn country(code: &str) -> Result<Country, DbError> {
    stored(Country::from_code(code), TABLE, "purchase_country_code")
}

/// What a row to be inserted holds beside the decision.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// The decision.
    pub kept: &'a Kept,
    /// Its answer, as it was sealed.
    pub answer: &'a str,
    /// The question it answers; none where it came by itself.
    pub item: Option<ItemKey>,
}

/// A decision that cannot be written: it holds a day of a year with more than four digits, which no rule gives.
#[must_use]
pub fn unwritable() -> DbError {
    DbError::Corrupt {
        table: TABLE,
        column: "answer",
    }
}

/// The length of what a decision was made from, as JSON, of most.
const GIVEN_LENGTH: usize = 1024;

/// What a row holds packed: what its decision was made from, and the answer.
fn packed(row: &NewRow<'_>) -> Result<(Vec<u8>, Vec<u8>), DbError> {
    let mut given = Vec::with_capacity(GIVEN_LENGTH);
    let written = serde_json::to_writer(
        &mut given,
        &GivenRef {
            facts: &row.kept.facts,
            question: &row.kept.question,
        },
    );
    stored(written.ok(), TABLE, "given_packed")?;
    Ok((
        stored(packing::pack(&given).ok(), TABLE, "given_packed")?,
        stored(packing::pack(row.answer.as_bytes()).ok(), TABLE, "answer_packed")?,
    ))
}

/// Adds decisions, with one statement. One whose item was answered before is left out. Gives the ids of those that were
/// added.
pub async fn insert(connection: &mut PgConnection, mut rows: Vec<NewRow<'_>>) -> Result<Vec<DecisionId>, DbError> {
    // Two batches with the same items wait for each other's; in the same order, so that neither waits for ever.
    rows.sort_unstable_by_key(|row| row.item.map(|item| item.key));
    let (mut given, mut answers) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        let (row_given, row_answer) = packed(row)?;
        given.push(row_given);
        answers.push(row_answer);
    }
    let of = |column: fn(&Kept) -> Uuid| rows.iter().map(|row| column(row.kept)).collect::<Vec<_>>();
    let text = |column: fn(&Kept) -> &str| rows.iter().map(|row| column(row.kept).to_owned()).collect::<Vec<_>>();
    let days: Vec<_> = rows.iter().map(|row| row.kept.decision.day).collect();
    let covered_until: Vec<_> = rows.iter().map(|row| row.kept.decision.covered_until).collect();
    let purchase_dates: Vec<_> = rows.iter().map(|row| row.kept.facts.sale.day).collect();
    let sold_used: Vec<_> = rows.iter().map(|row| row.kept.facts.sale.used).collect();
    let organisations: Vec<_> = rows.iter().map(|row| row.kept.asked_by_organisation.clone()).collect();
    let decided_at: Vec<_> = rows.iter().map(|row| row.kept.decided_at).collect();
    let digests: Vec<_> = rows.iter().map(|row| row.kept.seal.digest.map(Vec::from)).collect();
    let engines: Vec<_> = rows.iter().map(|row| row.kept.seal.engine).collect();
    let prices_versions: Vec<_> = rows.iter().map(|row| row.kept.versions.prices.clone()).collect();
    let offers_versions: Vec<_> = rows.iter().map(|row| row.kept.versions.offers.clone()).collect();
    let item_keys: Vec<_> = rows.iter().map(|row| row.item.map(|item| item.key)).collect();
    let item_digests: Vec<_> = rows
        .iter()
        .map(|row| row.item.map(|item| item.digest.to_vec()))
        .collect();
    sqlx::query_scalar!(
        r#"insert into coverage_decisions (id, device_id, purchase_country_code, purchase_date, sold_used, day, outcome,
                                           covered_until, terms_version, packing, given_packed, answer_packed, digest,
                                           engine, item_key, item_digest, asked_by_organisation, decided_at,
                                           prices_version, offers_version)
           select id, device_id, country, purchase_date, sold_used, day, outcome, covered_until, terms_version, $20, given,
                  answer, digest, engine, item_key, item_digest, organisation, decided_at, prices_version, offers_version
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::date[], $7::text[], $8::bytea[],
                       $9::bytea[], $10::bytea[], $11::smallint[], $12::uuid[], $13::bytea[], $14::text[],
                       $15::timestamptz[], $16::text[], $17::text[], $18::date[], $19::boolean[])
               as made (id, device_id, country, day, outcome, covered_until, terms_version, given, answer, digest, engine,
                        item_key, item_digest, organisation, decided_at, prices_version, offers_version, purchase_date,
                        sold_used)
           on conflict do nothing
           returning id as "id: DecisionId""#,
        &of(|kept| kept.id.uuid()),
        &of(|kept| kept.device_id.uuid()),
        &text(|kept| kept.country.code()),
        &days,
        &text(|kept| kept.decision.outcome.as_str()),
        &covered_until as &[Option<time::Date>],
        &text(|kept| &kept.decision.terms_version),
        &given,
        &answers,
        &digests as &[Option<Vec<u8>>],
        &engines,
        &item_keys as &[Option<Uuid>],
        &item_digests as &[Option<Vec<u8>>],
        &organisations as &[Option<String>],
        &decided_at,
        &prices_versions as &[Option<String>],
        &offers_versions as &[Option<String>],
        &purchase_dates,
        &sold_used,
        packing::PACKING,
    )
    .fetch_all(connection)
    .await
    .map_err(DbError::from)
}

/// The decisions that answered these items before, each with the digest of its question.
pub async fn of_items(connection: &mut PgConnection, keys: &[Uuid]) -> Result<Vec<(ItemKey, Kept)>, DbError> {
    sqlx::query!(
        r#"select id as "id: DecisionId", device_id as "device_id: DeviceId", purchase_country_code,
                  facts as "facts: Json<Facts>", question as "question: Json<Question>",
                  answer as "answer: Json<Decision>", packing, given_packed, answer_packed, digest, engine,
                  prices_version, offers_version, asked_by_organisation, decided_at,
                  item_key as "item_key!", item_digest as "item_digest!"
           from coverage_decisions where item_key = any($1)"#,
        keys,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let item = ItemKey {
            key: row.item_key,
            digest: stored(row.item_digest.try_into().ok(), TABLE, "item_digest")?,
        };
        let row = Row {
            id: row.id,
            device_id: row.device_id,
            purchase_country_code: row.purchase_country_code,
            facts: row.facts,
            question: row.question,
            answer: row.answer,
            packing: row.packing,
            given_packed: row.given_packed,
            answer_packed: row.answer_packed,
            digest: row.digest,
            engine: row.engine,
            prices_version: row.prices_version,
            offers_version: row.offers_version,
            asked_by_organisation: row.asked_by_organisation,
            decided_at: row.decided_at,
        };
        Ok((item, row.try_into()?))
    })
    .collect()
}

/// The decision with this id, and who has its device now.
pub async fn get(connection: &mut PgConnection, id: DecisionId) -> Result<Option<(Kept, Option<CustomerId>)>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: DecisionId", device_id as "device_id: DeviceId", purchase_country_code,
                  facts as "facts: Json<Facts>", question as "question: Json<Question>",
                  answer as "answer: Json<Decision>", packing, given_packed, answer_packed, digest, engine,
                  prices_version, offers_version, asked_by_organisation, decided_at
           from coverage_decisions where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let owner = sqlx::query_scalar!(
        r#"select owner_customer_id as "owner: CustomerId" from devices where id = $1"#,
        row.device_id.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(Some((row.try_into()?, owner)))
}

/// The decisions about a device, newest first, after one, `limit` at most: those made at `since` or later, and those that
/// an organisation asked for, where these are given.
pub async fn list(
    connection: &mut PgConnection,
    device: DeviceId,
    since: Option<OffsetDateTime>,
    organisation: Option<&str>,
    after: Option<DecisionId>,
    limit: i64,
) -> Result<Vec<Kept>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: DecisionId", device_id as "device_id: DeviceId", purchase_country_code,
                  facts as "facts: Json<Facts>", question as "question: Json<Question>",
                  answer as "answer: Json<Decision>", packing, given_packed, answer_packed, digest, engine,
                  prices_version, offers_version, asked_by_organisation, decided_at
           from coverage_decisions
           where device_id = $1 and ($2::timestamptz is null or decided_at >= $2)
             and ($3::text is null or asked_by_organisation = $3) and ($4::uuid is null or id < $4)
           order by id desc limit $5"#,
        device.uuid(),
        since,
        organisation,
        after.map(DecisionId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Kept::try_from)
    .collect()
}

/// What was asked in the decisions of a stretch, newest first.
pub async fn of_stretch(connection: &mut PgConnection, stretch: &Stretch) -> Result<Vec<Past>, DbError> {
    sqlx::query_as!(
        PastRow,
        r#"select id as "id: DecisionId", purchase_country_code, facts as "facts: Json<Facts>",
                  question as "question: Json<Question>", packing, given_packed
           from coverage_decisions
           where purchase_country_code = $1 and id >= $2 and ($3::uuid is null or id < $3)
           order by id desc"#,
        stretch.country.code(),
        stretch.first,
        stretch.end,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Past::try_from)
    .collect()
}
