//! The `grpc-timeout` header (gRPC over HTTP/2): at most eight digits and a unit.

use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;

/// The header's name.
pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// How long the caller is willing to wait. A value that cannot be read counts as none, as tonic has it too: the
/// method's own deadline still holds.
#[must_use]
pub fn read(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// The header's value for a timeout, rounded down to the finest unit that fits.
#[must_use]
pub fn write(timeout: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let (count, unit) = [
        (timeout.as_nanos(), 'n'),
        (timeout.as_micros(), 'u'),
        (timeout.as_millis(), 'm'),
    ]
    .into_iter()
    .find(|(count, _)| *count <= MOST)
    .unwrap_or((u128::from(timeout.as_secs()).min(MOST), 'S'));
    HeaderValue::from_str(&format!("{count}{unit}")).unwrap_or(HeaderValue::from_static("99999999S"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_text(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, HeaderValue::from_str(text).unwrap());
        read(&headers)
    }

    #[test]
    fn refuses_what_the_specification_does_not_allow() {
        for text in ["", "5", "S", "-1S", "+1S", "123456789S", "1x", "1.5S", "5 S"] {
            assert_eq!(read_text(text), None, "{text:?}");
        }
        assert_eq!(read_text("99999999H"), Some(Duration::from_hours(99_999_999)));
    }

    proptest! {
        #[test]
        fn is_never_longer_than_what_was_written_and_hardly_shorter(nanos in 0_u64..10_u64.pow(17)) {
            let timeout = Duration::from_nanos(nanos);
            let read = read_text(write(timeout).to_str().unwrap()).unwrap();
            prop_assert!(read <= timeout);
            prop_assert!(timeout.checked_sub(read).unwrap() <= timeout / 10_000 + Duration::from_nanos(1));
        }
    }
}
