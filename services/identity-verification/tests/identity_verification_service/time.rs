//! What time does, moved by hand.

use std::time::Duration;

use support_identity_verification::domain::machine::State;
use support_identity_verification::domain::verification::Checked;
use support_identity_verification::error::IdentityError;
use support_identity_verification::metrics::Metrics;
use support_identity_verification::ops::resend_code::resend_code;
use support_identity_verification::ops::revoke_grant::revoke_grant;
use support_identity_verification::store;
use support_identity_verification::work::upkeep::Upkeep;
use support_proto::support::identity::v1::{VerificationEnded, VerificationState};

use crate::bench::Bench;
use crate::rules::STRICT;

#[tokio::test]
async fn a_code_runs_out_after_ten_minutes_and_is_erased() {
    let bench = Bench::new().await;
    bench.customer().await;
    let verification = bench.start().await.unwrap();
    bench.hand.advance(Duration::from_secs(599));
    assert_eq!(bench.expire(10).await, 0);
    bench.hand.advance(Duration::from_secs(1));
    // The timer has not come round yet, and the right code does not work.
    assert_eq!(
        bench.check(&verification).await.checked,
        Checked::NotOpen(State::Expired)
    );
    let mut tx = bench.db.begin().await.unwrap();
    let resent = resend_code(&mut tx, &bench.means, verification.id).await;
    assert!(
        matches!(
            resent,
            Err(IdentityError::VerificationNotOpen {
                state: State::Expired,
                ..
            })
        ),
        "{resent:?}"
    );
    // Dropped, it would keep its lock until the connection is used again.
    tx.rollback().await.unwrap();

    assert_eq!(bench.expire(10).await, 1);
    assert_eq!(bench.expire(10).await, 0, "once");
    let mut connection = bench.db.read().await.unwrap();
    let ended = store::verifications::get(&mut connection, verification.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (ended.state, ended.checks, ended.ended_at),
        (State::Expired, 0, Some(bench.clock.now()))
    );
    assert!(ended.sealed_code.is_none());
    let payload =
        sqlx::query_scalar!("select payload from outbox where event_type = 'support.identity.v1.VerificationEnded'")
            .fetch_one(&bench.pool)
            .await
            .unwrap();
    let event: VerificationEnded = prost::Message::decode(payload.as_slice()).unwrap();
    assert_eq!(
        (event.state(), event.customer_id.as_str()),
        (VerificationState::Expired, "")
    );
}

#[tokio::test]
async fn the_timer_takes_what_ran_out_in_small_parts() {
    let bench = Bench::new().await;
    bench.customer().await;
    for _ in 0..3 {
        bench.start().await.unwrap();
    }
    bench.hand.advance(Duration::from_mins(10));
    assert_eq!(
        (bench.expire(2).await, bench.expire(2).await, bench.expire(2).await),
        (2, 1, 0)
    );
}

#[tokio::test]
async fn an_hour_later_there_are_sends_again() {
    let bench = Bench::under(&STRICT).await;
    bench.customer().await;
    for _ in 0..3 {
        bench.start().await.unwrap();
        bench.hand.advance(Duration::from_mins(1));
    }
    let Err(IdentityError::TooManySends {
        retry_after: Some(wait),
    }) = bench.start().await
    else {
        panic!("a fourth send within the hour")
    };
    assert_eq!(wait, Duration::from_mins(57));
    bench.hand.advance(wait);
    bench.start().await.unwrap();
}

#[tokio::test]
async fn a_grant_that_ran_out_is_not_revoked() {
    let bench = Bench::new().await;
    let customer = bench.customer().await;
    let verification = bench.start().await.unwrap();
    let grant = bench.check(&verification).await.grant.unwrap();
    assert_eq!(
        (grant.customer_id, grant.expires_at),
        (customer, grant.granted_at + Duration::from_mins(30))
    );
    bench.hand.advance(Duration::from_mins(30));
    let mut tx = bench.db.begin().await.unwrap();
    assert_eq!(revoke_grant(&mut tx, grant.id, None).await.unwrap().revoked_at, None);
    tx.commit().await.unwrap();
    let revoked = sqlx::query_scalar!(
        r#"select count(*) as "count!" from outbox where event_type = 'support.identity.v1.GrantRevoked'"#
    )
    .fetch_one(&bench.pool)
    .await
    .unwrap();
    assert_eq!(revoked, 0);
}

#[tokio::test]
async fn upkeep_ends_and_removes_what_nobody_needs() {
    let bench = Bench::new().await;
    let customer = bench.customer().await;
    let verification = bench.start().await.unwrap();
    let message = store::local_outbox::Message {
        id: bench.means.ids.next(),
        delivery_id: bench.means.ids.next(),
        verification_id: Some(verification.id),
        customer_id: customer,
        html: None,
        recipient: "ada@example.com".into(),
        subject: "s".into(),
        body: "b".into(),
        language: "en".into(),
        origin: None,
        sent_at: bench.clock.now(),
    };
    let mut connection = bench.db.read().await.unwrap();
    store::local_outbox::insert(&mut connection, &bench.means.vault, &message)
        .await
        .unwrap();
    let upkeep = Upkeep {
        db: bench.db.clone(),
        clock: bench.clock.clone(),
        metrics: Metrics::new(),
        local_retention: Duration::from_hours(2),
        notification_retention: Duration::from_hours(24 * 400),
    };
    let left = async || {
        let row = sqlx::query!(
            r#"select (select count(*) from verifications where ended_at is null) as "open!",
                 (select count(*) from send_windows) as "windows!",
                 (select count(*) from local_outbox_messages) as "messages!""#
        )
        .fetch_one(&bench.pool)
        .await
        .unwrap();
        (row.open, row.windows, row.messages)
    };
    upkeep.clone().round().await.unwrap();
    assert_eq!(left().await, (1, 1, 1));
    bench.hand.advance(Duration::from_mins(61));
    upkeep.clone().round().await.unwrap();
    assert_eq!(left().await, (0, 0, 1));
    bench.hand.advance(Duration::from_hours(1));
    upkeep.round().await.unwrap();
    assert_eq!(left().await, (0, 0, 0));
}
