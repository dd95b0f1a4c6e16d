//! A contact point whose codes were failed too often: how long that is remembered, and what makes it good again.

use std::time::Duration;

use support_chassis::standard::Document;
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::grant::Assurance;
use support_identity_verification::domain::ids::CustomerId;
use support_identity_verification::domain::totp::step_at;
use support_identity_verification::domain::verification::{Checked, Method};
use support_identity_verification::error::IdentityError;
use support_identity_verification::metrics::Metrics;
use support_identity_verification::ops::authenticators::{Owner, confirm_passkey, create_pin, enrol_passkey};
use support_identity_verification::ops::challenge_factor::challenge_factor;
use support_identity_verification::ops::redeem_factor::Proof;
use support_identity_verification::webauthn::Assertion;
use support_identity_verification::work::upkeep::Upkeep;
use support_proto::support::identity::v1::VerificationPolicy;

use crate::bench::{Bench, contact};
use crate::limits::{app, begin, code, redeem};
use crate::passkeys::Authenticator;

/// From another network each time: these tests are about the contact point alone.
fn network(bench: &Bench) -> String {
    format!("network {}", bench.clock.now())
}

/// Tries a wrong code until one has been looked at, and says how long the tries before it had to wait.
async fn fail(bench: &Bench, whose: &Contact) -> Duration {
    let mut waited = Duration::ZERO;
    loop {
        let verification = begin(bench, whose.clone(), None).await;
        let wrong = (bench.code(&verification).number() + 1) % 1_000_000;
        match redeem(bench, &verification, Proof::Code(code(wrong)), &network(bench)).await {
            Ok(Checked::Wrong { .. }) => return waited,
            Err(IdentityError::FactorWait { retry_after }) => {
                waited += retry_after;
                bench.hand.advance(retry_after);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Fails a hundred times, as quickly as that may be.
async fn lock(bench: &Bench, whose: &Contact) {
    for _ in 0..100 {
        fail(bench, whose).await;
        // No more than ten codes go out in an hour, and who has to wait asks for two.
        bench.hand.advance(Duration::from_mins(15));
    }
    bench.hand.advance(Duration::from_hours(1));
}

/// What comes of the right code.
async fn right_code(bench: &Bench, whose: &Contact) -> Checked {
    let verification = begin(bench, whose.clone(), None).await;
    let right = bench.code(&verification);
    redeem(bench, &verification, Proof::Code(right), &network(bench))
        .await
        .unwrap()
}

/// What failures of codes to whoever was failed at are left.
async fn counted(bench: &Bench) -> Vec<i16> {
    sqlx::query_scalar("select failures from factor_failures where failures > 0")
        .fetch_all(&bench.pool)
        .await
        .unwrap()
}

async fn passkey(bench: &Bench, customer_id: CustomerId) -> Authenticator {
    let owner = Owner {
        customer_id,
        assurance: Some(Assurance::Aal2),
    };
    let mut key = Authenticator::new(7);
    "https://support.example".clone_into(&mut key.origin);
    let mut tx = bench.db.begin().await.unwrap();
    let (made, options) = enrol_passkey(&mut tx, &bench.means, owner, "laptop".into())
        .await
        .unwrap();
    let credential = key.create(&options);
    confirm_passkey(&mut tx, &bench.means, owner, made.id, &credential)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    key
}

#[tokio::test]
async fn a_passkey_makes_a_contact_point_good_again_and_one_factor_does_not() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    let secret = app(&bench, ada).await;
    let mut key = passkey(&bench, ada).await;
    lock(&bench, &contact()).await;
    let locked = right_code(&bench, &contact()).await;
    assert!(matches!(locked, Checked::Wrong { .. }), "{locked:?}");

    // An app lets her in, at AAL1. That somebody has guessed a hundred times is not undone by it.
    bench.hand.advance(Duration::from_hours(2));
    let by_app = begin(&bench, contact(), Some(Method::Totp)).await;
    let right = Proof::Totp(code(secret.code(step_at(bench.clock.now()))));
    let approved = redeem(&bench, &by_app, right, "home").await.unwrap();
    assert!(matches!(approved, Checked::Approved(_)), "{approved:?}");
    let locked = right_code(&bench, &contact()).await;
    assert!(matches!(locked, Checked::Wrong { .. }), "{locked:?}");
    assert_eq!(counted(&bench).await, [100]);

    bench.hand.advance(Duration::from_hours(2));
    let by_key = begin(&bench, contact(), Some(Method::Passkey)).await;
    let mut tx = bench.db.begin().await.unwrap();
    let asked = challenge_factor(&mut tx, &bench.means, by_key.id, Method::Passkey)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let signed = Assertion::parse(&key.get(&asked.options_json.unwrap())).unwrap();
    let proof = Proof::Passkey(Some(Box::new(signed)));
    let approved = redeem(&bench, &by_key, proof, "home").await.unwrap();
    assert!(matches!(approved, Checked::Approved(_)), "{approved:?}");
    assert_eq!(counted(&bench).await, [0; 0], "nothing is held against it any more");
    let again = right_code(&bench, &contact()).await;
    assert!(matches!(again, Checked::Approved(_)), "at once: {again:?}");
}

#[tokio::test]
async fn two_other_factors_make_a_contact_point_good_again_and_the_first_alone_does_not() {
    static TWO: Document<VerificationPolicy> = Document::new(
        "codes: {lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 10}
purposes:
  payment:
    assurance: ASSURANCE_LEVEL_AAL2
    methods: [VERIFICATION_METHOD_EMAIL_CODE, VERIFICATION_METHOD_TOTP, VERIFICATION_METHOD_SUPPORT_PIN]
    grant_lifetime: 60s",
    );
    let bench = Bench::under(&TWO).await;
    let ada = bench.customer().await;
    // Somebody else is guessed at too, and nobody proves anything of them.
    let other = Contact::email("bob@example.com").unwrap();
    bench.customer_of("GB", vec![other.clone()]).await;
    let secret = app(&bench, ada).await;
    lock(&bench, &contact()).await;
    lock(&bench, &other).await;

    let verification = begin(&bench, contact(), Some(Method::Totp)).await;
    let right = Proof::Totp(code(secret.code(step_at(bench.clock.now()))));
    let half = redeem(&bench, &verification, right, "home").await.unwrap();
    assert_eq!(half, Checked::Proven);
    let locked = right_code(&bench, &contact()).await;
    assert!(matches!(locked, Checked::Wrong { .. }), "{locked:?}");
    let mut tx = bench.db.begin().await.unwrap();
    let (pin, _) = create_pin(&mut tx, &bench.means, ada).await.unwrap();
    tx.commit().await.unwrap();
    let whole = redeem(&bench, &verification, Proof::Pin(pin), "home").await.unwrap();
    assert!(matches!(whole, Checked::Approved(_)), "{whole:?}");
    assert_eq!(right_code(&bench, &contact()).await, Checked::Proven);
    let locked = right_code(&bench, &other).await;
    assert!(matches!(locked, Checked::Wrong { .. }), "not theirs: {locked:?}");
}

#[tokio::test]
async fn failures_are_consecutive_over_months_and_the_hundredth_locks() {
    let bench = Bench::new().await;
    let other = Contact::email("bob@example.com").unwrap();
    for whose in [contact(), other.clone()] {
        bench.customer_of("GB", vec![whose]).await;
    }
    let upkeep = Upkeep {
        db: bench.db.clone(),
        clock: bench.clock.clone(),
        metrics: Metrics::new(),
        local_retention: Duration::from_hours(2),
        notification_retention: Duration::from_hours(24 * 400),
    };
    // Both are failed at alike; upkeep comes round whenever time has passed.
    let later = async |days: u64| {
        bench.hand.advance(Duration::from_hours(24 * days));
        upkeep.clone().round().await.unwrap();
    };
    let fail_both = async || {
        for whose in [contact(), other.clone()] {
            assert_eq!(fail(&bench, &whose).await, Duration::ZERO, "days later nobody waits");
        }
    };
    for _ in 0..10 {
        fail_both().await;
        bench.hand.advance(Duration::from_mins(6));
    }
    later(31).await;
    assert_eq!(counted(&bench).await, [10, 10], "after a month without any try");
    // They go on where they were: the eleventh is followed by a minute and not by nothing.
    fail_both().await;
    assert_eq!(fail(&bench, &contact()).await, Duration::from_mins(1));
    assert_eq!(fail(&bench, &other).await, Duration::ZERO, "the same minute");
    for _ in 12..99 {
        later(3).await;
        fail_both().await;
    }
    assert_eq!(counted(&bench).await, [99, 99], "in nine months");
    later(31).await;
    // Of ninety-nine a right code makes nothing; a hundred are too many, also a month later.
    let forgiven = right_code(&bench, &other).await;
    assert!(matches!(forgiven, Checked::Approved(_)), "{forgiven:?}");
    assert_eq!(fail(&bench, &contact()).await, Duration::ZERO);
    later(31).await;
    assert_eq!(counted(&bench).await, [100]);
    let locked = right_code(&bench, &contact()).await;
    assert!(matches!(locked, Checked::Wrong { .. }), "{locked:?}");
}
