//! `DeviceTransferService`.

use support_chassis::call::Call;
use support_chassis::error::Violation;
use support_chassis::id;
use support_proto::support::warranty::v1::device_transfer_service_server::DeviceTransferService;
use support_proto::support::warranty::v1::{
    AcceptTransferRequest, AcceptTransferResponse, EndTransferRequest, EndTransferResponse, GetTransferRequest,
    GetTransferResponse, OfferTransferRequest, OfferTransferResponse, ReassignDeviceRequest, ReassignDeviceResponse,
};
use tonic::{Request, Response, Status};

use super::{caller, parse, present};
use crate::api::Api;
use crate::domain::device::{TransferId, code_hash};
use crate::error::Error;
use crate::ops::{self, AcceptBy, NewOffer, Viewer};
use crate::wire;

/// For how many days an offer stands where nobody says.
const OFFER_DAYS: u8 = 7;

#[tonic::async_trait]
impl DeviceTransferService for Api {
    async fn offer_transfer(
        &self,
        request: Request<OfferTransferRequest>,
    ) -> Result<Response<OfferTransferResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = NewOffer {
            device_id: id::parse("device_id", &request.device_id)?,
            to: parse::owner(
                ("to_customer_id", &request.to_customer_id),
                ("to_organisation_id", &request.to_organisation_id),
            )?,
            days: u8::try_from(request.days)
                .ok()
                .filter(|days| *days > 0)
                .unwrap_or(OFFER_DAYS),
        };
        let (ids, viewer) = (self.ids.clone(), Viewer::of(&call));
        let mut answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let transfer = ops::offer_transfer(tx, &ids, &viewer, new).await?;
                Ok(OfferTransferResponse {
                    transfer: Some(present::transfer(&transfer, tx.now())),
                    code: String::new(),
                })
            })
            .await?;
        if let Some(offered) = answer.transfer.as_ref().filter(|offered| offered.by_code) {
            let id = id::parse::<TransferId>("transfer_id", &offered.transfer_id)?;
            let code = ops::mint_code(&mut *self.db.read().await?, &self.ids, id).await?;
            answer.code = code.unwrap_or_default();
        }
        Ok(Response::new(answer))
    }

    async fn accept_transfer(
        &self,
        request: Request<AcceptTransferRequest>,
    ) -> Result<Response<AcceptTransferResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let transfer_id = id::parse_optional::<TransferId>("transfer_id", &request.transfer_id)?;
        let by = match (transfer_id, request.code.is_empty()) {
            (Some(id), true) => AcceptBy::Transfer(id),
            (None, false) => AcceptBy::Code(code_hash(&request.code)),
            _ => {
                let wrong = Violation::new("code", "must be given where there is no transfer id, and only there");
                return Err(Error::from(wrong).into());
            }
        };
        let (viewer, actor) = caller(&call);
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let (transfer, registered) = ops::accept_transfer(tx, (&viewer, &actor), by).await?;
                Ok(AcceptTransferResponse {
                    transfer: Some(present::transfer(&transfer, tx.now())),
                    device: Some(present::device(registered, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn end_transfer(
        &self,
        request: Request<EndTransferRequest>,
    ) -> Result<Response<EndTransferResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("transfer_id", &request.transfer_id)?;
        let viewer = Viewer::of(&call);
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let transfer = ops::end_transfer(tx, &viewer, id).await?;
                Ok(EndTransferResponse {
                    transfer: Some(present::transfer(&transfer, tx.now())),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_transfer(
        &self,
        request: Request<GetTransferRequest>,
    ) -> Result<Response<GetTransferResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("transfer_id", &request.get_ref().transfer_id)?;
        let transfer = ops::transfer(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetTransferResponse {
            transfer: Some(present::transfer(&transfer, self.clock.now())),
        }))
    }

    async fn reassign_device(
        &self,
        request: Request<ReassignDeviceRequest>,
    ) -> Result<Response<ReassignDeviceResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("device_id", &request.device_id)?;
        let to = parse::owner(
            ("to_customer_id", &request.to_customer_id),
            ("to_organisation_id", &request.to_organisation_id),
        )?;
        let reason =
            parse::said("reason", wire::devices::read_reassign_reason(request.reason())).map_err(Error::from)?;
        let (viewer, actor) = caller(&call);
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let registered = ops::reassign_device(tx, (&viewer, &actor), id, to, reason).await?;
                Ok(ReassignDeviceResponse {
                    device: Some(present::device(registered, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }
}
