//! `CoverageService`.

use support_chassis::call::Call;
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::id;
use support_proto::support::warranty::v1::coverage_service_server::CoverageService;
use support_proto::support::warranty::v1::{
    DecideCoverageRequest, DecideCoverageResponse, GetCoverageDecisionRequest, GetCoverageDecisionResponse,
};
use tonic::{Request, Response, Status};

use super::{Api, present};
use crate::error::Error;
use crate::ops::{self, AskCoverage, Viewer};
use crate::wire;

#[tonic::async_trait]
impl CoverageService for Api {
    async fn decide_coverage(
        &self,
        request: Request<DecideCoverageRequest>,
    ) -> Result<Response<DecideCoverageResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let ask = parse(&request)?;
        let (ids, terms, viewer) = (self.ids.clone(), self.terms, Viewer::of(&call));
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let kept = ops::decide_coverage(tx, &ids, terms, &viewer, &ask).await?;
                Ok(DecideCoverageResponse {
                    decision: Some(present::decision(kept)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_coverage_decision(
        &self,
        request: Request<GetCoverageDecisionRequest>,
    ) -> Result<Response<GetCoverageDecisionResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("decision_id", &request.get_ref().decision_id)?;
        let kept = ops::decision(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetCoverageDecisionResponse {
            decision: Some(present::decision(kept)),
        }))
    }
}

fn parse(request: &DecideCoverageRequest) -> Result<AskCoverage, InvalidFields> {
    let mut fields = Violations::new();
    let day = fields.take(request.day.map(|day| wire::read_date("day", day)).transpose());
    let damage = fields.take(
        wire::read_damage(request.damage()).ok_or_else(|| Violation::new("damage", "must say how it came to harm")),
    );
    let (day, damage) = fields.finish((day, damage))?;
    Ok(AskCoverage {
        serial_number: request.serial_number.clone(),
        day,
        damage,
    })
}
