//! What requests about factors say.

use std::fmt::Write as _;

use support_chassis::call::Call;
use support_chassis::clock;
use support_chassis::error::Violation;
use support_proto::support::identity::v1::{DocumentType as PbDocument, RedeemFactorRequest};
use support_proto::support::options::v1::AssuranceLevel;
use time::OffsetDateTime;

use crate::api::parse::assurance;
use crate::domain::authenticator::{DocumentType, RecoveryCode};
use crate::domain::code::Code;
use crate::error::IdentityError;
use crate::ops::authenticators::Owner;
use crate::ops::redeem_factor::Proof;
use crate::webauthn::Assertion;

/// The customer in whose session the call is, and how surely they are known.
pub(super) fn owner(call: &Call) -> Result<Owner, IdentityError> {
    let level: AssuranceLevel = call.caller().assurance;
    Ok(Owner {
        customer_id: call.customer_id().ok_or(IdentityError::CustomerNotFound)?,
        assurance: assurance(level.into()),
    })
}

/// Six digits.
pub(super) fn code(field: &str, given: &str) -> Result<Code, Violation> {
    Code::parse(given.as_bytes()).map_err(|error| Violation::new(field, error.to_string()))
}

/// What is brought. The contract has seen that it is one thing. What can only be wrong is no fault of the request: it costs
/// a check like everything that is wrong.
pub(super) fn proof(request: &RedeemFactorRequest) -> Result<Proof, Violation> {
    Ok(if !request.code.is_empty() {
        Proof::Code(code("code", &request.code)?)
    } else if !request.totp.is_empty() {
        Proof::Totp(code("totp", &request.totp)?)
    } else if !request.pin.is_empty() {
        Proof::Pin(request.pin.clone())
    } else if !request.recovery_code.is_empty() {
        Proof::Recovery(RecoveryCode::parse(&request.recovery_code))
    } else if !request.passkey_json.is_empty() {
        Proof::Passkey(Assertion::parse(&request.passkey_json).ok().map(Box::new))
    } else {
        Proof::Push
    })
}

/// A kind of document.
pub(super) fn document(given: i32) -> Result<DocumentType, Violation> {
    match PbDocument::try_from(given) {
        Ok(PbDocument::Passport) => Ok(DocumentType::Passport),
        Ok(PbDocument::IdentityCard) => Ok(DocumentType::IdentityCard),
        Ok(PbDocument::DrivingLicence) => Ok(DocumentType::DrivingLicence),
        Ok(PbDocument::ResidencePermit) => Ok(DocumentType::ResidencePermit),
        Ok(PbDocument::Unspecified) | Err(_) => Err(Violation::new("document_type", "is none of the kinds")),
    }
}

/// Since when; since ever where nothing is said.
pub(super) fn since(given: Option<prost_types::Timestamp>) -> Result<OffsetDateTime, Violation> {
    given.map_or(Ok(OffsetDateTime::UNIX_EPOCH), |given| {
        clock::from_timestamp(&given).ok_or_else(|| Violation::new("since_time", "is no time"))
    })
}

/// A recovery code as it is shown.
pub(super) fn recovery_code_text(code: &RecoveryCode) -> String {
    code.shown()
}

/// The URI of an authenticator app's secret (the Key URI Format that all of them read).
pub(super) fn otpauth(issuer: &str, account: &str, secret: &str) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
}

/// Percent-encoded (RFC 3986, section 2.1): all but unreserved characters.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_uri_holds_what_apps_read() {
        assert_eq!(
            otpauth("Customer Support", "Mein Gerät", "GEZDGNBV"),
            "otpauth://totp/Customer%20Support:Mein%20Ger%C3%A4t?secret=GEZDGNBV&issuer=Customer%20Support\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
