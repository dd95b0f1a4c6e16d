//! What other rules than those shipped do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use support_chassis::standard::{Consequence, Document, Effective, Others, Place, Reach, Standard, WhatIf};
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::grant::Assurance;
use support_identity_verification::domain::verification::{Method, Purpose};
use support_identity_verification::error::IdentityError;
use support_identity_verification::ops::start_verification::Claim;
use support_identity_verification::standard::VERIFICATION_POLICY;
use support_identity_verification::standard::simulate::simulate;
use support_proto::support::identity::v1::VerificationPolicy;
use support_proto::support::options::v1::AssuranceLevel;
use time::macros::date;

use crate::bench::{Bench, contact};

/// Other rules than those shipped, in every number.
pub(crate) static STRICT: Document<VerificationPolicy> = Document::new(
    "codes: {lifetime: 120s, sends: 2, checks: 1, sends_per_hour: 3}
purposes: {payment: {assurance: ASSURANCE_LEVEL_AAL1, methods: [VERIFICATION_METHOD_EMAIL_CODE], grant_lifetime: 90s}}",
);

#[tokio::test]
async fn every_number_of_the_policy_takes_effect() {
    let bench = Bench::under(&STRICT).await;
    bench.customer().await;
    let verification = bench.start().await.unwrap();
    assert_eq!(
        verification.limits.expires_at,
        verification.created_at + Duration::from_mins(2)
    );
    assert_eq!((verification.sends_left(), verification.checks_left()), (1, 1));
    let grant = bench.check(&verification).await.grant.unwrap();
    assert_eq!(grant.expires_at, grant.granted_at + Duration::from_secs(90));
    assert_eq!(grant.standard_basis, verification.limits.basis);
    assert!(grant.standard_basis.contains("verification-policy@"), "{grant:?}");
}

fn phone() -> Contact {
    Contact::phone("+41790001122").unwrap()
}

fn of(contact: Contact) -> Claim {
    Claim::Contact { contact, own: None }
}

#[tokio::test]
async fn what_the_rules_do_not_take_is_refused_before_anything_is_done() {
    static RULES: Document<VerificationPolicy> = Document::new(
        "codes: {lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 1}
purposes:
  general_help: {assurance: ASSURANCE_LEVEL_AAL1, methods: [VERIFICATION_METHOD_EMAIL_CODE], grant_lifetime: 60s}
  payment:
    assurance: ASSURANCE_LEVEL_AAL2
    methods: [VERIFICATION_METHOD_EMAIL_CODE, VERIFICATION_METHOD_SMS_CODE]
    grant_lifetime: 60s
  plan_change: {assurance: ASSURANCE_LEVEL_AAL1, methods: [], grant_lifetime: 60s}",
    );
    let bench = Bench::under(&RULES).await;
    let ada = bench.customer_of("GB", vec![phone(), contact()]).await;
    let phones_alone = bench
        .customer_of("GB", vec![Contact::phone("+41790001133").unwrap()])
        .await;
    let refused = async |claim, purpose| match bench.start_of(claim, purpose).await {
        Err(IdentityError::MethodNotAccepted(told)) => {
            assert_eq!(told.purpose, purpose);
            told.assurance.map(|asked| (asked, told.methods))
        }
        other => panic!("{purpose:?}: {other:?}"),
    };
    let email_alone = Some((Assurance::Aal1, vec![Method::EmailCode]));
    let stronger = Some((Assurance::Aal2, vec![Method::EmailCode, Method::SmsCode]));
    let nobody = || Contact::phone("+41790009999").unwrap();
    // Known or not makes no difference.
    for address in [phone(), nobody()] {
        assert_eq!(refused(of(address), Purpose::GeneralHelp).await, email_alone);
    }
    for address in [phone(), nobody(), contact()] {
        assert_eq!(refused(of(address), Purpose::Payment).await, stronger);
    }
    let closed = refused(of(contact()), Purpose::PlanChange).await;
    assert_eq!(closed, Some((Assurance::Aal1, vec![])));
    assert_eq!(refused(of(contact()), Purpose::RepairHandover).await, None, "not ruled");
    assert_eq!(
        refused(Claim::Customer(phones_alone), Purpose::GeneralHelp).await,
        email_alone
    );
    let sends = sqlx::query_scalar!(r#"select count(*) as "count!" from send_windows"#)
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert_eq!(sends, 0, "what is refused is not counted as sent");
    // Staff name a customer: the code goes where it counts, though the telephone comes first.
    let started = bench
        .start_of(Claim::Customer(ada), Purpose::GeneralHelp)
        .await
        .unwrap();
    assert_eq!(started.method, Method::EmailCode);
}

fn other(
    held: &Effective<VerificationPolicy>,
    change: impl FnOnce(&mut VerificationPolicy),
) -> Arc<Effective<VerificationPolicy>> {
    let mut proposed = held.clone();
    change(&mut proposed.document);
    Arc::new(proposed)
}

#[tokio::test]
async fn who_would_have_been_beyond_stricter_rules_is_told() {
    let bench = Bench::new().await;
    bench.customer_of("DE", vec![contact()]).await;
    bench.customer_of("FR", vec![phone()]).await;
    // Long ago, and therefore not looked at.
    let old = bench.start_of(of(contact()), Purpose::Payment).await.unwrap();
    bench.check(&old).await.grant.unwrap();
    bench.hand.advance(Duration::from_hours(24 * 29));
    // By DE: one at once, one after five minutes; the third is never approved.
    let quick = bench.start_of(of(contact()), Purpose::Payment).await.unwrap();
    bench.check(&quick).await.grant.unwrap();
    let slow = bench.start_of(of(contact()), Purpose::Payment).await.unwrap();
    bench.hand.advance(Duration::from_mins(5));
    bench.check(&slow).await.grant.unwrap();
    bench.start_of(of(contact()), Purpose::Payment).await.unwrap();
    let french = bench.start_of(of(phone()), Purpose::GeneralHelp).await.unwrap();
    bench.check(&french).await.grant.unwrap();

    let held = Standard::shipped(&VERIFICATION_POLICY).today(&Place::Global);
    let told = async |countries: &[&str], all_but: bool, proposed: &Arc<Effective<VerificationPolicy>>| {
        let countries: BTreeSet<String> = countries.iter().map(|&code| code.to_owned()).collect();
        let what_if = WhatIf {
            db: bench.db.clone(),
            place: Place::country("DE"),
            reach: if all_but {
                Reach::AllBut(countries)
            } else {
                Reach::Only(countries)
            },
            held: Arc::clone(&held),
            proposed: Arc::clone(proposed),
            day: date!(2026 - 04 - 01),
            others: Others::shipped(),
            within: Duration::from_secs(30),
        };
        simulate(what_if).await.unwrap().consequences
    };
    let summary = |told: &[Consequence]| -> Vec<String> {
        told.iter()
            .map(|told| format!("{}: {} -> {} ({})", told.whom, told.before, told.after, told.count))
            .collect()
    };

    let shorter = other(&held, |policy| {
        policy.codes.as_mut().unwrap().lifetime = Some(prost_types::Duration { seconds: 300, nanos: 0 });
    });
    let late = told(&["DE"], false, &shorter).await;
    assert_eq!(
        summary(&late),
        ["verifications approved in the last 28 days: a code works for 600 s -> 300 s: the code came back later (1)"]
    );
    assert_eq!(late[0].examples, [slow.id.to_string()]);
    assert_eq!(told(&["FR"], false, &shorter).await, []);

    let fewer = other(&held, |policy| policy.codes.as_mut().unwrap().sends_per_hour = 2);
    assert_eq!(
        summary(&told(&["FR"], true, &fewer).await),
        ["codes sent in the last 28 days: 10 in an hour to one contact point -> 2: not sent (1)"],
        "the third to DE"
    );

    let closed = other(&held, |policy| {
        let rules = policy.purposes.get_mut("general_help").unwrap();
        rules.set_assurance(AssuranceLevel::Aal2);
        let rules = policy.purposes.get_mut("payment").unwrap();
        rules.grant_lifetime = Some(prost_types::Duration { seconds: 600, nanos: 0 });
    });
    assert_eq!(
        summary(&told(&[], true, &closed).await),
        [
            "verifications approved for general_help by sms_code in the last 28 days: accepted, for 1800 s -> not accepted (1)",
            "verifications approved for payment by email_code in the last 28 days: accepted, for 1800 s -> accepted, for 600 s (2)",
        ]
    );
    // What allows more, or the same, has no consequences that are known.
    let wider = other(&held, |policy| policy.codes.as_mut().unwrap().sends_per_hour = 100);
    for proposed in [&wider, &held] {
        assert_eq!(told(&[], true, proposed).await, []);
    }
}
