//! Plans: cover that customers buy for a device.
//!
//! [`book`] is what the terms offer at a place, [`life`] what becomes of a plan, [`term`] the days it lasts, [`refund`] what
//! is paid back when it ends early. A plan keeps what was [`Agreed`] for a term; a renewal agrees anew.

pub mod book;
pub mod held;
pub mod life;
pub mod refund;
pub mod term;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use support_chassis::{id_type, named};
use time::{Date, OffsetDateTime};

use super::country::Country;
use super::coverage::Damage;
use super::device::{CustomerId, DeviceId};
use super::money::{Amount, Rounding};
use life::State;

id_type! {
    /// Names a plan that somebody holds.
    PlanId
}

id_type! {
    /// Names a quote.
    QuoteId
}

id_type! {
    /// Names a payment.
    PaymentId
}

named! {
    /// Who buys a plan.
    Buyer {
        /// Somebody for themselves.
        Consumer = "consumer",
        /// An organisation for its people.
        Business = "business",
    }
}

named! {
    /// Why a plan was canceled.
    Cause {
        /// Whoever has it wanted it.
        Requested = "requested",
        /// Its device changed hands, and it does not go with it.
        NotTransferable = "not_transferable",
    }
}

/// What a plan covers, under one fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCover {
    /// The kinds of damage.
    pub damages: Vec<Damage>,
    /// The components; none for all of them.
    pub components: Vec<String>,
    /// What the customer pays for a repair under it.
    pub fee: Amount,
}

/// A plan that could have been bought with a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanOffer {
    /// Its key in the terms of plans.
    pub kind: String,
    /// For how many months from the day of the sale; none where it goes on while it is paid for.
    pub months: Option<u16>,
    /// How many repairs it gives in twelve months; none where it sets no limit.
    pub incidents_per_12_months: Option<u16>,
    /// What it covers.
    pub covers: Vec<PlanCover>,
    /// The version of the terms of plans.
    pub version: String,
    /// Where it is written down.
    pub source: String,
}

/// What is agreed for a term of a plan. It is kept with the term, so that no change of the terms of plans reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The plan's key in the terms.
    pub kind: String,
    /// The message that names it.
    pub name_key: String,
    /// How many months the price pays for, 1 or more.
    pub months: u16,
    /// Whether term follows term until somebody ends it.
    pub rolling: bool,
    /// The price, with all taxes.
    pub price: Amount,
    /// How many repairs it gives in twelve months; none where it sets no limit.
    pub incidents_per_12_months: Option<u16>,
    /// What it covers.
    pub covers: Vec<PlanCover>,
    /// How many days lie between the first payment and the first day.
    pub waiting_days: u16,
    /// For how many days an enrolment waits for its first payment.
    pub payment_days: u16,
    /// For how many days it covers on while a renewal is not paid.
    pub grace_days: u16,
    /// How many days before the end a renewal can be prepared; none where it cannot be renewed.
    pub renewal_window_days: Option<u16>,
    /// What is paid back when it ends early.
    pub cancellation: Cancellation,
    /// Whether it stays with the device when that changes hands.
    pub transferable: bool,
    /// The version of the terms.
    pub version: String,
    /// Where it is written down.
    pub source: String,
}

/// What is paid back of a term when a plan ends early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// Within how many days after it was paid the whole price is paid back.
    pub full_refund_days: u16,
    /// Where those days come from.
    pub full_refund_source: String,
    /// What is kept of the part for the days that are left, in hundredths of a percent, 10,000 at most.
    pub charge_basis_points: u16,
    /// The most that is kept so; none where nothing is.
    pub charge_at_most: Option<Amount>,
    /// How the part for the days that are left is rounded. The charge is always rounded down.
    pub rounding: Rounding,
}

/// A term of a plan that is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// 1 for the first.
    pub number: u16,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub until: Date,
    /// On which day it was paid.
    pub paid_on: Date,
    /// What is agreed for it.
    pub agreed: Agreed,
}

/// The next term of a plan, which is to be paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// What will be agreed.
    pub agreed: Agreed,
    /// Whether it was tried to collect the price in vain.
    pub failed: bool,
}

/// How a plan was canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canceled {
    /// Why.
    pub cause: Cause,
    /// What is paid back.
    pub refund: Amount,
}

/// A plan of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// The quote it was bought by.
    pub quote_id: QuoteId,
    /// The device.
    pub device_id: DeviceId,
    /// Who has it.
    pub holder: Option<CustomerId>,
    /// The partner's organisation that sold it.
    pub sold_by: Option<String>,
    /// Where its device was bought.
    pub country: Country,
    /// Who bought it.
    pub buyer: Buyer,
    /// How it stands.
    pub state: State,
    /// Whether it renews by itself.
    pub renews: bool,
    /// On which day it was bought.
    pub enrolled_on: Date,
    /// When.
    pub enrolled_at: OffsetDateTime,
    /// When its state changed last.
    pub state_changed_at: OffsetDateTime,
    /// What was agreed when it was bought.
    pub first: Agreed,
    /// Whether it was tried in vain to collect the first price.
    pub first_failed: bool,
    /// Its terms, in order.
    pub periods: Vec<Period>,
    /// The next term, where it is to be paid.
    pub renewal: Option<Renewal>,
    /// The last day on which it covered, once it is over; none where it never did.
    pub ended_on: Option<Date>,
    /// How it was canceled.
    pub canceled: Option<Canceled>,
}

/// A payment that a plan waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<'a> {
    /// What is agreed for the term to be paid.
    pub agreed: &'a Agreed,
    /// The last day on which it can be paid.
    pub by: Date,
    /// Whether it is for another term than the first.
    pub renewal: bool,
    /// Whether it was tried to collect it in vain.
    pub failed: bool,
}

impl Plan {
    /// The key in the terms.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.first.kind
    }

    /// The first day on which it covers; none while it was never paid.
    #[must_use]
    pub fn begins_on(&self) -> Option<Date> {
        self.periods.first().map(|period| period.from)
    }

    /// The last day that is paid; none while none is.
    #[must_use]
    pub fn paid_until(&self) -> Option<Date> {
        self.periods.last().map(|period| period.until)
    }

    /// What is agreed on `day`: for the term that is not over by then, or the last one, or the one to be paid first.
    #[must_use]
    pub fn agreed_on(&self, day: Date) -> &Agreed {
        self.periods
            .iter()
            .find(|period| day <= period.until)
            .or(self.periods.last())
            .map_or(&self.first, |period| &period.agreed)
    }

    /// The last day of its grace, if it is in it or would come into it: its renewal waits for that long.
    #[must_use]
    pub fn grace_until(&self) -> Option<Date> {
        let last = self.periods.last()?;
        Some(super::calendar::days_later(last.until, last.agreed.grace_days))
    }

    /// What is to be paid; none where nothing is.
    #[must_use]
    pub fn due(&self) -> Option<Due<'_>> {
        match self.state {
            State::PendingPayment => Some(Due {
                agreed: &self.first,
                by: super::calendar::days_later(self.enrolled_on, self.first.payment_days),
                renewal: false,
                failed: self.first_failed,
            }),
            State::Active | State::InGrace => {
                let renewal = self.renewal.as_ref()?;
                Some(Due {
                    agreed: &renewal.agreed,
                    by: self.grace_until()?,
                    renewal: true,
                    failed: renewal.failed,
                })
            }
            State::Lapsed | State::Canceled | State::Expired => None,
        }
    }
}
