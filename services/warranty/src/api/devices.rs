//! `DeviceService`.

use support_chassis::call::Call;
use support_chassis::error::{InvalidFields, Violation, Violations, into_status};
use support_chassis::{id, page};
use support_proto::support::warranty::v1::device_service_server::DeviceService;
use support_proto::support::warranty::v1::{
    GetDeviceRequest, GetDeviceResponse, ListDevicesRequest, ListDevicesResponse, LookupDeviceRequest,
    LookupDeviceResponse, RegisterDeviceRequest, RegisterDeviceResponse,
};
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, PAGE_SIZE_LIMIT, present};
use crate::domain::country::Country;
use crate::error::Error;
use crate::ops::{self, NewDevice, Viewer};
use crate::wire;

#[tonic::async_trait]
impl DeviceService for Api {
    async fn register_device(
        &self,
        request: Request<RegisterDeviceRequest>,
    ) -> Result<Response<RegisterDeviceResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse(&request)?;
        let (ids, viewer) = (self.ids.clone(), Viewer::of(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let registered = ops::register_device(tx, &ids, &viewer, new).await?;
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
        let serial_number = &request.get_ref().serial_number;
        let registered = ops::device_by_serial_number(&mut *self.db.read().await?, &viewer, serial_number).await?;
        Ok(Response::new(LookupDeviceResponse {
            device: Some(present::device(registered, &viewer)),
        }))
    }

    async fn list_devices(
        &self,
        request: Request<ListDevicesRequest>,
    ) -> Result<Response<ListDevicesResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.get_ref();
        let owner = id::parse_optional("owner_customer_id", &request.owner_customer_id)?;
        // A customer's list is bound to the customer: the filter alone does not say whose it is.
        let binding = ("ListDevices", &request.owner_customer_id, call.customer_id::<id::Id>());
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
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

fn parse(request: &RegisterDeviceRequest) -> Result<NewDevice, InvalidFields> {
    let mut fields = Violations::new();
    let owner = fields.take(id::parse_optional("owner_customer_id", &request.owner_customer_id));
    let country = fields.take(
        Country::from_code(&request.purchase_country_code)
            .ok_or_else(|| Violation::new("purchase_country_code", "must be a code of iso 3166-1 alpha-2")),
    );
    let purchase_date = fields.take(wire::read_date(
        "purchase_date",
        request.purchase_date.unwrap_or_default(),
    ));
    let evidence = fields.take(
        wire::read_evidence(request.purchase_date_evidence())
            .ok_or_else(|| Violation::new("purchase_date_evidence", "must say how sure the day is")),
    );
    let (owner, purchase_country, purchase_date, evidence) =
        fields.finish((owner, country, purchase_date, evidence))?;
    Ok(NewDevice {
        model_code: request.model_code.clone(),
        serial_number: request.serial_number.clone(),
        owner,
        purchase_country,
        purchase_date,
        evidence,
        sold_used: request.sold_used,
    })
}
