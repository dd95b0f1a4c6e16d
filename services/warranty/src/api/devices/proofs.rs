//! `ProofOfPurchaseService`.

use support_chassis::call::Call;
use support_chassis::error::into_status;
use support_chassis::{id, page};
use support_proto::support::warranty::v1::proof_of_purchase_service_server::ProofOfPurchaseService;
use support_proto::support::warranty::v1::{
    GetProofRequest, GetProofResponse, ListDecisionsAffectedRequest, ListDecisionsAffectedResponse, ListProofsRequest,
    ListProofsResponse, ReviewProofRequest, ReviewProofResponse, SubmitProofRequest, SubmitProofResponse,
    WithdrawProofRequest, WithdrawProofResponse,
};
use tonic::{Request, Response, Status};

use super::{caller, parse, present};
use crate::api::{Api, PAGE_SIZE, PAGE_SIZE_LIMIT};
use crate::domain::device::{Proof, ProofId};
use crate::error::Error;
use crate::ops::{self, Viewer};
use crate::wire;

impl Api {
    /// A proof, for whoever may see it; where they were verified for a case, for that case or for none.
    async fn proof_for(&self, call: &Call, id: ProofId) -> Result<Proof, Status> {
        let (viewer, actor) = caller(call);
        let proof = ops::proof(&mut *self.db.read().await?, &viewer, &actor, id).await?;
        if let Some(case) = &proof.said.case_id {
            call.check_case(case)?;
        }
        Ok(proof)
    }
}

#[tonic::async_trait]
impl ProofOfPurchaseService for Api {
    async fn submit_proof(
        &self,
        request: Request<SubmitProofRequest>,
    ) -> Result<Response<SubmitProofResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let said = parse::proof(&request)?;
        if let Some(case) = &said.case_id {
            call.check_case(case)?;
        }
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let proof = ops::submit_proof(tx, &ids, (&viewer, &actor), said).await?;
                Ok(SubmitProofResponse {
                    proof: Some(present::proof(proof)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn review_proof(
        &self,
        request: Request<ReviewProofRequest>,
    ) -> Result<Response<ReviewProofResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("proof_id", &request.proof_id)?;
        let reason = parse::said("reason", wire::devices::read_review_reason(request.reason())).map_err(Error::from)?;
        let (ids, (viewer, actor)) = (self.ids.clone(), caller(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let (proof, decisions_affected) = ops::review_proof(tx, &ids, (&viewer, &actor), id, reason).await?;
                Ok(ReviewProofResponse {
                    proof: Some(present::proof(proof)),
                    decisions_affected,
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn withdraw_proof(
        &self,
        request: Request<WithdrawProofRequest>,
    ) -> Result<Response<WithdrawProofResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = id::parse("proof_id", &request.proof_id)?;
        let (viewer, actor) = caller(&call);
        // What a proof was submitted for never changes: nothing is lost between this look and the lock.
        self.proof_for(&call, id).await?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let proof = ops::withdraw_proof(tx, (&viewer, &actor), id).await?;
                Ok(WithdrawProofResponse {
                    proof: Some(present::proof(proof)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_proof(&self, request: Request<GetProofRequest>) -> Result<Response<GetProofResponse>, Status> {
        let id = id::parse("proof_id", &request.get_ref().proof_id)?;
        let proof = self.proof_for(&Call::of(&request)?, id).await?;
        Ok(Response::new(GetProofResponse {
            proof: Some(present::proof(proof)),
        }))
    }

    async fn list_proofs(&self, request: Request<ListProofsRequest>) -> Result<Response<ListProofsResponse>, Status> {
        let request = request.get_ref();
        let device_id = id::parse_optional("device_id", &request.device_id)?;
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &("ListProofs", &request.device_id),
        )
        .map_err(into_status)?;
        let (proofs, next_page_token) = ops::list_proofs(&mut *self.db.read().await?, device_id, &page).await?;
        Ok(Response::new(ListProofsResponse {
            proofs: proofs.into_iter().map(present::proof).collect(),
            next_page_token,
        }))
    }

    async fn list_decisions_affected(
        &self,
        request: Request<ListDecisionsAffectedRequest>,
    ) -> Result<Response<ListDecisionsAffectedResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let request = request.get_ref();
        let id = id::parse("device_id", &request.device_id)?;
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &("ListDecisionsAffected", &request.device_id),
        )
        .map_err(into_status)?;
        let (decisions, next_page_token) =
            ops::affected_decisions(&mut *self.db.read().await?, &viewer, id, &page).await?;
        Ok(Response::new(ListDecisionsAffectedResponse {
            decisions: decisions.iter().map(present::affected).collect(),
            next_page_token,
        }))
    }
}
