//! Whom a verification is about.

use std::time::Duration;

use time::OffsetDateTime;

use super::Method;
use crate::domain::ids::{ContactPointId, CustomerId};
use crate::domain::rules::{Limits, Rules};

/// Whom a verification would prove to be whom, and within what limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The customer.
    pub customer_id: CustomerId,
    /// Their address that the code goes to.
    pub contact_point_id: ContactPointId,
    /// The country they live in, ISO 3166-1 alpha-2, whose rules hold besides.
    pub country_code: String,
    /// What the rules of their own country allow. Beyond them the verification goes on as if nobody had the address: no
    /// code is sent, and none is right.
    pub limits: Limits,
    /// How long a grant will last.
    pub grant_lifetime: Duration,
}

impl Subject {
    /// A customer with the rules of their country, on whom a verification that begins by `method` and is answered by the
    /// limits `answered` is started at `now`. Where the rules of their country do not take the method, or ask for more than
    /// it is answered that is needed, nothing will approve it.
    #[must_use]
    pub fn new(
        customer_id: CustomerId,
        contact_point_id: ContactPointId,
        country_code: String,
        rules: &Rules,
        (method, answered): (Method, &Limits),
        now: OffsetDateTime,
    ) -> Self {
        let taken = rules
            .reached_from(method)
            .filter(|purpose| purpose.assurance <= answered.assurance);
        let (limits, grant_lifetime) = match taken {
            Some(purpose) => (Limits::new(rules, now), purpose.grant_lifetime),
            None => (Limits::none(rules, now), Duration::ZERO),
        };
        Self {
            customer_id,
            contact_point_id,
            country_code,
            limits: Limits {
                assurance: answered.assurance,
                ..limits
            },
            grant_lifetime,
        }
    }

    /// Whether the `checks`th proof that is tried, by `method`, can be right at `now`.
    pub(super) fn allows(&self, method: Method, checks: i16, now: OffsetDateTime) -> bool {
        self.limits.methods.contains(&method) && checks <= self.limits.checks && now < self.limits.expires_at
    }
}
