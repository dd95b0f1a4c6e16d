//! What is asked of warranty: which device it is, and what is owed for it.

use sha2::{Digest as _, Sha256};
use support_chassis::call::Call;
use support_chassis::client::Peer;
use support_chassis::day;
use support_chassis::error::{PeerError, from_peer};
use support_proto::support::warranty::v1 as wire_warranty;
use support_proto::support::warranty::v1::coverage_service_client::CoverageServiceClient;
use support_proto::support::warranty::v1::device_service_client::DeviceServiceClient;
use support_proto::support::warranty::v1::{
    CoverageOutcome, Damage, DecideCoverageRequest, LookupDeviceRequest, WarrantyErrorReason,
};
use tonic::Status;
use uuid::Uuid;

use crate::domain::provider::ProductLine;
use crate::domain::repair::{Coverage, DecisionId, DeviceId, PastRepair};
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

/// What was decided for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision_id: DecisionId,
    /// What is owed.
    pub coverage: Coverage,
}

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

    /// What is owed today for a device that came to harm by `damage` and has had the repairs `past`. `request_id` is that
    /// of the call: the same order sent again gets the same decision, not a second one.
    ///
    /// # Errors
    ///
    /// [`Error::CoverageRefused`], [`Error::DeviceNotFound`], or what keeps warranty from answering.
    pub async fn decide(
        &self,
        call: &Call,
        request_id: &str,
        serial_number: &str,
        damage: Damage,
        past: &[PastRepair],
    ) -> Result<Decided, Error> {
        let repairs = past.iter().map(|repair| wire_warranty::PastRepair {
            received_on: Some(day::to_proto(repair.received_on)),
            returned_on: Some(day::to_proto(repair.returned_on)),
            components: Vec::new(),
        });
        let request = DecideCoverageRequest {
            request_id: derived(request_id, serial_number, damage, past).to_string(),
            serial_number: serial_number.to_owned(),
            day: None,
            damage: damage.into(),
            repairs: repairs.collect(),
            ..DecideCoverageRequest::default()
        };
        let answer = CoverageServiceClient::new(self.0.for_call(call))
            .decide_coverage(request)
            .await
            .map_err(refusal)?;
        let decision = answer.into_inner().decision.ok_or(Error::PeerAnswer {
            service: NAME,
            field: "decision",
        })?;
        let coverage = match decision.outcome() {
            CoverageOutcome::LimitedWarranty => Coverage::LimitedWarranty,
            CoverageOutcome::StatutoryRight => Coverage::StatutoryRight,
            CoverageOutcome::RepairWarranty => Coverage::RepairWarranty,
            CoverageOutcome::Plan => Coverage::Plan,
            CoverageOutcome::ServiceProgram => Coverage::ServiceProgram,
            CoverageOutcome::Goodwill => Coverage::Goodwill,
            CoverageOutcome::OutOfWarranty => Coverage::OutOfWarranty,
            CoverageOutcome::Refused => return Err(Error::CoverageRefused),
            CoverageOutcome::Unspecified => {
                return Err(Error::PeerAnswer {
                    service: NAME,
                    field: "outcome",
                });
            }
        };
        let decision_id = decision.decision_id.parse().map_err(|_| Error::PeerAnswer {
            service: NAME,
            field: "decision_id",
        })?;
        Ok(Decided { decision_id, coverage })
    }
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

/// The request id of the decision for an order: the same for the same order, another for any other, even where a caller
/// corrects a refused order and keeps its request id. A UUID of version 8 (RFC 9562, 5.8), from SHA-256.
fn derived(request_id: &str, serial_number: &str, damage: Damage, past: &[PastRepair]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"repair-logistics/coverage\0");
    // A UUID may be written in more than one way and is still the same.
    match Uuid::try_parse(request_id) {
        Ok(id) => hash.update(id.as_bytes()),
        Err(_) => hash.update(request_id),
    }
    hash.update(serial_number);
    hash.update([0]);
    hash.update(damage.as_str_name());
    for repair in past {
        hash.update([0]);
        hash.update(repair.received_on.to_julian_day().to_be_bytes());
        hash.update(repair.returned_on.to_julian_day().to_be_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const ID: &str = "0198f2c4-0000-7000-8000-000000000001";

    #[test]
    fn one_order_has_one_request_id_for_its_decision() {
        let past = PastRepair {
            received_on: date!(2026 - 03 - 01),
            returned_on: date!(2026 - 03 - 05),
        };
        let one = derived(ID, "AAAA0001", Damage::None, &[]);
        assert_eq!(one, derived(&ID.to_uppercase(), "AAAA0001", Damage::None, &[]));
        assert_eq!(one.get_version_num(), 8);
        for other in [
            derived("0198f2c4-0000-7000-8000-000000000002", "AAAA0001", Damage::None, &[]),
            derived(ID, "AAAA0002", Damage::None, &[]),
            derived(ID, "AAAA0001", Damage::Liquid, &[]),
            derived(ID, "AAAA0001", Damage::None, &[past]),
        ] {
            assert_ne!(one, other);
        }
    }
}
