//! The tokens on every call.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Puts a bearer token, or none, on every call, and beside an agent's the grant of the customer for whom they call.
#[derive(Clone)]
pub struct Bearer {
    header: Option<MetadataValue<Ascii>>,
    grant: Option<MetadataValue<Ascii>>,
}

impl Bearer {
    /// No token: an anonymous caller.
    pub(super) fn none() -> Self {
        Self {
            header: None,
            grant: None,
        }
    }

    /// That token; `None` where it holds what no header can.
    pub(super) fn new(token: &str) -> Option<Self> {
        Some(Self {
            header: Some(secret(&format!("Bearer {token}"))?),
            grant: None,
        })
    }

    /// The same with a customer's grant beside it; `None` where its token holds what no header can.
    pub(super) fn showing(&self, grant_token: &str) -> Option<Self> {
        Some(Self {
            header: self.header.clone(),
            grant: Some(secret(grant_token)?),
        })
    }
}

fn secret(value: &str) -> Option<MetadataValue<Ascii>> {
    let mut header: MetadataValue<Ascii> = value.parse().ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.header {
            request.metadata_mut().insert("authorization", header.clone());
        }
        if let Some(grant) = &self.grant {
            request.metadata_mut().insert("x-support-grant", grant.clone());
        }
        Ok(request)
    }
}

impl std::fmt::Debug for Bearer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Bearer")
    }
}
