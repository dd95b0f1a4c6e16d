//! `RosterService`.

use support_calendars::Span;
use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::db::Db;
use support_chassis::error::Violation;
use support_chassis::{id, page};
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::roster_service_server::RosterService;
use time::{Date, Duration, UtcOffset};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::contract;
use crate::domain::{AgentId, Schedule, ShiftException, ShiftPattern};
use crate::error::Error;
use crate::ops::roster::beside;
use crate::{ops, store};

/// Answers for what is planned.
#[derive(Clone, Debug)]
pub struct RosterApi {
    /// The database.
    pub db: Db,
}

#[tonic::async_trait]
impl RosterService for RosterApi {
    async fn set_shift_pattern(
        &self,
        request: Request<pb::SetShiftPatternRequest>,
    ) -> Result<Response<pb::SetShiftPatternResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let agent = id::parse("agent_id", &request.agent_id)?;
        let pattern = read_pattern(&request.pattern.clone().unwrap_or_default())?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                ops::roster::set_pattern(tx, agent, &pattern).await?;
                Ok::<_, Error>(pb::SetShiftPatternResponse {
                    pattern: Some(shown_pattern(&pattern)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn set_shift_exception(
        &self,
        request: Request<pb::SetShiftExceptionRequest>,
    ) -> Result<Response<pb::SetShiftExceptionResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let agent = id::parse("agent_id", &request.agent_id)?;
        let (of_day, exception) = read_exception(&request.exception.clone().unwrap_or_default())?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                let schedule = ops::roster::set_exception(tx, agent, of_day, exception.as_ref()).await?;
                Ok::<_, Error>(pb::SetShiftExceptionResponse {
                    shifts: shown(&schedule.shifts(of_day, 1)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn remove_shift_pattern(
        &self,
        request: Request<pb::RemoveShiftPatternRequest>,
    ) -> Result<Response<pb::RemoveShiftPatternResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let agent = id::parse("agent_id", &request.agent_id)?;
        let from = day("from_day", &request.from_day)?;
        let answer = self
            .db
            .write(&call, &request, async |tx| {
                ops::roster::remove_pattern(tx, agent, from).await?;
                Ok::<_, Error>(pb::RemoveShiftPatternResponse {})
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn import_rosters(
        &self,
        request: Request<Streaming<pb::ImportRostersRequest>>,
    ) -> Result<Response<pb::ImportRostersResponse>, Status> {
        let answer = super::roster_import::import(&self.db, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn list_shifts(
        &self,
        request: Request<pb::ListShiftsRequest>,
    ) -> Result<Response<pb::ListShiftsResponse>, Status> {
        let request = request.into_inner();
        let id: AgentId = id::parse("agent_id", &request.agent_id)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let agent = store::agents::find(&mut connection, id).await.map_err(Error::from)?;
        let agent = agent.ok_or(Error::AgentNotFound)?;
        let first = if request.from_day.is_empty() {
            Schedule::new(&agent.time_zone).day(self.db.clock().now())
        } else {
            day("from_day", &request.from_day)?
        };
        let days = u16::try_from(request.days).ok().filter(|days| *days > 0).unwrap_or(7);
        let last = first + Duration::days(i64::from(days) - 1);
        let of_agent = [id.uuid()];
        let mut schedules = store::roster::schedules(&mut connection, Some(&of_agent), &beside(first..=last))
            .await
            .map_err(Error::from)?;
        let planned = schedules.remove(&id);
        let schedule = planned.unwrap_or_else(|| Schedule::new(&agent.time_zone));
        let exceptions = schedule.exceptions(first, days).map(|exception| pb::ShiftException {
            day: exception.day.to_string(),
            kind: contract::departure(exception.departure).into(),
            hours: exception.hours().to_owned(),
        });
        Ok(Response::new(pb::ListShiftsResponse {
            shifts: shown(&schedule.shifts(first, days)),
            patterns: schedule.patterns(first, days).map(shown_pattern).collect(),
            exceptions: exceptions.collect(),
            time_zone: agent.time_zone,
        }))
    }

    async fn get_roster(
        &self,
        request: Request<pb::GetRosterRequest>,
    ) -> Result<Response<pb::GetRosterResponse>, Status> {
        let request = request.into_inner();
        let of_day = day("day", &request.day)?;
        let binding = ("GetRoster", &request.site, &request.day);
        let page = page::parse::<AgentId, _>(request.page_size, &request.page_token, 50, 1000, &binding)
            .map_err(Error::from)?;
        let mut connection = self.db.read().await.map_err(Error::from)?;
        let agents = store::roster::of_site(&mut connection, &request.site, page.after, page.limit())
            .await
            .map_err(Error::from)?;
        let (agents, next_page_token) = page.cut(agents, |agent| agent.agent);
        let ids: Vec<Uuid> = agents.iter().map(|agent| agent.agent.uuid()).collect();
        let now = self.db.clock().now();
        let today = now.to_offset(UtcOffset::UTC).date();
        let mut planned = store::roster::schedules(&mut connection, Some(&ids), &beside(of_day..=of_day))
            .await
            .map_err(Error::from)?;
        let around = beside(today - Duration::days(1)..=today + Duration::days(1));
        let at_present = store::roster::schedules(&mut connection, Some(&ids), &around)
            .await
            .map_err(Error::from)?;
        let entries = agents.into_iter().map(|agent| {
            let of_agent = planned.remove(&agent.agent);
            let shifts = of_agent.map(|schedule| schedule.shifts(of_day, 1)).unwrap_or_default();
            let present = at_present.get(&agent.agent);
            pb::RosterEntry {
                agent_id: agent.agent.to_string(),
                team: agent.team,
                time_zone: agent.time_zone,
                shifts: shown(&shifts),
                planned_now: present.is_some_and(|schedule| schedule.is_at_work(now)),
                presence: contract::presence(agent.presence).into(),
                presence_time: Some(timestamp(agent.since)),
            }
        });
        Ok(Response::new(pb::GetRosterResponse {
            entries: entries.collect(),
            next_page_token,
        }))
    }
}

pub(super) fn read_pattern(stated: &pb::ShiftPattern) -> Result<ShiftPattern, Violation> {
    let from = day("pattern.from_day", &stated.from_day)?;
    ShiftPattern::new(from, &stated.hours).map_err(|error| Violation::new("pattern.hours", error.to_string()))
}

/// The day, and how it departs; none where it does not any more.
pub(super) fn read_exception(stated: &pb::ShiftException) -> Result<(Date, Option<ShiftException>), Violation> {
    let of_day = day("exception.day", &stated.day)?;
    let wrong = |fault: String| Violation::new("exception.hours", fault);
    match contract::read_departure(stated.kind()) {
        Some(departure) => {
            let exception = ShiftException::new(of_day, departure, &stated.hours);
            Ok((of_day, Some(exception.map_err(|error| wrong(error.to_string()))?)))
        }
        None if stated.hours.is_empty() => Ok((of_day, None)),
        None => Err(wrong("must be empty where the day does not depart".to_owned())),
    }
}

/// A day that there is, in years for which clocks are known.
fn day(field: &str, text: &str) -> Result<Date, Violation> {
    let day = Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).ok();
    day.filter(|day| (2000..2200).contains(&day.year()))
        .ok_or_else(|| Violation::new(field, "must be a day from 2000 to 2199"))
}

fn shown(shifts: &[Span]) -> Vec<pb::Shift> {
    let shift = |shift: &Span| pb::Shift {
        start_time: Some(timestamp(shift.from)),
        end_time: Some(timestamp(shift.until)),
    };
    shifts.iter().map(shift).collect()
}

fn shown_pattern(pattern: &ShiftPattern) -> pb::ShiftPattern {
    pb::ShiftPattern {
        from_day: pattern.from.to_string(),
        hours: pattern.hours().to_owned(),
    }
}
