//! `DelegationService`.

use std::sync::Arc;

use support_chassis::call::Call;
use support_chassis::clock::{from_timestamp, timestamp};
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id::{parse, parse_optional};
use support_chassis::page;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::delegation_service_server::DelegationService;
use support_proto::support::identity::v1::{
    CreateDelegationRequest, CreateDelegationResponse, GetDelegationRequest, GetDelegationResponse,
    ListDelegationsRequest, ListDelegationsResponse, RevokeDelegationRequest, RevokeDelegationResponse,
};
use support_proto::support::options::v1::CallerKind;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use super::parse::purpose;
use super::profiles::same_names;
use super::{may_see, own, present, refusal_on_record};
use crate::domain::audit::{Action, Deed};
use crate::domain::delegation::{AskedBy, DelegateKind, Delegation, End};
use crate::domain::ids::{CaseId, CustomerId, DelegationId};
use crate::domain::verification::Purpose;
use crate::error::IdentityError;
use crate::ops::Means;
use crate::ops::delegations::{Consent, NewDelegation, create_delegation, revoke_delegation};
use crate::store;
use crate::store::delegations::Side;

/// How many delegations a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;

/// `DelegationService`.
#[derive(Debug, Clone)]
pub struct DelegationApi {
    /// The service's database.
    pub db: Db,
    /// What verifications are made with: ids and rules.
    pub means: Means,
    /// Told when there is something to tell a customer.
    pub happened: Arc<Notify>,
}

same_names! {
    delegate_kind and read_delegate_kind: DelegateKind = pb::DelegateKind, "DELEGATE_KIND_";
}

/// How one ended.
#[must_use]
pub(crate) fn end(end: End) -> pb::DelegationEnd {
    match end {
        End::Revoked => pb::DelegationEnd::Revoked,
        End::Replaced => pb::DelegationEnd::Replaced,
        End::Expired => pb::DelegationEnd::Expired,
        End::Erased => pb::DelegationEnd::Erased,
    }
}

/// Purposes.
#[must_use]
pub(crate) fn purposes(given: &[Purpose]) -> Vec<i32> {
    given.iter().map(|given| present::purpose(*given).into()).collect()
}

fn delegation(held: &Delegation, now: OffsetDateTime) -> pb::Delegation {
    let ended = held.ended_at(now);
    pb::Delegation {
        delegation_id: held.id.to_string(),
        customer_id: held.customer_id.to_string(),
        delegate_customer_id: held.delegate_id.to_string(),
        kind: delegate_kind(held.kind).into(),
        purposes: purposes(&held.purposes),
        start_time: Some(timestamp(held.started_at)),
        end_time: Some(timestamp(held.expires_at)),
        end: ended.map_or(pb::DelegationEnd::Unspecified, |(_, how)| end(how)).into(),
        ended_time: ended.map(|(at, _)| timestamp(at)),
        asked_by: match held.asked_by {
            AskedBy::Customer => CallerKind::Customer,
            AskedBy::Staff => CallerKind::Staff,
        }
        .into(),
        consent_grant_id: held.consent_grant_id.to_string(),
        case_id: held.case_id.map(|id| id.to_string()).unwrap_or_default(),
        standard_basis: held.standard_basis.clone(),
    }
}

fn parse_new(call: &Call, request: &CreateDelegationRequest) -> Result<NewDelegation, IdentityError> {
    let mut fields = Violations::new();
    let customer_id: Option<CustomerId> = fields.take(parse("customer_id", &request.customer_id));
    let delegate_id = fields.take(parse("delegate_customer_id", &request.delegate_customer_id));
    let kind = fields.take(read_delegate_kind("kind", request.kind()));
    let purposes: Result<Vec<_>, _> = request
        .purposes
        .iter()
        .enumerate()
        .map(|(index, given)| {
            purpose(*given).map_err(|_| Violation::new(format!("purposes[{index}]"), "is none of the purposes"))
        })
        .collect();
    let purposes = fields.take(purposes);
    let expires_at = fields.take(
        request
            .end_time
            .as_ref()
            .and_then(from_timestamp)
            .ok_or_else(|| Violation::new("end_time", "is outside the calendar")),
    );
    let case_id: Option<Option<CaseId>> = fields.take(parse_optional("case_id", &request.case_id));
    let is_staff = call.caller().kind == CallerKind::Staff;
    let consent = match (is_staff, case_id.flatten()) {
        (true, Some(case_id)) => Ok(Consent::Case(case_id)),
        (true, None) => Err(Violation::new(
            "case_id",
            "is missing: staff say in which case the customer consented",
        )),
        (false, None) => {
            let grant = call.caller().grant_id.as_deref();
            Ok(Consent::Session(grant.and_then(|grant| grant.parse().ok())))
        }
        (false, Some(_)) => Err(Violation::new("case_id", "is for staff to say")),
    };
    let consent = fields.take(consent);
    let (customer_id, delegate_id, kind, purposes, expires_at, consent) =
        fields.finish((customer_id, delegate_id, kind, purposes, expires_at, consent))?;
    Ok(NewDelegation {
        customer_id,
        delegate_id,
        kind,
        purposes,
        expires_at,
        consent,
    })
}

#[tonic::async_trait]
impl DelegationService for DelegationApi {
    async fn create_delegation(
        &self,
        request: Request<CreateDelegationRequest>,
    ) -> Result<Response<CreateDelegationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse_new(&call, &request)?;
        may_see(&call, new.customer_id)?;
        let means = self.means.clone();
        let (customer, case_id) = (new.customer_id, new.consent.case_id());
        let outcome = self
            .db
            .write(&call, &request, async move |tx| {
                let made = create_delegation(tx, &means, new).await?;
                Ok::<_, IdentityError>(CreateDelegationResponse {
                    delegation: Some(delegation(&made, tx.now())),
                })
            })
            .await;
        let answer = refusal_on_record(&self.db, &call, outcome, |error| {
            matches!(error, IdentityError::DelegationConsentMissing { .. }).then(|| Deed {
                case_id,
                ..Deed::new(Action::DelegationCreated, customer)
            })
        })
        .await?;
        self.happened.notify_one();
        Ok(Response::new(answer))
    }

    async fn get_delegation(
        &self,
        request: Request<GetDelegationRequest>,
    ) -> Result<Response<GetDelegationResponse>, Status> {
        let call = Call::of(&request)?;
        let id: DelegationId = parse("delegation_id", &request.get_ref().delegation_id)?;
        let own = own(&call)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let held = store::delegations::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .filter(|held| own.is_none_or(|own| own == held.customer_id || own == held.delegate_id))
            .ok_or(IdentityError::DelegationNotFound)?;
        Ok(Response::new(GetDelegationResponse {
            delegation: Some(delegation(&held, self.db.clock().now())),
        }))
    }

    async fn list_delegations(
        &self,
        request: Request<ListDelegationsRequest>,
    ) -> Result<Response<ListDelegationsResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let (customer, side) = if request.customer_id.is_empty() {
            let delegate: CustomerId = parse("delegate_customer_id", &request.delegate_customer_id)?;
            (delegate, Side::By(delegate))
        } else {
            let customer: CustomerId = parse("customer_id", &request.customer_id)?;
            (customer, Side::For(customer))
        };
        may_see(&call, customer)?;
        let binding = (
            "ListDelegations",
            request.customer_id.as_str(),
            request.delegate_customer_id.as_str(),
        );
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        store::customers::outline(&mut connection, customer)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let listed = store::delegations::list(&mut connection, side, &page)
            .await
            .map_err(IdentityError::from)?;
        let (listed, next_page_token) = page.cut(listed, |held| held.id);
        let now = self.db.clock().now();
        Ok(Response::new(ListDelegationsResponse {
            delegations: listed.iter().map(|held| delegation(held, now)).collect(),
            next_page_token,
        }))
    }

    async fn revoke_delegation(
        &self,
        request: Request<RevokeDelegationRequest>,
    ) -> Result<Response<RevokeDelegationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: DelegationId = parse("delegation_id", &request.delegation_id)?;
        let own = own(&call)?;
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let held = revoke_delegation(tx, id, own).await?;
                Ok::<_, IdentityError>(RevokeDelegationResponse {
                    delegation: Some(delegation(&held, tx.now())),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_every_value_by_its_name() {
        for &known in DelegateKind::ALL {
            assert_eq!(read_delegate_kind("", delegate_kind(known)).ok(), Some(known));
        }
    }
}
