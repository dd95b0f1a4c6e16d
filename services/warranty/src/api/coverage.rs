//! `CoverageService`.

use support_chassis::call::Call;
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::id;
use support_proto::support::types::v1::Date;
use support_proto::support::warranty::v1 as wire_warranty;
use support_proto::support::warranty::v1::coverage_service_server::CoverageService;
use support_proto::support::warranty::v1::{
    DecideCoverageRequest, DecideCoverageResponse, GetCoverageDecisionRequest, GetCoverageDecisionResponse,
};
use tonic::{Request, Response, Status};

use super::{Api, present, sentences};
use crate::domain::country::Country;
use crate::domain::sale::{PastRepair, Repairs};
use crate::domain::zone::Zone;
use crate::error::Error;
use crate::ops::{self, AskCoverage, Viewer};
use crate::store::decisions::Kept;
use crate::{wire, words};

#[tonic::async_trait]
impl CoverageService for Api {
    async fn decide_coverage(
        &self,
        request: Request<DecideCoverageRequest>,
    ) -> Result<Response<DecideCoverageResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let ask = parse(&request, &viewer)?;
        let mut answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let kept = ops::decide_coverage(tx, &self.ids, &self.rules, &viewer, &ask).await?;
                Ok(DecideCoverageResponse {
                    decision: Some(said_in(&request.locale, kept)),
                })
            })
            .await?;
        // Anew each time the call is sent again: the words may have changed.
        words::write(&self.words, &request.locale, sentences::of(answer.decision.iter_mut()));
        Ok(Response::new(answer))
    }

    async fn get_coverage_decision(
        &self,
        request: Request<GetCoverageDecisionRequest>,
    ) -> Result<Response<GetCoverageDecisionResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let request = request.into_inner();
        let id = id::parse("decision_id", &request.decision_id)?;
        let (kept, reproduction) = ops::decision(&mut *self.db.read().await?, &self.rules, &viewer, id).await?;
        let mut answer = GetCoverageDecisionResponse {
            reproduction: Some(present::reproduction(reproduction, kept.seal)),
            decision: Some(said_in(&request.locale, kept)),
        };
        words::write(&self.words, &request.locale, sentences::of(answer.decision.iter_mut()));
        Ok(Response::new(answer))
    }
}

/// A decision, with sentences where a language was asked for.
pub(super) fn said_in(locale: &str, kept: Kept) -> wire_warranty::CoverageDecision {
    if locale.is_empty() {
        present::decision(kept)
    } else {
        sentences::decision(kept)
    }
}

pub(super) fn parse(request: &DecideCoverageRequest, viewer: &Viewer) -> Result<AskCoverage, InvalidFields> {
    let mut fields = Violations::new();
    let day = fields.take(request.day.map(|day| wire::read_date("day", day)).transpose());
    let damage = fields.take(
        wire::read_damage(request.damage()).ok_or_else(|| Violation::new("damage", "must say how it came to harm")),
    );
    let may_tell = !matches!(viewer, Viewer::Customer(_)) || request.repairs.is_empty();
    fields.require(may_tell, "repairs", "must not be said by a customer");
    let repairs: Vec<_> = request
        .repairs
        .iter()
        .enumerate()
        .map(|(place, repair)| fields.take(past_repair(place, repair)))
        .collect();
    let place = match request.place_country_code.as_str() {
        "" => Some(None),
        code => fields
            .take(Country::from_code(code).ok_or_else(|| Violation::new("place_country_code", "must be a country")))
            .map(Some),
    };
    let zone = match request.time_zone.as_str() {
        "" => Some(None),
        name => fields
            .take(Zone::named(name).ok_or_else(|| Violation::new("time_zone", "must be a zone of the iana database")))
            .map(Some),
    };
    let repairs = repairs.into_iter().collect::<Option<Vec<_>>>();
    let (day, damage, place, zone, repairs) = fields.finish((day, damage, place, zone, repairs))?;
    let said = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(AskCoverage {
        serial_number: request.serial_number.clone(),
        day,
        damage,
        place,
        zone,
        symptom: said(&request.symptom),
        component: said(&request.component),
        parts: request.parts.clone(),
        repairs: Repairs::new(repairs),
    })
}

fn past_repair(place: usize, repair: &wire_warranty::PastRepair) -> Result<PastRepair, Violation> {
    let of = |field: &str, date: Option<Date>| {
        wire::read_date(&format!("repairs[{place}].{field}"), date.unwrap_or_default())
    };
    let (received, returned) = (
        of("received_on", repair.received_on)?,
        of("returned_on", repair.returned_on)?,
    );
    if returned < received {
        let field = format!("repairs[{place}].returned_on");
        return Err(Violation::new(field, "must not be before received_on"));
    }
    Ok(PastRepair {
        received,
        returned,
        components: repair.components.clone(),
    })
}
