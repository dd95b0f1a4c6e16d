//! Setting the stage: what has to be there before the day begins.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use support_chassis::day;
use support_proto::support::case::v1::{Case, CaseState};
use support_proto::support::types::v1::{Date, ProductLine};
use support_proto::support::warranty::v1::{ListProductsRequest, Product};
use tokio::sync::{Semaphore, watch};

use super::board::Board;
use super::clock::DayClock;
use super::contact::{Device, Plan};
use super::faults::Faults;
use super::floor::Floor;
use super::people::People;
use super::repairs::{Fault, Faulty};
use super::trace::Day;
use super::workshop::Workshops;
use super::{ReplayArgs, proof, staff, trace};
use crate::session::{Caller, Session, call};
use crate::world::{Issuer, Secrets, known_gateway};

/// How many callers are verified at the same time.
const DOORS: usize = 32;
/// How long before the first call the day begins, in seconds of the day.
const BEFORE_FIRST: f64 = 600.0;

/// What is needed to set the stage.
pub(super) struct Stage<'a> {
    pub(super) args: &'a ReplayArgs,
    pub(super) run: &'a str,
    pub(super) trace: &'a Day,
    pub(super) people: People,
    pub(super) faulty: &'a Faulty,
    pub(super) today: time::Date,
}

impl Stage<'_> {
    /// Makes customers and agents, and plans every call.
    pub(super) async fn set(self) -> anyhow::Result<(Arc<Floor>, Vec<Arc<staff::Agent>>, Vec<Plan>)> {
        let Self {
            args,
            run,
            trace,
            people,
            faulty,
            today,
        } = self;
        let gateway = match &args.gateway {
            Some(url) => url.clone(),
            None => known_gateway(&args.data_dir)?,
        };
        let session = Session::connect(gateway)?;
        let issuer = issuer(&args.data_dir)?;
        let operator = session.as_operator(&issuer.operator_token(staff::TOKEN_LIFE))?;
        let prefix = format!("replay/{run}/{}/", args.day);
        let found = proof::cases(&operator, &prefix)
            .await
            .context("the system does not answer as it should")?;
        if !found.is_empty() {
            #[expect(clippy::print_stdout, reason = "a command's answer")]
            {
                println!("going on with {} cases of an earlier process", found.len());
            }
        }
        let workshops = Workshops::open(&session, &args.data_dir).await?;
        people.make(&operator).await?;
        let staff = staff::hire(&session, &operator, &issuer, run, trace.shifts()).await?;
        let products = products(&operator).await?;

        let usual = f64::from(trace.usual_service());
        let service = |call: &trace::Call| {
            if call.service > 0 {
                f64::from(call.service)
            } else {
                usual
            }
        };
        let board = Board::new(prefix, trace.calls.iter().map(|call| (call.key.clone(), service(call))));
        let found: HashMap<String, Case> = found
            .into_iter()
            .filter_map(|case| Some((board.key_of(&case.source_reference)?.to_owned(), case)))
            .collect();
        let every = args.repair_every;
        let repairs = trace.calls.len().checked_div(every).unwrap_or_default() + 1;
        let plans: Vec<Plan> = trace
            .calls
            .iter()
            .enumerate()
            .map(|(ordinal, call)| {
                let is_repair = ordinal.checked_rem(every) == Some(0);
                let fault = is_repair.then(|| faulty.spread(ordinal / every.max(1), repairs));
                let device = fault.map(|fault| device(fault, &products, today)).transpose()?;
                Ok(Plan {
                    call: call.clone(),
                    ordinal,
                    device,
                })
            })
            .collect::<anyhow::Result<_>>()?;
        // Where an earlier process of this run has brought calls to their end, the day begins after them.
        let is_left = |plan: &&Plan| {
            let ended = found.get(&plan.call.key).map(Case::state);
            !matches!(ended, Some(CaseState::Resolved | CaseState::Closed))
        };
        let first = plans
            .iter()
            .find(is_left)
            .map_or(0.0, |plan| f64::from(plan.call.arrival));
        let floor = Arc::new(Floor {
            run: run.to_owned(),
            clock: DayClock::new(first - BEFORE_FIRST, args.speed),
            session,
            operator,
            board,
            people,
            workshops,
            faults: Faults::default(),
            doors: Semaphore::new(DOORS),
            found,
            agents: staff
                .iter()
                .map(|agent| (agent.agent_id.clone(), agent.caller().clone()))
                .collect(),
            settled: watch::Sender::new(0),
            at_work: watch::Sender::new(0),
            waiting: watch::Sender::new(0),
            calls: plans.len(),
        });
        Ok((floor, staff, plans))
    }
}

fn issuer(data_dir: &Path) -> anyhow::Result<Issuer> {
    let secrets = Secrets::load(data_dir)?.with_context(|| {
        format!(
            "no system was started in {}: run `support up` first",
            data_dir.display()
        )
    })?;
    Ok(secrets.issuer())
}

/// The products, by line, the oldest first.
async fn products(operator: &Caller) -> anyhow::Result<Vec<Product>> {
    let request = ListProductsRequest {
        page_size: 200,
        ..Default::default()
    };
    let mut products = call!(operator.catalogue().list_products(request))?.products;
    let day = |product: &Product| product.release_date.map(|day| (day.year, day.month, day.day));
    products.sort_by_key(day);
    Ok(products)
}

/// The device that has the fault: the newest product of its line that was there on the day it was bought, or the line's
/// first, bought when it came out. (The faults are of other makers' devices, some older than ours.)
fn device(fault: Fault, products: &[Product], today: time::Date) -> anyhow::Result<Device> {
    let of_line: Vec<&Product> = products
        .iter()
        .filter(|product| product.product_line() == fault.line)
        .collect();
    let product = of_line
        .iter()
        .rev()
        .find(|product| released(product).is_some_and(|release| release <= fault.bought))
        .or(of_line.first())
        .with_context(|| no_product(fault.line))?;
    let release = released(product).unwrap_or(fault.bought);
    let bought = fault.bought.clamp(release.min(today), today);
    let bought = Date {
        year: bought.year(),
        month: i32::from(u8::from(bought.month())),
        day: i32::from(bought.day()),
    };
    Ok(Device {
        model_code: product.model_code.clone(),
        bought,
        fault,
    })
}

fn no_product(line: ProductLine) -> String {
    format!(
        "the catalogue has no product of {}: was this system started with --no-seed?",
        line.as_str_name()
    )
}

fn released(product: &Product) -> Option<time::Date> {
    day::from_proto(&product.release_date?)
}

#[cfg(test)]
mod tests {
    use support_proto::support::repair::v1::RepairOutcome;
    use time::macros::date;

    use super::*;

    #[test]
    fn a_device_is_of_a_product_that_was_there() {
        let product = |code: &str, year: i32| Product {
            model_code: code.to_owned(),
            product_line: ProductLine::Phone.into(),
            release_date: Some(Date { year, month: 9, day: 1 }),
            ..Default::default()
        };
        let products = [product("OLD", 2019), product("NEW", 2022)];
        let of = |bought: time::Date| {
            let fault = Fault {
                line: ProductLine::Phone,
                problem: "x".to_owned(),
                language: "en",
                country: "GB",
                bought,
                outcome: RepairOutcome::Unknown,
            };
            let device = device(fault, &products, date!(2026 - 01 - 01)).unwrap();
            (device.model_code, device.bought.year)
        };
        assert_eq!(of(date!(2021 - 01 - 01)), ("OLD".to_owned(), 2021));
        assert_eq!(of(date!(2024 - 01 - 01)), ("NEW".to_owned(), 2024));
        assert_eq!(of(date!(2012 - 01 - 01)), ("OLD".to_owned(), 2019));
        assert_eq!(of(date!(2030 - 01 - 01)), ("NEW".to_owned(), 2026));
    }
}
