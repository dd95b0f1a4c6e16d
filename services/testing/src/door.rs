//! Calls with a passport.

use std::net::SocketAddr;

use support_chassis::call::{Caller, ShownGrant};
use support_chassis::passport::PASSPORT_HEADER;
use time::OffsetDateTime;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::keys::sign;

/// Shows a passport with every call.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert(PASSPORT_HEADER, self.0.clone());
        Ok(request)
    }
}

/// What a generated client calls through.
pub type Door = InterceptedService<Channel, Bearer>;

/// The way to a service; it connects when it is first used.
#[must_use]
pub fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

/// Calls as `caller`, for whom the gateway vouches.
#[must_use]
pub fn call_as(channel: &Channel, caller: &Caller, now: OffsetDateTime) -> Door {
    call_by("gateway", channel, caller, now)
}

/// The same member of staff, showing a grant of `customer` at AAL2 for `purpose`, as the gateway tells of it.
#[must_use]
pub fn showing(staff: &Caller, customer: &str, purpose: &str) -> Caller {
    let mut caller = staff.clone();
    caller.bounds.shown = Some(ShownGrant {
        grant: customer.to_owned(),
        customer: customer.to_owned(),
        aal: 2,
        amr: vec!["email_code".to_owned(), "totp".to_owned()],
        purpose: purpose.to_owned(),
        case: None,
        delegate: None,
    });
    caller
}

/// Calls as `caller`, for whom `issuer` vouches.
#[must_use]
pub fn call_by(issuer: &str, channel: &Channel, caller: &Caller, now: OffsetDateTime) -> Door {
    let passport = sign(issuer, caller, now);
    InterceptedService::new(channel.clone(), Bearer(passport.parse().unwrap()))
}
