//! Hands short messages to whoever carries them: a web hook of the operator's provider, or of a small program before it.
//!
//! `POST` of JSON, `{"id": .., "to": "+41790001122", "text": .., "language": "de"}`, with the secret as a bearer token. The id is that of
//! the delivery and stands in `Idempotency-Key` as well: a message that is sent twice after a crash is one to a carrier
//! that looks. Any answer 2xx has taken it.

use serde::Serialize;

use crate::domain::ids::DeliveryId;
use crate::hook::{Hook, HookError};

/// Sends short messages. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Carrier(Hook);

/// Why a short message was not taken. Says what kind of answer the carrier gave and not what it said, since that may quote numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CarrierError {
    /// The carrier will not take it, now or later.
    #[error("the carrier refuses the message: {status}")]
    Refused {
        /// The status of its answer.
        status: u16,
    },
    /// The carrier did not take it now.
    #[error("the carrier did not take the message: {status}")]
    Deferred {
        /// The status of its answer; 0 where there was none.
        status: u16,
    },
    /// The carrier took too long.
    #[error("the carrier took too long")]
    TimedOut,
}

/// What the carrier is told.
#[derive(Serialize)]
struct Message<'a> {
    id: String,
    to: &'a str,
    text: &'a str,
    language: &'a str,
}

impl Carrier {
    /// A carrier behind this hook.
    #[must_use]
    pub fn new(hook: Hook) -> Self {
        Self(hook)
    }

    /// Sends `text` to the telephone number `to`, E.164.
    ///
    /// # Errors
    ///
    /// [`CarrierError`].
    pub async fn send(&self, to: &str, text: &str, language: &str, delivery: DeliveryId) -> Result<(), CarrierError> {
        let id = delivery.to_string();
        let message = Message {
            to,
            text,
            language,
            id: id.clone(),
        };
        match self.0.post(&message, Some(&id)).await {
            Ok(answer) => judge(answer.status),
            Err(HookError::Unwritable) => Err(CarrierError::Refused { status: 0 }),
            Err(HookError::NoAnswer | HookError::Unreadable) => Err(CarrierError::Deferred { status: 0 }),
            Err(HookError::TimedOut) => Err(CarrierError::TimedOut),
        }
    }
}

/// What an answer says. A secret that is not taken, a wrong address and a method that is not served are matters of our settings: the
/// message will be taken once they are right.
fn judge(status: u16) -> Result<(), CarrierError> {
    match status {
        200..=299 => Ok(()),
        401 | 403 | 404 | 405 | 408 | 425 | 429 => Err(CarrierError::Deferred { status }),
        400..=499 => Err(CarrierError::Refused { status }),
        _ => Err(CarrierError::Deferred { status }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_put_right_is_tried_again() {
        for status in [200, 202, 204] {
            assert_eq!(judge(status), Ok(()), "{status}");
        }
        for status in [400, 410, 422] {
            assert_eq!(judge(status), Err(CarrierError::Refused { status }));
        }
        for status in [301, 401, 404, 429, 500, 503] {
            assert_eq!(judge(status), Err(CarrierError::Deferred { status }));
        }
    }
}
