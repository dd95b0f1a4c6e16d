//! What holds for every plan.

mod life;
mod refunds;
mod terms;

use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::{Date, OffsetDateTime};

use super::*;
use crate::domain::money::Currency;

fn ids() -> Ids {
    Ids::new("eu".parse().unwrap(), Clock::system())
}

fn euros(minor: i64) -> Amount {
    Amount::new(Currency::from_code("EUR").unwrap(), minor)
}

/// A plan of `months` for 125.00, 14 days of grace and of waiting for the payment, 30 days of a full refund.
fn agreed(months: u16) -> Agreed {
    Agreed {
        kind: "standard".to_owned(),
        name_key: "plan.name.standard".to_owned(),
        months,
        rolling: false,
        price: euros(12_500),
        incidents_per_12_months: Some(2),
        covers: vec![PlanCover {
            damages: vec![Damage::Accidental],
            components: Vec::new(),
            fee: euros(9900),
        }],
        waiting_days: 0,
        payment_days: 14,
        grace_days: 14,
        renewal_window_days: Some(45),
        cancellation: Cancellation {
            full_refund_days: 30,
            full_refund_source: "a test".to_owned(),
            charge_basis_points: 1000,
            charge_at_most: Some(euros(2600)),
            rounding: Rounding::Up,
        },
        transferable: true,
        version: "v1".to_owned(),
        source: "a test".to_owned(),
    }
}

/// Terms that follow each other, each paid on its first day, the first from `begins` on.
fn periods(begins: Date, months: &[u16]) -> Vec<Period> {
    let mut periods: Vec<Period> = Vec::new();
    for (months, number) in months.iter().zip(1..) {
        let (from, until) = if periods.is_empty() {
            term::first(begins, 0, *months)
        } else {
            term::following(&periods, *months).unwrap()
        };
        periods.push(Period {
            number,
            from,
            until,
            paid_on: from,
            agreed: agreed(*months),
        });
    }
    periods
}

fn plan(state: State, periods: Vec<Period>) -> Plan {
    let ids = ids();
    Plan {
        id: ids.next(),
        quote_id: ids.next(),
        device_id: ids.next(),
        holder: None,
        sold_by: None,
        country: Country::from_code("DE").unwrap(),
        buyer: Buyer::Consumer,
        state,
        renews: false,
        enrolled_on: periods.first().map_or(Date::MIN, |period| period.from),
        enrolled_at: OffsetDateTime::UNIX_EPOCH,
        state_changed_at: OffsetDateTime::UNIX_EPOCH,
        first: periods.first().map_or(agreed(24), |period| period.agreed.clone()),
        first_failed: false,
        renewal: (state == State::InGrace).then(|| Renewal {
            agreed: agreed(24),
            failed: false,
        }),
        periods,
        ended_on: None,
        canceled: None,
    }
}
