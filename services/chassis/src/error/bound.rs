//! Keeps a status within what HTTP/2 headers bear.
//!
//! A status travels in trailers: the message percent-encoded, the details in base64. gRPC clients refuse header lists
//! above a limit (8 KiB softly in grpc-core, 16 KiB in hyper) and then report a broken connection instead of our
//! answer. So both parts together stay below 8 KiB.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The most that a message may take in bytes, percent-encoded.
pub const MESSAGE_LIMIT: usize = 1024;
/// The most that the details may take in bytes, before base64 makes them a third longer.
pub const DETAILS_LIMIT: usize = 4608;

/// The status itself where it fits; else with its message cut and with as many violations as fit, their number beyond
/// that in the metadata of the `ErrorInfo` as `violations_omitted`.
#[must_use]
pub fn bound(status: Status) -> Status {
    if encoded_len(status.message()) <= MESSAGE_LIMIT && status.details().len() <= DETAILS_LIMIT {
        return status;
    }
    let (code, headers) = (status.code(), status.metadata().clone());
    // The message stands in the details a second time, so a cut message shortens both.
    let message = cut(status.message());
    let details = status.get_error_details();
    let mut bounded = Status::with_error_details(code, message, details.clone());
    if bounded.details().len() > DETAILS_LIMIT {
        bounded = fewer_violations(code, message, details);
    }
    *bounded.metadata_mut() = headers;
    bounded
}

/// Halves the lists until they fit; at last there is the reason alone.
fn fewer_violations(code: Code, message: &str, mut details: ErrorDetails) -> Status {
    let mut fields = details
        .bad_request()
        .map(|bad| bad.field_violations.clone())
        .unwrap_or_default();
    let mut states = details
        .precondition_failure()
        .map(|failed| failed.violations.clone())
        .unwrap_or_default();
    let found = fields.len() + states.len();
    let info = details.error_info().cloned();
    let delay = details.retry_info().and_then(|retry| retry.retry_delay);
    loop {
        fields.truncate(fields.len() / 2);
        states.truncate(states.len() / 2);
        details = ErrorDetails::new();
        if let Some(info) = &info {
            let mut metadata = info.metadata.clone();
            if fields.is_empty() && states.is_empty() {
                // Even the metadata may be what is too long; short values survive.
                metadata.retain(|key, value| key.len() + value.len() <= 128);
            }
            metadata.insert(
                "violations_omitted".to_owned(),
                (found - fields.len() - states.len()).to_string(),
            );
            details.set_error_info(info.reason.clone(), info.domain.clone(), metadata);
        }
        if !fields.is_empty() {
            details.set_bad_request(fields.clone());
        }
        if !states.is_empty() {
            details.set_precondition_failure(states.clone());
        }
        if delay.is_some() {
            details.set_retry_info(delay);
        }
        let shorter = Status::with_error_details(code, message, details);
        if shorter.details().len() <= DETAILS_LIMIT {
            return shorter;
        }
        if fields.is_empty() && states.is_empty() {
            return Status::new(code, message);
        }
    }
}

fn cut(message: &str) -> &str {
    let mut length = 0;
    for (at, letter) in message.char_indices() {
        length += encoded_len(letter.encode_utf8(&mut [0; 4]));
        if length > MESSAGE_LIMIT {
            return &message[..at];
        }
    }
    message
}

/// The length in bytes of a message as tonic percent-encodes it.
fn encoded_len(message: &str) -> usize {
    message
        .bytes()
        .map(|byte| {
            if (b' '..=b'~').contains(&byte) && !b"\"#%<>`?{}".contains(&byte) {
                1
            } else {
                3
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Answer, CommonErrorReason, Violation, explain};

    #[test]
    fn names_as_many_violations_as_fit_and_says_how_many_do_not() {
        let mut answer = Answer::common(
            Code::InvalidArgument,
            CommonErrorReason::InvalidFields,
            "fields break rules",
        );
        for index in 0..1000 {
            answer = answer.violation(Violation::new(format!("items[{index}].device_id"), "is not an id"));
        }
        let status = answer.to_status();
        assert!(status.details().len() <= DETAILS_LIMIT);
        let told = explain(&status);
        assert_eq!(told.reason, CommonErrorReason::InvalidFields.as_str_name());
        assert!(told.violations.len() > 20, "{} named", told.violations.len());
        assert_eq!(
            told.metadata["violations_omitted"],
            (1000 - told.violations.len()).to_string()
        );
    }

    #[test]
    fn cuts_a_message_between_letters_by_its_encoded_length() {
        let status = Answer::common(Code::Internal, CommonErrorReason::Internal, "ü".repeat(1000)).to_status();
        assert_eq!(status.message(), "ü".repeat(MESSAGE_LIMIT / 6));
    }

    #[test]
    fn drops_metadata_that_alone_is_too_long() {
        let answer = Answer::common(Code::NotFound, CommonErrorReason::RegionUnknown, "no such region");
        let status = answer
            .with("region", "eu")
            .with("noise", "x".repeat(100_000))
            .to_status();
        let told = explain(&status);
        assert_eq!(told.metadata["region"], "eu");
        assert!(!told.metadata.contains_key("noise"));
    }
}
