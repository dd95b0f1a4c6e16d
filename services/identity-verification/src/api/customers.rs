//! `CustomerService`.

use std::sync::Arc;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::Violations;
use support_chassis::id::{Ids, parse};
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::customer_service_server::CustomerService;
use support_proto::support::identity::v1::{
    AddContactPointRequest, AddContactPointResponse, CreateCustomerRequest, CreateCustomerResponse, GetCustomerRequest,
    GetCustomerResponse, LookupCustomerRequest, LookupCustomerResponse,
};
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use super::parse::contact;
use super::present::{self, Showing};
use super::{may_see, own};
use crate::domain::customer::Name;
use crate::domain::ids::CustomerId;
use crate::error::IdentityError;
use crate::ops::add_contact_point::add_contact_point;
use crate::ops::create_customer::{NewCustomer, create_customer};
use crate::store;

/// `CustomerService`.
#[derive(Debug, Clone)]
pub struct CustomerApi {
    /// The service's database.
    pub db: Db,
    /// Where ids come from.
    pub ids: Ids,
    /// For personal data at rest.
    pub vault: Vault,
    /// Told when something happened that customers may be told of.
    pub happened: Arc<Notify>,
}

fn showing(call: &Call) -> Result<Showing<'static>, IdentityError> {
    Ok(if own(call)?.is_some() {
        Showing::Whole
    } else {
        Showing::Masked
    })
}

fn parse_new(request: &CreateCustomerRequest) -> Result<NewCustomer, IdentityError> {
    let mut fields = Violations::new();
    let mut contacts = Vec::with_capacity(request.contact_points.len());
    for (index, given) in request.contact_points.iter().enumerate() {
        let field = format!("contact_points[{index}]");
        if let Some(contact) = fields.take(contact(&field, Some(given))) {
            fields.require(!contacts.contains(&contact), field, "is there twice");
            contacts.push(contact);
        }
    }
    let name = request.name.clone().unwrap_or_default();
    fields.finish(())?;
    Ok(NewCustomer {
        name: Name {
            given: name.given_name,
            family: name.family_name,
            display: name.display_name,
        },
        languages: request.languages.clone(),
        country_code: request.country_code.clone(),
        contacts,
    })
}

#[tonic::async_trait]
impl CustomerService for CustomerApi {
    async fn create_customer(
        &self,
        request: Request<CreateCustomerRequest>,
    ) -> Result<Response<CreateCustomerResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse_new(&request)?;
        let (ids, vault) = (self.ids.clone(), self.vault.clone());
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let customer = create_customer(tx, &ids, &vault, new).await?;
                let customer = Some(present::customer(&customer, Showing::Masked));
                Ok::<_, IdentityError>(CreateCustomerResponse { customer })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_customer(
        &self,
        request: Request<GetCustomerRequest>,
    ) -> Result<Response<GetCustomerResponse>, Status> {
        let call = Call::of(&request)?;
        let id: CustomerId = parse("customer_id", &request.get_ref().customer_id)?;
        may_see(&call, id)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let customer = store::customers::get(&mut connection, &self.vault, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let customer = Some(present::customer(&customer, showing(&call)?));
        Ok(Response::new(GetCustomerResponse { customer }))
    }

    async fn lookup_customer(
        &self,
        request: Request<LookupCustomerRequest>,
    ) -> Result<Response<LookupCustomerResponse>, Status> {
        let contact = contact("contact_point", request.get_ref().contact_point.as_ref())?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let (id, _) = store::customers::find_by_contact(&mut connection, &self.vault, &contact)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let customer = store::customers::get(&mut connection, &self.vault, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let customer = Some(present::customer(&customer, Showing::Masked));
        Ok(Response::new(LookupCustomerResponse { customer }))
    }

    async fn add_contact_point(
        &self,
        request: Request<AddContactPointRequest>,
    ) -> Result<Response<AddContactPointResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let mut fields = Violations::new();
        let id = fields.take(parse::<CustomerId>("customer_id", &request.customer_id));
        let contact = fields.take(contact("contact_point", request.contact_point.as_ref()));
        let (id, contact) = fields.finish((id, contact))?;
        may_see(&call, id)?;
        // An etag that is none of ours is one of another version.
        let version = (!request.etag.is_empty()).then(|| request.etag.parse().unwrap_or(0));
        let (ids, vault, showing) = (self.ids.clone(), self.vault.clone(), showing(&call)?);
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let customer = add_contact_point(tx, (&ids, &vault), id, &contact, version).await?;
                let customer = Some(present::customer(&customer, showing));
                Ok::<_, IdentityError>(AddContactPointResponse { customer })
            })
            .await?;
        self.happened.notify_one();
        Ok(Response::new(answer))
    }
}
