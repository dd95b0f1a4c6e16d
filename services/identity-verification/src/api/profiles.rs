//! `ProfileService`.

use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id::{Ids, parse};
use support_chassis::page;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::profile_service_server::ProfileService;
use support_proto::support::identity::v1::{
    GetProfileRequest, GetProfileResponse, ListConsentsRequest, ListConsentsResponse, RecordConsentRequest,
    RecordConsentResponse, SetAccessibilityNeedsRequest, SetAccessibilityNeedsResponse, SetLanguagesRequest,
    SetLanguagesResponse,
};
use support_proto::support::localisation::v1::TextOrigin;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::types::v1 as types;
use tonic::{Request, Response, Status};

use super::organisations::membership;
use super::{may_see, own};
use crate::domain::ids::CustomerId;
use crate::domain::profile::{Channel, Consent, ConsentKind, Need, Wording};
use crate::error::IdentityError;
use crate::ops::profiles::{NewConsent, record_consent, set_languages, set_needs};
use crate::store;

/// How many consents a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;

/// `ProfileService`.
#[derive(Debug, Clone)]
pub struct ProfileApi {
    /// The service's database.
    pub db: Db,
    /// Where ids come from.
    pub ids: Ids,
    /// Opens what is sealed.
    pub vault: Vault,
}

/// The contract has the same names as the domain, in capitals and after a prefix.
macro_rules! same_names {
    ($($there:ident and $back:ident: $ours:ty = $theirs:ty, $prefix:literal;)+) => {$(
        pub(super) fn $there(ours: $ours) -> $theirs {
            <$theirs>::from_str_name(&format!(concat!($prefix, "{}"), ours.as_str().to_ascii_uppercase()))
                .unwrap_or_default()
        }

        pub(super) fn $back(field: &str, theirs: $theirs) -> Result<$ours, Violation> {
            theirs
                .as_str_name()
                .strip_prefix($prefix)
                .and_then(|name| <$ours>::from_name(&name.to_ascii_lowercase()))
                .ok_or_else(|| Violation::new(field, "is none of its values"))
        }
    )+};
}
pub(super) use same_names;

same_names! {
    need and read_need: Need = pb::AccessibilityNeed, "ACCESSIBILITY_NEED_";
    consent_kind and read_consent_kind: ConsentKind = pb::ConsentKind, "CONSENT_KIND_";
    channel and read_channel: Channel = types::Channel, "CHANNEL_";
}

fn consent(consent: &Consent) -> pb::Consent {
    let kind = format!("CALLER_KIND_{}", consent.actor_kind.to_ascii_uppercase());
    pb::Consent {
        consent_id: consent.id.to_string(),
        kind: consent_kind(consent.kind).into(),
        given: consent.is_given,
        record_time: Some(timestamp(consent.recorded_at)),
        channel: channel(consent.channel).into(),
        wording: Some(TextOrigin {
            key: consent.wording.key.clone(),
            locale: consent.wording.locale.clone(),
            version: consent.wording.version,
        }),
        actor_kind: CallerKind::from_str_name(&kind).unwrap_or_default().into(),
    }
}

/// An etag that is none of ours is one of another version.
fn version(etag: &str) -> Option<i64> {
    (!etag.is_empty()).then(|| etag.parse().unwrap_or(0))
}

fn new_consent(request: &RecordConsentRequest) -> Result<NewConsent, IdentityError> {
    let mut fields = Violations::new();
    let customer_id = fields.take(parse("customer_id", &request.customer_id));
    let kind = fields.take(read_consent_kind("kind", request.kind()));
    let channel = fields.take(read_channel("channel", request.channel()));
    let (customer_id, kind, channel) = fields.finish((customer_id, kind, channel))?;
    let wording = request.wording.clone().unwrap_or_default();
    Ok(NewConsent {
        customer_id,
        kind,
        is_given: request.given,
        channel,
        wording: Wording {
            key: wording.key,
            locale: wording.locale,
            version: wording.version,
        },
    })
}

impl ProfileApi {
    async fn profile(&self, id: CustomerId, is_own: bool) -> Result<pb::Profile, IdentityError> {
        let mut connection = self.db.read().await?;
        let held = store::customers::outline(&mut connection, id)
            .await?
            .ok_or(IdentityError::CustomerNotFound)?;
        let needs = if is_own {
            store::profiles::needs(&mut connection, &self.vault, id).await?
        } else {
            Vec::new()
        };
        let consents = store::profiles::current_consents(&mut connection, id).await?;
        let memberships = store::organisations::of_customer(&mut connection, id).await?;
        Ok(pb::Profile {
            customer_id: id.to_string(),
            languages: store::profiles::languages(&mut connection, id).await?,
            accessibility_needs: needs.into_iter().map(|known| need(known).into()).collect(),
            accessibility_masked: !is_own,
            consents: consents.iter().map(consent).collect(),
            memberships: memberships.iter().map(membership).collect(),
            etag: held.version.to_string(),
        })
    }
}

#[tonic::async_trait]
impl ProfileService for ProfileApi {
    async fn get_profile(&self, request: Request<GetProfileRequest>) -> Result<Response<GetProfileResponse>, Status> {
        let call = Call::of(&request)?;
        let id: CustomerId = parse("customer_id", &request.get_ref().customer_id)?;
        may_see(&call, id)?;
        let profile = self.profile(id, own(&call)?.is_some()).await?;
        Ok(Response::new(GetProfileResponse { profile: Some(profile) }))
    }

    async fn set_languages(
        &self,
        request: Request<SetLanguagesRequest>,
    ) -> Result<Response<SetLanguagesResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: CustomerId = parse("customer_id", &request.customer_id)?;
        may_see(&call, id)?;
        let (languages, version) = (request.languages.clone(), version(&request.etag));
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let version = set_languages(tx, id, &languages, version).await?;
                Ok::<_, IdentityError>(SetLanguagesResponse {
                    languages,
                    etag: version.to_string(),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn set_accessibility_needs(
        &self,
        request: Request<SetAccessibilityNeedsRequest>,
    ) -> Result<Response<SetAccessibilityNeedsResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let mut fields = Violations::new();
        let id = fields.take(parse::<CustomerId>("customer_id", &request.customer_id));
        let needs: Vec<_> = request
            .accessibility_needs()
            .filter_map(|given| fields.take(read_need("accessibility_needs", given)))
            .collect();
        let id = fields.finish(id)?;
        may_see(&call, id)?;
        let (vault, version) = (self.vault.clone(), version(&request.etag));
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let version = set_needs(tx, &vault, id, &needs, version).await?;
                Ok::<_, IdentityError>(SetAccessibilityNeedsResponse {
                    etag: version.to_string(),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn record_consent(
        &self,
        request: Request<RecordConsentRequest>,
    ) -> Result<Response<RecordConsentResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = new_consent(&request)?;
        may_see(&call, new.customer_id)?;
        let ids = self.ids.clone();
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let made = record_consent(tx, &ids, new).await?;
                Ok::<_, IdentityError>(RecordConsentResponse {
                    consent: Some(consent(&made)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn list_consents(
        &self,
        request: Request<ListConsentsRequest>,
    ) -> Result<Response<ListConsentsResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: CustomerId = parse("customer_id", &request.customer_id)?;
        may_see(&call, id)?;
        let binding = ("ListConsents", request.customer_id.as_str());
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        store::customers::outline(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let listed = store::profiles::consents(&mut connection, id, &page)
            .await
            .map_err(IdentityError::from)?;
        let (listed, next_page_token) = page.cut(listed, |consent| consent.id);
        Ok(Response::new(ListConsentsResponse {
            consents: listed.iter().map(consent).collect(),
            next_page_token,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_every_value_by_its_name() {
        for &known in Need::ALL {
            assert_eq!(read_need("", need(known)).ok(), Some(known));
        }
        for &known in ConsentKind::ALL {
            assert_eq!(read_consent_kind("", consent_kind(known)).ok(), Some(known));
        }
        for &known in Channel::ALL {
            assert_eq!(read_channel("", channel(known)).ok(), Some(known));
        }
    }
}
