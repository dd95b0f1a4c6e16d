//! Limits of failures, moved by hand: waits, locks, and that who exists cannot be told from the work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support_chassis::db::Tx;
use support_identity_verification::domain::code::Code;
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::grant::Assurance;
use support_identity_verification::domain::ids::CustomerId;
use support_identity_verification::domain::totp::{TotpSecret, step_at};
use support_identity_verification::domain::verification::{Checked, Method, Purpose, Verification};
use support_identity_verification::error::IdentityError;
use support_identity_verification::ops::authenticators::{Owner, confirm_totp, enrol_totp};
use support_identity_verification::ops::redeem_factor::{By, Proof, redeem_factor};
use support_identity_verification::ops::start_verification::{Claim, Start, start_verification};
use tokio::task::JoinSet;

use crate::bench::{Bench, contact};

pub(crate) async fn begin(bench: &Bench, contact: Contact, method: Option<Method>) -> Verification {
    let start = Start {
        claim: Claim::Contact { contact, own: None },
        purpose: Purpose::Payment,
        languages: vec![],
        case_id: None,
        country_code: None,
        method,
        step_up: None,
        acts_for: None,
        by: By::default(),
    };
    let mut tx = bench.db.begin().await.unwrap();
    let verification = start_verification(&mut tx, &bench.means, start).await.unwrap();
    tx.commit().await.unwrap();
    verification
}

pub(crate) async fn app(bench: &Bench, customer_id: CustomerId) -> TotpSecret {
    let owner = Owner {
        customer_id,
        assurance: Some(Assurance::Aal2),
    };
    let mut tx = bench.db.begin().await.unwrap();
    let (made, secret) = enrol_totp(&mut tx, &bench.means, owner, "app".into()).await.unwrap();
    let code = code(secret.code(step_at(bench.clock.now())));
    confirm_totp(&mut tx, &bench.means, owner, made.id, &code)
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    secret
}

pub(crate) fn code(number: u32) -> Code {
    Code::parse(format!("{number:06}").as_bytes()).unwrap()
}

/// A code of no step that is near.
fn wrong(secret: &TotpSecret, bench: &Bench) -> Code {
    let step = step_at(bench.clock.now());
    let near: Vec<_> = (step - 2..=step + 2).map(|step| secret.code(step)).collect();
    code((0..10).find(|number| !near.contains(number)).unwrap())
}

pub(crate) async fn redeem(
    bench: &Bench,
    verification: &Verification,
    proof: Proof,
    source: &str,
) -> Result<Checked, IdentityError> {
    let by = By {
        source: Some(source.to_owned()),
        ..By::default()
    };
    let mut tx = bench.db.begin().await?;
    match redeem_factor(&mut tx, &bench.means, verification.id, &proof, &by).await {
        Ok(redeemed) => {
            tx.commit().await?;
            Ok(redeemed.checked)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

#[tokio::test]
async fn failures_wait_for_longer_and_longer_and_lock_at_a_hundred() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    let secret = app(&bench, ada).await;
    bench.hand.advance(Duration::from_mins(1));
    let (mut failures, mut waited) = (0, Duration::ZERO);
    let mut verification = begin(&bench, contact(), Some(Method::Totp)).await;
    while failures < 100 {
        // Sources change as they like: it is the subject's factor that waits.
        let source = format!("network {failures}");
        match redeem(&bench, &verification, Proof::Totp(wrong(&secret, &bench)), &source).await {
            Ok(Checked::Wrong { .. }) => failures += 1,
            Ok(Checked::TooMany | Checked::NotOpen(_)) => {
                verification = begin(&bench, contact(), Some(Method::Totp)).await;
            }
            Err(IdentityError::FactorWait { retry_after }) => {
                // Other factors of hers are as good as ever.
                if failures == 50 {
                    let by_code = begin(&bench, contact(), None).await;
                    assert!(bench.check(&by_code).await.grant.is_some());
                }
                waited += retry_after;
                bench.hand.advance(retry_after);
            }
            other => panic!("{other:?}"),
        }
    }
    // 30 s, 1, 2, 4, ..., 32 minutes, and then an hour each.
    assert!(waited > Duration::from_hours(80), "{waited:?}");
    let state = sqlx::query_scalar::<_, String>("select state from authenticators where method = 'totp'")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert_eq!(state, "locked");
    // Its owner hears of it, once.
    let told = sqlx::query_scalar::<_, String>(
        "select kind from happenings where kind like 'authenticator_%' order by occurred_at",
    )
    .fetch_all(&bench.pool)
    .await
    .unwrap();
    assert_eq!(told, ["authenticator_bound", "authenticator_ended"]);
    bench.hand.advance(Duration::from_hours(2));
    let late = begin(&bench, contact(), Some(Method::Totp)).await;
    let right = code(secret.code(step_at(bench.clock.now())));
    let answer = redeem(&bench, &late, Proof::Totp(right), "network x").await.unwrap();
    assert!(
        matches!(answer, Checked::Wrong { .. }),
        "a locked app proves nothing: {answer:?}"
    );
}

#[tokio::test]
async fn a_source_that_fails_at_many_waits_and_nobody_else_does() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    let secret = app(&bench, ada).await;
    bench.hand.advance(Duration::from_mins(1));
    let wait = 'guessing: {
        for somebody in 0..1_000 {
            let contact = Contact::email(&format!("nobody{somebody}@example.com")).unwrap();
            let verification = begin(&bench, contact, Some(Method::Totp)).await;
            for _ in 0..5 {
                match redeem(&bench, &verification, Proof::Totp(code(somebody)), "network 1").await {
                    Ok(_) => {}
                    Err(IdentityError::FactorWait { retry_after }) => break 'guessing (somebody, retry_after),
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
        panic!("a source may fail without end")
    };
    assert_eq!(wait.0, 20, "a hundred failures");
    assert!(wait.1 <= Duration::from_hours(1));
    let verification = begin(&bench, contact(), Some(Method::Totp)).await;
    let right = || Proof::Totp(code(secret.code(step_at(bench.clock.now()))));
    let held_up = redeem(&bench, &verification, right(), "network 1").await;
    assert!(matches!(held_up, Err(IdentityError::FactorWait { .. })), "{held_up:?}");
    let owner = redeem(&bench, &verification, right(), "network 2").await.unwrap();
    assert!(matches!(owner, Checked::Approved(_)), "{owner:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_guesses_at_the_same_moment_are_five_checks() {
    let bench = Arc::new(Bench::new().await);
    let ada = bench.customer().await;
    let secret = app(&bench, ada).await;
    bench.hand.advance(Duration::from_mins(1));
    let verification = begin(&bench, contact(), None).await;
    let (by_app, by_code) = (wrong(&secret, &bench), bench.code(&verification).number());
    let mut guesses = JoinSet::new();
    for index in 0..1_000_u32 {
        let (bench, verification, by_app) = (Arc::clone(&bench), verification.clone(), by_app.clone());
        guesses.spawn(async move {
            loop {
                // Every other one by another factor: a verification has five checks for all of them.
                let proof = if index % 2 == 0 {
                    Proof::Totp(by_app.clone())
                } else {
                    Proof::Code(code((by_code + 1 + index) % 1_000_000))
                };
                match redeem(&bench, &verification, proof, &format!("network {index}")).await {
                    Ok(Checked::Wrong { checks_left }) => return format!("wrong {checks_left}"),
                    Ok(Checked::TooMany) => return "too many".to_owned(),
                    // So many at once wait for one of a few connections, some of them in vain.
                    Err(IdentityError::Database(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    let mut outcomes = BTreeMap::<String, usize>::new();
    for outcome in guesses.join_all().await {
        *outcomes.entry(outcome).or_default() += 1;
    }
    let expected = [
        ("too many", 995),
        ("wrong 0", 1),
        ("wrong 1", 1),
        ("wrong 2", 1),
        ("wrong 3", 1),
        ("wrong 4", 1),
    ];
    assert_eq!(outcomes, expected.map(|(name, count)| (name.to_owned(), count)).into());
    let failures: i64 = sqlx::query_scalar("select sum(failures)::bigint from factor_failures")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert_eq!(failures, 5, "no more than five were held against anything");
}

/// How often this connection has looked into tables, since some time between two transactions.
async fn looks(tx: &mut Tx) -> i64 {
    sqlx::query_scalar(
        "select sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint from pg_stat_xact_user_tables",
    )
    .fetch_one(&mut *tx.conn())
    .await
    .unwrap()
}

/// Redeems a wrong proof, and says how often the transaction looked into a table for it, and how long it took.
async fn worked(bench: &Bench, verification: &Verification, proof: &Proof, source: String) -> (i64, Duration) {
    let by = By {
        source: Some(source),
        ..By::default()
    };
    let mut tx = bench.db.begin().await.unwrap();
    let before = looks(&mut tx).await;
    let started = Instant::now();
    let answer = redeem_factor(&mut tx, &bench.means, verification.id, proof, &by).await;
    let took = started.elapsed();
    assert!(
        matches!(answer.as_ref().unwrap().checked, Checked::Wrong { checks_left: 4 }),
        "{answer:?}"
    );
    let looked = looks(&mut tx).await - before;
    tx.commit().await.unwrap();
    (looked, took)
}

#[tokio::test]
async fn who_exists_cannot_be_told_from_the_work_or_its_time() {
    type Wrong = fn() -> Proof;
    const ROUNDS: usize = 60;
    let bench = Bench::new().await;
    // Each is tried once by each proof, so that nobody comes near a wait: what is compared is the first failure.
    let whom = |whose: usize, round: usize| {
        Contact::email(&format!("{}{round}@example.com", ["ada", "nobody"][whose])).unwrap()
    };
    for round in 0..ROUNDS {
        let customer = bench.customer_of("GB", vec![whom(0, round)]).await;
        app(&bench, customer).await;
    }
    bench.hand.advance(Duration::from_mins(1));
    let proofs: [(&str, Wrong); 5] = [
        ("code", || Proof::Code(code(0))),
        ("totp", || Proof::Totp(code(0))),
        ("pin", || Proof::Pin("00000000".into())),
        ("recovery", || Proof::Recovery(None)),
        ("passkey", || Proof::Passkey(None)),
    ];
    for (name, proof) in proofs {
        // One of somebody and one of nobody, in turns, so that whatever else the machine does falls on both alike.
        let mut work = [BTreeMap::<i64, usize>::new(), BTreeMap::new()];
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..ROUNDS {
            for whose in [0, 1] {
                let verification = begin(&bench, whom(whose, round), Some(Method::Totp)).await;
                let source = format!("network {name} {whose} {round}");
                let (looks, took) = worked(&bench, &verification, &proof(), source).await;
                times[whose].push(took);
                *work[whose].entry(looks).or_default() += 1;
            }
        }
        assert_eq!(work[0], work[1], "{name}: as many looks, as often");
        assert!(work[0].keys().all(|looks| *looks > 5), "{name}: {work:?} were counted");
        let median = |times: &mut Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64()
        };
        let ratio = median(&mut times[0]) / median(&mut times[1]);
        assert!(
            (0.6..1.7).contains(&ratio),
            "{name}: known takes {ratio:.2} times as long as unknown"
        );
    }
}
