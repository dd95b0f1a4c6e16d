//! `CredentialService`.

use std::sync::Arc;
use std::time::Duration;

use support_chassis::call::Call;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::{Ids, parse};
use support_proto::support::identity::v1::credential_service_server::CredentialService;
use support_proto::support::identity::v1::{
    CreatePartnerClientRequest, CreatePartnerClientResponse, GetKeySetRequest, GetKeySetResponse,
    IssuePartnerTokenRequest, IssuePartnerTokenResponse,
};
use tonic::{Request, Response, Status};

use crate::chance::Chance;
use crate::domain::ids::LocationId;
use crate::domain::ids::PartnerClientId;
use crate::error::IdentityError;
use crate::keys::{ClientKeyRing, TokenKeys, client_secret};
use crate::ops::authenticate_client::{Asked, authenticate_client};
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
    /// For what clients have signed.
    pub clients: Arc<ClientKeyRing>,
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
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let locations = request
            .locations
            .iter()
            .enumerate()
            .map(|(index, location)| parse(&format!("locations.{index}"), location))
            .collect::<Result<Vec<LocationId>, _>>()
            .map_err(|violation| IdentityError::Invalid(violation.into()))?;
        let asked = Asked {
            client_id: &request.client_id,
            secret: &request.client_secret,
            assertion: &request.client_assertion,
            certificate: call.caller().bounds.certificate.as_ref(),
            scopes: &request.scopes,
            locations: &locations,
            technician: &request.technician,
        };
        let now = self.clock.now();
        let admitted = authenticate_client(&self.db, &self.clients, now, &asked).await?;
        let access_token = self
            .tokens
            .partner_token(&admitted, now, self.partner_lifetime, &self.chance)
            .map_err(IdentityError::from)?;
        let expires_in_seconds = i32::try_from(self.partner_lifetime.as_secs()).unwrap_or(i32::MAX);
        Ok(Response::new(IssuePartnerTokenResponse {
            access_token,
            expires_in_seconds,
            locations: admitted.locations.iter().map(ToString::to_string).collect(),
            certificate_bound: admitted.certificate.is_some(),
            scopes: admitted.scopes,
        }))
    }

    async fn get_key_set(&self, _: Request<GetKeySetRequest>) -> Result<Response<GetKeySetResponse>, Status> {
        Ok(Response::new(GetKeySetResponse {
            issuer: self.tokens.issuer().to_owned(),
            jwks_json: self.tokens.key_set().to_owned(),
        }))
    }
}
