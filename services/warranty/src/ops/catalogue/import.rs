//! A catalogue taken over whole.

use std::collections::BTreeMap;

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::outbox::Entry;

use super::{changed_family, corrected, created};
use crate::domain::catalogue::import::{Held, Plan, RowFault, Rows, plan};
use crate::domain::catalogue::{Family, FamilyId, Model};
use crate::error::Error;
use crate::store;

/// What a catalogue came to.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What it changes, or would.
    pub plan: Plan,
    /// What is wrong with it; then nothing was written.
    pub faults: Vec<RowFault>,
    /// Whether it was written.
    pub is_written: bool,
}

/// Takes over a catalogue of which `faults` were found already, or only checks it. Where anything is wrong, nothing is written.
///
/// What it names is locked first, families before products and each in the order of their names, so that imports at the same
/// time wait for each other.
pub async fn import_catalogue(
    tx: &mut Tx,
    ids: &Ids,
    rows: Rows,
    mut faults: Vec<RowFault>,
    by: &str,
    reason: &str,
    validate_only: bool,
) -> Result<Imported, Error> {
    let held = held(tx, &rows).await?;
    let (plan, found) = plan(rows, &held);
    faults.extend(found);
    // A stable sort: within a row in the order of finding.
    faults.sort_by_key(|fault| (fault.list, fault.row));
    let is_written = faults.is_empty() && !validate_only;
    if is_written {
        write(tx, ids, &plan, &held, by, reason).await?;
    }
    Ok(Imported {
        plan,
        faults,
        is_written,
    })
}

async fn held(tx: &mut Tx, rows: &Rows) -> Result<Held, Error> {
    let families = store::families::lock_by_keys(tx, &rows.family_keys()).await?;
    let codes: Vec<_> = rows.products.iter().map(|row| row.model_code.clone()).collect();
    let models = store::models::lock_by_codes(tx, &codes).await?;
    let ids: Vec<_> = models.iter().map(|model| model.id).collect();
    Ok(Held {
        families: (families.into_iter())
            .map(|(family, has_models)| (family.family.clone(), (family, has_models)))
            .collect(),
        models: (models.into_iter())
            .map(|model| (model.model_code.clone(), model))
            .collect(),
        used: store::models::in_use(tx, &ids).await?,
    })
}

async fn write(tx: &mut Tx, ids: &Ids, plan: &Plan, held: &Held, by: &str, reason: &str) -> Result<(), Error> {
    let now = tx.now();
    let new_families: Vec<Family> = (plan.new_families.iter())
        .map(|row| Family {
            id: ids.next(),
            family: row.family.clone(),
            name: row.name.clone(),
            product_line: row.product_line,
            created_at: now,
        })
        .collect();
    let new_models: Vec<Model> = (plan.new_products.iter())
        .map(|row| Model {
            id: ids.next(),
            model_code: row.model_code.clone(),
            details: row.details.clone(),
            revision: 1,
            created_at: now,
        })
        .collect();
    store::families::insert(tx, &new_families).await?;
    store::families::update(tx, &plan.families).await?;
    let known = held.families.values().map(|(family, _)| family);
    let families: BTreeMap<String, FamilyId> = (known.chain(&new_families))
        .map(|family| (family.family.clone(), family.id))
        .collect();
    store::models::insert(tx, &new_models, &families).await?;
    store::models::update(tx, &plan.products, &families).await?;
    store::product_changes::insert(tx, &new_models, by, reason, now).await?;
    store::product_changes::insert(tx, &plan.products, by, reason, now).await?;
    let of_families = (new_families.iter().chain(&plan.families)).map(|one| Entry::new(one.id, &changed_family(one)));
    let of_new = new_models.iter().map(|model| Entry::new(model.id, &created(model)));
    let of_old = (plan.products.iter()).filter_map(|model| {
        let before = held.models.get(&model.model_code)?;
        Some(Entry::new(model.id, &corrected(before, model)))
    });
    let entries: Vec<_> = of_families.chain(of_new).chain(of_old).collect();
    tx.append_all(&entries).await?;
    Ok(())
}
