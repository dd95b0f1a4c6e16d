//! `NotificationService`.

use support_calendars::calendar::zone;
use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::Violations;
use support_chassis::id::{parse, parse_optional};
use support_chassis::page;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::notification_service_server::NotificationService;
use support_proto::support::identity::v1::{
    ContactPreferences, GetContactPreferencesRequest, GetContactPreferencesResponse, ListNotificationsRequest,
    ListNotificationsResponse, SetContactPreferencesRequest, SetContactPreferencesResponse,
};
use tonic::{Request, Response, Status};

use super::{may_see, own, parse as read, present};
use crate::domain::happening::Preferences;
use crate::domain::ids::CustomerId;
use crate::error::IdentityError;
use crate::ops::set_contact_preferences::set_contact_preferences;
use crate::store;
use crate::store::notifications::Filter;

/// How many notifications a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;

/// `NotificationService`.
#[derive(Debug, Clone)]
pub struct NotificationApi {
    /// The service's database.
    pub db: Db,
    /// For personal data at rest.
    pub vault: Vault,
}

/// Which notifications the caller asks for: a customer never for others' than their own.
fn filter(call: &Call, request: &ListNotificationsRequest) -> Result<Filter, IdentityError> {
    let mut fields = Violations::new();
    let customer_id = fields.take(parse_optional::<CustomerId>("customer_id", &request.customer_id));
    let case_id = fields.take(parse_optional("case_id", &request.case_id));
    let (customer_id, case_id) = fields.finish((customer_id, case_id))?;
    let own = own(call)?;
    if let Some(asked) = customer_id {
        may_see(call, asked)?;
    }
    let customer_id = customer_id.or(own);
    let mut fields = Violations::new();
    fields.require(
        customer_id.is_some() || case_id.is_some(),
        "customer_id",
        "is missing, and so is the case",
    );
    fields.finish(())?;
    Ok(Filter { customer_id, case_id })
}

fn preferences(given: ContactPreferences) -> Result<Preferences, IdentityError> {
    let preferred = read::contact_kind(given.preferred_kind());
    let mut fields = Violations::new();
    fields.require(
        given.time_zone.is_empty() || zone(&given.time_zone).is_some(),
        "preferences.time_zone",
        "is no time zone",
    );
    fields.finish(())?;
    Ok(Preferences {
        preferred,
        muted: given.muted.into_iter().filter_map(read::happening).collect(),
        plain_text_only: given.plain_text_only,
        time_zone: (!given.time_zone.is_empty()).then_some(given.time_zone),
    })
}

#[tonic::async_trait]
impl NotificationService for NotificationApi {
    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let filter = filter(&call, &request)?;
        // Bound to whose they are: what a customer's list holds is theirs alone.
        let whose = filter.customer_id.map(|id| id.to_string());
        let binding = ("ListNotifications", whose, request.case_id.as_str());
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let listed = store::notifications::list(&mut connection, &self.vault, filter, &page)
            .await
            .map_err(IdentityError::from)?;
        let (listed, next_page_token) = page.cut(listed, store::notifications::sort_key);
        Ok(Response::new(ListNotificationsResponse {
            notifications: listed.into_iter().map(present::notification).collect(),
            next_page_token,
        }))
    }

    async fn get_contact_preferences(
        &self,
        request: Request<GetContactPreferencesRequest>,
    ) -> Result<Response<GetContactPreferencesResponse>, Status> {
        let call = Call::of(&request)?;
        let id: CustomerId = parse("customer_id", &request.get_ref().customer_id)?;
        may_see(&call, id)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let customer = store::customers::outline(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let preferences = store::preferences::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?;
        Ok(Response::new(GetContactPreferencesResponse {
            preferences: Some(present::preferences(preferences)),
            etag: customer.version.to_string(),
        }))
    }

    async fn set_contact_preferences(
        &self,
        request: Request<SetContactPreferencesRequest>,
    ) -> Result<Response<SetContactPreferencesResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: CustomerId = parse("customer_id", &request.customer_id)?;
        let preferences = preferences(request.preferences.clone().unwrap_or_default())?;
        may_see(&call, id)?;
        // An etag that is none of ours is one of another version.
        let version = (!request.etag.is_empty()).then(|| request.etag.parse().unwrap_or(0));
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let version = set_contact_preferences(tx, id, &preferences, version).await?;
                Ok::<_, IdentityError>(SetContactPreferencesResponse {
                    preferences: Some(present::preferences(preferences)),
                    etag: version.to_string(),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }
}
