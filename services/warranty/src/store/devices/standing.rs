//! What a decision has to know of many devices beside their sale, in one statement: what bars a repair, and what a unit has from those
//! it came in the place of.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::Date;

use super::Registered;
use crate::domain::device::{DeviceId, Obstacle};
use crate::domain::facts::{Bar, EarlierUnit};
use crate::domain::sale::PastRepair;

/// What is to be known of a device beside its sale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// What may keep the maker from repairing it, in a fixed order.
    pub bars: Vec<Bar>,
    /// The units before it, the first one first: what was used on them was used on it.
    pub before: Vec<DeviceId>,
    /// What they were, the last one first.
    pub earlier: Vec<EarlierUnit>,
    /// When each of them was handed in and the next one handed over: a replacement counts as a repair.
    pub replacements: Vec<PastRepair>,
    /// The longest of the maker's warranties that the catalogue names for it and the units before it, in months.
    pub warranty_months: u8,
}

impl Standing {
    /// Of a device that came in the place of no other, and no other in its.
    #[must_use]
    pub fn alone(Registered { device, product }: &Registered) -> Self {
        Self {
            bars: device.obstacles().into_iter().map(Obstacle::bar).collect(),
            warranty_months: product.limited_warranty_months,
            ..Self::default()
        }
    }
}

/// What is to be known of these devices; of one that is not there, nothing.
pub async fn of_devices(
    connection: &mut PgConnection,
    ids: &[DeviceId],
) -> Result<HashMap<DeviceId, Standing>, DbError> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    // Most devices are the only one of their kind: their row of the left join is empty and costs one look at an index.
    let rows = sqlx::query!(
        r#"select devices.id as "id: DeviceId", devices.locks, devices.flags, devices.retired_at is not null as "is_retired!",
                  own.limited_warranty_months, earlier.id as "earlier?: DeviceId",
                  earlier.serial_number as "earlier_serial_number?", theirs.model_code as "earlier_model_code?",
                  replacement.received_on as "received_on?", replacement.replaced_on as "replaced_on?",
                  theirs.limited_warranty_months as "their_months?"
           from devices
           join products as own on own.id = devices.product_id
           left join devices as earlier
               on earlier.origin_id = devices.origin_id and earlier.chain_place < devices.chain_place
           left join products as theirs on theirs.id = earlier.product_id
           left join device_replacements as replacement on replacement.old_device_id = earlier.id
           where devices.id = any($1)
           order by devices.id, earlier.chain_place"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<DeviceId, Standing> = HashMap::with_capacity(ids.len());
    for row in rows {
        let standing = match found.entry(row.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let obstacles = Obstacle::of(&super::locks(&row.locks)?, &super::flags(&row.flags)?, row.is_retired);
                unknown.insert(Standing {
                    bars: obstacles.into_iter().map(Obstacle::bar).collect(),
                    warranty_months: months(row.limited_warranty_months)?,
                    ..Standing::default()
                })
            }
        };
        standing.before.extend(row.earlier);
        if let Some((model_code, serial_number)) = row.earlier_model_code.zip(row.earlier_serial_number) {
            let unit = EarlierUnit {
                model_code,
                serial_number,
            };
            standing.earlier.insert(0, unit);
        }
        if let Some((received, returned)) = row.received_on.zip(row.replaced_on) {
            standing.replacements.push(repair(received, returned));
        }
        if let Some(theirs) = row.their_months {
            standing.warranty_months = standing.warranty_months.max(months(theirs)?);
        }
    }
    Ok(found)
}

fn repair(received: Date, returned: Date) -> PastRepair {
    // Of the whole unit.
    PastRepair {
        received,
        returned,
        components: Vec::new(),
    }
}

fn months(months: i16) -> Result<u8, DbError> {
    stored(u8::try_from(months).ok(), "products", "limited_warranty_months")
}
