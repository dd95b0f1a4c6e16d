//! `CatalogueService`.

use support_chassis::call::Call;
use support_chassis::error::{InvalidFields, Violation, Violations, into_status};
use support_chassis::{id, page};
use support_proto::support::warranty::v1::catalogue_service_server::CatalogueService;
use support_proto::support::warranty::v1::{
    CreateProductRequest, CreateProductResponse, GetProductRequest, GetProductResponse, ListProductsRequest,
    ListProductsResponse,
};
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, PAGE_SIZE_LIMIT, present};
use crate::error::Error;
use crate::ops::{self, NewProduct};
use crate::wire;

#[tonic::async_trait]
impl CatalogueService for Api {
    async fn create_product(
        &self,
        request: Request<CreateProductRequest>,
    ) -> Result<Response<CreateProductResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse(&request)?;
        let ids = self.ids.clone();
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let product = ops::create_product(tx, &ids, new).await?;
                Ok(CreateProductResponse {
                    product: Some(present::product(product)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_product(&self, request: Request<GetProductRequest>) -> Result<Response<GetProductResponse>, Status> {
        let id = id::parse("product_id", &request.get_ref().product_id)?;
        let product = ops::product(&mut *self.db.read().await?, id).await?;
        Ok(Response::new(GetProductResponse {
            product: Some(present::product(product)),
        }))
    }

    async fn list_products(
        &self,
        request: Request<ListProductsRequest>,
    ) -> Result<Response<ListProductsResponse>, Status> {
        let request = request.get_ref();
        let line = wire::read_product_line(request.product_line());
        let binding = ("ListProducts", request.product_line);
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let (products, next_page_token) = ops::list_products(&mut *self.db.read().await?, line, &page).await?;
        let products = products.into_iter().map(present::product).collect();
        Ok(Response::new(ListProductsResponse {
            products,
            next_page_token,
        }))
    }
}

fn parse(request: &CreateProductRequest) -> Result<NewProduct, InvalidFields> {
    let mut fields = Violations::new();
    let product_line = fields.take(
        wire::read_product_line(request.product_line())
            .ok_or_else(|| Violation::new("product_line", "must be a product line")),
    );
    let months = fields.take(
        u8::try_from(request.limited_warranty_months)
            .map_err(|_| Violation::new("limited_warranty_months", "must be from 0 to 120")),
    );
    let release_date = fields.take(wire::read_date(
        "release_date",
        request.release_date.unwrap_or_default(),
    ));
    fields.require(!request.name.trim().is_empty(), "name", "must not be blank");
    let (product_line, limited_warranty_months, release_date) = fields.finish((product_line, months, release_date))?;
    Ok(NewProduct {
        model_code: request.model_code.clone(),
        name: request.name.clone(),
        product_line,
        limited_warranty_months,
        release_date,
    })
}
