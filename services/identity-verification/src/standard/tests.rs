use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_chassis::standard::schema::Schema;
use support_chassis::standard::{Patch, content, looser};
use support_testing::loosening;
use time::macros::datetime;

use super::*;
use crate::domain::grant::Assurance;
use crate::domain::verification::Method;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

#[test]
fn what_is_shipped_is_what_the_rules_say() {
    let policy = Policy::new(Standard::shipped(&VERIFICATION_POLICY));
    for &purpose in Purpose::ALL {
        let rules = policy.rules(Some("DE"), purpose, NOW);
        let codes = CodeRules {
            lifetime: Duration::from_mins(10),
            sends: 5,
            checks: 5,
            sends_per_hour: 10,
        };
        assert_eq!(rules.codes, codes);
        let asked = PurposeRules {
            assurance: Assurance::Aal1,
            methods: Method::ALL.to_vec(),
            grant_lifetime: Duration::from_mins(30),
        };
        assert_eq!(rules.purpose, Some(asked), "{purpose:?}");
        assert!(rules.basis.contains("/verification-policy@0"), "{}", rules.basis);
        for &method in Method::ALL {
            assert!(rules.satisfied_by(&[method]).is_some(), "{purpose:?} by {method:?}");
        }
    }
}

#[test]
fn a_purpose_that_is_not_ruled_is_closed() {
    static SPARSE: Document<VerificationPolicy> = Document::new(
        "codes: {lifetime: 300s, sends: 2, checks: 3, sends_per_hour: 4}
purposes: {payment: {assurance: ASSURANCE_LEVEL_AAL2, methods: [VERIFICATION_METHOD_SMS_CODE], grant_lifetime: 60s}}",
    );
    let policy = Policy::new(Standard::shipped(&SPARSE));
    assert_eq!(policy.rules(None, Purpose::PlanChange, NOW).purpose, None);
    let payment = policy.rules(None, Purpose::Payment, NOW);
    assert_eq!(
        (payment.codes.sends, payment.codes.checks, payment.codes.sends_per_hour),
        (2, 3, 4)
    );
    assert_eq!(payment.codes.lifetime, Duration::from_mins(5));
    let asked = payment.purpose.unwrap();
    assert_eq!(
        (asked.assurance, asked.methods),
        (Assurance::Aal2, vec![Method::SmsCode])
    );
    assert_eq!(asked.grant_lifetime, Duration::from_mins(1));
}

#[test]
fn what_it_takes_to_see_a_customer_is_ruled_and_never_nothing() {
    const REST: &str = "codes: {lifetime: 300s, sends: 2, checks: 3, sends_per_hour: 4}
purposes: {payment: {assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 60s}}";
    static SILENT: Document<VerificationPolicy> = Document::new(REST);
    static STRICT: Document<VerificationPolicy> = Document::new(
        "codes: {lifetime: 300s, sends: 2, checks: 3, sends_per_hour: 4}
purposes: {payment: {assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 60s}}
disclosure: {assurance: ASSURANCE_LEVEL_AAL2}",
    );
    for (document, assurance) in [
        (&VERIFICATION_POLICY, Assurance::Aal1),
        (&SILENT, DisclosureRules::SHIPPED.assurance),
        (&STRICT, Assurance::Aal2),
    ] {
        let policy = Policy::new(Standard::shipped(document));
        assert_eq!(policy.disclosure("DE", NOW).assurance, assurance);
    }
    let faults = Document::<VerificationPolicy>::new(format!("{REST}\ndisclosure: {{}}").leak()).parse_shipped();
    assert!(faults.is_err(), "a level is said, or the rules are not there");
}

#[test]
fn every_fault_of_a_content_is_named_by_its_path() {
    let fault_of = |yaml: &'static str| {
        Document::<VerificationPolicy>::new(yaml)
            .checked_by(faults)
            .parse_shipped()
            .map_err(|error| error.faults.into_iter().map(|(path, _)| path).collect::<Vec<_>>())
            .map(drop)
    };
    assert_eq!(
        fault_of(
            "codes: {lifetime: 90.5s, sends: 5, checks: 5, sends_per_hour: 10}
purposes:
  fun: {assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 1800s}
  payment: {assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 61.25s}"
        ),
        Err(vec![
            "codes.lifetime".to_owned(),
            r#"purposes["payment"].grant_lifetime"#.to_owned(),
            r#"purposes["fun"]"#.to_owned(),
        ])
    );
    // The bounds that the proto states, each broken once.
    for (codes, path) in [
        (
            "lifetime: 601s, sends: 5, checks: 5, sends_per_hour: 10",
            "codes.lifetime",
        ),
        (
            "lifetime: 59s, sends: 5, checks: 5, sends_per_hour: 10",
            "codes.lifetime",
        ),
        ("sends: 5, checks: 5, sends_per_hour: 10", "codes.lifetime"),
        ("lifetime: 600s, sends: 6, checks: 5, sends_per_hour: 10", "codes.sends"),
        ("lifetime: 600s, checks: 5, sends_per_hour: 10", "codes.sends"),
        (
            "lifetime: 600s, sends: 5, checks: 6, sends_per_hour: 10",
            "codes.checks",
        ),
        (
            "lifetime: 600s, sends: 5, checks: 0, sends_per_hour: 10",
            "codes.checks",
        ),
        (
            "lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 101",
            "codes.sends_per_hour",
        ),
        (
            "lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 0",
            "codes.sends_per_hour",
        ),
    ] {
        let rest = "purposes: {payment: {assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 1800s}}";
        let yaml = format!("codes: {{{codes}}}\n{rest}").leak();
        assert_eq!(fault_of(yaml), Err(vec![path.to_owned()]), "{codes}");
    }
    for (purpose, path) in [
        ("grant_lifetime: 1800s", "assurance"),
        ("assurance: ASSURANCE_LEVEL_AAL1", "grant_lifetime"),
        ("assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 59s", "grant_lifetime"),
        (
            "assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 43201s",
            "grant_lifetime",
        ),
        (
            "assurance: ASSURANCE_LEVEL_AAL1, grant_lifetime: 1800s, \
                 methods: [VERIFICATION_METHOD_EMAIL_CODE, VERIFICATION_METHOD_EMAIL_CODE]",
            "methods",
        ),
    ] {
        let codes = "codes: {lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 10}";
        let yaml = format!("{codes}\npurposes: {{payment: {{{purpose}}}}}").leak();
        let path = format!(r#"purposes["payment"].{path}"#);
        assert_eq!(fault_of(yaml), Err(vec![path]), "{purpose}");
    }
    let codes = "codes: {lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 10}";
    assert_eq!(fault_of(codes), Err(vec!["purposes".to_owned()]));
}

#[test]
fn a_thousand_overlays_that_each_loosen_in_one_place_are_refused_at_that_place() {
    let schema = Schema::of::<VerificationPolicy>(|_| Vec::new()).unwrap();
    let shipped = include_str!("../../standard/verification-policy.yaml");
    let global = content::from_yaml(&schema, shipped).unwrap();
    // Stricter than what is shipped, so that every field can be loosened.
    let strict = r#"{"codes": {"lifetime": "120s", "sends": 2, "checks": 2, "sends_per_hour": 3},
        "purposes": {"payment": {"assurance": "ASSURANCE_LEVEL_AAL2", "methods": ["VERIFICATION_METHOD_EMAIL_CODE"],
            "grant_lifetime": "600s"}}}"#;
    let strict = Patch::from_json(&schema, strict).unwrap();
    assert_eq!(looser(&global, &strict.apply(&global)), []);
    let base = strict.apply(&global);
    let mut chance = StdRng::seed_from_u64(20_261_122);
    let mut paths = BTreeSet::new();
    for _ in 0..1_000 {
        let loosening = loosening(schema.message(), &base.to_value(), &mut chance).unwrap();
        let patch = Patch::from_json(&schema, &loosening.patch.to_string()).unwrap();
        let departed = looser(&base, &patch.apply(&base));
        let found: Vec<_> = departed.iter().map(|departed| departed.path.as_str()).collect();
        assert!(found.contains(&loosening.path.as_str()), "{loosening:?}: {found:?}");
        paths.insert(loosening.path);
    }
    for path in [
        "codes.lifetime",
        "codes.sends",
        "codes.checks",
        "codes.sends_per_hour",
        r#"purposes["payment"].assurance"#,
        r#"purposes["payment"].methods"#,
        r#"purposes["payment"].grant_lifetime"#,
    ] {
        assert!(paths.contains(path), "{path} was never tried: {paths:?}");
    }
}
