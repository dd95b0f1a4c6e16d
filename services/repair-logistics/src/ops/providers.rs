//! Those who repair.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::repair::v1::ProviderCreated;

use super::Viewer;
use crate::domain::provider::{House, ProductLine, Provider, ProviderId};
use crate::error::Error;
use crate::{store, wire};

/// A provider to add.
#[derive(Debug, Clone)]
pub struct NewProvider {
    /// The code.
    pub code: String,
    /// The name on the door.
    pub name: String,
    /// Whose place it is.
    pub house: House,
    /// Where it is, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// The product lines it repairs; each counts once.
    pub product_lines: Vec<ProductLine>,
}

/// Adds a provider.
pub async fn create_provider(tx: &mut Tx, ids: &Ids, new: NewProvider) -> Result<Provider, Error> {
    let mut product_lines = Vec::new();
    for line in new.product_lines {
        if !product_lines.contains(&line) {
            product_lines.push(line);
        }
    }
    let provider = Provider {
        id: ids.next(),
        code: new.code,
        name: new.name,
        house: new.house,
        country_code: new.country_code,
        product_lines,
        created_at: tx.now(),
    };
    store::providers::insert(tx, &provider).await?;
    let event = ProviderCreated {
        provider_id: provider.id.to_string(),
        country_code: provider.country_code.clone(),
        product_lines: provider
            .product_lines
            .iter()
            .map(|line| wire::product_line(*line).into())
            .collect(),
    };
    tx.append(provider.id, &event).await?;
    Ok(provider)
}

/// The provider with this id, if there is one for the viewer.
pub async fn provider(connection: &mut PgConnection, viewer: &Viewer, id: ProviderId) -> Result<Provider, Error> {
    store::providers::get(connection, id)
        .await?
        .filter(|provider| viewer.sees_provider(provider))
        .ok_or(Error::ProviderNotFound)
}

/// Providers by code, those of one country or all, and the token of the next page. Partners get their own.
pub async fn list_providers(
    connection: &mut PgConnection,
    viewer: &Viewer,
    country_code: Option<&str>,
    page: &Page<String>,
) -> Result<(Vec<Provider>, String), Error> {
    let organisation = match viewer {
        Viewer::Partner(partner) => Some(partner.organisation.as_str()),
        Viewer::Insider => None,
        Viewer::Customer(_) | Viewer::Stranger => return Ok((Vec::new(), String::new())),
    };
    let after = page.after.as_deref();
    let providers = store::providers::list(connection, organisation, country_code, after, page.limit()).await?;
    let (mut providers, next) = page.cut(providers, |last| last.code.clone());
    // Behind the page, which may so be shorter than was asked for: few tokens name locations.
    providers.retain(|provider| viewer.sees_provider(provider));
    Ok((providers, next))
}
