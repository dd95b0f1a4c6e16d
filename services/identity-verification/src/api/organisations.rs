//! `OrganisationService`.

use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id::{Ids, parse};
use support_chassis::page;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::organisation_service_server::OrganisationService;
use support_proto::support::identity::v1::{
    CreateOrganisationRequest, CreateOrganisationResponse, EndMembershipRequest, EndMembershipResponse,
    GetOrganisationRequest, GetOrganisationResponse, ListMembersRequest, ListMembersResponse, SetMembershipRequest,
    SetMembershipResponse,
};
use tonic::{Request, Response, Status};

use super::may_see;
use super::profiles::same_names;
use crate::domain::ids::{CustomerId, OrganisationId};
use crate::domain::profile::{Membership, Organisation, OrganisationKind, Role};
use crate::error::IdentityError;
use crate::ops::organisations::{create_organisation, end_membership, set_membership};
use crate::store;

/// How many members a page holds where nobody says.
const PAGE_SIZE: u32 = 100;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 500;

/// `OrganisationService`.
#[derive(Debug, Clone)]
pub struct OrganisationApi {
    /// The service's database.
    pub db: Db,
    /// Where ids come from.
    pub ids: Ids,
}

same_names! {
    organisation_kind and read_organisation_kind: OrganisationKind = pb::OrganisationKind, "ORGANISATION_KIND_";
    role and read_role: Role = pb::MembershipRole, "MEMBERSHIP_ROLE_";
}

fn organisation(organisation: Organisation) -> pb::Organisation {
    pb::Organisation {
        organisation_id: organisation.id.to_string(),
        kind: organisation_kind(organisation.kind).into(),
        display_name: organisation.display_name,
        country_code: organisation.country_code,
        create_time: Some(timestamp(organisation.created_at)),
    }
}

/// A membership.
pub(super) fn membership(membership: &Membership) -> pb::Membership {
    pb::Membership {
        organisation_id: membership.organisation_id.to_string(),
        customer_id: membership.customer_id.to_string(),
        role: role(membership.role).into(),
        start_time: Some(timestamp(membership.started_at)),
        end_time: membership.ended_at.map(timestamp),
    }
}

fn both(organisation: &str, customer: &str) -> Result<(OrganisationId, CustomerId), IdentityError> {
    let mut fields = Violations::new();
    let organisation = fields.take(parse("organisation_id", organisation));
    let customer = fields.take(parse("customer_id", customer));
    Ok(fields.finish((organisation, customer))?)
}

#[tonic::async_trait]
impl OrganisationService for OrganisationApi {
    async fn create_organisation(
        &self,
        request: Request<CreateOrganisationRequest>,
    ) -> Result<Response<CreateOrganisationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let kind = read_organisation_kind("kind", request.kind())?;
        let (ids, name, country) = (
            self.ids.clone(),
            request.display_name.clone(),
            request.country_code.clone(),
        );
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let made = create_organisation(tx, &ids, kind, name, country).await?;
                Ok::<_, IdentityError>(CreateOrganisationResponse {
                    organisation: Some(organisation(made)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_organisation(
        &self,
        request: Request<GetOrganisationRequest>,
    ) -> Result<Response<GetOrganisationResponse>, Status> {
        let id: OrganisationId = parse("organisation_id", &request.get_ref().organisation_id)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let found = store::organisations::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::OrganisationNotFound)?;
        Ok(Response::new(GetOrganisationResponse {
            organisation: Some(organisation(found)),
        }))
    }

    async fn set_membership(
        &self,
        request: Request<SetMembershipRequest>,
    ) -> Result<Response<SetMembershipResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let (organisation, customer) = both(&request.organisation_id, &request.customer_id)?;
        let role = read_role("role", request.role())?;
        let ids = self.ids.clone();
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let held = set_membership(tx, &ids, organisation, customer, role).await?;
                Ok::<_, IdentityError>(SetMembershipResponse {
                    membership: Some(membership(&held)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn end_membership(
        &self,
        request: Request<EndMembershipRequest>,
    ) -> Result<Response<EndMembershipResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let (organisation, customer) = both(&request.organisation_id, &request.customer_id)?;
        // Of others' memberships a customer learns no more than of those that are none.
        may_see(&call, customer).map_err(|_| IdentityError::MembershipNotFound)?;
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let held = end_membership(tx, organisation, customer).await?;
                Ok::<_, IdentityError>(EndMembershipResponse {
                    membership: Some(membership(&held)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn list_members(
        &self,
        request: Request<ListMembersRequest>,
    ) -> Result<Response<ListMembersResponse>, Status> {
        let request = request.into_inner();
        let id: OrganisationId = parse("organisation_id", &request.organisation_id)?;
        let binding = ("ListMembers", request.organisation_id.as_str());
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        store::organisations::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::OrganisationNotFound)?;
        let held = store::organisations::members(&mut connection, id, &page)
            .await
            .map_err(IdentityError::from)?;
        let (held, next_page_token) = page.cut(held, |membership| membership.id);
        Ok(Response::new(ListMembersResponse {
            memberships: held.iter().map(membership).collect(),
            next_page_token,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_every_value_by_its_name() {
        for &known in OrganisationKind::ALL {
            assert_eq!(read_organisation_kind("", organisation_kind(known)).ok(), Some(known));
        }
        for &known in Role::ALL {
            assert_eq!(read_role("", role(known)).ok(), Some(known));
        }
    }
}
