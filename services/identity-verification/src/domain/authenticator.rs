//! What customers bind to their account to prove who they are.

use std::fmt;
use std::time::Duration;

use support_chassis::named;
use time::OffsetDateTime;

use super::ids::{AuthenticatorId, CustomerId};
use super::verification::Method;

/// How many recovery codes a set has.
pub const RECOVERY_CODES: usize = 10;
/// How long one may take to confirm a new authenticator.
pub const PENDING_LIFETIME: Duration = Duration::from_mins(10);
/// How old a device's signed question may be.
pub const QUESTION_LIFETIME: Duration = Duration::from_mins(1);
/// How many authenticators of one kind a customer can have.
pub const MOST_OF_A_KIND: i64 = 5;

named! {
    /// How an authenticator stands.
    AuthenticatorState {
        /// Made and not yet confirmed.
        Pending = "pending",
        /// It proves.
        Active = "active",
        /// Locked after too many failures.
        Locked = "locked",
        /// Removed, replaced or used up.
        Ended = "ended",
    }
}

named! {
    /// A kind of document of identity.
    DocumentType {
        /// A passport.
        Passport = "passport",
        /// An identity card of a state.
        IdentityCard = "identity_card",
        /// A driving licence.
        DrivingLicence = "driving_licence",
        /// A residence permit.
        ResidencePermit = "residence_permit",
    }
}

/// An authenticator as it is shown: without its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticator {
    /// The id.
    pub id: AuthenticatorId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it proves by.
    pub method: Method,
    /// What the customer calls it; empty for what they do not name.
    pub display_name: String,
    /// How it stands.
    pub state: AuthenticatorState,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it last proved something.
    pub used_at: Option<OffsetDateTime>,
    /// When it ends by itself.
    pub expires_at: Option<OffsetDateTime>,
    /// How many uses are left, of what can be used up.
    pub uses_left: i64,
}

impl Authenticator {
    /// Whether changes of what the customer has must be made at AAL2 because of it: it can prove by itself or with a code
    /// that is sent, and whoever has read a mailbox must not be able to replace it (NIST SP 800-63B-4, section 4.1.2).
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.state == AuthenticatorState::Active && matches!(self.method, Method::Totp | Method::Passkey | Method::Push)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authenticator")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The letters and digits of recovery codes: none that is easily taken for another (Crockford's base32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A recovery code of 80 random bits. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// The code of random bits.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        // Five bits of each byte: every letter is as likely as any other.
        Self(
            random
                .iter()
                .map(|byte| char::from(LETTERS[usize::from(byte & 31)]))
                .collect(),
        )
    }

    /// Reads what somebody typed: case, groups and the usual mistakes do not matter. None where it is no code.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let read: Option<String> = typed
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .map(|letter| match letter.to_ascii_uppercase() {
                'O' => Some('0'),
                'I' | 'L' => Some('1'),
                letter => u8::try_from(letter)
                    .ok()
                    .filter(|letter| LETTERS.contains(letter))
                    .map(char::from),
            })
            .collect();
        read.filter(|code| code.len() == 16).map(Self)
    }

    /// The letters, without groups.
    #[must_use]
    pub fn letters(&self) -> &str {
        &self.0
    }

    /// As it is shown: `7K3M-...`, in groups of four.
    #[must_use]
    pub fn shown(&self) -> String {
        let groups: Vec<_> = (0..16).step_by(4).map(|start| &self.0[start..start + 4]).collect();
        groups.join("-")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_people_write_it() {
        let code = RecoveryCode::new(*b"\x00\x01\x02\x03\x04\x05\x06\x07\x1f\x1e\x1d\x1c\x1b\x1a\x19\x18");
        assert_eq!(code.shown(), "0123-4567-ZYXW-VTSR");
        for typed in ["0123-4567-ZYXW-VTSR", "o1234567zyxwvtsr", " 0i23 4567 zyxw vtsr "] {
            assert_eq!(RecoveryCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for typed in [
            "",
            "0123-4567-ZYXW-VTS",
            "0123-4567-ZYXW-VTSU",
            "0123-4567-ZYXW-VTSRR",
            "Ä123-4567-ZYXW-VTSR",
        ] {
            assert_eq!(RecoveryCode::parse(typed), None, "{typed}");
        }
        assert_eq!(format!("{code:?}"), "RecoveryCode(..)");
    }
}
