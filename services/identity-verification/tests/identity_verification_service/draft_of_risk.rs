//! What a draft's rules of risk would have done to the verifications of the last weeks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support_chassis::standard::{Effective, Faring, Findings, Others, Place, Reach, Standard, WhatIf};
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::machine::State;
use support_identity_verification::domain::risk::{Ground, Report};
use support_identity_verification::domain::verification::{Checked, Purpose, Verification};
use support_identity_verification::ops::redeem_factor::{By, Proof, Redemption, redeem_factor};
use support_identity_verification::ops::review_risk::{clear_block, report_number};
use support_identity_verification::ops::start_verification::Claim;
use support_identity_verification::standard::VERIFICATION_POLICY;
use support_identity_verification::standard::simulate::simulate;
use support_identity_verification::store::risk::known::NumberReport;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::VerificationPolicy;
use support_testing::check;
use time::macros::date;

use crate::bench::Bench;
use crate::house::{House, new_customer, phone, staff, start, visitor};

fn number(text: &str) -> Contact {
    Contact::phone(text).unwrap()
}

async fn begin(bench: &Bench, contact: &Contact) -> Verification {
    let claim = Claim::Contact {
        contact: contact.clone(),
        own: None,
    };
    bench.start_of(claim, Purpose::Payment).await.unwrap()
}

/// Begins, waits a little, and brings the right code on a device.
async fn verify(bench: &Bench, contact: &Contact, device: u8) -> Redemption {
    let verification = begin(bench, contact).await;
    bench.hand.advance(Duration::from_mins(1));
    let by = By {
        report: Report {
            device: Some([device; 32]),
            place: None,
        },
        ..By::default()
    };
    let proof = Proof::Code(bench.code(&verification));
    let mut tx = bench.db.begin().await.unwrap();
    let redeemed = redeem_factor(&mut tx, &bench.means, verification.id, &proof, &by)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    redeemed
}

async fn swapped(bench: &Bench, contact: &Contact) {
    let report = NumberReport {
        sim_swapped_at: Some(bench.clock.now() - Duration::from_hours(24 * 3)),
        ..NumberReport::default()
    };
    let mut tx = bench.db.begin().await.unwrap();
    report_number(&mut tx, &bench.means, contact, &report).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a draft would have done in some countries.
async fn told(bench: &Bench, reach: (&[&str], bool), change: impl FnOnce(&mut pb::RiskRules)) -> Findings {
    let held = Standard::shipped(&VERIFICATION_POLICY).today(&Place::Global);
    let mut proposed: Effective<VerificationPolicy> = (*held).clone();
    change(proposed.document.risk.as_mut().unwrap());
    let countries: BTreeSet<String> = reach.0.iter().map(|&code| code.to_owned()).collect();
    let what_if = WhatIf {
        db: bench.db.clone(),
        place: Place::country("DE"),
        reach: if reach.1 {
            Reach::AllBut(countries)
        } else {
            Reach::Only(countries)
        },
        held,
        proposed: Arc::new(proposed),
        day: date!(2026 - 04 - 01),
        others: Others::shipped(),
        within: Duration::from_secs(30),
    };
    simulate(what_if).await.unwrap()
}

fn summary(told: &Findings) -> Vec<String> {
    told.consequences
        .iter()
        .map(|told| {
            let whom = told
                .whom
                .strip_prefix("verifications of customers in ")
                .and_then(|whom| whom.strip_suffix(" that something spoke against in the last 28 days"))
                .unwrap();
            format!(
                "{whom}: {} -> {} ({}) {:?}",
                told.before,
                told.after,
                told.count,
                told.fare.unwrap()
            )
        })
        .collect()
}

#[tokio::test]
async fn what_other_weights_and_thresholds_would_have_done_is_told_by_country() {
    let bench = Bench::new().await;
    let (german, french, premium) = (
        number("+4915112345678"),
        number("+33612345678"),
        number("+449012345678"),
    );
    for (country, contact) in [("DE", &german), ("FR", &french), ("FR", &premium)] {
        bench.customer_of(country, vec![contact.clone()]).await;
    }
    // Long ago, and therefore not looked at.
    verify(&bench, &german, 1).await.grant.unwrap();
    assert!(verify(&bench, &german, 2).await.grant.is_some(), "a new device");
    bench.hand.advance(Duration::from_hours(24 * 29));
    // Of a known device nothing is noticed; of a new one a little; of a SIM that was changed enough to stop it.
    verify(&bench, &german, 1).await.grant.unwrap();
    let little = verify(&bench, &german, 3).await;
    assert!(little.grant.is_some());
    swapped(&bench, &german).await;
    let mut blocked = Vec::new();
    for _ in 0..2 {
        let stopped = verify(&bench, &german, 1).await;
        assert_eq!(stopped.checked, Checked::NotOpen(State::Blocked));
        blocked.push(stopped.verification.id);
    }
    verify(&bench, &french, 1).await.grant.unwrap();
    let never_proven = begin(&bench, &premium).await;
    assert_eq!(never_proven.state, State::Blocked);

    let everywhere: (&[&str], bool) = (&[], true);
    let stricter = told(&bench, everywhere, |risk| risk.deny_at = 80).await;
    assert_eq!(
        summary(&stricter),
        ["DE: blocked -> denied (2) Worse", "FR: blocked -> denied (1) Worse"]
    );
    let newest_first: Vec<_> = blocked.iter().rev().map(ToString::to_string).collect();
    assert_eq!(stricter.consequences[0].examples, newest_first);
    assert_eq!(stricter.consequences[1].examples, [never_proven.id.to_string()]);
    let [examined] = stricter.examinations.as_slice() else {
        panic!("{:?}", stricter.examinations)
    };
    assert_eq!((examined.total, examined.looked_at), (4, 4));
    let faring = |country: &str, worse, same| Faring {
        country: country.to_owned(),
        worse,
        same,
        ..Faring::default()
    };
    assert_eq!(examined.farings, [faring("DE", 2, 1), faring("FR", 1, 0)]);

    let milder = told(&bench, everywhere, |risk| risk.block_at = 81).await;
    assert_eq!(
        summary(&milder),
        [
            "DE: blocked -> raised to AAL2 (2) Better",
            "FR: blocked -> raised to AAL2 (1) Better"
        ]
    );
    let lighter = told(&bench, everywhere, |risk| {
        risk.weights.as_mut().unwrap().sim_swapped = 0;
    })
    .await;
    assert_eq!(summary(&lighter), ["DE: blocked -> nothing came of it (2) Better"]);
    let wary = told(&bench, everywhere, |risk| risk.raise_at = 10).await;
    assert_eq!(summary(&wary), ["DE: nothing came of it -> raised to AAL2 (1) Worse"]);
    assert_eq!(wary.consequences[0].examples, [little.verification.id.to_string()]);
    // A week is seven days, and three days ago is beyond two.
    let shorter = told(&bench, everywhere, |risk| risk.sim_swapped_days = 2).await;
    assert_eq!(summary(&shorter), ["DE: blocked -> nothing came of it (2) Better"]);

    let of_france = told(&bench, (&["FR"], false), |risk| risk.deny_at = 80).await;
    assert_eq!(summary(&of_france), ["FR: blocked -> denied (1) Worse"]);
    let of_others = told(&bench, (&["FR"], true), |risk| risk.deny_at = 80).await;
    assert_eq!(summary(&of_others), ["DE: blocked -> denied (2) Worse"]);
    assert_eq!(
        told(&bench, everywhere, |_| ()).await,
        Findings::default(),
        "nothing is asked where nothing is changed"
    );

    // Where a reviewer's clearance held, it was raised and not blocked, and would have been.
    let mut tx = bench.db.begin().await.unwrap();
    clear_block(&mut tx, &bench.means, blocked[1], Ground::CalledBack, "agent-8".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(verify(&bench, &german, 1).await.checked, Checked::Proven);
    let stricter = told(&bench, (&["DE"], false), |risk| risk.block_at = 60).await;
    assert_eq!(summary(&stricter), [""; 0]);
    let stricter = told(&bench, (&["DE"], false), |risk| risk.deny_at = 80).await;
    assert_eq!(
        summary(&stricter),
        [
            "DE: raised to AAL2 -> denied (1) Worse",
            "DE: blocked -> denied (2) Worse"
        ]
    );
}

#[tokio::test]
async fn whoever_checks_a_draft_reads_it_in_the_report() {
    let house = House::new().await;
    let premium = "+449012345678";
    house
        .customers(&staff())
        .create_customer(new_customer(vec![phone(premium)]))
        .await
        .unwrap();
    let request = start(phone(premium));
    let blocked = house.verifications(&visitor()).start_verification(request).await;
    let blocked = blocked.unwrap().into_inner().verification.unwrap();
    assert_eq!(blocked.state(), pb::VerificationState::Blocked);
    let policy = "identity-verification/verification-policy";
    for (place, expected) in [("country/CH", 1), ("country/DE", 0)] {
        let content = json!({ "risk": { "deny_at": 80 } });
        let report = check(&house.channel, policy, place, &content).await;
        assert_eq!(report.consequences.len(), expected, "{place}: {report:?}");
        if let Some(told) = report.consequences.first() {
            assert_eq!(
                (told.before.as_str(), told.after.as_str(), told.count),
                ("blocked", "denied", 1)
            );
            assert_eq!(told.examples, std::slice::from_ref(&blocked.verification_id));
        }
    }
}
