//! Commits out of the order of positions.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use support_chassis::db::Db;
use support_proto::support::feed::v1::Event;

use super::{Source, append, connect, event, events, next, until, words_of};
use crate::data::new_id;

/// The filter that looks right: rows of transactions below the oldest running one, in the order of positions. It is here
/// to show what it loses.
async fn naive(db: &Db, after: i64) -> Vec<i64> {
    sqlx::query_scalar!(
        "select position from outbox where position > $1 and txid < pg_snapshot_xmin(pg_current_snapshot())
         order by position",
        after,
    )
    .fetch_all(db.pool())
    .await
    .unwrap()
}

/// The case from the module's argument: an early transaction id with a late position commits first.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_transaction_with_a_late_position_does_not_hide_what_commits_after_it() {
    let source = Source::start().await;
    let mut stream = source.subscribe(0).await.unwrap();

    let mut early = source.db.begin().await.unwrap();
    sqlx::query!("select pg_current_xact_id()::text as id")
        .fetch_one(early.conn())
        .await
        .unwrap();
    let mut late = source.db.begin().await.unwrap();
    let low = append(&mut late, new_id(), "low").await;
    let high = append(&mut early, new_id(), "high").await;
    assert!(low < high);
    early.commit().await.unwrap();

    // The naive reader sees the high position, notes it...
    until("the naive filter shows the high position", async || {
        naive(&source.db, 0).await == [high]
    })
    .await;
    // ... while the feed, having looked many times until its next heartbeat, does not.
    let heartbeat = next(&mut stream).await.unwrap();
    assert_eq!(heartbeat.events, []);
    assert!(heartbeat.up_to_position < low, "{heartbeat:?}");

    late.commit().await.unwrap();
    let got: Vec<_> = events(&mut stream, 2)
        .await
        .iter()
        .map(|event| (event.position, words_of(event)))
        .collect();
    assert_eq!(got, [(low, "low".to_owned()), (high, "high".to_owned())]);
    // ... and the naive reader has lost the low one for good.
    assert!(naive(&source.db, high).await.is_empty());
}

/// All orders in which three transactions can commit or roll back after drawing their positions in turn.
#[tokio::test(flavor = "multi_thread")]
async fn three_transactions_in_every_order() {
    let source = Source::start().await;
    let mut stream = source.subscribe(0).await.unwrap();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for lost in [None, Some(0), Some(1), Some(2)] {
            let mut open = Vec::new();
            let mut expected = Vec::new();
            for number in 0..3 {
                let mut tx = source.db.begin().await.unwrap();
                let position = append(&mut tx, new_id(), &format!("{order:?} {lost:?} {number}")).await;
                if lost != Some(number) {
                    expected.push(position);
                }
                open.push(Some(tx));
            }
            for number in order {
                let tx = open[number].take().unwrap();
                if lost == Some(number) {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                }
            }
            let got: Vec<_> = events(&mut stream, expected.len())
                .await
                .iter()
                .map(|event| event.position)
                .collect();
            assert_eq!(got, expected, "{order:?} {lost:?}");
        }
    }
}

/// A position drawn inside a savepoint belongs to the transaction around it.
#[tokio::test(flavor = "multi_thread")]
async fn savepoints_do_not_matter() {
    use sqlx::Connection as _;
    let source = Source::start().await;
    let mut stream = source.subscribe(0).await.unwrap();
    let mut outer = source.db.begin().await.unwrap();
    let mut inner = outer.conn().begin().await.unwrap();
    sqlx::query("select outbox_next_position()")
        .execute(&mut *inner)
        .await
        .unwrap();
    inner.rollback().await.unwrap();
    let low = append(&mut outer, new_id(), "low").await;
    source.publish(["high".to_owned()]).await;
    let heartbeat = next(&mut stream).await.unwrap();
    assert!(
        heartbeat.events.is_empty() && heartbeat.up_to_position < low,
        "{heartbeat:?}"
    );
    outer.commit().await.unwrap();
    let got: Vec<_> = events(&mut stream, 2).await.iter().map(words_of).collect();
    assert_eq!(got, ["low", "high"]);
}

const WRITERS: u64 = 12;
const TRANSACTIONS: u64 = 30;
const SUBJECTS: i32 = 5;

/// One writer's random life. Each event says "subject:number:writer:transaction", the number drawn under the
/// subject's lock and rolled back with it: so the committed numbers of a subject have no gaps. Gives what it
/// committed.
async fn write(db: Db, writer: u64, seed: u64) -> Vec<String> {
    let mut chance = StdRng::seed_from_u64(seed ^ writer);
    let mut committed = Vec::new();
    for transaction in 0..TRANSACTIONS {
        let mut tx = db.begin().await.unwrap();
        if chance.random_bool(0.5) {
            // An id long before the first position.
            sqlx::query("select pg_current_xact_id()")
                .execute(tx.conn())
                .await
                .unwrap();
        }
        doze(&mut tx, &mut chance).await;
        // In one order, so that they do not deadlock.
        let subjects: BTreeSet<i32> = (0..chance.random_range(1..=3))
            .map(|_| chance.random_range(0..SUBJECTS))
            .collect();
        let mut written = Vec::new();
        for subject in subjects {
            let (id, number): (uuid::Uuid, i32) =
                sqlx::query_as("update subjects set number = number + 1 where subject = $1 returning id, number")
                    .bind(subject)
                    .fetch_one(tx.conn())
                    .await
                    .unwrap();
            let words = format!("{subject}:{number}:{writer}:{transaction}");
            let id = support_chassis::id::Id::from_uuid(id).unwrap();
            tx.append(id, &event(&words)).await.unwrap();
            written.push(words);
            doze(&mut tx, &mut chance).await;
        }
        if chance.random_bool(0.2) {
            tx.rollback().await.unwrap();
        } else {
            tx.commit().await.unwrap();
            committed.extend(written);
        }
    }
    committed
}

/// Holds the transaction open for a random while: part of the schedule, nothing waits for it.
async fn doze(tx: &mut support_chassis::db::Tx, chance: &mut StdRng) {
    if chance.random_bool(0.3) {
        sqlx::query("select pg_sleep($1)")
            .bind(chance.random_range(0.0..0.01))
            .execute(tx.conn())
            .await
            .unwrap();
    }
}

/// Follows the feed until `last` has come, and leaves and comes back at random.
async fn follow(source: &Source, seed: u64, last: &str) -> Vec<Event> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut got: Vec<Event> = Vec::new();
    let mut up_to = 0;
    loop {
        let mut stream = source.subscribe(up_to).await.unwrap();
        for _ in 0..chance.random_range(1..6) {
            let message = next(&mut stream).await.unwrap();
            assert!(message.events.iter().all(|event| event.position > up_to), "given twice");
            up_to = message.up_to_position;
            got.extend(message.events);
            if got.last().is_some_and(|event| words_of(event) == last) {
                return got;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_writers_do_a_reader_sees_every_commit_once_and_each_subject_in_order() {
    for seed in [1, 20_260_301, 0x5eed] {
        let source = Source::start().await;
        sqlx::query("create table subjects (subject int primary key, id uuid not null, number int not null)")
            .execute(source.db.pool())
            .await
            .unwrap();
        for subject in 0..SUBJECTS {
            sqlx::query("insert into subjects values ($1, $2, 0)")
                .bind(subject)
                .bind(new_id().uuid())
                .execute(source.db.pool())
                .await
                .unwrap();
        }
        // Half of the writers are another process, as far as wakes go.
        let elsewhere = connect(&source.database).await;
        let writing = async {
            let writers = (0..WRITERS).map(|writer| {
                let db = if writer % 2 == 0 {
                    source.db.clone()
                } else {
                    elsewhere.clone()
                };
                tokio::spawn(write(db, writer, seed))
            });
            let committed: Vec<String> = join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
            source.publish(["last".to_owned()]).await;
            committed
        };
        let (committed, got) = tokio::join!(writing, follow(&source, seed, "last"));

        let mut words: Vec<String> = got.iter().map(words_of).collect();
        words.pop();
        assert_eq!(words.len(), committed.len(), "seed {seed}: every commit once");
        assert_eq!(
            words.iter().collect::<BTreeSet<_>>(),
            committed.iter().collect(),
            "seed {seed}"
        );
        assert!(
            got.is_sorted_by(|one, next| one.position < next.position),
            "seed {seed}: positions rise"
        );
        let mut numbers: BTreeMap<&str, i32> = BTreeMap::new();
        for words in &words {
            let mut parts = words.split(':');
            let last = numbers.entry(parts.next().unwrap()).or_default();
            let number: i32 = parts.next().unwrap().parse().unwrap();
            assert_eq!(number, *last + 1, "seed {seed}: the order of the locks, at {words}");
            *last = number;
        }
    }
}
