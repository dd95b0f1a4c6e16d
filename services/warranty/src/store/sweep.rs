//! All devices and all decisions, in stretches that can be read side by side.
//!
//! What a stretch holds is said by its country and the ids at its ends, so that each is read along an index however many others
//! there are, and what is added meanwhile moves nothing from one to another.

use std::cmp::Reverse;

use sqlx::PgConnection;
use sqlx::types::Uuid;
use support_chassis::db::{DbError, stored};
use support_chassis::standard::Reach;

use crate::domain::country::Country;

/// Some of the devices that were sold in a country, or of the decisions about such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The country.
    pub country: Country,
    /// The first id of it.
    pub first: Uuid,
    /// The first id after it; none where there was none.
    pub end: Option<Uuid>,
    /// How many there were.
    pub size: i64,
}

/// The first of a stretch, the how many-eth of its country it is, and how many there are.
struct Mark {
    id: Uuid,
    place: i64,
    total: i64,
}

/// The stretches of a table with the columns `id` and `purchase_country_code` and an index over both, the latest first.
macro_rules! stretches {
    ($table:tt, $connection:expr, $reach:expr, $size:expr) => {{
        // From one country to the next along the index: there are few, and many rows of each.
        let countries = sqlx::query_scalar!(
            r#"with recursive codes as (
                   select min(purchase_country_code) as code from "#
                + $table
                + r#"
                   union all
                   select (select min(purchase_country_code) from "#
                + $table
                + r#" where purchase_country_code > codes.code)
                   from codes where codes.code is not null
               )
               select code as "code!" from codes where code is not null"#
        )
        .fetch_all(&mut *$connection)
        .await?;
        let mut stretches = Vec::new();
        for code in countries.iter().filter(|code| $reach.holds(Some(code))) {
            let country = stored(Country::from_code(code), $table, "purchase_country_code")?;
            let marks = sqlx::query_as!(
                Mark,
                r#"select id as "id!", place as "place!", total as "total!"
                   from (
                       select id, row_number() over (order by id) as place, count(*) over () as total
                       from "#
                    + $table
                    + r#" where purchase_country_code = $1
                   ) as counted
                   where (place - 1) % $2 = 0
                   order by place"#,
                code,
                i64::from($size),
            )
            .fetch_all(&mut *$connection)
            .await?;
            stretches.extend(between(country, &marks));
        }
        stretches.sort_by_key(|stretch: &Stretch| Reverse(stretch.first));
        Ok(stretches)
    }};
}

fn between(country: Country, marks: &[Mark]) -> impl Iterator<Item = Stretch> {
    marks.iter().enumerate().map(move |(number, mark)| {
        let next = marks.get(number + 1);
        Stretch {
            country,
            first: mark.id,
            end: next.map(|next| next.id),
            size: next.map_or(mark.total + 1, |next| next.place) - mark.place,
        }
    })
}

/// The devices sold where the rules of a place hold, in stretches of at most `size`, the latest first.
pub async fn devices(connection: &mut PgConnection, reach: &Reach, size: u16) -> Result<Vec<Stretch>, DbError> {
    stretches!("devices", connection, reach, size)
}

/// The decisions about devices sold where the rules of a place hold, in stretches of at most `size`, the latest first.
pub async fn decisions(connection: &mut PgConnection, reach: &Reach, size: u16) -> Result<Vec<Stretch>, DbError> {
    stretches!("coverage_decisions", connection, reach, size)
}
