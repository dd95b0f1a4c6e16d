//! `DeviceLifeService`.

use support_chassis::call::Call;
use support_chassis::id;
use support_proto::support::warranty::v1::device_life_service_server::DeviceLifeService;
use support_proto::support::warranty::v1::{
    ChangeFlagRequest, ChangeFlagResponse, ChangeLockRequest, ChangeLockResponse, GetDeviceHistoryRequest,
    GetDeviceHistoryResponse, ImportDevicesRequest, ImportDevicesResponse, RecordActivationRequest,
    RecordActivationResponse, ReplaceDeviceRequest, ReplaceDeviceResponse,
};
use tonic::{Request, Response, Status};

use super::{caller, parse, present};
use crate::api::Api;
use crate::error::Error;
use crate::ops::{self, NewActivation, Viewer};
use crate::wire;

#[tonic::async_trait]
impl DeviceLifeService for Api {
    async fn import_devices(
        &self,
        request: Request<ImportDevicesRequest>,
    ) -> Result<Response<ImportDevicesResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let rows = request.rows.iter().map(parse::import_row).collect();
        let organisation = parse::given(&request.owner_organisation_id);
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let rows = ops::import_devices(tx, &ids, (&viewer, &actor), organisation, rows).await?;
                Ok(ImportDevicesResponse {
                    rows: rows.into_iter().map(wire::devices::imported).collect(),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn record_activation(
        &self,
        request: Request<RecordActivationRequest>,
    ) -> Result<Response<RecordActivationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = NewActivation {
            device_id: id::parse("device_id", &request.device_id)?,
            day: wire::read_date("day", request.day.unwrap_or_default()).map_err(Error::from)?,
        };
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let registered = ops::record_activation(tx, &ids, (&viewer, &actor), new).await?;
                Ok(RecordActivationResponse {
                    device: Some(present::device(registered, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn replace_device(
        &self,
        request: Request<ReplaceDeviceRequest>,
    ) -> Result<Response<ReplaceDeviceResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse::replacement(&request)?;
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let (old, new) = ops::replace_device(tx, &ids, (&viewer, &actor), new).await?;
                Ok(ReplaceDeviceResponse {
                    replaced: Some(present::device(old, &viewer)),
                    replacement: Some(present::device(new, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn change_lock(&self, request: Request<ChangeLockRequest>) -> Result<Response<ChangeLockResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let (id, change) = parse::lock_change(&request)?;
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let registered = ops::change_lock(tx, &ids, (&viewer, &actor), id, change).await?;
                Ok(ChangeLockResponse {
                    device: Some(present::device(registered, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn change_flag(&self, request: Request<ChangeFlagRequest>) -> Result<Response<ChangeFlagResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("device_id", &request.device_id)?;
        let flag = parse::said("flag", wire::devices::read_flag(request.flag())).map_err(Error::from)?;
        let change = (flag, !request.clear, request.reference.as_str());
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let registered = ops::change_flag(tx, &ids, (&viewer, &actor), id, change).await?;
                Ok(ChangeFlagResponse {
                    device: Some(present::device(registered, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_device_history(
        &self,
        request: Request<GetDeviceHistoryRequest>,
    ) -> Result<Response<GetDeviceHistoryResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("device_id", &request.get_ref().device_id)?;
        let entries = ops::device_history(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetDeviceHistoryResponse {
            entries: entries.into_iter().map(present::happened).collect(),
        }))
    }
}
