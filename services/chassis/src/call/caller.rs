//! Who calls.

use std::collections::BTreeSet;

use support_proto::support::options::v1::{AssuranceLevel, CallerKind};

/// Who calls, as the passport says. Ids only: `Debug` may print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// What kind of caller it is.
    pub kind: CallerKind,
    /// Its id: a customer id, the subject of a member of staff, the client id of a partner, a service's name. For an
    /// anonymous caller an id of its visit.
    pub subject: String,
    /// The organisation it belongs to; none for customers.
    pub organisation: Option<String>,
    /// What it has been granted, `<noun>.<verb>`.
    pub scopes: BTreeSet<String>,
    /// How surely it has been recognised.
    pub assurance: AssuranceLevel,
    /// The region it calls from, two letters; none where it is of no region.
    pub region: Option<String>,
    /// The grant that its passport stands on; none where there is none.
    pub grant_id: Option<String>,
    /// What its credentials are bound to besides.
    pub bounds: Bounds,
}

/// What the credentials of a caller are bound to, besides its kind and scopes; all empty where they are bound to nothing.
/// Ids and codes only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Of a customer: by what they proved who they are, in the order of proof (`email_code`, `passkey`, ...).
    pub methods: Vec<String>,
    /// Of a customer: what they were verified for (`general_help`, `plan_change`, ...).
    pub purpose: Option<String>,
    /// Of a customer: the case they were verified for.
    pub case_id: Option<String>,
    /// Of a customer: who acts in their name and was verified in their place, another customer's id; none where they act
    /// themselves.
    pub delegate: Option<String>,
    /// Of a partner: the locations it calls for, each a provider's id; empty for its whole organisation.
    pub locations: BTreeSet<String>,
    /// Of a partner: the person who calls, by the partner's own id.
    pub technician: Option<String>,
    /// The certificate that the caller's connection shows, where the gateway tells of it.
    pub certificate: Option<Certificate>,
    /// Of a member of staff: the grant of a customer that they show, which the gateway found to be live and given to them.
    pub shown: Option<ShownGrant>,
}

/// A customer's grant in the hands of the member of staff whom it was given to: what they may do in the customer's matters.
/// Ids and codes only.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownGrant {
    /// The grant's id.
    pub grant: String,
    /// The customer who was verified, by their id.
    pub customer: String,
    /// How surely, at this moment: 1 to 3.
    pub aal: u8,
    /// By what they proved who they are, in the order of proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// What they were verified for.
    pub purpose: String,
    /// The case they were verified for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Who was verified in their place, another customer's id; none where they were themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<String>,
}

/// A client certificate, whose key the connection has proven to hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// SHA-256 of its DER form, base64url without padding (`x5t#S256`, RFC 8705, 3.1).
    pub thumbprint: String,
    /// The DNS names in it, lower case; empty where no authority that the gateway trusts has signed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

impl Caller {
    /// The service called `name`, on its own account.
    #[must_use]
    pub fn service(name: impl Into<String>) -> Self {
        Self {
            kind: CallerKind::Service,
            subject: name.into(),
            organisation: None,
            scopes: BTreeSet::new(),
            assurance: AssuranceLevel::Unspecified,
            region: None,
            grant_id: None,
            bounds: Bounds::default(),
        }
    }

    /// Whether it has been granted `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// Who it is that acts: the caller, or their delegate.
    #[must_use]
    pub fn person(&self) -> &str {
        self.bounds.delegate.as_deref().unwrap_or(&self.subject)
    }

    /// Whether its credentials are good for the location `location`: they are unless they name others.
    #[must_use]
    pub fn covers_location(&self, location: &str) -> bool {
        self.bounds.locations.is_empty() || self.bounds.locations.contains(location)
    }

    /// The kind in short, for logs, spans and error metadata: `customer`, `staff`, ...
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        kind_name(self.kind)
    }
}

/// The name of a kind in short, as passports carry it.
pub(crate) fn kind_name(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::Unspecified => "unspecified",
        CallerKind::Anonymous => "anonymous",
        CallerKind::Customer => "customer",
        CallerKind::Staff => "staff",
        CallerKind::Partner => "partner",
        CallerKind::Operator => "operator",
        CallerKind::Service => "service",
    }
}
