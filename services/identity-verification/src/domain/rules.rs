//! What the standard says of verifications for one purpose at one place, and what one verification keeps of it.
//!
//! A verification is under two sets of rules. It is answered by those of the place that its caller is known or says to
//! be in, since whoever tries contact points reads the limits: were they those of the contact point's customer, they
//! would tell that there is one, and where they live. And it succeeds only within the rules of the customer's own
//! country, which no caller can talk their way out of. Where both are the same, as for every caller who says the truth,
//! nothing differs.

use std::time::Duration;

use time::OffsetDateTime;

use super::grant::Assurance;
use super::verification::Method;

/// What holds for verifications for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What it is made of, as decisions name it.
    pub basis: String,
    /// How codes are handled.
    pub codes: CodeRules,
    /// What the purpose asks for; none where nobody can be verified for it.
    pub purpose: Option<PurposeRules>,
}

/// How long a code works, and how often it can be sent and tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRules {
    /// How long a code works.
    pub lifetime: Duration,
    /// How often the code of one verification can be sent.
    pub sends: i16,
    /// How many codes can be tried in one verification.
    pub checks: i16,
    /// How many codes go to one contact point within an hour.
    pub sends_per_hour: i16,
}

/// What one purpose asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeRules {
    /// The least assurance.
    pub assurance: Assurance,
    /// The methods that count.
    pub methods: Vec<Method>,
    /// How long a grant lasts.
    pub grant_lifetime: Duration,
}

/// What holds for factors other than codes that are sent, for failures, and for how long a high assurance lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorRules {
    /// How many steps an app's clock may be off, either way.
    pub totp_drift_steps: u8,
    /// How long a support PIN works.
    pub pin_lifetime: Duration,
    /// How long a prompt on a device can be answered.
    pub push_lifetime: Duration,
    /// How many prompts one subject gets within an hour.
    pub pushes_per_hour: usize,
    /// After how many consecutive failures of a factor of a subject the next try has to wait.
    pub failures_before_wait: i16,
    /// After how many consecutive failures an authenticator is locked, at most 100.
    pub failures_before_lock: i16,
    /// How many failures one source may have within an hour.
    pub failures_per_source: usize,
    /// How long an assurance above AAL1 lasts at most.
    pub aal2_lifetime: Duration,
    /// For how long the session may lie idle before it decays.
    pub aal2_idle: Duration,
}

impl FactorRules {
    /// What this build ships, as `standard/verification-policy.yaml` says it: what holds where a policy says nothing of
    /// factors, because it was published before there were any.
    pub const SHIPPED: Self = Self {
        totp_drift_steps: 1,
        pin_lifetime: Duration::from_mins(15),
        push_lifetime: Duration::from_mins(2),
        pushes_per_hour: 5,
        failures_before_wait: 10,
        failures_before_lock: 100,
        failures_per_source: 100,
        aal2_lifetime: Duration::from_hours(12),
        aal2_idle: Duration::from_mins(30),
    };
}

/// What it takes for staff to see a customer's data unmasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisclosureRules {
    /// The least assurance at which a grant for the case must stand.
    pub assurance: Assurance,
}

impl DisclosureRules {
    /// What this build ships, as `standard/verification-policy.yaml` says it: what holds where a policy says nothing of it.
    pub const SHIPPED: Self = Self {
        assurance: Assurance::Aal1,
    };
}

impl Rules {
    /// What the purpose asks for, where these methods together satisfy it.
    #[must_use]
    pub fn satisfied_by(&self, methods: &[Method]) -> Option<&PurposeRules> {
        self.purpose.as_ref().filter(|purpose| {
            methods.iter().all(|method| purpose.methods.contains(method))
                && Assurance::of(methods) >= Some(purpose.assurance)
        })
    }

    /// What the purpose asks for, where this method counts and what counts with it can satisfy it.
    #[must_use]
    pub fn reached_from(&self, method: Method) -> Option<&PurposeRules> {
        self.purpose.as_ref().filter(|purpose| {
            purpose.methods.contains(&method) && Assurance::of(&purpose.methods) >= Some(purpose.assurance)
        })
    }
}

/// What a verification that was started keeps of the rules, to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// What the rules were made of; empty where there was no standard yet.
    pub basis: String,
    /// How often the code can be sent.
    pub sends: i16,
    /// How many codes can be tried.
    pub checks: i16,
    /// How many codes go to the contact point within an hour.
    pub sends_per_hour: i16,
    /// From when on the code does not work.
    pub expires_at: OffsetDateTime,
    /// The assurance at which it is approved.
    pub assurance: Assurance,
    /// The methods that count.
    pub methods: Vec<Method>,
}

impl Limits {
    /// Those of a verification that is started at `now`.
    #[must_use]
    pub fn new(rules: &Rules, now: OffsetDateTime) -> Self {
        Self {
            basis: rules.basis.clone(),
            sends: rules.codes.sends,
            checks: rules.codes.checks,
            sends_per_hour: rules.codes.sends_per_hour,
            expires_at: now + rules.codes.lifetime,
            // A closed purpose is refused before this is asked.
            assurance: rules
                .purpose
                .as_ref()
                .map_or(Assurance::Aal3, |purpose| purpose.assurance),
            methods: rules
                .purpose
                .as_ref()
                .map(|purpose| purpose.methods.clone())
                .unwrap_or_default(),
        }
    }

    /// Those under which nothing succeeds: of a verification for which the rules do not take the method.
    #[must_use]
    pub fn none(rules: &Rules, now: OffsetDateTime) -> Self {
        Self {
            sends: 0,
            checks: 0,
            sends_per_hour: 0,
            methods: Vec::new(),
            ..Self::new(rules, now)
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn rules(assurance: Assurance, methods: &[Method]) -> Rules {
        Rules {
            basis: "x/y@1".into(),
            codes: CodeRules {
                lifetime: Duration::from_mins(4),
                sends: 3,
                checks: 2,
                sends_per_hour: 7,
            },
            purpose: Some(PurposeRules {
                assurance,
                methods: methods.to_vec(),
                grant_lifetime: Duration::from_mins(9),
            }),
        }
    }

    #[test]
    fn a_method_satisfies_a_purpose_that_counts_it_and_asks_for_no_more_than_it_proves() {
        use Assurance::{Aal1, Aal2, Aal3};
        use Method::{EmailCode, Passkey, SmsCode, Totp};
        for (assurance, methods, method, reached, satisfied) in [
            (Aal1, &[EmailCode, SmsCode][..], EmailCode, true, true),
            (Aal1, &[EmailCode, SmsCode], SmsCode, true, true),
            (Aal1, &[SmsCode], EmailCode, false, false),
            (Aal1, &[EmailCode], SmsCode, false, false),
            (Aal1, &[], EmailCode, false, false),
            (Aal2, &[EmailCode, SmsCode], EmailCode, false, false),
            (Aal2, &[EmailCode, Totp], EmailCode, true, false),
            (Aal2, &[EmailCode, Passkey], Passkey, true, true),
            (Aal2, &[Passkey], EmailCode, false, false),
            (Aal3, Method::ALL, Passkey, false, false),
        ] {
            let rules = rules(assurance, methods);
            let told = (
                rules.reached_from(method).is_some(),
                rules.satisfied_by(&[method]).is_some(),
            );
            assert_eq!(told, (reached, satisfied), "{assurance:?} {methods:?} {method:?}");
        }
        assert!(
            rules(Aal2, &[EmailCode, Totp])
                .satisfied_by(&[Totp, EmailCode])
                .is_some()
        );
        assert!(rules(Aal2, &[EmailCode]).satisfied_by(&[Totp, EmailCode]).is_none());
        let closed = Rules {
            purpose: None,
            ..rules(Aal1, &[EmailCode])
        };
        assert_eq!(closed.reached_from(EmailCode), None, "nobody says what it asks for");
    }

    #[test]
    fn a_verification_keeps_the_numbers_of_its_rules() {
        let now = datetime!(2026-03-01 12:00 UTC);
        let rules = rules(Assurance::Aal1, &[]);
        let kept = Limits {
            basis: "x/y@1".into(),
            sends: 3,
            checks: 2,
            sends_per_hour: 7,
            expires_at: datetime!(2026-03-01 12:04 UTC),
            assurance: Assurance::Aal1,
            methods: vec![],
        };
        assert_eq!(Limits::new(&rules, now), kept);
        let none = Limits::none(&rules, now);
        assert_eq!((none.sends, none.checks, none.sends_per_hour), (0, 0, 0));
        assert_eq!(none.basis, kept.basis, "what it was refused by is known too");
    }
}
