//! One effect and one answer a request id.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use support_chassis::call::{Call, Caller};
use support_chassis::clock::Clock;
use support_chassis::db::{Db, DbError, Tx};
use support_chassis::idempotency;
use support_proto::policy::policy;
use support_proto::support::case::v1::{Case, OpenCaseRequest};
use time::OffsetDateTime;

use super::{connect, database, new_id};

fn call_of(subject: &str) -> Call {
    Call::new(
        Caller::service(subject),
        policy("/support.case.v1.CaseService/OpenCase").unwrap(),
    )
}

fn request(customer: &str) -> OpenCaseRequest {
    OpenCaseRequest {
        request_id: "0198f2c4-0000-4000-8000-000000000001".to_owned(),
        customer_id: customer.to_owned(),
        ..OpenCaseRequest::default()
    }
}

async fn with_effects() -> (support_postgres::testing::TestDatabase, Db) {
    let database = database().await;
    let db = connect(&database).await;
    sqlx::query("create table effects (number bigserial primary key)")
        .execute(db.pool())
        .await
        .unwrap();
    (database, db)
}

/// An effect, and an answer that is another each time the work is done.
async fn work(tx: &mut Tx) -> Result<Case, DbError> {
    sqlx::query("insert into effects default values")
        .execute(tx.conn())
        .await?;
    Ok(Case {
        case_id: new_id().to_string(),
        ..Case::default()
    })
}

async fn effects(db: &Db) -> i64 {
    sqlx::query_scalar("select count(*) from effects")
        .fetch_one(db.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_are_one_effect_and_one_answer() {
    let (_database, db) = with_effects().await;
    let (call, request, worked) = (call_of("a"), request("x"), AtomicUsize::new(0));
    let answers = join_all((0..50).map(|_| async {
        db.write::<_, _, DbError, _>(&call, &request, async |tx| {
            worked.fetch_add(1, Ordering::Relaxed);
            work(tx).await
        })
        .await
        .unwrap()
    }))
    .await;
    assert_eq!(effects(&db).await, 1);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert!(
        worked.into_inner() > 1,
        "the pool lets several in, so several did the work and lost"
    );
}

#[tokio::test]
async fn the_stored_answer_comes_back_and_nothing_is_done() {
    let (_database, db) = with_effects().await;
    let first: Result<Case, DbError> = db.write(&call_of("a"), &request("x"), work).await;
    let again: Result<Case, DbError> = db
        .write(&call_of("a"), &request("x"), async |_| panic!("must not be called"))
        .await;
    assert_eq!(first.unwrap(), again.unwrap());
    assert_eq!(effects(&db).await, 1);
}

#[tokio::test]
async fn another_body_is_refused() {
    let (_database, db) = with_effects().await;
    let _: Case = db
        .write::<_, _, DbError, _>(&call_of("a"), &request("x"), work)
        .await
        .unwrap();
    let other: Result<Case, DbError> = db.write(&call_of("a"), &request("y"), work).await;
    assert!(matches!(other, Err(DbError::RequestIdReused)), "{other:?}");
    assert_eq!(effects(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_bodies_at_once_one_is_refused() {
    let (_database, db) = with_effects().await;
    let (call, requests) = (call_of("a"), [request("x"), request("y")]);
    let outcomes: Vec<Result<Case, DbError>> =
        join_all((0..20).map(|number| db.write(&call, &requests[number % 2], work))).await;
    assert_eq!(effects(&db).await, 1);
    let answered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(DbError::RequestIdReused)))
        .count();
    assert_eq!((answered, refused), (10, 10), "{outcomes:?}");
}

#[tokio::test]
async fn another_caller_is_another_request() {
    let (_database, db) = with_effects().await;
    let one: Case = db
        .write::<_, _, DbError, _>(&call_of("a"), &request("x"), work)
        .await
        .unwrap();
    let other: Case = db
        .write::<_, _, DbError, _>(&call_of("b"), &request("x"), work)
        .await
        .unwrap();
    let acted = call_of("a").with_actor("c");
    let third: Case = db.write::<_, _, DbError, _>(&acted, &request("x"), work).await.unwrap();
    assert_eq!(effects(&db).await, 3);
    assert!(one != other && other != third && one != third);
}

#[tokio::test]
async fn what_fails_is_not_stored_and_can_be_tried_again() {
    let (_database, db) = with_effects().await;
    let failed: Result<Case, DbError> = db
        .write(&call_of("a"), &request("x"), async |tx| {
            work(tx).await?;
            Err(DbError::Corrupt {
                table: "cases",
                column: "state",
            })
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(effects(&db).await, 0);
    let _: Case = db
        .write::<_, _, DbError, _>(&call_of("a"), &request("x"), work)
        .await
        .unwrap();
    assert_eq!(effects(&db).await, 1);
}

/// The second call finds the change of the first already made, and fails because of that ("the case is closed"): it is
/// the first's echo, and gets its answer.
#[tokio::test]
async fn a_failure_that_echoes_the_first_call_gets_its_answer() {
    let (_database, db) = with_effects().await;
    let (call, request) = (call_of("a"), request("x"));
    let mut first: Option<Case> = None;
    let echo: Result<Case, DbError> = db
        .write(&call, &request, async |_| {
            first = Some(db.write::<_, _, DbError, _>(&call, &request, work).await?);
            Err(DbError::Corrupt {
                table: "cases",
                column: "state",
            })
        })
        .await;
    assert_eq!(Some(echo.unwrap()), first);
}

#[tokio::test]
async fn what_replay_adds_is_never_stored() {
    let (_database, db) = with_effects().await;
    let (call, request) = (call_of("a"), request("x"));
    let mint = |mut case: Case| {
        case.etag = "minted".to_owned();
        Ok::<_, DbError>(case)
    };
    for _ in 0..2 {
        let answer = db.write_with_replay(&call, &request, work, mint).await.unwrap();
        assert_eq!(answer.etag, "minted");
    }
    let stored: Case = db.write::<_, _, DbError, _>(&call, &request, work).await.unwrap();
    assert_eq!(stored.etag, "");
}

/// Handlers run on tonic's tasks, so a write that borrows its surroundings must be able to move between threads.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_borrows_can_be_spawned() {
    let (_database, db) = with_effects().await;
    let at_work = db.clone();
    let answer = tokio::spawn(async move {
        let (call, request, noted) = (call_of("a"), request("x"), String::from("borrowed"));
        at_work
            .write::<_, _, DbError, _>(&call, &request, async |tx| {
                let answer = work(tx).await?;
                Ok(Case {
                    etag: noted.clone(),
                    ..answer
                })
            })
            .await
    });
    assert_eq!(answer.await.unwrap().unwrap().etag, "borrowed");
}

#[tokio::test]
async fn old_answers_go_young_ones_stay() {
    let (_database, db) = with_effects().await;
    let (clock, hand) = Clock::manual(OffsetDateTime::UNIX_EPOCH);
    let db = db.with_clock(clock.clone());
    let retention = Duration::from_secs(100);
    let _: Case = db
        .write::<_, _, DbError, _>(&call_of("old"), &request("x"), work)
        .await
        .unwrap();
    hand.advance(Duration::from_mins(1));
    let _: Case = db
        .write::<_, _, DbError, _>(&call_of("young"), &request("x"), work)
        .await
        .unwrap();
    hand.advance(Duration::from_mins(1));
    assert_eq!(idempotency::prune(&db, &clock, retention).await.unwrap(), 1);
    assert_eq!(idempotency::prune(&db, &clock, retention).await.unwrap(), 0);
    let left: Vec<String> = sqlx::query_scalar!("select caller from idempotency_keys")
        .fetch_all(db.pool())
        .await
        .unwrap();
    assert!(
        matches!(left.as_slice(), [caller] if caller.contains("young")),
        "{left:?}"
    );
}
