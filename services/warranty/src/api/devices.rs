//! `DeviceService`.

mod life;
mod parse;
pub(super) mod present;
mod proofs;
mod transfers;

use support_chassis::call::Call;
use support_chassis::error::{Violation, into_status};
use support_chassis::{id, page};
use support_proto::support::warranty::v1::device_service_server::DeviceService;
use support_proto::support::warranty::v1::{
    GetDeviceRequest, GetDeviceResponse, ListDevicesRequest, ListDevicesResponse, LookupDeviceRequest,
    LookupDeviceResponse, RegisterDeviceRequest, RegisterDeviceResponse,
};
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, PAGE_SIZE_LIMIT};
use crate::domain::device::Sought;
use crate::error::Error;
use crate::ops::{self, Viewer, actor};

/// Who looks and who acts, as two views on one caller.
fn caller(call: &Call) -> (Viewer, crate::domain::device::Actor) {
    (Viewer::of(call), actor(call))
}

#[tonic::async_trait]
impl DeviceService for Api {
    async fn register_device(
        &self,
        request: Request<RegisterDeviceRequest>,
    ) -> Result<Response<RegisterDeviceResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse::new_device(&request)?;
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let registered = ops::register_device(tx, &ids, &viewer, &actor, new).await?;
                Ok(RegisterDeviceResponse {
                    device: Some(present::device(registered, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_device(&self, request: Request<GetDeviceRequest>) -> Result<Response<GetDeviceResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("device_id", &request.get_ref().device_id)?;
        let registered = ops::device(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetDeviceResponse {
            device: Some(present::device(registered, &viewer)),
        }))
    }

    async fn lookup_device(
        &self,
        request: Request<LookupDeviceRequest>,
    ) -> Result<Response<LookupDeviceResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let request = request.into_inner();
        if request.serial_number.is_empty() == request.identifier.is_empty() {
            let wrong = Violation::new(
                "identifier",
                "must be given where there is no serial number, and only there",
            );
            return Err(Error::from(wrong).into());
        }
        let connection = &mut *self.db.read().await?;
        let registered = if request.identifier.is_empty() {
            ops::device_by_serial_number(connection, &viewer, &request.serial_number).await?
        } else {
            ops::seek_device(connection, &viewer, &Sought::read(&request.identifier)).await?
        };
        Ok(Response::new(LookupDeviceResponse {
            device: Some(present::device(registered, &viewer)),
        }))
    }

    async fn list_devices(
        &self,
        request: Request<ListDevicesRequest>,
    ) -> Result<Response<ListDevicesResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let request = request.get_ref();
        let owner = parse::owner(
            ("owner_customer_id", &request.owner_customer_id),
            ("owner_organisation_id", &request.owner_organisation_id),
        )?;
        // The list of a customer or a partner is bound to them: the filter alone does not say whose it is.
        let own = viewer.owner();
        let own = own.as_ref().map(|own| (own.customer(), own.organisation()));
        let named = (&request.owner_customer_id, &request.owner_organisation_id);
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &("ListDevices", named, own),
        )
        .map_err(into_status)?;
        let (devices, next_page_token) = ops::list_devices(&mut *self.db.read().await?, &viewer, owner, &page).await?;
        let devices = devices
            .into_iter()
            .map(|registered| present::device(registered, &viewer))
            .collect();
        Ok(Response::new(ListDevicesResponse {
            devices,
            next_page_token,
        }))
    }
}
