//! A plan is tried on live traffic.

use std::collections::{BTreeMap, HashMap};

use support_chassis::db::Tx;
use support_chassis::id::{Id, Ids};
use time::{Duration, OffsetDateTime};

use crate::domain::Profile;
use crate::error::Error;
use crate::plan::{Book, shadow};
use crate::store;
use crate::store::shadow::Shadow;

/// How long after its time a task is looked at: whoever queues one has written it by then. What takes longer is left out.
const LAG: Duration = Duration::seconds(5);
/// How many tasks are looked at at once.
const BATCH: i64 = 500;
/// How many ways that tasks go are told apart; what comes after is counted together.
const MOST_WAYS: usize = 500;

/// Begins to try a plan, in the place of the one that is tried.
///
/// # Errors
///
/// [`Error::Invalid`], with each fault of the plan.
pub async fn start(
    tx: &mut Tx,
    ids: &Ids,
    content: &str,
    length: Duration,
    now: OffsetDateTime,
) -> Result<Shadow, Error> {
    shadow::read(content)?;
    let first: Id = ids.next();
    let shadow = Shadow {
        content: content.to_owned(),
        started_at: now,
        ends_at: now + length,
        seen: first.uuid(),
    };
    store::shadow::begin(tx.conn(), &shadow).await?;
    Ok(shadow)
}

/// Looks at the tasks that were queued since it last did, at most so many, and counts what the plan that is tried would do
/// otherwise. Gives how many it looked at. Waits for nobody: one process at a time does it.
pub async fn look(tx: &mut Tx, ids: &Ids, book: &Book, now: OffsetDateTime) -> Result<usize, Error> {
    let until = now - LAG;
    let Some(tried) = store::shadow::lock_if_free(tx.conn(), until).await? else {
        return Ok(0);
    };
    let until = until.min(tried.ends_at);
    let last = Id::from_parts(ids.region(), until, u64::MAX);
    let tasks = store::line::tasks_since(tx.conn(), tried.seen, last.uuid(), BATCH).await?;
    let Some(seen) = tasks.last().map(|task| task.task) else {
        return Ok(0);
    };
    let plan = shadow::read(&tried.content)?;
    let mut profiles: HashMap<Profile, i64> = HashMap::new();
    for agent in store::line::all_agents(tx.conn(), now).await? {
        *profiles.entry(agent.profile).or_default() += 1;
    }
    let profiles: Vec<_> = profiles.into_iter().collect();
    let found = shadow::compare(
        &tasks,
        |task| book.of_tasks(task.attributes.country, now),
        &plan,
        &profiles,
    );
    let known = store::shadow::findings(tx.conn()).await?;
    let found = bounded(found, &known.into_iter().collect());
    store::shadow::add(tx.conn(), &found, seen.uuid()).await?;
    Ok(tasks.len())
}

/// The same, where what would be one way too many is counted as another.
fn bounded(
    found: BTreeMap<shadow::Ways, shadow::Finding>,
    known: &BTreeMap<shadow::Ways, shadow::Finding>,
) -> BTreeMap<shadow::Ways, shadow::Finding> {
    let mut room = MOST_WAYS.saturating_sub(known.len() + 1);
    let mut kept: BTreeMap<shadow::Ways, shadow::Finding> = BTreeMap::new();
    for (ways, finding) in found {
        let is_known = known.contains_key(&ways);
        let ways = if is_known || room > 0 {
            room -= usize::from(!is_known);
            ways
        } else {
            ("other".to_owned(), "other".to_owned())
        };
        kept.entry(ways).or_default().add(&finding);
    }
    kept
}
