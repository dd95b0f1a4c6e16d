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
        }
    }

    /// Whether it has been granted `scope`.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
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
