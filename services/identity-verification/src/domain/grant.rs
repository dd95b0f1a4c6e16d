//! What an approved verification allows, for how long.

use time::OffsetDateTime;

use super::ids::{CaseId, CustomerId, GrantId, VerificationId};
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

impl From<Method> for Assurance {
    /// A code that was sent is one factor: something one has, the mailbox or the telephone.
    fn from(method: Method) -> Self {
        match method {
            Method::EmailCode | Method::SmsCode => Self::Aal1,
        }
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
    /// How surely.
    pub assurance: Assurance,
    /// How; never empty.
    pub methods: Vec<Method>,
    /// What for.
    pub purpose: Purpose,
    /// The case it is bound to.
    pub case_id: Option<CaseId>,
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

    /// Ends it. Whether that changed anything: what has ended stays as it is.
    pub fn revoke(&mut self, now: OffsetDateTime) -> bool {
        let was_live = self.is_live(now);
        if was_live {
            self.revoked_at = Some(now.max(self.granted_at));
        }
        was_live
    }
}
