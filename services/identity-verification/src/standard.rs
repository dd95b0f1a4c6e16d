//! What this service is told by the standard: the verification policy, and the rules of notifications.

pub mod notifications;
mod risk;
pub mod simulate;

use std::time::Duration;

use support_chassis::standard::{Document, Effective, Place, Standard, day_of};
use support_proto::support::identity::v1::{self as pb, VerificationPolicy};
use time::OffsetDateTime;

use crate::api::parse;
use crate::domain::delegation::DelegationRules;
use crate::domain::failures::MOST;
use crate::domain::grant::Assurance;
use crate::domain::risk::RiskRules;
use crate::domain::rules::{CodeRules, DisclosureRules, FactorRules, PurposeRules, Rules};
use crate::domain::verification::Purpose;

/// The document, with what this build ships of it.
pub static VERIFICATION_POLICY: Document<VerificationPolicy> =
    Document::new(include_str!("../standard/verification-policy.yaml"))
        .checked_by(faults)
        .simulated_by(simulate::simulate);

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
        rules(&self.0.on(&place, day_of(now)), purpose)
    }
}

impl Policy {
    /// What holds at `now` for factors and failures at a place.
    #[must_use]
    pub fn factors(&self, country: Option<&str>, now: OffsetDateTime) -> FactorRules {
        let place = country.map_or(Place::Global, Place::country);
        factor_rules(self.0.on(&place, day_of(now)).factors.as_ref())
    }

    /// What it takes at `now` to see the data of a customer who lives in a country.
    #[must_use]
    pub fn disclosure(&self, country: &str, now: OffsetDateTime) -> DisclosureRules {
        let held = self.0.on(&Place::country(country), day_of(now));
        // A level that cannot be read is the highest there is: nothing is shown.
        held.disclosure
            .as_ref()
            .map_or(DisclosureRules::SHIPPED, |rules| DisclosureRules {
                assurance: parse::assurance(rules.assurance).unwrap_or(Assurance::Aal3),
            })
    }

    /// What customers who live in a country may at `now` have others do for them, and what it is made of.
    #[must_use]
    pub fn delegations(&self, country: &str, now: OffsetDateTime) -> (DelegationRules, String) {
        let held = self.0.on(&Place::country(country), day_of(now));
        (delegation_rules(held.delegations.as_ref()), held.basis.to_string())
    }

    /// What holds at `now` for risk at a place, and what it is made of.
    #[must_use]
    pub fn risk(&self, country: Option<&str>, now: OffsetDateTime) -> (RiskRules, String) {
        let place = country.map_or(Place::Global, Place::country);
        let held = self.0.on(&place, day_of(now));
        (risk::rules(held.risk.as_ref()), held.basis.to_string())
    }
}

/// A policy that says nothing of factors is under the rules that this build ships.
fn factor_rules(factors: Option<&pb::FactorRules>) -> FactorRules {
    let shipped = FactorRules::SHIPPED;
    let Some(factors) = factors else { return shipped };
    let small = |number: i32, otherwise: i16| i16::try_from(number).unwrap_or(otherwise);
    let count = |number: i32, otherwise: usize| usize::try_from(number).unwrap_or(otherwise);
    FactorRules {
        totp_drift_steps: u8::try_from(factors.totp_drift_steps).unwrap_or(shipped.totp_drift_steps),
        pin_lifetime: lifetime(factors.pin_lifetime).unwrap_or(shipped.pin_lifetime),
        push_lifetime: lifetime(factors.push_lifetime).unwrap_or(shipped.push_lifetime),
        pushes_per_hour: count(factors.pushes_per_hour, shipped.pushes_per_hour),
        failures_before_wait: small(factors.failures_before_wait, shipped.failures_before_wait),
        failures_before_lock: small(factors.failures_before_lock, shipped.failures_before_lock).min(MOST),
        failures_per_source: count(factors.failures_per_source, shipped.failures_per_source),
        aal2_lifetime: lifetime(factors.aal2_lifetime).unwrap_or(shipped.aal2_lifetime),
        aal2_idle: lifetime(factors.aal2_idle).unwrap_or(shipped.aal2_idle),
    }
}

/// A policy that says nothing of delegations is under the rules that this build ships. What cannot be read allows nothing.
fn delegation_rules(given: Option<&pb::DelegationRules>) -> DelegationRules {
    given.map_or_else(DelegationRules::shipped, |rules| DelegationRules {
        longest: lifetime(rules.longest).unwrap_or_default(),
        purposes: rules
            .purposes()
            .filter_map(|known| parse::purpose(known.into()).ok())
            .collect(),
        assurance: parse::assurance(rules.assurance).unwrap_or(Assurance::Aal3),
    })
}

fn rules(held: &Effective<VerificationPolicy>, purpose: Purpose) -> Rules {
    Rules {
        basis: held.basis.to_string(),
        codes: code_rules(held.codes.as_ref()),
        purpose: held.purposes.get(purpose.as_str()).and_then(purpose_rules),
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
    if let Some(factors) = &policy.factors {
        for (field, given) in [
            ("pin_lifetime", factors.pin_lifetime),
            ("push_lifetime", factors.push_lifetime),
            ("aal2_lifetime", factors.aal2_lifetime),
            ("aal2_idle", factors.aal2_idle),
        ] {
            whole(format!("factors.{field}"), given);
        }
    }
    if let Some(risk) = &policy.risk {
        whole("risk.clearance_lifetime".to_owned(), risk.clearance_lifetime);
    }
    if let Some(delegations) = &policy.delegations {
        whole("delegations.longest".to_owned(), delegations.longest);
    }
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
mod tests;
