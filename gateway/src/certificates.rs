//! Which certificate a client shows, where it is the operator's proxy that speaks TLS with it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use support_chassis::server::tls::{Shown, certificate};

/// The header (RFC 9440, section 2.2): DER as a byte sequence of structured fields, `:base64:`.
const HEADER: &str = "client-cert";
/// The longest that is read.
const LIMIT: usize = 16 * 1024;

/// What the proxy says. It has asked for the certificate and looked at who signed it, so the names in it count. What cannot be
/// read, or is said twice, counts as none: a token that is bound to a certificate then opens nothing.
pub(crate) fn told(headers: &HeaderMap) -> Option<Shown> {
    let mut values = headers.get_all(HEADER).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let encoded = value.to_str().ok()?.trim().strip_prefix(':')?.strip_suffix(':')?;
    if encoded.len() > LIMIT {
        return None;
    }
    let der = STANDARD.decode(encoded).ok().filter(|der| !der.is_empty())?;
    Some(Shown(Arc::new(certificate(&der, true))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_said_once_and_well_formed_counts() {
        let said = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, HeaderValue::from_str(value).unwrap());
            }
            told(&headers).map(|shown| shown.0.thumbprint.clone())
        };
        assert_eq!(
            said(&[":AAAA:"]).map(|thumbprint| thumbprint.len()),
            Some(43),
            "32 bytes in base64url"
        );
        assert_ne!(said(&[":AAAA:"]), said(&[":AAAB:"]));
        for values in [&[][..], &["AAAA"], &["::"], &[":A:"], &[":AAAA:", ":AAAA:"]] {
            assert_eq!(said(values), None, "{values:?}");
        }
    }
}
