//! Many guesses at the same moment.

use std::collections::BTreeMap;

use support_chassis::error::explain;
use support_proto::support::identity::v1::{GetVerificationRequest, VerificationState};
use tokio::task::JoinSet;
use tonic::Code;

use crate::house::{House, check, other_than, visitor};

async fn guess(
    house: &House,
    verification: &support_proto::support::identity::v1::Verification,
    codes: Vec<String>,
) -> BTreeMap<String, usize> {
    let mut guesses = JoinSet::new();
    for code in codes {
        let (mut client, request) = (house.verifications(&visitor()), check(verification, &code));
        guesses.spawn(async move {
            loop {
                let told = match client.check_code(request.clone()).await {
                    Ok(_) => return "approved".to_owned(),
                    Err(status) => explain(&status),
                };
                // A busy service says so, and is asked the same once more: it costs no other check.
                let is_busy = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled].contains(&told.code)
                    || told.reason == "COMMON_ERROR_REASON_OVERLOADED";
                if !is_busy {
                    let left = told.metadata.get("checks_left").map_or("", String::as_str);
                    return format!("{} {left}", told.reason);
                }
                tokio::task::yield_now().await;
            }
        });
    }
    let mut outcomes = BTreeMap::new();
    for outcome in guesses.join_all().await {
        *outcomes.entry(outcome.trim().to_owned()).or_default() += 1;
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_wrong_guesses_are_five_checks() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    let wrong = (0..=1_000)
        .map(|index| format!("{index:06}"))
        .filter(|guess| *guess != code)
        .take(1_000)
        .collect();
    let outcomes = guess(&house, &started, wrong).await;

    // Each of the five got an answer of its own; none was lost and none came twice.
    for left in 0..5 {
        assert_eq!(
            outcomes[&format!("IDENTITY_ERROR_REASON_CODE_WRONG {left}")],
            1,
            "{outcomes:?}"
        );
    }
    let refused = outcomes["IDENTITY_ERROR_REASON_TOO_MANY_CHECKS"];
    assert_eq!(refused, 995, "{outcomes:?}");
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
    let row = sqlx::query!("select checks, state from verifications")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!((row.checks, row.state.as_str()), (5, "max_attempts"));
    // The right code comes too late.
    assert_eq!(
        guess(&house, &started, vec![code]).await["IDENTITY_ERROR_REASON_TOO_MANY_CHECKS"],
        1
    );
    let grants = sqlx::query_scalar!(r#"select count(*) as "count!" from grants"#)
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(grants, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_right_code_twenty_times_is_one_grant() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    let outcomes = guess(&house, &started, vec![code; 20]).await;
    assert_eq!(outcomes["approved"], 1, "{outcomes:?}");
    assert_eq!(
        outcomes["IDENTITY_ERROR_REASON_VERIFICATION_NOT_OPEN"], 19,
        "{outcomes:?}"
    );
    let grants = sqlx::query_scalar!(r#"select count(*) as "count!" from grants"#)
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(grants, 1);
}

#[tokio::test]
async fn a_failed_call_has_used_its_check_and_a_malformed_one_none() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    house.check(&started, other_than(&code)).await.unwrap_err();
    let request = GetVerificationRequest {
        verification_id: started.verification_id.clone(),
    };
    let read = house
        .verifications(&visitor())
        .get_verification(request)
        .await
        .unwrap()
        .into_inner()
        .verification
        .unwrap();
    assert_eq!((read.checks_left, read.state()), (4, VerificationState::Challenged));
    // A well-formed call whose code is none at all is refused at the door and costs nothing.
    house.check(&started, "12345x").await.unwrap_err();
    let row = sqlx::query_scalar!("select checks from verifications")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(row, 1);
}
