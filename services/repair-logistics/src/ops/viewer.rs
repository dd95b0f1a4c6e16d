//! Who looks, and what they may see.

use std::collections::BTreeSet;

use support_chassis::call::Call;
use support_proto::support::options::v1::CallerKind;

use crate::domain::provider::{Provider, ProviderId};
use crate::domain::repair::{CustomerId, Repair};
use crate::domain::step::Actor;

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A customer: sees the repairs of their cases.
    Customer(CustomerId),
    /// A partner: sees and moves the repairs of its organisation, at the locations its token names.
    Partner(Partner),
    /// Staff, operators and services: see everything.
    Insider,
    /// Nobody we know: sees nothing.
    Stranger,
}

/// A partner, as far as it is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Its organisation.
    pub organisation: String,
    /// The providers it calls for, by their ids; empty for all of the organisation.
    pub locations: BTreeSet<String>,
}

impl Partner {
    fn has(&self, organisation: Option<&str>, provider: ProviderId) -> bool {
        organisation == Some(&self.organisation)
            && (self.locations.is_empty() || self.locations.contains(&provider.to_string()))
    }
}

impl Viewer {
    /// Who makes this call.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let caller = call.caller();
        match caller.kind {
            CallerKind::Customer => call.customer_id().map_or(Self::Stranger, Self::Customer),
            CallerKind::Partner => caller.organisation.clone().map_or(Self::Stranger, |organisation| {
                Self::Partner(Partner {
                    organisation,
                    locations: caller.bounds.locations.clone(),
                })
            }),
            CallerKind::Staff | CallerKind::Operator | CallerKind::Service => Self::Insider,
            CallerKind::Anonymous | CallerKind::Unspecified => Self::Stranger,
        }
    }

    /// Whether there is this provider for them.
    #[must_use]
    pub fn sees_provider(&self, provider: &Provider) -> bool {
        match self {
            Self::Partner(partner) => partner.has(provider.house.organisation(), provider.id),
            Self::Insider => true,
            Self::Customer(_) | Self::Stranger => false,
        }
    }

    /// Whether there is this repair, of `customer`'s case, for them.
    #[must_use]
    pub fn sees_repair(&self, repair: &Repair, customer: CustomerId) -> bool {
        match self {
            Self::Customer(caller) => *caller == customer,
            Self::Partner(_) | Self::Insider | Self::Stranger => self.moves_repair(repair),
        }
    }

    /// Whether there is this repair for them to change.
    #[must_use]
    pub fn moves_repair(&self, repair: &Repair) -> bool {
        match self {
            Self::Partner(partner) => partner.has(repair.organisation.as_deref(), repair.provider_id),
            Self::Insider => true,
            Self::Customer(_) | Self::Stranger => false,
        }
    }
}

/// Who makes this call, as history keeps it.
#[must_use]
pub fn actor(call: &Call) -> Actor {
    let caller = call.caller();
    let is_partner = caller.kind == CallerKind::Partner;
    Actor {
        kind: caller.kind_name().to_owned(),
        id: caller.person().to_owned(),
        technician: caller.bounds.technician.clone().filter(|_| is_partner),
    }
}
