//! What is stored of a proof that was tried, under the call's request id.

use support_proto::support::identity::v1::{CheckCodeResponse, VerificationState};
use time::OffsetDateTime;

use crate::api::present;
use crate::domain::delegation::Refusal;
use crate::domain::ids::VerificationId;
use crate::domain::machine::State;
use crate::domain::verification::Checked;
use crate::error::IdentityError;
use crate::ops::redeem_factor::Redemption;

/// The outcome of a check as it is stored: without the code, which is not in it, and without a token, which is made
/// afresh each time. Exactly one field is set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredCheck {
    /// It was right: the answer, its token empty, and without a grant where more is needed.
    #[prost(message, optional, tag = "1")]
    pub approved: Option<CheckCodeResponse>,
    /// It was wrong, and so many checks are left.
    #[prost(int32, optional, tag = "2")]
    pub wrong: Option<i32>,
    /// No checks were left.
    #[prost(bool, optional, tag = "3")]
    pub too_many: Option<bool>,
    /// The verification had ended in this `VerificationState`.
    #[prost(int32, optional, tag = "4")]
    pub not_open: Option<i32>,
    /// It was right, and they may not act for whom they named: why.
    #[prost(string, optional, tag = "5")]
    pub refused: Option<String>,
}

impl StoredCheck {
    /// What is stored of `redemption`.
    #[must_use]
    pub fn of(redemption: &Redemption, now: OffsetDateTime) -> Self {
        match redemption.checked {
            Checked::Approved(_) | Checked::Proven => Self {
                approved: Some(CheckCodeResponse {
                    verification: Some(present::verification(&redemption.verification, now)),
                    grant: redemption.grant.as_ref().map(|grant| present::grant(grant, now)),
                    session_token: String::new(),
                }),
                ..Self::default()
            },
            Checked::Wrong { checks_left } => Self {
                wrong: Some(checks_left.into()),
                ..Self::default()
            },
            Checked::TooMany => Self {
                too_many: Some(true),
                ..Self::default()
            },
            Checked::Refused(cause) => Self {
                refused: Some(cause.as_str().to_owned()),
                ..Self::default()
            },
            Checked::NotOpen(state) => Self {
                not_open: Some(present::state(state).into()),
                ..Self::default()
            },
        }
    }

    /// The answer, its token still empty.
    ///
    /// # Errors
    ///
    /// [`IdentityError::CodeWrong`], [`IdentityError::TooManyChecks`], [`IdentityError::VerificationNotOpen`],
    /// [`IdentityError::DelegationRefused`].
    pub fn outcome(self, id: VerificationId) -> Result<CheckCodeResponse, IdentityError> {
        if let Some(answer) = self.approved {
            return Ok(answer);
        }
        if let Some(left) = self.wrong {
            return Err(IdentityError::CodeWrong {
                checks_left: i16::try_from(left).unwrap_or(0),
            });
        }
        if self.too_many.is_some() {
            return Err(IdentityError::TooManyChecks);
        }
        if let Some(cause) = self.refused {
            let cause = Refusal::from_name(&cause);
            return Err(IdentityError::DelegationRefused {
                cause: cause.ok_or(IdentityError::Impossible("a stored refusal without a cause"))?,
            });
        }
        let state = self
            .not_open
            .and_then(|number| VerificationState::try_from(number).ok())
            .and_then(|stored| {
                State::ALL
                    .iter()
                    .copied()
                    .find(|state| present::state(*state) == stored)
            })
            .ok_or(IdentityError::Impossible("a stored check without an outcome"))?;
        Err(IdentityError::VerificationNotOpen { id, state })
    }

    /// The outcome in a word, for metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self {
                approved: Some(CheckCodeResponse { grant: None, .. }),
                ..
            } => "proven",
            Self { approved: Some(_), .. } => "approved",
            Self { wrong: Some(_), .. } => "wrong",
            Self { too_many: Some(_), .. } => "too_many",
            Self { refused: Some(_), .. } => "refused",
            _ => "not_open",
        }
    }
}
