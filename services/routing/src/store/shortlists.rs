//! Who stood for a task when it was offered, packed into a few bytes.
//!
//! A byte says by which form it is packed (1). Then who was asked: id (16 bytes), load and capacity (4 each), idle since (8, microseconds
//! since 1970); how many come next (1), and each of them alike; of each standing of whom there is somebody, its number (1) and how
//! many (4). All numbers are big-endian.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{AgentId, Shortlist, Standing, Stood, TaskId};

/// The form by which it is packed.
const FORM: u8 = 1;

/// Who stood for a task each time that it was offered by a decision: the place in its history, and who.
pub async fn of_task(connection: &mut PgConnection, task: TaskId) -> Result<Vec<(i64, Shortlist)>, DbError> {
    let rows = sqlx::query!(
        r#"select sequence, shortlist as "shortlist!" from task_history
         where task_id = $1 and shortlist is not null order by sequence"#,
        task.uuid(),
    );
    let rows = rows.fetch_all(connection).await?.into_iter();
    let lists = rows.map(|row| {
        let list = unpacked(&row.shortlist).ok_or(DbError::Corrupt {
            table: "task_history",
            column: "shortlist",
        });
        Ok((row.sequence, list?))
    });
    lists.collect()
}

/// The list in bytes.
pub(super) fn packed(list: &Shortlist) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(192);
    bytes.push(FORM);
    put(&mut bytes, &list.taken);
    let next = || list.next.iter().flatten();
    bytes.push(u8::try_from(next().count()).unwrap_or_default());
    for stood in next() {
        put(&mut bytes, stood);
    }
    for (number, count) in (0_u8..).zip(list.counts).filter(|(_, count)| *count > 0) {
        bytes.push(number);
        bytes.extend(count.to_be_bytes());
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, stood: &Stood) {
    let idle = stood.idle_since.unix_timestamp_nanos() / 1000;
    bytes.extend(stood.agent.uuid().as_bytes());
    bytes.extend(stood.load.to_be_bytes());
    bytes.extend(stood.capacity.to_be_bytes());
    bytes.extend(i64::try_from(idle).unwrap_or_default().to_be_bytes());
}

/// None where they are no list.
fn unpacked(mut bytes: &[u8]) -> Option<Shortlist> {
    let bytes = &mut bytes;
    if take(bytes)? != [FORM] {
        return None;
    }
    let mut list = Shortlist::alone(stood(bytes)?);
    let [next] = take(bytes)?;
    for place in 0..usize::from(next) {
        *list.next.get_mut(place)? = Some(stood(bytes)?);
    }
    while !bytes.is_empty() {
        let [number] = take(bytes)?;
        let standing = Standing::ALL.get(usize::from(number))?;
        list.counts[standing.number()] = u32::from_be_bytes(take(bytes)?);
    }
    Some(list)
}

fn stood(bytes: &mut &[u8]) -> Option<Stood> {
    let agent = Id::from_uuid(Uuid::from_bytes(take(bytes)?)).ok()?;
    Some(Stood {
        agent: AgentId::from(agent),
        load: i32::from_be_bytes(take(bytes)?),
        capacity: i32::from_be_bytes(take(bytes)?),
        idle_since: OffsetDateTime::from_unix_timestamp_nanos(i128::from(i64::from_be_bytes(take(bytes)?)) * 1000)
            .ok()?,
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn any_stood() -> impl Strategy<Value = Stood> {
        (any::<u64>(), 0..100_i32, 1..100_i32, any::<i32>()).prop_map(|(agent, load, capacity, seconds)| Stood {
            agent: Id::from_parts("eu".parse().unwrap(), datetime!(2026-03-02 08:00 UTC), agent >> 2).into(),
            load,
            capacity,
            idle_since: OffsetDateTime::UNIX_EPOCH
                + time::Duration::seconds(seconds.into())
                + time::Duration::MICROSECOND,
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_found_again(
            taken in any_stood(),
            next in proptest::collection::vec(any_stood(), 0..=Shortlist::NEXT),
            counts: [u32; Standing::ALL.len()],
        ) {
            let mut list = Shortlist { counts, ..Shortlist::alone(taken) };
            for (place, stood) in list.next.iter_mut().zip(next) {
                *place = Some(stood);
            }
            let bytes = packed(&list);
            prop_assert!(bytes.len() <= 200, "{} bytes", bytes.len());
            prop_assert_eq!(unpacked(&bytes), Some(list));
            // Whatever is cut off is missed, but for counts at the end.
            prop_assert_eq!(unpacked(&bytes[..32]), None);
        }

        #[test]
        fn what_is_no_list_is_refused(bytes: Vec<u8>) {
            // Never a panic.
            let _ = unpacked(&bytes);
        }
    }

    #[test]
    fn another_form_is_refused() {
        let taken = Stood {
            agent: Id::from_parts("eu".parse().unwrap(), datetime!(2026-03-02 08:00 UTC), 7).into(),
            load: 0,
            capacity: 6,
            idle_since: OffsetDateTime::UNIX_EPOCH,
        };
        let mut bytes = packed(&Shortlist::alone(taken));
        assert_eq!(bytes.len(), 34);
        bytes[0] = 2;
        assert_eq!(unpacked(&bytes), None);
    }
}
