//! Lists of cases, newest first.
//!
//! One statement for each way in, because each walks another index; one statement with every filter optional would be
//! planned for none of them.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::vault::Vault;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::select_cases;
use crate::domain::case::Case;
use crate::domain::state::State;
use crate::domain::words::SourceReference;
use crate::domain::{CaseId, CustomerId};

/// Which cases are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those of this customer.
    pub customer: Option<CustomerId>,
    /// Only those in one of these states; empty for all.
    pub states: Vec<State>,
    /// Only those whose source reference begins like this.
    pub reference_prefix: Option<SourceReference>,
}

/// The place of a case in the list: lists go on behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339")]
    pub open_time: OffsetDateTime,
    /// Its id.
    pub id: CaseId,
}

/// Up to `limit` cases behind `after`, newest first.
pub async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Case>, DbError> {
    let states: Vec<String> = if filter.states.is_empty() {
        State::ALL
    } else {
        filter.states.as_slice()
    }
    .iter()
    .map(|state| state.as_str().to_owned())
    .collect();
    // Before the first: behind a moment that no case was opened at. The greatest UUID sorts behind every id.
    let (open_time, id) = after.map_or((LATEST, Uuid::max()), |place| (place.open_time, place.id.uuid()));
    let (from, to) = range(filter.reference_prefix.as_ref().map_or("", |prefix| prefix.as_str()));
    let rows =
        match filter {
            Filter {
                customer: Some(customer),
                ..
            } => {
                select_cases!(
                    "cases",
                    "where cases.customer_id = $1 and state = any($2) and (open_time, id) < ($3, $4)
                 and ($5 = '' or source_reference ~>=~ $5 and source_reference ~<~ $6)
                 order by open_time desc, id desc limit $7",
                    customer.uuid(),
                    &states,
                    open_time,
                    id,
                    from,
                    to,
                    limit,
                )
                .fetch_all(connection)
                .await?
            }
            // `offset 0` lets the index of the references find them first. Without it the planner, which does not know the
            // prefix, walks all cases from the newest on until it has met enough of them: for a rare prefix, all there are.
            Filter {
                reference_prefix: Some(_),
                ..
            } => select_cases!(
                "(select * from cases where source_reference ~>=~ $1 and source_reference ~<~ $2 offset 0) as cases",
                "where state = any($3) and (open_time, id) < ($4, $5)
                 order by open_time desc, id desc limit $6",
                from,
                to,
                &states,
                open_time,
                id,
                limit,
            )
            .fetch_all(connection)
            .await?,
            // Those not over yet are few beside those that are; the index of the former is not wider than they are.
            Filter { states: wanted, .. } if !wanted.is_empty() && !wanted.contains(&State::Closed) => {
                select_cases!(
                    "cases",
                    "where state <> 'closed' and state = any($1) and (open_time, id) < ($2, $3)
                 order by open_time desc, id desc limit $4",
                    &states,
                    open_time,
                    id,
                    limit,
                )
                .fetch_all(connection)
                .await?
            }
            _ => {
                select_cases!(
                    "cases",
                    "where state = any($1) and (open_time, id) < ($2, $3) order by open_time desc, id desc limit $4",
                    &states,
                    open_time,
                    id,
                    limit,
                )
                .fetch_all(connection)
                .await?
            }
        };
    rows.into_iter().map(|row| row.read(vault)).collect()
}

/// Later than any case.
const LATEST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);

/// The references that begin with `prefix`, as a range in the order of bytes: from the prefix up to, without it, the
/// least text behind all of them. An index serves a range with parameters, where a pattern with parameters may lose it to
/// a generic plan.
fn range(prefix: &str) -> (&str, String) {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // The scalar value behind it; U+D800 to U+DFFF are none. The order of UTF-8 bytes is that of scalar values.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            letters.push(next);
            return (prefix, letters.into_iter().collect());
        }
    }
    // Nothing but the greatest letter: behind every reference that is not longer than one may be.
    (prefix, char::MAX.to_string().repeat(SourceReference::MAX_LENGTH + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prefix_is_a_range_of_bytes() {
        assert_eq!(range("99/"), ("99/", "990".to_owned()));
        assert_eq!(range("a\u{d7ff}"), ("a\u{d7ff}", "a\u{e000}".to_owned()));
        assert_eq!(range("a\u{10ffff}"), ("a\u{10ffff}", "b".to_owned()));
        assert_eq!(range("\u{10ffff}"), ("\u{10ffff}", "\u{10ffff}".repeat(101)));
    }

    proptest! {
        #[test]
        fn the_range_holds_what_begins_with_the_prefix_and_nothing_else(prefix in ".{1,4}", text in ".{0,6}") {
            for text in [text.clone(), format!("{prefix}{text}")] {
                let (from, to) = range(&prefix);
                let within = text.as_str() >= from && *text < *to;
                prop_assert_eq!(within, text.starts_with(&prefix));
            }
        }
    }
}
