//! What is known of customers and their numbers: devices, the last place, when a contact point was added, what was reported.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::ids::{ContactPointId, CustomerId};
use crate::domain::risk::Report;
use crate::domain::risk::number::Line;
use crate::domain::risk::place::Place;

/// How many devices are remembered of a customer.
const DEVICES: i64 = 20;

/// How a device stands to a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Devices {
    /// How many devices the customer was verified on.
    pub known: i64,
    /// Whether this is one of them.
    pub is_known: bool,
}

/// Looks a device up among those of a customer, or, so that it is looked up all the same, of an id that nobody has.
pub async fn devices(
    connection: &mut PgConnection,
    whose: Uuid,
    device: Option<&[u8; 32]>,
) -> Result<Devices, DbError> {
    let row = sqlx::query!(
        r#"select count(*) as "known!", coalesce(bool_or(device_key = $2), false) as "is_known!"
         from customer_devices where customer_id = $1"#,
        whose,
        device.map(<[u8; 32]>::as_slice),
    )
    .fetch_one(connection)
    .await?;
    Ok(Devices {
        known: row.known,
        is_known: row.is_known,
    })
}

/// Remembers what a customer was verified on and where, for the last devices and the last place.
pub async fn remember(
    connection: &mut PgConnection,
    customer: CustomerId,
    report: &Report,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    if let Some(device) = &report.device {
        sqlx::query!(
            "with forgotten as (
                 delete from customer_devices
                 where customer_id = $1 and device_key <> $2 and device_key not in (
                     select device_key from customer_devices where customer_id = $1 and device_key <> $2
                     order by seen_at desc limit $4
                 )
             )
             insert into customer_devices (customer_id, device_key, seen_at) values ($1, $2, $3)
             on conflict (customer_id, device_key) do update set seen_at = excluded.seen_at",
            customer.uuid(),
            device,
            now,
            DEVICES - 1,
        )
        .execute(&mut *connection)
        .await?;
    }
    if let Some(place) = &report.place {
        sqlx::query!(
            "insert into customer_places (customer_id, latitude, longitude, seen_at) values ($1, $2, $3, $4)
             on conflict (customer_id) do update
             set latitude = excluded.latitude, longitude = excluded.longitude, seen_at = excluded.seen_at",
            customer.uuid(),
            place.latitude,
            place.longitude,
            now,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// What is known of a customer and of the contact point that they are verified by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Habits {
    /// When the contact point was added; none where it came with the record, or where it is being verified for the first time.
    pub contact_added_at: Option<OffsetDateTime>,
    /// Where the customer was verified last.
    pub last_place: Option<(Place, OffsetDateTime)>,
    /// What is known of the number.
    pub number: NumberReport,
}

/// What is known of a telephone number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NumberReport {
    /// What kind of line it is, where that speaks against it.
    pub line: Option<Line>,
    /// When it was ported.
    pub ported_at: Option<OffsetDateTime>,
    /// When its SIM was changed.
    pub sim_swapped_at: Option<OffsetDateTime>,
    /// When a provider was asked.
    pub asked_at: Option<OffsetDateTime>,
}

/// Reads what is known of a customer and of a contact point of theirs.
pub async fn habits(
    connection: &mut PgConnection,
    customer: CustomerId,
    (point, contact_key): (ContactPointId, &[u8; 32]),
) -> Result<Habits, DbError> {
    let row = sqlx::query!(
        r#"select (case when not vouched and verified_at is not null then point.created_at end) as "contact_added_at?",
             place.latitude as "latitude?", place.longitude as "longitude?", place.seen_at as "seen_at?",
             report.line as "line?", report.ported_at as "ported_at?", report.sim_swapped_at as "sim_swapped_at?",
             report.asked_at as "asked_at?"
         from contact_points as point
         left join customer_places as place on place.customer_id = point.customer_id
         left join number_reports as report on report.contact_key = $3
         where point.id = $2 and point.customer_id = $1"#,
        customer.uuid(),
        point.uuid(),
        contact_key,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(Habits::default());
    };
    let place = row.latitude.zip(row.longitude);
    Ok(Habits {
        contact_added_at: row.contact_added_at,
        last_place: place
            .map(|(latitude, longitude)| Place { latitude, longitude })
            .zip(row.seen_at),
        number: NumberReport {
            line: line(row.line.as_deref())?,
            ported_at: row.ported_at,
            sim_swapped_at: row.sim_swapped_at,
            asked_at: row.asked_at,
        },
    })
}

/// Reads what is known of a number.
pub async fn number(connection: &mut PgConnection, contact_key: &[u8; 32]) -> Result<NumberReport, DbError> {
    let row = sqlx::query!(
        "select line, ported_at, sim_swapped_at, asked_at from number_reports where contact_key = $1",
        contact_key,
    )
    .fetch_optional(connection)
    .await?;
    Ok(match row {
        Some(row) => NumberReport {
            line: line(row.line.as_deref())?,
            ported_at: row.ported_at,
            sim_swapped_at: row.sim_swapped_at,
            asked_at: row.asked_at,
        },
        None => NumberReport::default(),
    })
}

/// Adds to what is known of a number: of two times the later stands, and a line that is named.
pub async fn report_number(
    connection: &mut PgConnection,
    contact_key: &[u8; 32],
    report: &NumberReport,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into number_reports (contact_key, line, ported_at, sim_swapped_at, asked_at, touched_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (contact_key) do update
         set line = case when excluded.asked_at is null then number_reports.line else excluded.line end,
             ported_at = greatest(number_reports.ported_at, excluded.ported_at),
             sim_swapped_at = greatest(number_reports.sim_swapped_at, excluded.sim_swapped_at),
             asked_at = greatest(number_reports.asked_at, excluded.asked_at),
             touched_at = excluded.touched_at",
        contact_key,
        report.line.map(Line::as_str),
        report.ported_at,
        report.sim_swapped_at,
        report.asked_at,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes what is known of numbers that nothing was heard of since `before`, at most `limit`, and says how many they were.
pub async fn prune_numbers(connection: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from number_reports where contact_key in (
             select contact_key from number_reports where touched_at < $1 order by touched_at limit $2
             for update skip locked
         )",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

fn line(name: Option<&str>) -> Result<Option<Line>, DbError> {
    name.map(|name| stored(Line::from_name(name), "number_reports", "line"))
        .transpose()
}
