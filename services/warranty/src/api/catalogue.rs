//! `CatalogueService`.

mod read;
mod show;

use support_chassis::call::Call;
use support_chassis::error::{Violation, Violations, into_status};
use support_chassis::{id, page};
use support_proto::support::warranty::v1::catalogue_service_server::CatalogueService;
use support_proto::support::warranty::v1::{
    CorrectProductRequest, CorrectProductResponse, CreateProductFamilyRequest, CreateProductFamilyResponse,
    CreateProductRequest, CreateProductResponse, GetProductRequest, GetProductResponse, ImportCatalogueRequest,
    ImportCatalogueResponse, ListProductChangesRequest, ListProductChangesResponse, ListProductFamiliesRequest,
    ListProductFamiliesResponse, ListProductsRequest, ListProductsResponse, LookupProductRequest,
    LookupProductResponse, Product,
};
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, PAGE_SIZE_LIMIT};
use crate::domain::catalogue::{Model, is_name};
use crate::domain::country::Country;
use crate::error::Error;
use crate::ops::{self, CorrectProduct};
use crate::store::models::Filter;
use crate::wire;

#[tonic::async_trait]
impl CatalogueService for Api {
    async fn create_product(
        &self,
        request: Request<CreateProductRequest>,
    ) -> Result<Response<CreateProductResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let details = read::new_product(&request)?;
        let by = author(&call);
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let model = ops::create_product(tx, &self.ids, &by, request.model_code.clone(), details).await?;
                Ok(CreateProductResponse {
                    product: Some(self.whole(model, None)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_product(&self, request: Request<GetProductRequest>) -> Result<Response<GetProductResponse>, Status> {
        let request = request.get_ref();
        let id = id::parse("product_id", &request.product_id)?;
        let country = country(&request.country_code)?;
        let model = ops::product(&mut *self.db.read().await?, id).await?;
        Ok(Response::new(GetProductResponse {
            product: Some(self.whole(model, country)),
        }))
    }

    async fn lookup_product(
        &self,
        request: Request<LookupProductRequest>,
    ) -> Result<Response<LookupProductResponse>, Status> {
        let request = request.get_ref();
        let country = country(&request.country_code)?;
        let model = ops::product_by_code(&mut *self.db.read().await?, &request.model_code).await?;
        Ok(Response::new(LookupProductResponse {
            product: Some(self.whole(model, country)),
        }))
    }

    async fn list_products(
        &self,
        request: Request<ListProductsRequest>,
    ) -> Result<Response<ListProductsResponse>, Status> {
        let request = request.get_ref();
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let filter = Filter {
            line: wire::read_product_line(request.product_line()),
            family: text(&request.family),
            query: text(&request.query),
            part_number: text(&request.part_number),
            sold_on: request.sold_on.map(|day| wire::read_date("sold_on", day)).transpose()?,
        };
        let binding = (
            "ListProducts",
            request.product_line,
            &request.family,
            &request.query,
            &request.part_number,
            filter.sold_on.map(|day| day.to_string()),
        );
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let (models, next_page_token) =
            ops::list_products(&mut *self.db.read().await?, &filter, request.whole, &page).await?;
        let products = models.into_iter().map(|model| {
            if request.whole {
                self.whole(model, None)
            } else {
                show::listed(model)
            }
        });
        Ok(Response::new(ListProductsResponse {
            products: products.collect(),
            next_page_token,
        }))
    }

    async fn correct_product(
        &self,
        request: Request<CorrectProductRequest>,
    ) -> Result<Response<CorrectProductResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let command = CorrectProduct {
            id: id::parse("product_id", &request.product_id)?,
            etag: (!request.etag.is_empty()).then(|| request.etag.clone()),
            by: author(&call),
            reason: request.reason.clone(),
        };
        let wanted = request.details.clone().unwrap_or_default();
        let paths = request.update_mask.clone().unwrap_or_default().paths;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let model =
                    ops::correct_product(tx, &command, |held| read::masked(show::details(held), &wanted, &paths))
                        .await?;
                Ok(CorrectProductResponse {
                    product: Some(self.whole(model, None)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn list_product_changes(
        &self,
        request: Request<ListProductChangesRequest>,
    ) -> Result<Response<ListProductChangesResponse>, Status> {
        let request = request.get_ref();
        let id = id::parse("product_id", &request.product_id)?;
        let binding = ("ListProductChanges", &request.product_id);
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let (changes, next_page_token) = ops::product_changes(&mut *self.db.read().await?, id, &page).await?;
        Ok(Response::new(ListProductChangesResponse {
            changes: changes.into_iter().map(show::change).collect(),
            next_page_token,
        }))
    }

    async fn create_product_family(
        &self,
        request: Request<CreateProductFamilyRequest>,
    ) -> Result<Response<CreateProductFamilyResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let mut fields = Violations::new();
        let line = fields.take(
            wire::read_product_line(request.product_line())
                .ok_or_else(|| Violation::new("product_line", "must be a product line")),
        );
        fields.require(is_name(&request.name), "name", "must not be blank");
        let line = fields.finish(line)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let (key, name) = (request.family.clone(), request.name.clone());
                let family = ops::create_family(tx, &self.ids, key, name, line).await?;
                Ok(CreateProductFamilyResponse {
                    family: Some(show::family(family)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn list_product_families(
        &self,
        request: Request<ListProductFamiliesRequest>,
    ) -> Result<Response<ListProductFamiliesResponse>, Status> {
        let request = request.get_ref();
        let line = wire::read_product_line(request.product_line());
        let binding = ("ListProductFamilies", request.product_line);
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let (families, next_page_token) = ops::list_families(&mut *self.db.read().await?, line, &page).await?;
        Ok(Response::new(ListProductFamiliesResponse {
            families: families.into_iter().map(show::family).collect(),
            next_page_token,
        }))
    }

    async fn import_catalogue(
        &self,
        request: Request<ImportCatalogueRequest>,
    ) -> Result<Response<ImportCatalogueResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let (rows, faults) = read::rows(&request);
        let by = author(&call);
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let (reason, alone) = (&request.reason, request.validate_only);
                let imported = ops::import_catalogue(tx, &self.ids, rows, faults, &by, reason, alone).await?;
                Ok(show::imported(imported))
            })
            .await?;
        Ok(Response::new(answer))
    }
}

impl Api {
    /// All there is of a model, as of today, with the duties to have spare parts of a country.
    fn whole(&self, model: Model, country: Option<Country>) -> Product {
        let life = ops::service_life(&self.prices, &self.terms, model.details.sold(), country, None);
        show::whole(model, life)
    }
}

/// Who calls, as the history names them.
fn author(call: &Call) -> String {
    format!("{}:{}", call.caller().kind_name(), call.caller().subject)
}

/// The country of a request; none where it names none.
fn country(code: &str) -> Result<Option<Country>, Violation> {
    if code.is_empty() {
        return Ok(None);
    }
    Country::from_code(code)
        .map(Some)
        .ok_or_else(|| Violation::new("country_code", "must be a code of iso 3166-1 alpha-2"))
}
