//! What the check of a grant costs a service: the passport that the gateway made of it, its signature and its claims, and
//! what the method asks of the caller. Nobody is asked for it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use support_chassis::call::{Bounds, Caller, enforce};
use support_chassis::clock::Clock;
use support_chassis::passport::{Role, Signer, Trust, Trusted};
use support_proto::policy::policy;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};

use crate::{Figure, micros_each};

const ROUNDS: u32 = 5;

pub(crate) fn measure(number: u32) -> Vec<Figure> {
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let signer = Signer::new("gateway", &key, Duration::from_mins(5)).unwrap();
    let now = Clock::system().now();
    let method = policy("/support.identity.v1.GrantService/GetGrant").unwrap();
    let tokens: Vec<String> = (0..number)
        .map(|customer| {
            let caller = Caller {
                kind: CallerKind::Customer,
                subject: format!("eu-{customer:036}"),
                organisation: None,
                scopes: std::collections::BTreeSet::new(),
                assurance: AssuranceLevel::Aal2,
                region: Some("eu".to_owned()),
                grant_id: Some(format!("eu-{:036}", customer + 1)),
                // What a grant carries: the check reads all of it.
                bounds: Bounds {
                    methods: vec!["email_code".to_owned(), "totp".to_owned()],
                    purpose: Some("general_help".to_owned()),
                    case_id: Some(format!("eu-{:036}", customer + 2)),
                    delegate: Some(format!("eu-{:036}", customer + 3)),
                    ..Bounds::default()
                },
            };
            signer.sign(&caller, now).unwrap()
        })
        .collect();
    let trust = || {
        Trust::new([Trusted {
            issuer: "gateway".to_owned(),
            role: Role::Gateway,
            key: key.verifying_key(),
        }])
    };
    let check = |trust: &Trust| {
        let started = Instant::now();
        for token in &tokens {
            let identity = trust.identify(token, None, now).unwrap();
            enforce(method, &identity.caller).unwrap();
            black_box(identity);
        }
        micros_each(started.elapsed(), number)
    };
    // Each seen for the first time, and each seen before, as all but the first of a session's calls.
    let first: Vec<f64> = (0..ROUNDS).map(|_| check(&trust())).collect();
    let known = trust();
    check(&known);
    let again = (0..ROUNDS).map(|_| check(&known)).collect();
    vec![
        Figure::of(
            "grant_checks_per_s",
            "/s",
            first.iter().map(|micros| 1e6 / micros).collect(),
        ),
        Figure::of("grant_check_us", "us", first).below(100.0),
        Figure::of("grant_check_again_us", "us", again).below(100.0),
    ]
}
