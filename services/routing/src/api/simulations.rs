//! `SimulationService`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support_chassis::clock::Clock;
use support_chassis::id::Region;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::simulation_service_server::SimulationService;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::domain::{Country, Plan};
use crate::error::Error;
use crate::plan;
use crate::simulation::door::{self, Bounds, TooLarge};
use crate::simulation::{Effort, Measured, Scenario, Stopped, plot, simulate};
use crate::staffing;

/// So many are played at a time, each on so many threads: whoever works for customers goes on.
const AT_A_TIME: usize = 2;
const THREADS: usize = 2;

/// Answers what would be.
#[derive(Clone, Debug)]
pub struct SimulationApi {
    book: plan::Book,
    clock: Clock,
    region: Region,
    turns: Arc<Semaphore>,
}

/// Sets a flag once nobody waits for the answer any more.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl SimulationApi {
    /// By what holds in the book; ids are of this region.
    #[must_use]
    pub fn new(book: plan::Book, clock: Clock, region: Region) -> Self {
        Self {
            book,
            clock,
            region,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// Does the work on other threads than those that answer, when it is its turn, and as long as somebody waits for it.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Effort) -> Result<T, Stopped> + Send + 'static,
    ) -> Result<T, Error> {
        let stop = Arc::<AtomicBool>::default();
        let _leaving = Leaving(Arc::clone(&stop));
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&Effort::limited(THREADS, Bounds::CALL.events, stop))
        });
        let done = done.await.map_err(Error::Simulation)?;
        done.map_err(|stopped| match stopped {
            Stopped::TooMuch | Stopped::Asked => Error::TooLarge(TooLarge { what: "events" }),
        })
    }

    fn scenario(
        &self,
        demand: Option<pb::SimulatedDemand>,
        teams: &[pb::SimulatedTeam],
    ) -> Result<(Scenario, usize), Error> {
        let demand = demand.unwrap_or_default();
        let now = self.clock.now();
        let scenario = door::scenario(&demand, teams, self.region, now, |country, at| self.plan(country, at))?;
        let replications = door::replications(&demand);
        Bounds::CALL.hold(&scenario, replications)?;
        Ok((scenario, replications))
    }

    fn plan(&self, country: Option<Country>, at: time::OffsetDateTime) -> Plan {
        self.book.of_tasks(country, at)
    }

    async fn play(&self, scenario: &Scenario, replications: usize) -> Result<Measured, Error> {
        let scenario = scenario.clone();
        self.aside(move |effort| simulate(&scenario, replications, effort))
            .await
    }
}

#[tonic::async_trait]
impl SimulationService for SimulationApi {
    async fn simulate(&self, request: Request<pb::SimulateRequest>) -> Result<Response<pb::SimulateResponse>, Status> {
        let request = request.into_inner();
        let (scenario, replications) = self.scenario(request.demand, &request.teams)?;
        let measured = self.play(&scenario, replications).await?;
        Ok(Response::new(door::measured(&scenario, &measured)))
    }

    async fn staff(&self, request: Request<pb::StaffRequest>) -> Result<Response<pb::StaffResponse>, Status> {
        let request = request.into_inner();
        let staffing = door::staffing(&request, self.region, self.clock.now(), |country, at| {
            self.plan(country, at)
        })
        .map_err(Error::from)?;
        Bounds::CALL
            .hold(&staffing.scenario, staffing.replications)
            .map_err(Error::from)?;
        let answer = self
            .aside(move |effort| {
                let staffed = staffing::staff(&staffing, effort)?;
                Ok(door::staffed(&staffing, &staffed))
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn plot(&self, request: Request<pb::PlotRequest>) -> Result<Response<pb::PlotResponse>, Status> {
        let request = request.into_inner();
        let (scenario, replications) = self.scenario(request.demand, &request.teams)?;
        let measured = self.play(&scenario, replications).await?;
        let svg = plot::day(&scenario, &measured).map_err(Error::from)?;
        Ok(Response::new(pb::PlotResponse {
            svg: svg.into_bytes(),
            outcome: Some(door::measured(&scenario, &measured)),
        }))
    }
}
