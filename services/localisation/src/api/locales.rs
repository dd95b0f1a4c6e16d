//! `LocaleService`: answered from memory.

use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::locale_service_server::LocaleService;
use tonic::{Request, Response, Status};

use super::present;
use crate::catalogues::Catalogues;

/// `LocaleService`.
#[derive(Debug, Clone)]
pub struct LocaleApi {
    catalogues: Catalogues,
}

impl LocaleApi {
    /// The service over the catalogues.
    #[must_use]
    pub fn new(catalogues: Catalogues) -> Self {
        Self { catalogues }
    }
}

#[tonic::async_trait]
impl LocaleService for LocaleApi {
    async fn list_locales(
        &self,
        _request: Request<wire::ListLocalesRequest>,
    ) -> Result<Response<wire::ListLocalesResponse>, Status> {
        let snapshot = self.catalogues.current();
        let locales = snapshot
            .locales()
            .iter()
            .map(|locale| present::locale(locale, &snapshot))
            .collect();
        Ok(Response::new(wire::ListLocalesResponse { locales }))
    }

    async fn negotiate_locale(
        &self,
        request: Request<wire::NegotiateLocaleRequest>,
    ) -> Result<Response<wire::NegotiateLocaleResponse>, Status> {
        let snapshot = self.catalogues.current();
        let negotiated = snapshot.locales().negotiate(&request.into_inner().languages);
        Ok(Response::new(wire::NegotiateLocaleResponse {
            locale: Some(present::locale(negotiated.locale, &snapshot)),
            fallback_chain: negotiated.chain.iter().map(ToString::to_string).collect(),
            matched_language: negotiated.matched.unwrap_or_default(),
        }))
    }
}
