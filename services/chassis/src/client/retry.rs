//! Whether and when a call is tried again.
//!
//! Retries turn a hiccup into nothing and an outage into a worse one. So: only methods that may be sent again, only
//! failures that may pass, three tries at most, at times spread by chance, and under a budget: retries are a share of
//! all calls, and where everything fails they soon stop.

use std::time::Duration;

use support_proto::policy::Policy;
use support_proto::support::options::v1::Idempotency;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::retry::budget::{Budget as _, TpsBudget};

/// Tries of one call, the first included.
const TRIES: u32 = 3;
/// The longest first pause; it doubles with each try.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// A peer that asks for more patience than this is not waited for: our caller has a deadline too.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// One retry for five calls over the last ten seconds, and two a second besides, for peers that are called rarely.
const SHARE: f32 = 0.2;
const WINDOW: Duration = Duration::from_secs(10);
const A_SECOND: u32 = 2;

/// The retries of one peer.
#[derive(Debug)]
pub(super) struct Retries {
    budget: TpsBudget,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            budget: TpsBudget::new(WINDOW, A_SECOND, SHARE),
        }
    }
}

/// Whether calls of the method may be sent again. A stream of requests cannot: it is gone once sent.
pub(super) fn allowed(policy: &Policy) -> bool {
    !policy.client_streaming
        && match policy.idempotency {
            Idempotency::Read | Idempotency::RequestId => true,
            Idempotency::Unspecified | Idempotency::None => false,
        }
}

/// The pause before another try; none where the failure will not pass or enough was tried.
pub(super) fn delay(status: &Status, tried: u32) -> Option<Duration> {
    if tried >= TRIES {
        return None;
    }
    let asked = status
        .get_details_retry_info()
        .map(|retry| retry.retry_delay.unwrap_or_default());
    if status.code() != Code::Unavailable && asked.is_none() {
        return None;
    }
    let most = FIRST_PAUSE * 2_u32.pow(tried.saturating_sub(1));
    // Full jitter: callers that failed together must not come back together.
    let chance = most.mul_f64(rand::random_range(0.0..=1.0));
    // An outage asks for a second, which our caller would rather not wait; the breaker protects the peer.
    let asked = if status.code() == Code::Unavailable {
        Duration::ZERO
    } else {
        asked.unwrap_or_default()
    };
    (asked <= LONGEST_PAUSE).then_some(asked + chance)
}

impl Retries {
    /// A call begins: it adds its share to the budget.
    pub(super) fn started(&self) {
        self.budget.deposit();
    }

    /// Takes a retry from the budget, if it holds one.
    pub(super) fn granted(&self) -> bool {
        self.budget.withdraw()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Answer;

    #[test]
    fn retries_what_may_pass_and_nothing_else() {
        assert!(delay(&Status::unavailable(""), 1).is_some());
        assert!(delay(&Answer::conflict().to_status(), 2).is_some());
        assert_eq!(delay(&Status::unavailable(""), TRIES), None);
        assert_eq!(delay(&Status::aborted(""), 1), None);
        assert_eq!(delay(&Status::internal(""), 1), None);
        assert_eq!(
            delay(&Answer::conflict().retry_after(Duration::from_mins(1)).to_status(), 1),
            None
        );
    }

    #[test]
    fn only_methods_that_may_be_sent_again_are() {
        let mut policy = support_proto::policy::policy("/support.case.v1.CaseService/GetCase")
            .unwrap()
            .clone();
        for (idempotency, expected) in [
            (Idempotency::Read, true),
            (Idempotency::RequestId, true),
            (Idempotency::None, false),
            (Idempotency::Unspecified, false),
        ] {
            policy.idempotency = idempotency;
            assert_eq!(allowed(&policy), expected, "{idempotency:?}");
        }
        policy.idempotency = Idempotency::Read;
        policy.client_streaming = true;
        assert!(!allowed(&policy));
    }

    #[test]
    fn the_budget_runs_out_and_calls_refill_it() {
        let retries = Retries::default();
        let mut granted = 0;
        while retries.granted() {
            granted += 1;
            assert!(granted < 100, "a budget without end");
        }
        for _ in 0..5 {
            retries.started();
        }
        assert!(retries.granted());
        assert!(!retries.granted());
    }
}
