//! `CredentialService`.

use std::sync::Arc;
use std::time::Duration;

use support_chassis::call::Call;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_proto::support::identity::v1::credential_service_server::CredentialService;
use support_proto::support::identity::v1::{
    CreatePartnerClientRequest, CreatePartnerClientResponse, GetKeySetRequest, GetKeySetResponse,
    IssuePartnerTokenRequest, IssuePartnerTokenResponse,
};
use tonic::{Request, Response, Status};

use crate::chance::Chance;
use crate::domain::ids::PartnerClientId;
use crate::error::IdentityError;
use crate::keys::{TokenKeys, client_secret};
use crate::ops::authenticate_client::authenticate_client;
use crate::ops::create_partner_client::{NewPartnerClient, create_partner_client};

/// `CredentialService`.
#[derive(Debug, Clone)]
pub struct CredentialApi {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// Where secrets and token ids come from.
    pub chance: Chance,
    /// For access tokens.
    pub tokens: Arc<TokenKeys>,
    /// How long an access token is good.
    pub partner_lifetime: Duration,
}

#[tonic::async_trait]
impl CredentialService for CredentialApi {
    async fn create_partner_client(
        &self,
        request: Request<CreatePartnerClientRequest>,
    ) -> Result<Response<CreatePartnerClientResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: PartnerClientId = self.ids.next();
        let secret = client_secret(&self.chance);
        let new = NewPartnerClient {
            id,
            organisation_id: request.organisation_id.clone(),
            display_name: request.display_name.clone(),
            scopes: request.scopes.clone(),
        };
        let kept = secret.clone();
        let mut answer = self
            .db
            .write(&call, &request, async move |tx| {
                let client = create_partner_client(tx, new, &kept).await?;
                // The stored answer is without the secret.
                let client_id = client.id.to_string();
                Ok::<_, IdentityError>(CreatePartnerClientResponse {
                    client_id,
                    client_secret: String::new(),
                })
            })
            .await?;
        // Another id is that of an earlier call with this request id, whose secret nobody has any more.
        if answer.client_id == id.to_string() {
            answer.client_secret = secret;
        }
        Ok(Response::new(answer))
    }

    async fn issue_partner_token(
        &self,
        request: Request<IssuePartnerTokenRequest>,
    ) -> Result<Response<IssuePartnerTokenResponse>, Status> {
        let request = request.into_inner();
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let (client, scopes) = authenticate_client(
            &mut connection,
            &request.client_id,
            &request.client_secret,
            &request.scopes,
        )
        .await?;
        drop(connection);
        let access_token = self
            .tokens
            .partner_token(&client, &scopes, self.clock.now(), self.partner_lifetime, &self.chance)
            .map_err(IdentityError::from)?;
        let expires_in_seconds = i32::try_from(self.partner_lifetime.as_secs()).unwrap_or(i32::MAX);
        Ok(Response::new(IssuePartnerTokenResponse {
            access_token,
            expires_in_seconds,
            scopes,
        }))
    }

    async fn get_key_set(&self, _: Request<GetKeySetRequest>) -> Result<Response<GetKeySetResponse>, Status> {
        Ok(Response::new(GetKeySetResponse {
            issuer: self.tokens.issuer().to_owned(),
            jwks_json: self.tokens.key_set().to_owned(),
        }))
    }
}
