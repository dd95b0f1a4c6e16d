//! `PartnerClientService`.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::error::{InvalidFields, Violation};
use support_chassis::id::parse;
use support_chassis::keyset::KeySet;
use support_chassis::page;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::partner_client_service_server::PartnerClientService;
use tonic::{Request, Response, Status};

use crate::api::credentials::CredentialApi;
use crate::domain::ids::{LocationId, PartnerClientId};
use crate::domain::partner::{Access, Certificates, ClientKeys, PartnerClient, sorted};
use crate::error::IdentityError;
use crate::keys::client_secret;
use crate::ops::change_partner_client::{ClientChange, change_partner_client};
use crate::store;

const PAGE_SIZE: u32 = 50;
const PAGE_LIMIT: u32 = 200;
/// How many suspended clients are given: more than an operator has partners.
const SUSPENDED_LIMIT: i64 = 10_000;

/// `PartnerClientService`, by the means of `CredentialService`.
#[derive(Debug, Clone)]
pub struct PartnerClientApi(pub CredentialApi);

impl PartnerClientApi {
    async fn change<Q: support_proto::codec::Change>(
        &self,
        call: &Call,
        request: &Q,
        client_id: &str,
        change: ClientChange,
    ) -> Result<pb::PartnerClient, Status> {
        let id = parse::<PartnerClientId>("client_id", client_id).map_err(invalid)?;
        let client = self
            .0
            .db
            .write(call, request, async move |tx| {
                let client = change_partner_client(tx, id, change).await?;
                Ok::<_, IdentityError>(present(&client))
            })
            .await?;
        Ok(client)
    }

    fn keys(&self, request: &pb::SetPartnerClientKeysRequest) -> Result<ClientKeys, Violation> {
        if !request.jwks_json.is_empty() {
            let is_set = KeySet::parse(&request.jwks_json).is_ok_and(|set| !set.is_empty());
            return if is_set {
                Ok(ClientKeys::Here(request.jwks_json.clone()))
            } else {
                Err(Violation::new(
                    "jwks_json",
                    "is no key set, or holds no key with an id that can be used",
                ))
            };
        }
        if request.jwks_url.is_empty() {
            return Ok(ClientKeys::None);
        }
        match self.0.clients.check_address(&request.jwks_url) {
            Ok(()) => Ok(ClientKeys::At(request.jwks_url.clone())),
            Err(refused) => Err(Violation::new("jwks_url", refused.to_string())),
        }
    }
}

fn invalid(violation: Violation) -> IdentityError {
    IdentityError::Invalid(InvalidFields::from(violation))
}

fn present(client: &PartnerClient) -> pb::PartnerClient {
    let (jwks_json, jwks_url) = match &client.keys {
        ClientKeys::None => (String::new(), String::new()),
        ClientKeys::Here(text) => (text.clone(), String::new()),
        ClientKeys::At(url) => (String::new(), url.clone()),
    };
    let suspended = client.suspended.as_ref();
    pb::PartnerClient {
        client_id: client.id.to_string(),
        organisation_id: client.organisation_id.clone(),
        display_name: client.display_name.clone(),
        scopes: client.access.scopes.clone(),
        locations: client.access.locations.iter().map(ToString::to_string).collect(),
        technician_required: client.access.technician_required,
        has_secret: client.secrets.current.is_some(),
        previous_secret_expire_time: client.secrets.previous.map(|(_, until)| timestamp(until)),
        jwks_json,
        jwks_url,
        certificate_thumbprints: client.certificates.thumbprints.clone(),
        certificate_names: client.certificates.names.clone(),
        certificate_required: client.certificates.required,
        suspend_time: suspended.map(|(at, _)| timestamp(*at)),
        suspend_reason: suspended.map(|(_, reason)| reason.clone()).unwrap_or_default(),
        create_time: Some(timestamp(client.created_at)),
    }
}

#[tonic::async_trait]
impl PartnerClientService for PartnerClientApi {
    async fn get_partner_client(
        &self,
        request: Request<pb::GetPartnerClientRequest>,
    ) -> Result<Response<pb::GetPartnerClientResponse>, Status> {
        let id: PartnerClientId = parse("client_id", &request.get_ref().client_id).map_err(invalid)?;
        let mut connection = self.0.db.read().await.map_err(IdentityError::from)?;
        let client = store::partner_clients::get(&mut connection, id.uuid())
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::ClientNotFound)?;
        Ok(Response::new(pb::GetPartnerClientResponse {
            client: Some(present(&client)),
        }))
    }

    async fn list_partner_clients(
        &self,
        request: Request<pb::ListPartnerClientsRequest>,
    ) -> Result<Response<pb::ListPartnerClientsResponse>, Status> {
        let request = request.into_inner();
        let organisation = Some(request.organisation_id.as_str()).filter(|organisation| !organisation.is_empty());
        let binding = ("ListPartnerClients", request.organisation_id.as_str());
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.0.db.read().await.map_err(IdentityError::from)?;
        let clients = store::partner_clients::list(&mut connection, organisation, &page)
            .await
            .map_err(IdentityError::from)?;
        let (clients, next_page_token) = page.cut(clients, store::partner_clients::sort_key);
        Ok(Response::new(pb::ListPartnerClientsResponse {
            clients: clients.iter().map(present).collect(),
            next_page_token,
        }))
    }

    async fn set_partner_client_access(
        &self,
        request: Request<pb::SetPartnerClientAccessRequest>,
    ) -> Result<Response<pb::SetPartnerClientAccessResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let locations = request
            .locations
            .iter()
            .enumerate()
            .map(|(index, location)| parse::<LocationId>(&format!("locations.{index}"), location))
            .collect::<Result<Vec<_>, _>>()
            .map_err(invalid)?;
        let access = Access {
            scopes: sorted(&request.scopes),
            locations: sorted(&locations),
            technician_required: request.technician_required,
        };
        let client = self
            .change(&call, &request, &request.client_id, ClientChange::Access(access))
            .await?;
        Ok(Response::new(pb::SetPartnerClientAccessResponse {
            client: Some(client),
        }))
    }

    async fn set_partner_client_keys(
        &self,
        request: Request<pb::SetPartnerClientKeysRequest>,
    ) -> Result<Response<pb::SetPartnerClientKeysResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let change = ClientChange::Keys {
            keys: self.keys(&request).map_err(invalid)?,
            certificates: Certificates {
                thumbprints: sorted(&request.certificate_thumbprints),
                names: sorted(&request.certificate_names),
                required: request.certificate_required,
            },
            end_secrets: request.end_secrets,
        };
        let client = self.change(&call, &request, &request.client_id, change).await?;
        Ok(Response::new(pb::SetPartnerClientKeysResponse { client: Some(client) }))
    }

    async fn rotate_partner_client_secret(
        &self,
        request: Request<pb::RotatePartnerClientSecretRequest>,
    ) -> Result<Response<pb::RotatePartnerClientSecretResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: PartnerClientId = parse("client_id", &request.client_id).map_err(invalid)?;
        let secret = client_secret(&self.0.chance);
        let secret_id = hex_start(&Sha256::digest(secret.as_bytes()));
        let overlap = Duration::from_hours(u64::try_from(request.overlap_hours).unwrap_or(0));
        let change = ClientChange::secret(&secret, overlap);
        let kept_id = secret_id.clone();
        let mut answer = self
            .0
            .db
            .write(&call, &request, async move |tx| {
                let client = change_partner_client(tx, id, change).await?;
                // The stored answer is without the secret.
                Ok::<_, IdentityError>(pb::RotatePartnerClientSecretResponse {
                    client: Some(present(&client)),
                    client_secret: String::new(),
                    secret_id: kept_id,
                })
            })
            .await?;
        // Another one is that of an earlier call with this request id, and nobody has it any more.
        if answer.secret_id == secret_id {
            answer.client_secret = secret;
        }
        Ok(Response::new(answer))
    }

    async fn suspend_partner_client(
        &self,
        request: Request<pb::SuspendPartnerClientRequest>,
    ) -> Result<Response<pb::SuspendPartnerClientResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let reason = request.reason.clone();
        let client = self
            .change(&call, &request, &request.client_id, ClientChange::Suspend { reason })
            .await?;
        Ok(Response::new(pb::SuspendPartnerClientResponse { client: Some(client) }))
    }

    async fn resume_partner_client(
        &self,
        request: Request<pb::ResumePartnerClientRequest>,
    ) -> Result<Response<pb::ResumePartnerClientResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let client = self
            .change(&call, &request, &request.client_id, ClientChange::Resume)
            .await?;
        Ok(Response::new(pb::ResumePartnerClientResponse { client: Some(client) }))
    }

    async fn list_suspended_partner_clients(
        &self,
        _: Request<pb::ListSuspendedPartnerClientsRequest>,
    ) -> Result<Response<pb::ListSuspendedPartnerClientsResponse>, Status> {
        let mut connection = self.0.db.read().await.map_err(IdentityError::from)?;
        let ids = store::partner_clients::suspended(&mut connection, SUSPENDED_LIMIT)
            .await
            .map_err(IdentityError::from)?;
        Ok(Response::new(pb::ListSuspendedPartnerClientsResponse {
            client_ids: ids.iter().map(ToString::to_string).collect(),
        }))
    }
}

/// The first twelve hexadecimal digits.
fn hex_start(hash: &[u8]) -> String {
    use std::fmt::Write as _;
    hash.iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
