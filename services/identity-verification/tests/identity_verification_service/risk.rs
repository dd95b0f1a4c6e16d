//! What speaks against a verification: what it comes to, who reads it, and who reads nothing from it.

use std::time::Duration;

use support_chassis::clock::{Clock, timestamp};
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::grant::Assurance;
use support_identity_verification::domain::machine::State;
use support_identity_verification::domain::risk::number::range;
use support_identity_verification::domain::risk::place::Place;
use support_identity_verification::domain::risk::{Ground, Outcome, Report, Signal};
use support_identity_verification::domain::verification::{Checked, Purpose, Verification};
use support_identity_verification::error::IdentityError;
use support_identity_verification::keys::{CodeKeys, Counted};
use support_identity_verification::ops::redeem_factor::{By, Proof, Redemption, redeem_factor};
use support_identity_verification::ops::review_risk::{clear_block, deny_verification, report_number};
use support_identity_verification::ops::start_verification::{Claim, Start, start_verification};
use support_identity_verification::ops::weigh_risk::hour;
use support_identity_verification::store;
use support_identity_verification::store::risk::known::NumberReport;
use support_identity_verification::store::risk::{counts, known};
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::risk_service_client::RiskServiceClient;
use tokio::task::JoinSet;
use tonic::Code;

use crate::bench::{Bench, contact};
use crate::house::{House, eventually, new_customer, operator, phone, request_id, staff, start, visitor};

fn number(text: &str) -> Contact {
    Contact::phone(text).unwrap()
}

fn on(device: u8, place: Option<(f64, f64)>) -> By {
    By {
        report: Report {
            device: Some([device; 32]),
            place: place.and_then(|(north, east)| Place::new(north, east)),
        },
        ..By::default()
    }
}

async fn begin(bench: &Bench, contact: Contact, by: By) -> Verification {
    let start = Start {
        claim: Claim::Contact { contact, own: None },
        purpose: Purpose::Payment,
        languages: vec![],
        case_id: None,
        country_code: None,
        method: None,
        step_up: None,
        acts_for: None,
        by,
    };
    let mut tx = bench.db.begin().await.unwrap();
    let verification = start_verification(&mut tx, &bench.means, start).await.unwrap();
    tx.commit().await.unwrap();
    verification
}

async fn redeem(
    bench: &Bench,
    verification: &Verification,
    proof: Proof,
    by: &By,
) -> Result<Redemption, IdentityError> {
    let mut tx = bench.db.begin().await?;
    let redeemed = redeem_factor(&mut tx, &bench.means, verification.id, &proof, by).await;
    if redeemed.is_ok() {
        tx.commit().await?;
    }
    redeemed
}

async fn right(bench: &Bench, verification: &Verification, by: &By) -> Redemption {
    redeem(bench, verification, Proof::Code(bench.code(verification)), by)
        .await
        .unwrap()
}

async fn signals(bench: &Bench, verification: &Verification) -> (Outcome, Vec<Signal>) {
    let mut connection = bench.db.read().await.unwrap();
    let found = store::risk::get(&mut connection, verification.id)
        .await
        .unwrap()
        .unwrap();
    (found.outcome, found.findings.iter().map(|found| found.signal).collect())
}

#[tokio::test]
async fn what_shows_at_the_start_is_the_same_for_numbers_that_nobody_has() {
    let bench = Bench::new().await;
    let (ordinary, premium) = ("+44740012345", "+44901234567");
    let known = [ordinary, premium].map(|prefix| number(&format!("{prefix}6")));
    bench.customer_of("GB", known.to_vec()).await;
    for last in ["6", "7"] {
        let begun = begin(&bench, number(&format!("{ordinary}{last}")), By::default()).await;
        assert_eq!(
            (begun.state, begun.limits.assurance),
            (State::Challenged, Assurance::Aal1)
        );
        let blocked = begin(&bench, number(&format!("{premium}{last}")), By::default()).await;
        assert_eq!(
            (blocked.state, blocked.sends, blocked.sealed_code),
            (State::Blocked, 0, None)
        );
    }
    let row = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where state = 'pending') as "pending!" from deliveries"#
    )
    .fetch_one(&bench.pool)
    .await
    .unwrap();
    assert_eq!((row.all, row.pending), (2, 1), "nothing goes to what is blocked");
}

#[tokio::test]
async fn one_source_with_many_subjects_is_noticed_whoever_they_are() {
    let bench = Bench::new().await;
    bench.customer().await;
    let by = By {
        source: Some("staff agent-7".into()),
        staff: Some("agent-7".into()),
        ..By::default()
    };
    for subject in 0..60 {
        let begun = begin(
            &bench,
            Contact::email(&format!("n{subject}@example.com")).unwrap(),
            by.clone(),
        )
        .await;
        assert_eq!(signals(&bench, &begun).await.1, []);
    }
    for address in ["ada@example.com", "nobody@example.com", "n3@example.com"] {
        let begun = begin(&bench, Contact::email(address).unwrap(), by.clone()).await;
        assert_eq!(signals(&bench, &begun).await.1, [Signal::ManySubjects], "{address}");
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from source_uses")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert!(rows <= 62, "{rows} are kept of one source");
    bench.hand.advance(Duration::from_mins(61));
    let later = begin(&bench, contact(), by).await;
    assert_eq!(signals(&bench, &later).await.1, [], "an hour later they are forgotten");
}

#[tokio::test]
async fn a_strange_device_too_far_away_needs_a_second_factor_and_only_its_proof_tells() {
    let bench = Bench::new().await;
    bench.customer().await;
    let (zurich, singapore) = ((47.4, 8.5), (1.3, 103.8));
    let home = on(1, Some(zurich));
    let first = begin(&bench, contact(), home.clone()).await;
    assert!(right(&bench, &first, &home).await.grant.is_some());

    bench.hand.advance(Duration::from_hours(2));
    let away = on(2, Some(singapore));
    let begun = begin(&bench, contact(), away.clone()).await;
    assert_eq!(
        begun.limits.assurance,
        Assurance::Aal1,
        "whoever has no proof reads nothing"
    );
    let told = right(&bench, &begun, &away).await;
    assert_eq!((told.checked, told.grant), (Checked::Proven, None));
    assert_eq!(told.verification.limits.assurance, Assurance::Aal2);
    assert_eq!(
        signals(&bench, &begun).await,
        (Outcome::Raised, vec![Signal::NewDevice, Signal::ImpossibleTravel])
    );
    // Where she is known she goes on as ever, and what failed has taught nothing.
    let again = begin(&bench, contact(), home.clone()).await;
    assert!(right(&bench, &again, &home).await.grant.is_some());

    // A code that was read out to somebody who types it elsewhere.
    let relayed = begin(&bench, contact(), home).await;
    let told = right(&bench, &relayed, &on(3, None)).await;
    assert_eq!(told.checked, Checked::Proven);
    let (outcome, found) = signals(&bench, &relayed).await;
    assert_eq!(
        (outcome, found.contains(&Signal::DeviceSwitched)),
        (Outcome::Raised, true)
    );
}

#[tokio::test]
async fn a_number_whose_sim_was_swapped_is_blocked_until_somebody_else_clears_it() {
    let bench = Bench::new().await;
    let mobile = number("+447400123456");
    bench.customer_of("GB", vec![mobile.clone()]).await;
    let report = NumberReport {
        sim_swapped_at: Some(bench.clock.now() - Duration::from_hours(30)),
        ..NumberReport::default()
    };
    let mut tx = bench.db.begin().await.unwrap();
    report_number(&mut tx, &bench.means, &mobile, &report).await.unwrap();
    tx.commit().await.unwrap();
    let by = By {
        staff: Some("agent-7".into()),
        ..By::default()
    };
    let begun = begin(&bench, mobile.clone(), by).await;
    let told = right(&bench, &begun, &By::default()).await;
    assert_eq!((told.checked, told.grant), (Checked::NotOpen(State::Blocked), None));
    assert_eq!(
        signals(&bench, &begun).await,
        (Outcome::Blocked, vec![Signal::SimSwapped])
    );

    let clear = async |who: &str| {
        let mut tx = bench.db.begin().await.unwrap();
        let done = clear_block(&mut tx, &bench.means, begun.id, Ground::CalledBack, who.to_owned()).await;
        tx.commit().await.unwrap();
        done.map(|reviewed| reviewed.reviews.len())
    };
    assert!(matches!(clear("agent-7").await, Err(IdentityError::ReviewerInvolved)));
    assert_eq!(clear("agent-8").await.unwrap(), 1);
    let next = begin(&bench, mobile.clone(), By::default()).await;
    let told = right(&bench, &next, &By::default()).await;
    assert_eq!(told.checked, Checked::Proven, "a second factor, not none");
    assert_eq!(told.verification.limits.assurance, Assurance::Aal2);

    bench.hand.advance(Duration::from_hours(1));
    let late = begin(&bench, mobile, By::default()).await;
    let told = right(&bench, &late, &By::default()).await;
    assert_eq!(
        told.checked,
        Checked::NotOpen(State::Blocked),
        "the clearance has run out"
    );
    // What is denied stays so.
    let open = begin(&bench, contact(), By::default()).await;
    let mut tx = bench.db.begin().await.unwrap();
    let denied = deny_verification(&mut tx, &bench.means, open.id, Ground::Impersonation, "agent-8".into()).await;
    assert_eq!(denied.unwrap().verification.state, State::Denied);
    let twice = deny_verification(&mut tx, &bench.means, open.id, Ground::Impersonation, "agent-8".into()).await;
    assert!(matches!(
        twice,
        Err(IdentityError::VerificationNotOpen {
            state: State::Denied,
            ..
        })
    ));
    let cleared = clear_block(&mut tx, &bench.means, open.id, Ground::Explained, "agent-8".into()).await;
    assert!(matches!(cleared, Err(IdentityError::VerificationNotBlocked { .. })));
}

#[tokio::test]
async fn an_owner_on_a_device_of_theirs_does_not_wait_for_strangers() {
    let bench = Bench::new().await;
    bench.customer().await;
    let home = on(1, None);
    let first = begin(&bench, contact(), home.clone()).await;
    assert!(right(&bench, &first, &home).await.grant.is_some());
    let mut failures = 0;
    while failures < 10 {
        let begun = begin(&bench, contact(), By::default()).await;
        let code = bench.code(&begun);
        let other = if code.digits() == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            let wrong = support_identity_verification::domain::code::Code::parse(other.as_bytes()).unwrap();
            redeem(&bench, &begun, Proof::Code(wrong), &By::default())
                .await
                .unwrap();
            failures += 1;
        }
    }
    let begun = begin(&bench, contact(), home.clone()).await;
    let stranger = redeem(&bench, &begun, Proof::Code(bench.code(&begun)), &on(9, None)).await;
    assert!(
        matches!(stranger, Err(IdentityError::FactorWait { .. })),
        "{stranger:?}"
    );
    assert!(right(&bench, &begun, &home).await.grant.is_some());
    let begun = begin(&bench, contact(), home).await;
    let stranger = redeem(&bench, &begun, Proof::Code(bench.code(&begun)), &By::default()).await;
    assert!(
        matches!(stranger, Err(IdentityError::FactorWait { .. })),
        "and they go on waiting"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn codes_are_counted_one_by_one_however_many_go_out_at_once() {
    let bench = Bench::new().await;
    let (keys, at) = ([[1; 32], [2; 32]], hour(bench.clock.now()));
    let mut sends = JoinSet::new();
    for _ in 0..50 {
        let db = bench.db.clone();
        sends.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let counted = counts::count_send(&mut tx, &keys, at).await.unwrap();
            tx.commit().await.unwrap();
            counted[0].sent_this_hour
        });
    }
    let mut told = sends.join_all().await;
    told.sort_unstable();
    assert_eq!(told, (1..=50).collect::<Vec<_>>());
    let mut tx = bench.db.begin().await.unwrap();
    counts::count_approval(&mut tx, &keys, at).await.unwrap();
    let next = at + Duration::from_hours(1);
    let [later, _] = counts::count_send(&mut tx, &keys, next).await.unwrap();
    assert_eq!((later.sent_this_hour, later.sent, later.approved), (1, 50, 1));
    let none = known::devices(&mut tx, uuid::Uuid::nil(), None).await.unwrap();
    assert_eq!((none.known, none.is_known), (0, false));
}

#[tokio::test]
async fn codes_to_a_pumped_prefix_are_withheld_and_reviewers_see_why() {
    let house = House::new().await;
    let mobile = "+447400123456";
    house
        .customers(&staff())
        .create_customer(new_customer(vec![phone(mobile)]))
        .await
        .unwrap();
    // Somebody had forty codes sent to numbers like this one, and none came back.
    let keys = CodeKeys::new(&[5; 32]);
    let prefix = range(&number(mobile)).unwrap().prefix;
    let prefix = keys.counter(Counted::Range(&format!("prefix {prefix}")));
    let now = Clock::system().now();
    for at in [hour(now), hour(now) + Duration::from_hours(1)] {
        sqlx::query("insert into send_counts (counted_key, hour, sent, approved) values ($1, $2, 40, 0)")
            .bind(prefix.as_slice())
            .bind(at)
            .execute(&house.pool)
            .await
            .unwrap();
    }
    let started = house
        .verifications(&visitor())
        .start_verification(start(phone(mobile)))
        .await
        .unwrap()
        .into_inner()
        .verification
        .unwrap();
    assert_eq!(
        (started.state(), started.sends_left),
        (pb::VerificationState::Challenged, 4)
    );
    eventually("the code is withheld", async || {
        let ended: Option<(String, Option<String>)> =
            sqlx::query_as("select state, reason from deliveries where state <> 'pending'")
                .fetch_optional(&house.pool)
                .await
                .unwrap();
        ended.map(|ended| assert_eq!(ended, ("dropped".into(), Some("pumped".into()))))
    })
    .await;
    let mut reviewer = operator();
    reviewer.scopes.insert("risk.review".to_owned());
    let asked = pb::GetRiskAssessmentRequest {
        verification_id: started.verification_id.clone(),
    };
    let told = RiskServiceClient::new(house.door(&reviewer))
        .get_risk_assessment(asked.clone())
        .await
        .unwrap()
        .into_inner()
        .assessment
        .unwrap();
    assert_eq!(told.findings.len(), 1, "{told:?}");
    assert_eq!(told.findings[0].signal(), pb::RiskSignal::NumberPumped);
    // Whoever handles the case does not.
    let refused = RiskServiceClient::new(house.door(&staff()))
        .get_risk_assessment(asked)
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn reviewers_find_what_was_blocked_and_decide_by_the_door() {
    let house = House::new().await;
    let premium = start(phone("+449012345678"));
    let blocked = house
        .verifications(&visitor())
        .start_verification(premium)
        .await
        .unwrap();
    let blocked = blocked.into_inner().verification.unwrap();
    assert_eq!(blocked.state(), pb::VerificationState::Blocked);
    let mut reviewer = staff();
    reviewer
        .scopes
        .extend(["risk.review".to_owned(), "risk.report".to_owned()]);
    let mut risk = RiskServiceClient::new(house.door(&reviewer));
    let listed = risk
        .list_risk_assessments(pb::ListRiskAssessmentsRequest::default())
        .await
        .unwrap()
        .into_inner()
        .assessments;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].verification_id, blocked.verification_id);
    assert_eq!((listed[0].outcome(), listed[0].score), (pb::RiskOutcome::Blocked, 80));
    let clear = pb::ClearRiskBlockRequest {
        request_id: request_id(),
        verification_id: blocked.verification_id.clone(),
        ground: pb::RiskGround::Explained.into(),
    };
    let cleared = risk
        .clear_risk_block(clear.clone())
        .await
        .unwrap()
        .into_inner()
        .assessment
        .unwrap();
    assert_eq!(cleared.reviews.len(), 1);
    assert_eq!(cleared.reviews[0].decision(), pb::RiskDecision::Cleared);
    let again = risk
        .clear_risk_block(clear)
        .await
        .unwrap()
        .into_inner()
        .assessment
        .unwrap();
    assert_eq!(again.reviews, cleared.reviews, "sent again it is the same decision");
    let next = start(phone("+449012345678"));
    let next = house.verifications(&visitor()).start_verification(next).await.unwrap();
    let next = next.into_inner().verification.unwrap();
    assert_eq!(
        next.assurance_needed(),
        support_proto::support::options::v1::AssuranceLevel::Aal2
    );
    let deny = pb::DenyVerificationRequest {
        request_id: request_id(),
        verification_id: next.verification_id,
        ground: pb::RiskGround::NotAskedFor.into(),
    };
    let denied = risk
        .deny_verification(deny)
        .await
        .unwrap()
        .into_inner()
        .assessment
        .unwrap();
    assert_eq!(denied.state(), pb::VerificationState::Denied);
    let trail = house.trail("risk_reviewed").await;
    assert!(
        trail.len() >= 2 && trail.iter().all(|entry| entry.ends_with(" done")),
        "{trail:?}"
    );
    let report = pb::ReportNumberRequest {
        request_id: request_id(),
        phone: "+447400123456".into(),
        event: pb::NumberEvent::SimSwapped.into(),
        event_time: Some(timestamp(Clock::system().now() - Duration::from_hours(1))),
    };
    risk.report_number(report.clone()).await.unwrap();
    let future = pb::ReportNumberRequest {
        request_id: request_id(),
        event_time: Some(timestamp(Clock::system().now() + Duration::from_hours(1))),
        ..report
    };
    assert_eq!(
        risk.report_number(future).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}
