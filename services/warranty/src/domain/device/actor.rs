//! Who did something, as history keeps it.

use support_chassis::named;

named! {
    /// What kind of caller did it.
    ActorKind {
        /// A customer.
        Customer = "customer",
        /// A member of staff.
        Staff = "staff",
        /// A partner's system.
        Partner = "partner",
        /// Who runs the system.
        Operator = "operator",
        /// Another service.
        Service = "service",
        /// This service, unasked.
        System = "system",
    }
}

/// Who did something. Ids only: it may be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of caller.
    pub kind: ActorKind,
    /// A customer's id, the subject of a member of staff or an operator, the client of a partner, a service's name.
    pub id: String,
}
