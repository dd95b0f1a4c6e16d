//! That somebody may act for a customer: for what, and until when.

use std::time::Duration;

use support_chassis::named;
use time::OffsetDateTime;

use super::grant::Assurance;
use super::ids::{CaseId, CustomerId, DelegationId, GrantId};
use super::rules::Rules;
use super::verification::{Method, Purpose};

/// How many may act for one customer at a time.
pub const DELEGATIONS_LIMIT: usize = 10;

named! {
    /// As what somebody acts for a customer.
    DelegateKind {
        /// Cares for them.
        Carer = "carer",
        /// Looks after their devices.
        Administrator = "administrator",
    }
}

named! {
    /// How a delegation ended.
    End {
        /// Somebody ended it.
        Revoked = "revoked",
        /// Another one took its place.
        Replaced = "replaced",
        /// Its time was over.
        Expired = "expired",
        /// One of the two was erased.
        Erased = "erased",
    }
}

named! {
    /// Who asked for it.
    AskedBy {
        /// The customer, in a session of theirs.
        Customer = "customer",
        /// Staff, in a case in which the customer was verified.
        Staff = "staff",
    }
}

named! {
    /// Why somebody may not act for a customer.
    Refusal {
        /// Nothing was ever agreed.
        None = "none",
        /// It was agreed, and ended.
        Revoked = "revoked",
        /// Its time is over.
        Expired = "expired",
        /// Not for this.
        Purpose = "purpose",
        /// What was proven is too little where the customer lives.
        Assurance = "assurance",
    }
}

named! {
    /// Why the rules do not allow a delegation.
    Fault {
        /// Nobody is their own delegate.
        Itself = "self",
        /// Customers do this themselves.
        Purpose = "purpose",
        /// It ends before it begins, or too late.
        EndTime = "end_time",
        /// The customer has as many delegates as can be.
        TooMany = "too_many",
    }
}

/// What customers may have others do for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationRules {
    /// For how long at most.
    pub longest: Duration,
    /// For what.
    pub purposes: Vec<Purpose>,
    /// The least assurance of the customer who consents.
    pub assurance: Assurance,
}

impl DelegationRules {
    /// What this build ships, as `standard/verification-policy.yaml` says it: what holds where a policy says nothing of it.
    #[must_use]
    pub fn shipped() -> Self {
        Self {
            longest: Duration::from_hours(24 * 365),
            purposes: vec![
                Purpose::GeneralHelp,
                Purpose::Payment,
                Purpose::RepairHandover,
                Purpose::PlanChange,
            ],
            assurance: Assurance::Aal1,
        }
    }

    /// Whether a delegation for these purposes until `expires_at` may be made at `now`.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn allow(&self, purposes: &[Purpose], expires_at: OffsetDateTime, now: OffsetDateTime) -> Result<(), Fault> {
        if !purposes.iter().all(|purpose| self.purposes.contains(purpose)) {
            return Err(Fault::Purpose);
        }
        if expires_at <= now || expires_at > now + self.longest {
            return Err(Fault::EndTime);
        }
        Ok(())
    }
}

/// That somebody may act for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// The id.
    pub id: DelegationId,
    /// For whom.
    pub customer_id: CustomerId,
    /// Who.
    pub delegate_id: CustomerId,
    /// As what.
    pub kind: DelegateKind,
    /// For what; never empty.
    pub purposes: Vec<Purpose>,
    /// Since when.
    pub started_at: OffsetDateTime,
    /// Until when at the latest.
    pub expires_at: OffsetDateTime,
    /// When and how it ended.
    pub ended: Option<(OffsetDateTime, End)>,
    /// Who asked for it.
    pub asked_by: AskedBy,
    /// The grant of the customer's own that their consent stands on.
    pub consent_grant_id: GrantId,
    /// The case in which staff asked for it.
    pub case_id: Option<CaseId>,
    /// The rules that it was allowed by.
    pub standard_basis: String,
}

impl Delegation {
    /// When and how it has ended at `now`, also before the timer has written that down.
    #[must_use]
    pub fn ended_at(&self, now: OffsetDateTime) -> Option<(OffsetDateTime, End)> {
        let expired = (now >= self.expires_at).then_some((self.expires_at, End::Expired));
        self.ended.or(expired)
    }

    /// Ends it at `now`. Whether that changed anything: what has ended stays as it is.
    pub fn end(&mut self, now: OffsetDateTime, end: End) -> bool {
        if self.ended.is_some() {
            return false;
        }
        // What ran out before somebody came to end it has run out.
        self.ended = self.ended_at(now).or(Some((now.max(self.started_at), end)));
        true
    }

    /// Whether its delegate may act for `purpose` at `now`, having proven themselves by `methods`, under the `rules` of where the
    /// customer lives for that purpose and for delegations.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn covers(
        &self,
        purpose: Purpose,
        methods: &[Method],
        (rules, delegations): (&Rules, &DelegationRules),
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        self.covers_purpose(purpose, delegations, now)?;
        let counts = |method: &Method| {
            let asked = rules.purpose.as_ref();
            asked.is_some_and(|asked| asked.methods.contains(method))
        };
        let counting: Vec<_> = methods.iter().copied().filter(counts).collect();
        match rules.satisfied_by(&counting) {
            Some(_) => Ok(()),
            None => Err(Refusal::Assurance),
        }
    }

    /// The same before anything is proven.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn covers_purpose(
        &self,
        purpose: Purpose,
        delegations: &DelegationRules,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        match self.ended_at(now) {
            Some((_, End::Expired)) => return Err(Refusal::Expired),
            Some(_) => return Err(Refusal::Revoked),
            None => {}
        }
        // What the rules keep to customers today nobody else does, whatever was agreed before.
        if !self.purposes.contains(&purpose) || !delegations.purposes.contains(&purpose) {
            return Err(Refusal::Purpose);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;
    use crate::domain::rules::{CodeRules, PurposeRules};

    const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
    const END: OffsetDateTime = datetime!(2026-04-01 12:00 UTC);

    fn delegation() -> Delegation {
        let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 1);
        Delegation {
            id: ids.next(),
            customer_id: ids.next(),
            delegate_id: ids.next(),
            kind: DelegateKind::Carer,
            purposes: vec![Purpose::GeneralHelp, Purpose::Payment],
            started_at: START,
            expires_at: END,
            ended: None,
            asked_by: AskedBy::Customer,
            consent_grant_id: ids.next(),
            case_id: None,
            standard_basis: String::new(),
        }
    }

    fn rules(assurance: Assurance, methods: &[Method]) -> Rules {
        Rules {
            basis: String::new(),
            codes: CodeRules {
                lifetime: Duration::from_mins(10),
                sends: 5,
                checks: 5,
                sends_per_hour: 10,
            },
            purpose: Some(PurposeRules {
                assurance,
                methods: methods.to_vec(),
                grant_lifetime: Duration::from_mins(30),
            }),
        }
    }

    #[test]
    fn it_covers_what_was_agreed_while_it_lasts_and_the_rules_of_both_places_are_kept() {
        use Method::{EmailCode, Passkey, SmsCode, Totp};
        let open = DelegationRules::shipped();
        let help = rules(Assurance::Aal1, &[EmailCode, Totp]);
        let strict = rules(Assurance::Aal2, &[EmailCode, Totp]);
        let agreed = delegation();
        let at = |now| agreed.covers(Purpose::GeneralHelp, &[EmailCode], (&help, &open), now);
        assert_eq!(at(START), Ok(()));
        assert_eq!(at(END), Err(Refusal::Expired), "the end is not in it");
        for (purpose, methods, rules, expected) in [
            (Purpose::Payment, &[EmailCode][..], &help, Ok(())),
            (Purpose::PlanChange, &[EmailCode], &help, Err(Refusal::Purpose)),
            (Purpose::GeneralHelp, &[EmailCode], &strict, Err(Refusal::Assurance)),
            (Purpose::GeneralHelp, &[EmailCode, Totp], &strict, Ok(())),
            (Purpose::GeneralHelp, &[SmsCode], &help, Err(Refusal::Assurance)),
            // One that counts is enough, whatever else was proven.
            (Purpose::GeneralHelp, &[Passkey, EmailCode], &help, Ok(())),
        ] {
            assert_eq!(
                agreed.covers(purpose, methods, (rules, &open), START),
                expected,
                "{purpose:?} {methods:?}"
            );
        }
        let narrow = DelegationRules {
            purposes: vec![Purpose::Payment],
            ..open.clone()
        };
        let told = agreed.covers(Purpose::GeneralHelp, &[EmailCode], (&help, &narrow), START);
        assert_eq!(told, Err(Refusal::Purpose), "what the rules keep to customers today");
        let mut revoked = agreed.clone();
        assert!(revoked.end(START, End::Revoked));
        let told = revoked.covers(Purpose::GeneralHelp, &[EmailCode], (&help, &open), START);
        assert_eq!(told, Err(Refusal::Revoked));
    }

    #[test]
    fn it_ends_once_and_what_ran_out_has_run_out() {
        let mut ended = delegation();
        assert!(ended.end(START, End::Replaced));
        assert!(!ended.end(END, End::Revoked));
        assert_eq!(ended.ended, Some((START, End::Replaced)));
        let mut late = delegation();
        assert!(late.end(END, End::Revoked));
        assert_eq!(late.ended, Some((END, End::Expired)));
    }

    #[test]
    fn the_rules_say_for_what_and_for_how_long() {
        let rules = DelegationRules::shipped();
        let longest = START + rules.longest;
        assert_eq!(rules.allow(&[Purpose::Payment], longest, START), Ok(()));
        let late = longest + Duration::from_secs(1);
        assert_eq!(rules.allow(&[Purpose::Payment], late, START), Err(Fault::EndTime));
        assert_eq!(rules.allow(&[Purpose::Payment], START, START), Err(Fault::EndTime));
        let own = [Purpose::Payment, Purpose::AccountSecurity];
        assert_eq!(rules.allow(&own, longest, START), Err(Fault::Purpose));
    }
}
