//! `GrantService`.

use std::sync::Arc;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::id::parse;
use support_chassis::page;
use support_proto::support::identity::v1::grant_service_server::GrantService;
use support_proto::support::identity::v1::{
    GetGrantRequest, GetGrantResponse, IssueGrantTokenRequest, IssueGrantTokenResponse, ListGrantsRequest,
    ListGrantsResponse, RevokeGrantRequest, RevokeGrantResponse,
};
use tonic::{Request, Response, Status};

use super::{may_see, own, present};
use crate::chance::Chance;
use crate::domain::ids::{CustomerId, GrantId};
use crate::error::IdentityError;
use crate::keys::TokenKeys;
use crate::ops::issue_grant_token::{Given, issue_grant_token};
use crate::ops::revoke_grant::revoke_grant;
use crate::store;

/// How many grants a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;

/// `GrantService`.
#[derive(Debug, Clone)]
pub struct GrantApi {
    /// The service's database.
    pub db: Db,
    /// Signs what staff show.
    pub tokens: Arc<TokenKeys>,
    /// Where ids of tokens come from.
    pub chance: Chance,
}

impl GrantApi {
    /// The grants of a database; `tokens` signs what staff show.
    #[must_use]
    pub fn new(db: &Db, tokens: &Arc<TokenKeys>, chance: &Chance) -> Self {
        Self {
            db: db.clone(),
            tokens: Arc::clone(tokens),
            chance: chance.clone(),
        }
    }
}

/// Whether there is this grant for whoever calls: to a delegate there is none but the one that they call by.
fn is_theirs(call: &Call, id: GrantId) -> bool {
    let caller = call.caller();
    caller.bounds.delegate.is_none() || caller.grant_id.as_deref().and_then(|held| held.parse().ok()) == Some(id)
}

#[tonic::async_trait]
impl GrantService for GrantApi {
    async fn get_grant(&self, request: Request<GetGrantRequest>) -> Result<Response<GetGrantResponse>, Status> {
        let call = Call::of(&request)?;
        let id: GrantId = parse("grant_id", &request.get_ref().grant_id)?;
        let own = own(&call)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let grant = store::grants::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .filter(|grant| own.is_none_or(|customer| customer == grant.customer_id))
            .filter(|grant| is_theirs(&call, grant.id))
            .ok_or(IdentityError::GrantNotFound)?;
        Ok(Response::new(GetGrantResponse {
            grant: Some(present::grant(&grant, self.db.clock().now())),
        }))
    }

    async fn list_grants(&self, request: Request<ListGrantsRequest>) -> Result<Response<ListGrantsResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let customer: CustomerId = parse("customer_id", &request.customer_id)?;
        may_see(&call, customer)?;
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_LIMIT,
            &("ListGrants", request.customer_id.as_str()),
        )
        .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let grants = store::grants::list(&mut connection, customer, &page)
            .await
            .map_err(IdentityError::from)?;
        // A customer without grants looks like no customer, unless it is looked for.
        if grants.is_empty()
            && store::customers::outline(&mut connection, customer)
                .await
                .map_err(IdentityError::from)?
                .is_none()
        {
            return Err(IdentityError::CustomerNotFound.into());
        }
        let now = self.db.clock().now();
        let (grants, next_page_token) = page.cut(grants, store::grants::sort_key);
        Ok(Response::new(ListGrantsResponse {
            grants: grants.iter().map(|grant| present::grant(grant, now)).collect(),
            next_page_token,
        }))
    }

    async fn issue_grant_token(
        &self,
        request: Request<IssueGrantTokenRequest>,
    ) -> Result<Response<IssueGrantTokenResponse>, Status> {
        let call = Call::of(&request)?;
        let id: GrantId = parse("grant_id", &request.get_ref().grant_id)?;
        let agent = call.caller().subject.as_str();
        let mut tx = self.db.begin_for(&call).await.map_err(IdentityError::from)?;
        let given = issue_grant_token(&mut tx, id, agent).await?;
        let now = tx.now();
        // First it is on record, then it is given.
        tx.commit().await.map_err(IdentityError::from)?;
        let Given::Given(grant) = given else {
            return Err(IdentityError::GrantNotFound.into());
        };
        let grant_token = self
            .tokens
            .grant_token(&grant, agent, now, &self.chance)
            .map_err(IdentityError::from)?;
        let grant = present::grant(&grant, now);
        Ok(Response::new(IssueGrantTokenResponse {
            grant_token,
            expire_time: grant.expire_time,
            grant: Some(grant),
        }))
    }

    async fn revoke_grant(
        &self,
        request: Request<RevokeGrantRequest>,
    ) -> Result<Response<RevokeGrantResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: GrantId = parse("grant_id", &request.grant_id)?;
        let own = own(&call)?;
        if !is_theirs(&call, id) {
            return Err(IdentityError::GrantNotFound.into());
        }
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let grant = revoke_grant(tx, id, own).await?;
                Ok::<_, IdentityError>(RevokeGrantResponse {
                    grant: Some(present::grant(&grant, tx.now())),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }
}
