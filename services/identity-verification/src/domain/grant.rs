//! What an approved verification allows, for how long.

use std::time::Duration;

use time::OffsetDateTime;

use super::ids::{CaseId, CustomerId, DelegationId, GrantId, VerificationId};
use super::verification::{Method, Purpose};

/// How surely a customer was recognised, after NIST SP 800-63B-4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// One factor.
    Aal1 = 1,
    /// Two factors, or one that cannot be phished.
    Aal2 = 2,
    /// Hardware-bound and phishing-resistant.
    Aal3 = 3,
}

impl Assurance {
    /// 1 to 3, as the database and tokens spell it.
    #[must_use]
    pub fn level(self) -> u8 {
        match self {
            Self::Aal1 => 1,
            Self::Aal2 => 2,
            Self::Aal3 => 3,
        }
    }

    /// Reads what [`Assurance::level`] wrote.
    #[must_use]
    pub fn from_stored(level: i16) -> Option<Self> {
        [Self::Aal1, Self::Aal2, Self::Aal3]
            .into_iter()
            .find(|known| i16::from(known.level()) == level)
    }
}

/// What a factor is: two of one kind are no more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A message to an address, which one can read.
    Message,
    /// An authenticator app.
    App,
    /// A device that answers for itself.
    Device,
    /// Something that was made before and kept.
    Kept,
    /// The person, with a document, before somebody's eyes.
    Presence,
    /// A key that only works for us, unlocked by its user: two factors in one, and nothing that could be phished.
    Key,
}

impl Kind {
    fn of(method: Method) -> Self {
        match method {
            Method::EmailCode | Method::SmsCode => Self::Message,
            Method::Totp => Self::App,
            Method::Push => Self::Device,
            Method::SupportPin | Method::RecoveryCode => Self::Kept,
            Method::Document => Self::Presence,
            Method::Passkey => Self::Key,
        }
    }
}

impl Assurance {
    /// What proofs come to together; none where there is none. AAL3 nothing here proves: that a key cannot leave its
    /// hardware, its maker would have to attest.
    #[must_use]
    pub fn of(methods: &[Method]) -> Option<Self> {
        let first = Kind::of(*methods.first()?);
        let is_more = |method: &Method| Kind::of(*method) == Kind::Key || Kind::of(*method) != first;
        Some(if methods.iter().any(is_more) {
            Self::Aal2
        } else {
            Self::Aal1
        })
    }
}

/// How long an assurance above AAL1 lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decay {
    /// Until when at most.
    pub assured_until: OffsetDateTime,
    /// For how long the session may lie idle.
    pub idle: Duration,
    /// When the session was last renewed.
    pub renewed_at: OffsetDateTime,
}

impl Decay {
    /// When it decays unless the session is renewed before.
    #[must_use]
    pub fn ends_at(&self) -> OffsetDateTime {
        self.assured_until.min(self.renewed_at + self.idle)
    }
}

/// What an approved verification allows. Holds ids and facts, nothing of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The id.
    pub id: GrantId,
    /// Who was verified.
    pub customer_id: CustomerId,
    /// By which verification.
    pub verification_id: VerificationId,
    /// How surely, at first. What holds at a given time, [`Grant::assurance_at`] says.
    pub assurance: Assurance,
    /// How long that lasts; none at AAL1, which lasts as long as the grant.
    pub decay: Option<Decay>,
    /// How; never empty.
    pub methods: Vec<Method>,
    /// What for.
    pub purpose: Purpose,
    /// The case it is bound to.
    pub case_id: Option<CaseId>,
    /// Who was verified in its customer's place, and by what they may act; none where the customer was.
    pub delegation: Option<(CustomerId, DelegationId)>,
    /// The member of staff who verified them; none where nobody of the staff did.
    pub agent: Option<String>,
    /// What the rules it was decided by were made of; empty where there was no standard yet.
    pub standard_basis: String,
    /// When it was made.
    pub granted_at: OffsetDateTime,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
    /// When somebody ended it.
    pub revoked_at: Option<OffsetDateTime>,
}

impl Grant {
    /// Whether it allows anything at `now`.
    #[must_use]
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// How surely its customer is known at `now`: an assurance above AAL1 decays to it.
    #[must_use]
    pub fn assurance_at(&self, now: OffsetDateTime) -> Assurance {
        match &self.decay {
            Some(decay) if now < decay.ends_at() => self.assurance,
            Some(_) => Assurance::Aal1,
            None => self.assurance,
        }
    }

    /// Whether it shows its customer to this member of staff: who was verified with somebody of the staff is shown to them alone, and
    /// who was verified without one to whoever handles the case.
    #[must_use]
    pub fn shows_to(&self, subject: &str) -> bool {
        self.delegation.is_none() && self.agent.as_deref().is_none_or(|agent| agent == subject)
    }

    /// Whether this member of staff may act by it in its customer's matters: whoever verified them, and, where they were verified without
    /// staff for a case, whoever asks for that. A session of the customer's own that is for no case is nobody else's.
    #[must_use]
    pub fn serves(&self, subject: &str) -> bool {
        match &self.agent {
            Some(agent) => agent == subject,
            None => self.case_id.is_some(),
        }
    }

    /// Renews its session at `now`: what has not decayed lasts on. Whether that changed anything.
    pub fn renew(&mut self, now: OffsetDateTime) -> bool {
        match &mut self.decay {
            Some(decay) if now < decay.ends_at() && decay.renewed_at < now => {
                decay.renewed_at = now;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Ends it. Whether that changed anything: what has ended stays as it is.
    pub fn revoke(&mut self, now: OffsetDateTime) -> bool {
        let was_live = self.is_live(now);
        if was_live {
            self.revoked_at = Some(now.max(self.granted_at));
        }
        was_live
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn two_proofs_of_one_kind_are_one_factor() {
        use Method::{Document, EmailCode, Passkey, Push, RecoveryCode, SmsCode, SupportPin, Totp};
        for (methods, expected) in [
            (&[][..], None),
            (&[EmailCode], Some(Assurance::Aal1)),
            (&[EmailCode, SmsCode], Some(Assurance::Aal1)),
            (&[SupportPin, RecoveryCode], Some(Assurance::Aal1)),
            (&[EmailCode, Totp], Some(Assurance::Aal2)),
            (&[Totp, Push], Some(Assurance::Aal2)),
            (&[SupportPin, SmsCode], Some(Assurance::Aal2)),
            (&[Document, EmailCode], Some(Assurance::Aal2)),
            (&[Passkey], Some(Assurance::Aal2)),
            (Method::ALL, Some(Assurance::Aal2)),
        ] {
            assert_eq!(Assurance::of(methods), expected, "{methods:?}");
        }
    }

    #[test]
    fn an_assurance_above_aal1_decays_when_its_time_is_over_or_nobody_renews_it() {
        let start = datetime!(2026-03-01 12:00 UTC);
        let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(start).0, 1);
        let minutes = |minutes| start + Duration::from_mins(minutes);
        let mut grant = Grant {
            id: ids.next(),
            customer_id: ids.next(),
            verification_id: ids.next(),
            assurance: Assurance::Aal2,
            decay: Some(Decay {
                assured_until: minutes(720),
                idle: Duration::from_mins(30),
                renewed_at: start,
            }),
            methods: vec![Method::Passkey],
            purpose: Purpose::Payment,
            case_id: None,
            delegation: None,
            agent: None,
            standard_basis: String::new(),
            granted_at: start,
            expires_at: minutes(900),
            revoked_at: None,
        };
        assert_eq!(grant.assurance_at(minutes(29)), Assurance::Aal2);
        assert_eq!(grant.assurance_at(minutes(30)), Assurance::Aal1);
        for minute in (20..720).step_by(20) {
            assert!(grant.renew(minutes(minute)));
        }
        assert_eq!(grant.assurance_at(minutes(719)), Assurance::Aal2);
        assert_eq!(
            grant.assurance_at(minutes(720)),
            Assurance::Aal1,
            "twelve hours are twelve hours"
        );
        assert!(!grant.renew(minutes(720)), "what has decayed is not renewed");
        assert!(grant.is_live(minutes(720)), "it goes on at AAL1");
    }
}
