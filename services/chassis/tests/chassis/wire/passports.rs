//! Who is believed, and what for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use support_chassis::call::{Caller, Certificate, ShownGrant};
use support_chassis::client::Peer;
use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::passport::{ACTOR_HEADER, Kind, PASSPORT_HEADER, Passport, PassportError};
use support_proto::support::case::v1::ListMessagesRequest;
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::feed::v1::AcknowledgeRequest;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use time::OffsetDateTime;
use tonic::Code;

use super::harness::{Desk, LIFETIME, START, World, answers, customer, get_case, script, signer, staff, with_passport};

fn claims(iss: &str, kind: Kind, sub: &str) -> Passport {
    Passport {
        iss: iss.to_owned(),
        sub: sub.to_owned(),
        kind,
        org: None,
        scopes: BTreeSet::new(),
        aal: 1,
        region: None,
        grant: None,
        amr: Vec::new(),
        purpose: None,
        delegate: None,
        case: None,
        locations: BTreeSet::new(),
        technician: None,
        cert: None,
        shown: None,
        jti: "1".to_owned(),
        iat: START,
        exp: START + 300,
    }
}

fn unsigned(passport: &Passport) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    format!(
        "{header}.{}.",
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(passport).unwrap())
    )
}

/// The same signature under other claims.
fn altered(token: &str) -> String {
    let mut parts = token.split('.');
    let (header, _, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let claims = serde_json::to_vec(&claims("gateway", Kind::Operator, "root")).unwrap();
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test]
async fn nobody_gets_in_without_a_good_passport() {
    let world = World::new();
    let desk = Desk::new(answers());
    let running = world.serve(&desk).await;
    let mut cases = running.cases();

    let status = cases.get_case(get_case()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(explain(&status).common(), Some(CommonErrorReason::CredentialsMissing));

    let good = world.pass(&customer());
    let as_gateway = |passport: &Passport| world.gateway.sign_claims(passport).unwrap();
    let as_routing = |passport: &Passport| world.routing.sign_claims(passport).unwrap();
    let customers = claims("gateway", Kind::Customer, "eu-1");
    let refused = [
        ("no token", "nonsense".to_owned()),
        ("unsigned", unsigned(&customers)),
        ("altered", altered(&good)),
        (
            "a stranger's key",
            signer("gateway", 9).sign(&customer(), world.clock.now()).unwrap(),
        ),
        (
            "a service for a customer",
            as_routing(&Passport {
                iss: "routing".to_owned(),
                ..customers.clone()
            }),
        ),
        ("a service as the gateway", as_routing(&customers)),
        (
            "a service for another",
            as_routing(&claims("routing", Kind::Service, "case")),
        ),
        (
            "from the future",
            as_gateway(&Passport {
                iat: START + 60,
                exp: START + 90,
                ..customers.clone()
            }),
        ),
        (
            "for ever",
            as_gateway(&Passport {
                exp: START + 100_000,
                ..customers.clone()
            }),
        ),
        (
            "assured beyond measure",
            as_gateway(&Passport {
                aal: 4,
                ..customers.clone()
            }),
        ),
        ("far too long", "x".repeat(9000)),
    ];
    for (what, token) in refused {
        let status = cases.get_case(with_passport(get_case(), &token)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{what}: {status:?}");
        assert_eq!(
            explain(&status).common(),
            Some(CommonErrorReason::CredentialsInvalid),
            "{what}"
        );
    }
    let mut twice = with_passport(get_case(), &good);
    twice.metadata_mut().append(PASSPORT_HEADER, good.parse().unwrap());
    let status = cases.get_case(twice).await.unwrap_err();
    assert_eq!(explain(&status).common(), Some(CommonErrorReason::CredentialsInvalid));

    assert_eq!(desk.calls(), 0);
    cases.get_case(with_passport(get_case(), &good)).await.unwrap();

    // Remembered as verified, and refused all the same once it has run out.
    world.time.advance(LIFETIME + Duration::from_secs(6));
    let status = cases.get_case(with_passport(get_case(), &good)).await.unwrap_err();
    assert_eq!(explain(&status).common(), Some(CommonErrorReason::CredentialsExpired));
    assert_eq!(desk.calls(), 1);
}

#[tokio::test]
async fn the_methods_options_decide_who_may_call() {
    let world = World::new();
    let desk = Desk::new(answers());
    let running = world.serve(&desk).await;
    let mut cases = running.cases();
    let partner = Caller {
        kind: CallerKind::Partner,
        ..staff(&["cases.read"])
    };
    let weak = Caller {
        assurance: AssuranceLevel::Unspecified,
        ..customer()
    };
    let anonymous = Caller {
        kind: CallerKind::Anonymous,
        ..weak.clone()
    };
    let refused = [
        (
            partner,
            CommonErrorReason::CallerKindNotAllowed,
            "caller_kind",
            "partner",
        ),
        (
            anonymous,
            CommonErrorReason::CallerKindNotAllowed,
            "caller_kind",
            "anonymous",
        ),
        (
            staff(&["cases.write"]),
            CommonErrorReason::ScopeMissing,
            "scope",
            "cases.read",
        ),
        (
            weak,
            CommonErrorReason::AssuranceTooLow,
            "required_level",
            "ASSURANCE_LEVEL_AAL1",
        ),
    ];
    for (caller, reason, key, value) in refused {
        let status = cases
            .get_case(with_passport(get_case(), &world.pass(&caller)))
            .await
            .unwrap_err();
        let told = explain(&status);
        assert_eq!(
            (told.code, told.common()),
            (Code::PermissionDenied, Some(reason)),
            "{told:?}"
        );
        assert_eq!(told.metadata[key], value);
    }
    assert_eq!(desk.calls(), 0);
    let strong = Caller {
        assurance: AssuranceLevel::Aal3,
        ..customer()
    };
    for caller in [customer(), strong, staff(&["cases.read"])] {
        cases
            .get_case(with_passport(get_case(), &world.pass(&caller)))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_service_calls_for_itself_or_carries_its_callers_passport_on() {
    let world = World::new();
    let desk = Desk::new(script(|call, _| async move {
        match call.caller().kind {
            CallerKind::Service => {
                assert_eq!((call.caller().subject.as_str(), call.actor()), ("routing", None));
            }
            _ => assert_eq!((call.caller(), call.actor()), (&customer(), Some("routing"))),
        }
        Ok(())
    }));
    let running = world.serve(&desk).await;
    let peer = Peer::connect("case", &[running.url()], world.account()).unwrap();
    let acknowledge = AcknowledgeRequest {
        consumer: "routing".to_owned(),
        position: 1,
    };
    FeedServiceClient::new(peer.own())
        .acknowledge(acknowledge)
        .await
        .unwrap();

    // What routing's own handler would hold for a customer's call.
    let policy = support_proto::policy::policy(super::harness::GET_CASE).unwrap();
    let call = support_chassis::call::Call::new(customer(), policy).with_passport(world.pass(&customer()));
    CaseServiceClient::new(peer.for_call(&call))
        .get_case(get_case())
        .await
        .unwrap();
    assert_eq!(desk.calls(), 2);

    // The gateway vouches for callers; it acts for nobody.
    let mut request = with_passport(get_case(), &world.pass(&customer()));
    request
        .metadata_mut()
        .insert(ACTOR_HEADER, world.pass(&Caller::service("gateway")).parse().unwrap());
    let status = running.cases().get_case(request).await.unwrap_err();
    assert_eq!(explain(&status).common(), Some(CommonErrorReason::CredentialsInvalid));
    // On our own account we may not read what was said in a customer's case.
    let messages = ListMessagesRequest {
        case_id: get_case().case_id,
        ..ListMessagesRequest::default()
    };
    let status = CaseServiceClient::new(peer.own())
        .list_messages(messages)
        .await
        .unwrap_err();
    assert_eq!(explain(&status).common(), Some(CommonErrorReason::CallerKindNotAllowed));
}

#[test]
fn our_own_passport_is_renewed_in_time() {
    let world = World::new();
    let first = world.routing.own(world.clock.now()).unwrap();
    assert!(Arc::ptr_eq(&first, &world.routing.own(world.clock.now()).unwrap()));
    world.time.advance(LIFETIME / 2);
    let second = world.routing.own(world.clock.now()).unwrap();
    assert_ne!(first, second);
    assert!(
        world.trust.verify(&first, world.clock.now()).is_ok(),
        "calls in flight still carry the first"
    );
}

prop_compose! {
    fn passports()(
        sub in "[a-z0-9@.-]{1,60}",
        kind in prop::sample::select(vec![Kind::Anonymous, Kind::Customer, Kind::Staff, Kind::Partner, Kind::Operator]),
        org in prop::option::of("\\PC{0,20}"),
        scopes in prop::collection::btree_set("[a-z]{1,9}\\.[a-z]{1,9}", 0..8),
        aal in 0_u8..4,
        region in prop::option::of("[a-z]{2}"),
        grant in prop::option::of("[a-f0-9-]{36}"),
        (amr, purpose, case) in (
            prop::collection::vec("[a-z_]{1,14}", 0..4),
            prop::option::of("[a-z_]{1,20}"),
            prop::option::of("[a-f0-9-]{36}"),
        ),
        (locations, technician, cert) in (
            prop::collection::btree_set("[a-f0-9-]{36}", 0..4),
            prop::option::of("[A-Za-z0-9]{1,20}"),
            prop::option::of(("[A-Za-z0-9_-]{43}", prop::collection::vec("[a-z.]{1,20}", 0..3))),
        ),
        shown in prop::option::of((0_u8..4, "[a-f0-9-]{36}", "[a-z_]{1,20}", prop::option::of("[a-f0-9-]{36}"))),
        jti in "[a-f0-9]{24}",
        (age, life) in (0_i64..1000, 1_i64..3600),
    ) -> Passport {
        let iat = START - age;
        let cert = cert.map(|(thumbprint, names)| Certificate { thumbprint, names });
        // Some are shown by somebody who acts for the customer.
        let delegate = grant.clone().filter(|_| life % 2 == 0);
        // Staff show a customer's grant beside what they are.
        let shown = shown.filter(|_| kind == Kind::Staff).map(|(aal, id, purpose, case)| ShownGrant {
            grant: id.clone(), customer: id, aal, amr: amr.clone(), purpose, delegate: case.clone(), case,
        });
        Passport {
            iss: "gateway".to_owned(), sub, kind, org, scopes, aal, region, grant, amr, purpose, case, delegate, locations,
            technician, cert, shown, jti, iat, exp: iat + life,
        }
    }
}

proptest! {
    #[test]
    fn what_is_signed_is_read_back_or_has_run_out(passport in passports()) {
        let world = World::new();
        let token = world.gateway.sign_claims(&passport).unwrap();
        let now = OffsetDateTime::from_unix_timestamp(START).unwrap();
        let read = world.trust.verify(&token, now);
        if passport.exp <= START - 5 {
            prop_assert_eq!(read, Err(PassportError::Expired));
        } else {
            prop_assert_eq!(read.clone(), Ok(passport.clone()));
            let again = world.gateway.sign(&passport.caller(), now).unwrap();
            prop_assert_eq!(world.trust.verify(&again, now).unwrap().caller(), passport.caller());
        }
    }

    #[test]
    fn no_changed_token_is_believed(passport in passports(), at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.-]") {
        let world = World::new();
        let passport = Passport { iat: START, exp: START + 60, ..passport };
        let token = world.gateway.sign_claims(&passport).unwrap();
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &letter);
        let read = world.trust.verify(&changed, world.clock.now());
        // The last letter of a base64 part holds spare bits; changed there it may still be the same bytes.
        prop_assert!(changed == token || read.is_err() || read == Ok(passport));
    }

    #[test]
    fn no_text_panics_the_reader(text in "\\PC{0,200}") {
        let world = World::new();
        prop_assert!(world.trust.verify(&text, world.clock.now()).is_err());
    }
}
