//! The verification policy: this service's document of the standard.

use std::time::Duration;

use support_chassis::standard::{Document, Place, Standard, day_of};
use support_proto::support::identity::v1::{self as pb, VerificationPolicy};
use time::OffsetDateTime;

use crate::api::parse;
use crate::domain::rules::{CodeRules, PurposeRules, Rules};
use crate::domain::verification::Purpose;

/// The document, with what this build ships of it.
pub static VERIFICATION_POLICY: Document<VerificationPolicy> =
    Document::new(include_str!("../standard/verification-policy.yaml")).checked_by(faults);

/// The rules that hold, by place and day.
#[derive(Debug, Clone)]
pub struct Policy(Standard<VerificationPolicy>);

impl Policy {
    /// The rules as this service knows them.
    #[must_use]
    pub fn new(standard: Standard<VerificationPolicy>) -> Self {
        Self(standard)
    }

    /// What holds at `now` for verifications for a purpose, in a country (ISO 3166-1 alpha-2), or for the whole world where
    /// none is known. Asks no database.
    #[must_use]
    pub fn rules(&self, country: Option<&str>, purpose: Purpose, now: OffsetDateTime) -> Rules {
        let place = country.map_or(Place::Global, Place::country);
        let held = self.0.on(&place, day_of(now));
        Rules {
            basis: held.basis.to_string(),
            codes: code_rules(held.codes.as_ref()),
            purpose: held.purposes.get(purpose.as_str()).and_then(purpose_rules),
        }
    }
}

/// Limits that are missing, which the field rules forbid, are zero: nothing is sent, and nothing approved.
fn code_rules(codes: Option<&pb::CodeRules>) -> CodeRules {
    let small = |number: i32| i16::try_from(number).unwrap_or(0);
    CodeRules {
        lifetime: codes.and_then(|codes| lifetime(codes.lifetime)).unwrap_or_default(),
        sends: codes.map_or(0, |codes| small(codes.sends)),
        checks: codes.map_or(0, |codes| small(codes.checks)),
        sends_per_hour: codes.map_or(0, |codes| small(codes.sends_per_hour)),
    }
}

/// Rules that cannot be read close the purpose.
fn purpose_rules(rules: &pb::PurposeRules) -> Option<PurposeRules> {
    Some(PurposeRules {
        assurance: parse::assurance(rules.assurance)?,
        // A method that this program does not have counts for nothing here.
        methods: rules.methods().filter_map(parse::method).collect(),
        grant_lifetime: lifetime(rules.grant_lifetime)?,
    })
}

fn lifetime(given: Option<prost_types::Duration>) -> Option<Duration> {
    u64::try_from(given?.seconds).ok().map(Duration::from_secs)
}

/// What the field rules cannot say: purposes are those there are, and times are whole seconds.
fn faults(policy: &VerificationPolicy) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut whole = |path: String, given: Option<prost_types::Duration>| {
        if given.is_some_and(|given| given.nanos != 0) {
            faults.push((path, "is not a whole number of seconds".to_owned()));
        }
    };
    whole(
        "codes.lifetime".to_owned(),
        policy.codes.as_ref().and_then(|codes| codes.lifetime),
    );
    let mut purposes: Vec<_> = policy.purposes.iter().collect();
    purposes.sort_unstable_by_key(|(name, _)| *name);
    for (name, rules) in &purposes {
        whole(format!("purposes[{name:?}].grant_lifetime"), rules.grant_lifetime);
    }
    for (name, _) in purposes {
        if Purpose::from_name(name).is_none() {
            let known: Vec<_> = Purpose::ALL.iter().map(|purpose| purpose.as_str()).collect();
            let fault = format!("is no purpose, expected one of {}", known.join(", "));
            faults.push((format!("purposes[{name:?}]"), fault));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
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
            assert!(rules.basis.ends_with("/verification-policy@0"), "{}", rules.basis);
            for &method in Method::ALL {
                assert!(rules.satisfied_by(method).is_some(), "{purpose:?} by {method:?}");
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
}
