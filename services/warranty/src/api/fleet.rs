//! `FleetService`.

use support_chassis::call::Call;
use support_chassis::clock;
use support_chassis::error::{Violation, explain, into_status};
use support_chassis::{id, page};
use support_proto::support::warranty::v1 as wire_warranty;
use support_proto::support::warranty::v1::fleet_service_server::FleetService;
use support_proto::support::warranty::v1::{
    DecideCoverageStreamRequest, DecideCoverageStreamResponse, ListCoverageDecisionsRequest,
    ListCoverageDecisionsResponse, QuestionRefused, QuestionViolation,
};
use tonic::{Request, Response, Status, Streaming};

use super::{Api, present};
use crate::error::Error;
use crate::ops::{self, Viewer};

mod stream;

pub(super) use stream::room;

/// The default number of decisions on a page: each comes with its chain.
const DECISIONS: u32 = 20;
/// The most decisions on a page.
const DECISIONS_LIMIT: u32 = 100;

#[tonic::async_trait]
impl FleetService for Api {
    type DecideCoverageStreamStream = stream::Given;

    async fn decide_coverage_stream(
        &self,
        request: Request<Streaming<DecideCoverageStreamRequest>>,
    ) -> Result<Response<Self::DecideCoverageStreamStream>, Status> {
        let call = Call::of(&request)?;
        Ok(Response::new(stream::run(self.clone(), &call, request.into_inner())))
    }

    async fn list_coverage_decisions(
        &self,
        request: Request<ListCoverageDecisionsRequest>,
    ) -> Result<Response<ListCoverageDecisionsResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.get_ref();
        let device = id::parse("device_id", &request.device_id)?;
        let since = request
            .made_since
            .map(|time| clock::from_timestamp(&time).ok_or_else(|| Violation::new("made_since", "must be a time")))
            .transpose()
            .map_err(Error::from)?;
        let since_nanos = since.map(time::OffsetDateTime::unix_timestamp_nanos);
        let binding = (
            "ListCoverageDecisions",
            &request.device_id,
            since_nanos.map(|nanos| nanos.to_string()),
        );
        let page = page::parse(
            request.page_size,
            &request.page_token,
            DECISIONS,
            DECISIONS_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let mut connection = self.db.read().await?;
        let (decisions, next_page_token) =
            ops::list_decisions(&mut connection, &self.rules, &viewer, device, since, &page).await?;
        Ok(Response::new(ListCoverageDecisionsResponse {
            decisions: decisions.into_iter().map(present::decision).collect(),
            next_page_token,
        }))
    }
}

/// A refusal as the answer to one question: what a single call would have ended with.
fn refused(status: &Status) -> QuestionRefused {
    let explained = explain(status);
    QuestionRefused {
        code: explained.code.into(),
        reason: explained.reason,
        domain: explained.domain,
        message: explained.message,
        violations: explained
            .violations
            .into_iter()
            .map(|violation| QuestionViolation {
                field: violation.field,
                fault: violation.description,
            })
            .collect(),
        retry_after: explained.retry_after.and_then(|wait| wait.try_into().ok()),
    }
}

/// An answer that refuses the question with this number.
fn refusal(sequence: i64, request_id: String, status: &Status) -> DecideCoverageStreamResponse {
    DecideCoverageStreamResponse {
        sequence,
        request_id,
        decision: None,
        refused: Some(refused(status)),
    }
}

/// An answer that gives the decision on the question with this number.
fn answer(
    sequence: i64,
    request_id: String,
    decision: wire_warranty::CoverageDecision,
) -> DecideCoverageStreamResponse {
    DecideCoverageStreamResponse {
        sequence,
        request_id,
        decision: Some(decision),
        refused: None,
    }
}
