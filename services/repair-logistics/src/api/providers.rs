//! `ProviderService`.

use support_chassis::call::Call;
use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::{id, page};
use support_proto::support::repair::v1::provider_service_server::ProviderService;
use support_proto::support::repair::v1::{
    CreateProviderRequest, CreateProviderResponse, GetProviderRequest, GetProviderResponse, ListProvidersRequest,
    ListProvidersResponse,
};
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, present};
use crate::domain::provider::{House, WrongOrganisation};
use crate::error::Error;
use crate::ops::{self, NewProvider, Viewer};
use crate::wire;

/// The most entries on a page.
const PAGE_SIZE_LIMIT: u32 = 200;

#[tonic::async_trait]
impl ProviderService for Api {
    async fn create_provider(
        &self,
        request: Request<CreateProviderRequest>,
    ) -> Result<Response<CreateProviderResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse(&request)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let provider = ops::create_provider(tx, &self.ids, new).await?;
                Ok(CreateProviderResponse {
                    provider: Some(present::provider(provider)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_provider(
        &self,
        request: Request<GetProviderRequest>,
    ) -> Result<Response<GetProviderResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("provider_id", &request.get_ref().provider_id)?;
        let provider = ops::provider(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetProviderResponse {
            provider: Some(present::provider(provider)),
        }))
    }

    async fn list_providers(
        &self,
        request: Request<ListProvidersRequest>,
    ) -> Result<Response<ListProvidersResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.get_ref();
        let country = Some(request.country_code.as_str()).filter(|code| !code.is_empty());
        let binding = ("ListProviders", country, &call.caller().organisation);
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(Error::from)?;
        let (providers, next_page_token) =
            ops::list_providers(&mut *self.db.read().await?, &viewer, country, &page).await?;
        let providers = providers.into_iter().map(present::provider).collect();
        Ok(Response::new(ListProvidersResponse {
            providers,
            next_page_token,
        }))
    }
}

fn parse(request: &CreateProviderRequest) -> Result<NewProvider, InvalidFields> {
    let mut fields = Violations::new();
    let kind =
        fields.take(wire::read_kind(request.kind()).ok_or_else(|| Violation::new("kind", "must be a kind of place")));
    let organisation = Some(request.organisation_id.clone()).filter(|organisation| !organisation.is_empty());
    let house = kind.and_then(|kind| {
        fields.take(House::new(kind, organisation).map_err(|WrongOrganisation| {
            Violation::new(
                "organisation_id",
                "is needed for a partner, and must be empty for any other kind",
            )
        }))
    });
    let lines: Option<Vec<_>> = request.product_lines().map(wire::read_product_line).collect();
    let lines = fields.take(lines.ok_or_else(|| Violation::new("product_lines", "must be product lines")));
    fields.require(!request.name.trim().is_empty(), "name", "must not be blank");
    let (house, product_lines) = fields.finish((house, lines))?;
    Ok(NewProvider {
        code: request.code.clone(),
        name: request.name.clone(),
        house,
        country_code: request.country_code.clone(),
        product_lines,
    })
}
