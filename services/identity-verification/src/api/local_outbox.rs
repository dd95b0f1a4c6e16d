//! `LocalOutboxService`.

use support_chassis::db::Db;
use support_chassis::id::parse_optional;
use support_chassis::page;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::local_outbox_service_server::LocalOutboxService;
use support_proto::support::identity::v1::{ListOutboxMessagesRequest, ListOutboxMessagesResponse};
use tonic::{Request, Response, Status};

use super::present;
use crate::error::IdentityError;
use crate::settings::Outbox;
use crate::store;
use crate::store::local_outbox::Filter;

/// How many messages a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;

/// `LocalOutboxService`.
#[derive(Debug, Clone)]
pub struct LocalOutboxApi {
    /// The service's database.
    pub db: Db,
    /// For personal data at rest.
    pub vault: Vault,
    /// Where messages go here.
    pub outbox: Outbox,
}

#[tonic::async_trait]
impl LocalOutboxService for LocalOutboxApi {
    async fn list_outbox_messages(
        &self,
        request: Request<ListOutboxMessagesRequest>,
    ) -> Result<Response<ListOutboxMessagesResponse>, Status> {
        if self.outbox != Outbox::Local {
            return Err(IdentityError::LocalOutboxDisabled.into());
        }
        let request = request.into_inner();
        let filter = Filter {
            verification_id: parse_optional("verification_id", &request.verification_id)?,
            recipient: (!request.recipient.is_empty()).then_some(request.recipient),
        };
        let binding = (
            "ListOutboxMessages",
            filter.recipient.as_deref(),
            request.verification_id.as_str(),
        );
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let messages = store::local_outbox::list(&mut connection, &self.vault, &filter, &page)
            .await
            .map_err(IdentityError::from)?;
        let (messages, next_page_token) = page.cut(messages, store::local_outbox::sort_key);
        let messages = messages.into_iter().map(present::outbox_message).collect();
        Ok(Response::new(ListOutboxMessagesResponse {
            messages,
            next_page_token,
        }))
    }
}
