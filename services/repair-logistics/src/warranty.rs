//! What is asked of warranty: which device it is, and what is owed for it.

use sha2::{Digest as _, Sha256};
use support_chassis::call::Call;
use support_chassis::client::Peer;
use support_chassis::clock::from_timestamp;
use support_chassis::error::{PeerError, from_peer};
use support_proto::support::warranty::v1::coverage_service_client::CoverageServiceClient;
use support_proto::support::warranty::v1::device_service_client::DeviceServiceClient;
use support_proto::support::warranty::v1::entitlement_service_client::EntitlementServiceClient;
use support_proto::support::warranty::v1::{
    CoverageOutcome, Damage, DecideCoverageRequest, LookupDeviceRequest, ReserveEntitlementRequest, WarrantyErrorReason,
};
use time::OffsetDateTime;
use tonic::Status;
use uuid::Uuid;

use crate::domain::payment::Pays;
use crate::domain::provider::ProductLine;
use crate::domain::repair::{Coverage, DecisionId, DeviceId, EntitlementId};
use crate::error::Error;
use crate::wire;

/// The name of the service, as settings and errors say it.
pub const NAME: &str = "warranty";

/// The warranty service.
#[derive(Clone)]
pub struct Warranty(Peer);

/// A device, as far as repairs care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its id.
    pub id: DeviceId,
    /// What kind of product it is.
    pub product_line: ProductLine,
}

/// What is asked about a repair.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The device's serial number.
    pub serial_number: &'a str,
    /// How it came to harm.
    pub damage: Damage,
    /// What the customer sees.
    pub symptom: Option<&'a str>,
    /// The component that is to be repaired.
    pub component: Option<&'a str>,
    /// Where it is repaired, ISO 3166-1 alpha-2.
    pub place: &'a str,
}

impl Question<'_> {
    /// The request id of the decision: the same for the same order and round, another for any other, even where a caller corrects a
    /// refused order and keeps its request id.
    fn derived(&self, request_id: &str, round: u8) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(b"repair-logistics/coverage\0");
        // A UUID may be written in more than one way and is still the same.
        match Uuid::try_parse(request_id) {
            Ok(id) => hash.update(id.as_bytes()),
            Err(_) => hash.update(request_id),
        }
        for part in [
            self.serial_number,
            self.damage.as_str_name(),
            self.symptom.unwrap_or_default(),
            self.component.unwrap_or_default(),
            self.place,
        ] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update([round]);
        uuid_of(hash)
    }
}

/// What was decided for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision_id: DecisionId,
    /// What is owed.
    pub coverage: Coverage,
    /// What the customer pays.
    pub pays: Pays,
}

/// What was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// The entitlement.
    pub id: EntitlementId,
    /// When it expires, unless the repair is ordered before.
    pub expires_at: OffsetDateTime,
}

/// The reasons for which it has to be decided again.
const OVERTAKEN: [WarrantyErrorReason; 3] = [
    WarrantyErrorReason::EntitlementUsedUp,
    WarrantyErrorReason::DecisionClaimed,
    WarrantyErrorReason::DecisionNotCurrent,
];

impl Warranty {
    /// The service behind this peer.
    #[must_use]
    pub fn new(peer: Peer) -> Self {
        Self(peer)
    }

    /// The device with this serial number, as the caller of `call` may see it.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceNotFound`], or what keeps warranty from answering.
    pub async fn device(&self, call: &Call, serial_number: &str) -> Result<KnownDevice, Error> {
        let request = LookupDeviceRequest {
            serial_number: serial_number.to_owned(),
            ..LookupDeviceRequest::default()
        };
        let answer = DeviceServiceClient::new(self.0.for_call(call))
            .lookup_device(request)
            .await
            .map_err(refusal)?;
        let device = answer.into_inner().device.ok_or(Error::PeerAnswer {
            service: NAME,
            field: "device",
        })?;
        let line = device
            .product
            .as_ref()
            .and_then(|product| wire::read_product_line(product.product_line()));
        Ok(KnownDevice {
            id: device.device_id.parse().map_err(|_| Error::PeerAnswer {
                service: NAME,
                field: "device_id",
            })?,
            product_line: line.ok_or(Error::PeerAnswer {
                service: NAME,
                field: "product_line",
            })?,
        })
    }

    /// What is owed today for a repair. `request_id` is that of the call and `round` how often it was decided before in it: the same
    /// order sent again gets the same decisions, not others.
    ///
    /// # Errors
    ///
    /// [`Error::CoverageRefused`], [`Error::DeviceNotFound`], or what keeps warranty from answering.
    pub async fn decide(
        &self,
        call: &Call,
        request_id: &str,
        question: &Question<'_>,
        round: u8,
    ) -> Result<Decided, Error> {
        let request = DecideCoverageRequest {
            request_id: question.derived(request_id, round).to_string(),
            serial_number: question.serial_number.to_owned(),
            damage: question.damage.into(),
            place_country_code: question.place.to_owned(),
            symptom: question.symptom.unwrap_or_default().to_owned(),
            component: question.component.unwrap_or_default().to_owned(),
            ..DecideCoverageRequest::default()
        };
        let answer = CoverageServiceClient::new(self.0.for_call(call))
            .decide_coverage(request)
            .await
            .map_err(refusal)?;
        let decision = answer.into_inner().decision.ok_or(unfit("decision"))?;
        let coverage = match decision.outcome() {
            CoverageOutcome::LimitedWarranty => Coverage::LimitedWarranty,
            CoverageOutcome::StatutoryRight => Coverage::StatutoryRight,
            CoverageOutcome::RepairWarranty => Coverage::RepairWarranty,
            CoverageOutcome::Plan => Coverage::Plan,
            CoverageOutcome::ServiceProgram => Coverage::ServiceProgram,
            CoverageOutcome::Goodwill => Coverage::Goodwill,
            CoverageOutcome::OutOfWarranty => Coverage::OutOfWarranty,
            CoverageOutcome::Refused => return Err(Error::CoverageRefused),
            CoverageOutcome::Unspecified => return Err(unfit("outcome")),
        };
        let pays = decision.pays.and_then(wire::read_pays).ok_or(unfit("pays"))?;
        Ok(Decided {
            decision_id: decision.decision_id.parse().map_err(|_| unfit("decision_id"))?,
            coverage,
            pays,
        })
    }

    /// Reserves what a decision grants, on this service's own account: who may order a repair need not be let into the books of
    /// warranty. The same decision gets the same reservation, even where that has expired since. None where others have taken what
    /// was left, or the decision cannot be relied on any more: it has to be decided again.
    ///
    /// # Errors
    ///
    /// What keeps warranty from answering.
    pub async fn reserve(&self, call: &Call, decision: DecisionId) -> Result<Option<Reserved>, Error> {
        let request = ReserveEntitlementRequest {
            request_id: reservation_of(decision).to_string(),
            decision_id: decision.to_string(),
            reference: String::new(),
        };
        let peer = match call.deadline() {
            Some(deadline) => self.0.own().by(deadline),
            None => self.0.own(),
        };
        let answer = match EntitlementServiceClient::new(peer).reserve_entitlement(request).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                let error: PeerError = from_peer(NAME, status);
                let is_overtaken = OVERTAKEN
                    .iter()
                    .any(|reason| error.explained().reason == reason.as_str_name());
                return if is_overtaken {
                    Ok(None)
                } else {
                    Err(Error::Peer(error))
                };
            }
        };
        let entitlement = answer.entitlement.ok_or(unfit("entitlement"))?;
        Ok(Some(Reserved {
            id: entitlement
                .entitlement_id
                .parse()
                .map_err(|_| unfit("entitlement_id"))?,
            expires_at: entitlement
                .expire_time
                .as_ref()
                .and_then(from_timestamp)
                .ok_or(unfit("expire_time"))?,
        }))
    }
}

/// An answer of warranty that is not as the contract says.
fn unfit(field: &'static str) -> Error {
    Error::PeerAnswer { service: NAME, field }
}

/// A refusal of warranty in our words.
fn refusal(status: Status) -> Error {
    let error: PeerError = from_peer(NAME, status);
    if error.explained().reason == WarrantyErrorReason::DeviceNotFound.as_str_name() {
        Error::DeviceNotFound
    } else {
        Error::Peer(error)
    }
}

/// The request id of the reservation of what `decision` grants: always the same.
fn reservation_of(decision: DecisionId) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"repair-logistics/entitlement\0");
    hash.update(decision.uuid().as_bytes());
    uuid_of(hash)
}

/// A UUID of version 8 (RFC 9562, 5.8).
fn uuid_of(hash: Sha256) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0198f2c4-0000-7000-8000-000000000001";

    #[test]
    fn one_order_has_one_request_id_for_each_of_its_decisions() {
        let question = Question {
            serial_number: "AAAA0001",
            damage: Damage::None,
            symptom: None,
            component: None,
            place: "DE",
        };
        let one = question.derived(ID, 0);
        assert_eq!(one, question.derived(&ID.to_uppercase(), 0));
        assert_eq!(one.get_version_num(), 8);
        let mut others = vec![
            one,
            question.derived("0198f2c4-0000-7000-8000-000000000002", 0),
            question.derived(ID, 1),
        ];
        for other in [
            Question {
                serial_number: "AAAA0002",
                ..question
            },
            Question {
                damage: Damage::Liquid,
                ..question
            },
            Question {
                symptom: Some("battery"),
                ..question
            },
            Question {
                component: Some("battery"),
                ..question
            },
            Question {
                place: "FR",
                ..question
            },
        ] {
            others.push(other.derived(ID, 0));
        }
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), count);
    }
}
