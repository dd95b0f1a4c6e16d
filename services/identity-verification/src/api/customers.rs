//! `CustomerService`.

use std::sync::Arc;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::Violations;
use support_chassis::id::parse;
use support_proto::support::identity::v1::customer_service_server::CustomerService;
use support_proto::support::identity::v1::{
    AddContactPointRequest, AddContactPointResponse, CreateCustomerRequest, CreateCustomerResponse, GetCustomerRequest,
    GetCustomerResponse, LookupCustomerRequest, LookupCustomerResponse, RemoveContactPointRequest,
    RemoveContactPointResponse, UpdateCustomerRequest, UpdateCustomerResponse,
};
use support_proto::support::types::v1::PersonName;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use super::parse::contact;
use super::present::{self, Showing};
use super::{may_see, own};
use crate::domain::customer::Name;
use crate::domain::grant::Assurance;
use crate::domain::ids::{CustomerId, GrantId};
use crate::error::IdentityError;
use crate::ops::Means;
use crate::ops::add_contact_point::add_contact_point;
use crate::ops::authenticators::Owner;
use crate::ops::create_customer::{NewCustomer, create_customer};
use crate::ops::look_up_customer::look_up_customer;
use crate::ops::remove_contact_point::remove_contact_point;
use crate::ops::update_customer::{Correction, update_customer};
use crate::store;

/// `CustomerService`.
#[derive(Debug, Clone)]
pub struct CustomerApi {
    /// The service's database.
    pub db: Db,
    /// What the use cases work with.
    pub means: Means,
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

/// Whose record is changed, and how surely whoever does it has shown to be them or to act for them.
fn owner(call: &Call, customer_id: CustomerId) -> Owner {
    let caller = call.caller();
    let level = match &caller.bounds.shown {
        Some(shown) => i16::from(shown.aal),
        None => i16::try_from(i32::from(caller.assurance)).unwrap_or(0),
    };
    Owner {
        customer_id,
        assurance: Assurance::from_stored(level),
    }
}

/// The grant that a change is made by, which it does not end.
fn made_by(call: &Call) -> Option<GrantId> {
    let caller = call.caller();
    let shown = caller.bounds.shown.as_ref().map(|shown| &shown.grant);
    shown.or(caller.grant_id.as_ref()).and_then(|id| id.parse().ok())
}

/// The version of an etag; none where there is none. An etag that is none of ours is one of another version.
fn version_of(etag: &str) -> Option<i64> {
    (!etag.is_empty()).then(|| etag.parse().unwrap_or(0))
}

fn parse_correction(request: &UpdateCustomerRequest) -> Result<(CustomerId, Correction), IdentityError> {
    let mut fields = Violations::new();
    let id = fields.take(parse::<CustomerId>("customer_id", &request.customer_id));
    let is_empty = request.name.is_none() && request.country_code.is_empty();
    fields.require(!is_empty, "name", "says nothing, and neither does country_code");
    let id = fields.finish(id)?;
    let correction = Correction {
        name: request.name.clone().map(name),
        country_code: Some(request.country_code.clone()).filter(|code| !code.is_empty()),
    };
    Ok((id, correction))
}

fn name(given: PersonName) -> Name {
    Name {
        given: given.given_name,
        family: given.family_name,
        display: given.display_name,
    }
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
    fields.finish(())?;
    Ok(NewCustomer {
        name: name(request.name.clone().unwrap_or_default()),
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
        let (ids, vault) = (self.means.ids.clone(), self.means.vault.clone());
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
        let customer = store::customers::get(&mut connection, &self.means.vault, id)
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
        let call = Call::of(&request)?;
        let contact = contact("contact_point", request.get_ref().contact_point.as_ref())?;
        let mut tx = self.db.begin_for(&call).await.map_err(IdentityError::from)?;
        let found = look_up_customer(&mut tx, &self.means.vault, &contact).await?;
        // First it is on record, then it is given.
        tx.commit().await.map_err(IdentityError::from)?;
        let customer = found.ok_or(IdentityError::CustomerNotFound)?;
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
        let version = version_of(&request.etag);
        let (ids, vault, showing) = (self.means.ids.clone(), self.means.vault.clone(), showing(&call)?);
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

    async fn remove_contact_point(
        &self,
        request: Request<RemoveContactPointRequest>,
    ) -> Result<Response<RemoveContactPointResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let mut fields = Violations::new();
        let id = fields.take(parse::<CustomerId>("customer_id", &request.customer_id));
        let point = fields.take(parse("contact_point_id", &request.contact_point_id));
        let (id, point) = fields.finish((id, point))?;
        may_see(&call, id)?;
        let (owner, showing) = (owner(&call, id), showing(&call)?);
        let reads = (version_of(&request.etag), made_by(&call));
        let means = self.means.clone();
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let customer = remove_contact_point(tx, &means, owner, point, reads).await?;
                let customer = Some(present::customer(&customer, showing));
                Ok::<_, IdentityError>(RemoveContactPointResponse { customer })
            })
            .await?;
        self.happened.notify_one();
        Ok(Response::new(answer))
    }

    async fn update_customer(
        &self,
        request: Request<UpdateCustomerRequest>,
    ) -> Result<Response<UpdateCustomerResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let (id, correction) = parse_correction(&request)?;
        may_see(&call, id)?;
        let (owner, showing) = (owner(&call, id), showing(&call)?);
        let (means, version) = (self.means.clone(), version_of(&request.etag));
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let customer = update_customer(tx, &means, owner, correction, version).await?;
                let customer = Some(present::customer(&customer, showing));
                Ok::<_, IdentityError>(UpdateCustomerResponse { customer })
            })
            .await?;
        self.happened.notify_one();
        Ok(Response::new(answer))
    }
}
