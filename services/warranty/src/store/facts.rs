//! What is known of devices, gathered from all that keeps something of them: for any number of devices by one statement for
//! each table.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::Date;

use super::devices::standing::Standing;
use super::devices::{self, Registered, standing};
use super::parts::{self, OfModel};
use super::sweep::Stretch;
use super::{claims, plans};
use crate::domain::claim::{Claim, goodwill_on, past_repairs, programs_used};
use crate::domain::device::{Device, DeviceId};
use crate::domain::facts::{Facts, PlanHeld, Used};
use crate::domain::plan::PlanId;
use crate::domain::product::{Product, ProductId};
use crate::domain::sale::{PastRepair, Repairs, Sale};

/// A device with all that a decision about it goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The device.
    pub device: Device,
    /// Its product.
    pub product: Product,
    /// What is known of its model.
    pub model: Arc<OfModel>,
    /// What is known of it: without its repairs, its parts and the end of its model, which are those of the day, the question and the
    /// place that is asked about.
    pub facts: Facts,
    /// The repairs free of charge that this service has kept book of.
    pub repaired: Vec<PastRepair>,
}

/// What is known of the devices with these serial numbers, by serial number.
pub async fn of_serial_numbers(
    connection: &mut PgConnection,
    serial_numbers: &[String],
) -> Result<HashMap<String, Known>, DbError> {
    let registered = devices::find_all(connection, serial_numbers).await?;
    let known = gather(connection, registered).await?;
    Ok(known
        .into_iter()
        .map(|known| (known.device.serial_number.clone(), known))
        .collect())
}

/// What is known of the devices of a stretch, newest first.
pub async fn of_stretch(connection: &mut PgConnection, stretch: &Stretch) -> Result<Vec<Known>, DbError> {
    let registered = devices::of_stretch(connection, stretch).await?;
    gather(connection, registered).await
}

/// Adds to devices what else is known of them.
async fn gather(connection: &mut PgConnection, registered: Vec<Registered>) -> Result<Vec<Known>, DbError> {
    if registered.is_empty() {
        return Ok(Vec::new());
    }
    let models: BTreeSet<ProductId> = registered.iter().map(|registered| registered.product.id).collect();
    let models: Vec<ProductId> = models.into_iter().collect();
    let models: HashMap<ProductId, Arc<OfModel>> = parts::of_models(connection, &models)
        .await?
        .into_iter()
        .map(|(id, model)| (id, Arc::new(model)))
        .collect();
    // Most devices came in the place of no other: their own row says all.
    let chained = registered.iter().filter(|one| one.device.chain.is_some());
    let chained: Vec<DeviceId> = chained.map(|one| one.device.id).collect();
    let mut standing = if chained.is_empty() {
        HashMap::new()
    } else {
        standing::of_devices(connection, &chained).await?
    };
    // What a unit has of those it came in the place of, it has itself.
    let before = standing.values().flat_map(|standing| &standing.before).copied();
    let units: BTreeSet<DeviceId> = registered.iter().map(|one| one.device.id).chain(before).collect();
    let units: Vec<DeviceId> = units.into_iter().collect();
    let claims = claims::of_devices(connection, &units).await?;
    let plans = plans::held(connection, &units).await?;
    let plan_ids: BTreeSet<PlanId> = plans.values().flatten().map(|plan| plan.plan_id).collect();
    let incidents = if plan_ids.is_empty() {
        HashMap::new()
    } else {
        let plan_ids: Vec<PlanId> = plan_ids.into_iter().collect();
        claims::incidents_of_plans(connection, &plan_ids).await?
    };
    registered
        .into_iter()
        .map(|one| {
            let standing = standing.remove(&one.device.id).unwrap_or_else(|| Standing::alone(&one));
            let Registered { device, product } = one;
            let model = stored(models.get(&product.id), "products", "id")?;
            let units: Vec<DeviceId> = standing.before.iter().copied().chain([device.id]).collect();
            let claims: Vec<Claim> = of_units(&claims, &units);
            let sale = Sale {
                day: device.purchase_date,
                line: product.product_line,
                warranty_months: standing.warranty_months,
                used: device.sold_used,
                repairs: Repairs::default(),
            };
            let mut facts = Facts::of(sale, product.model_code.clone(), device.serial_number.clone());
            facts.unit.price_group.clone_from(&model.price_group);
            facts.unit.earlier = standing.earlier;
            facts.bars = standing.bars;
            facts.plans = plans_of(of_units(&plans, &units), &incidents);
            facts.used = Used {
                programs: programs_used(&claims),
                goodwill_on: goodwill_on(&claims),
            };
            let mut repaired = past_repairs(&claims);
            repaired.extend(standing.replacements);
            Ok(Known {
                facts,
                model: Arc::clone(model),
                repaired,
                device,
                product,
            })
        })
        .collect()
}

/// What is known of a unit and of those before it, the first one first.
fn of_units<T: Clone>(known: &HashMap<DeviceId, Vec<T>>, units: &[DeviceId]) -> Vec<T> {
    // Of most there is nothing.
    units
        .iter()
        .filter_map(|unit| known.get(unit))
        .flat_map(|of_unit| of_unit.iter().cloned())
        .collect()
}

/// The plans with the repairs that they have given. One that moved to the unit from another counts as the unit has it now.
fn plans_of(mut plans: Vec<PlanHeld>, given: &HashMap<PlanId, Vec<Date>>) -> Vec<PlanHeld> {
    plans.sort_by_key(|plan| {
        (
            plan.begins,
            plan.plan_id,
            plan.from,
            Reverse(plan.until.unwrap_or(Date::MAX)),
        )
    });
    plans.dedup_by_key(|plan| (plan.plan_id, plan.from));
    for plan in &mut plans {
        if let (Some(incidents), Some(given)) = (&mut plan.incidents, given.get(&plan.plan_id)) {
            incidents.used_on.clone_from(given);
        }
    }
    plans
}
