//! The catalogue: families and models, added, corrected, taken over whole.

mod import;

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::error::{InvalidFields, Violation};
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::{ProductCorrected, ProductCreated, ProductFamilyChanged};

use crate::domain::catalogue::{Details, Family, FamilyId, InUse, Model, changes, correct};
use crate::domain::product::{ProductId, ProductLine};
use crate::error::Error;
use crate::store::models::Filter;
use crate::store::product_changes::Change;
use crate::{store, wire};

pub use import::{Imported, import_catalogue};

/// A correction of a model.
#[derive(Debug, Clone)]
pub struct CorrectProduct {
    /// The model.
    pub id: ProductId,
    /// The etag last read; none to change whatever is there.
    pub etag: Option<String>,
    /// Who corrects it: kind and subject.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Adds a model, as `by` says.
pub async fn create_product(
    tx: &mut Tx,
    ids: &Ids,
    by: &str,
    model_code: String,
    details: Details,
) -> Result<Model, Error> {
    let families = family_of(tx, &details, "family").await?;
    let model = Model {
        id: ids.next(),
        model_code,
        details,
        revision: 1,
        created_at: tx.now(),
    };
    let models = [model];
    store::models::insert(tx, &models, &families).await?;
    store::product_changes::insert(tx, &models, by, "", models[0].created_at).await?;
    let [model] = models;
    tx.append(model.id, &created(&model)).await?;
    Ok(model)
}

/// Corrects a model: `wanted` says what it is to be from what it is.
pub async fn correct_product(
    tx: &mut Tx,
    command: &CorrectProduct,
    wanted: impl FnOnce(&Details) -> Result<Details, InvalidFields>,
) -> Result<Model, Error> {
    let held = store::models::lock(tx, command.id)
        .await?
        .ok_or(Error::ProductNotFound)?;
    if command.etag.as_ref().is_some_and(|etag| *etag != held.etag()) {
        return Err(Error::Changed);
    }
    let wanted = wanted(&held.details)?;
    let used = store::models::in_use(tx, &[held.id]).await?.remove(&held.id);
    match correct(&held, wanted, used.unwrap_or_default()) {
        Ok(None) => Ok(held),
        Ok(Some(model)) => {
            let families = family_of(tx, &model.details, "details.family").await?;
            let (now, models) = (tx.now(), [model]);
            store::models::update(tx, &models, &families).await?;
            store::product_changes::insert(tx, &models, &command.by, &command.reason, now).await?;
            let [model] = models;
            tx.append(model.id, &corrected(&held, &model)).await?;
            Ok(model)
        }
        Err(InUse { fields }) => Err(Error::ProductInUse { fields }),
    }
}

/// The family of a model by its key, which stays while the transaction lasts; nothing where it belongs to none.
async fn family_of(tx: &mut Tx, details: &Details, field: &str) -> Result<BTreeMap<String, FamilyId>, Error> {
    let Some(key) = &details.family else {
        return Ok(BTreeMap::new());
    };
    let family = store::families::find_shared(tx, key)
        .await?
        .ok_or(Error::ProductFamilyNotFound)?;
    if family.product_line != details.product_line {
        return Err(Violation::new(field, "must be a family of the product line").into());
    }
    Ok(BTreeMap::from([(family.family, family.id)]))
}

fn created(model: &Model) -> ProductCreated {
    ProductCreated {
        product_id: model.id.to_string(),
        product_line: wire::product_line(model.details.product_line).into(),
    }
}

fn corrected(held: &Model, model: &Model) -> ProductCorrected {
    let changed = changes(&held.details.to_json(), &model.details.to_json());
    ProductCorrected {
        product_id: model.id.to_string(),
        product_line: wire::product_line(model.details.product_line).into(),
        revision: model.revision,
        fields: changed.into_iter().map(|(field, _, _)| field).collect(),
    }
}

/// Adds a family.
pub async fn create_family(
    tx: &mut Tx,
    ids: &Ids,
    family: String,
    name: String,
    product_line: ProductLine,
) -> Result<Family, Error> {
    let families = [Family {
        id: ids.next(),
        family,
        name,
        product_line,
        created_at: tx.now(),
    }];
    store::families::insert(tx, &families).await?;
    let [family] = families;
    tx.append(family.id, &changed_family(&family)).await?;
    Ok(family)
}

fn changed_family(family: &Family) -> ProductFamilyChanged {
    ProductFamilyChanged {
        family_id: family.id.to_string(),
        family: family.family.clone(),
        product_line: wire::product_line(family.product_line).into(),
    }
}

/// The model with this id, whole.
pub async fn product(connection: &mut PgConnection, id: ProductId) -> Result<Model, Error> {
    store::models::get(connection, id).await?.ok_or(Error::ProductNotFound)
}

/// The model with this code, whole.
pub async fn product_by_code(connection: &mut PgConnection, model_code: &str) -> Result<Model, Error> {
    store::models::find(connection, model_code)
        .await?
        .ok_or(Error::ProductNotFound)
}

/// Models by code, and the token of the next page; whole where `is_whole`.
pub async fn list_products(
    connection: &mut PgConnection,
    filter: &Filter,
    is_whole: bool,
    page: &Page<String>,
) -> Result<(Vec<Model>, String), Error> {
    let after = page.after.as_deref();
    let models = store::models::list(connection, filter, is_whole, after, page.limit()).await?;
    Ok(page.cut(models, |last| last.model_code.clone()))
}

/// The changes of a model, the latest first, and the token of the next page.
pub async fn product_changes(
    connection: &mut PgConnection,
    id: ProductId,
    page: &Page<i32>,
) -> Result<(Vec<Change>, String), Error> {
    let changes = store::product_changes::list(connection, id, page.after, page.limit()).await?;
    // Every product has its first change.
    if changes.is_empty() && page.after.is_none() {
        return Err(Error::ProductNotFound);
    }
    Ok(page.cut(changes, |last| last.revision))
}

/// Families by key, and the token of the next page.
pub async fn list_families(
    connection: &mut PgConnection,
    line: Option<ProductLine>,
    page: &Page<String>,
) -> Result<(Vec<Family>, String), Error> {
    let families = store::families::list(connection, line, page.after.as_deref(), page.limit()).await?;
    Ok(page.cut(families, |last| last.family.clone()))
}
