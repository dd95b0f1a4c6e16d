//! What this service names.

use support_chassis::id_type;

id_type! {
    /// Names a customer.
    CustomerId
}

id_type! {
    /// Names an address at which a customer can be reached.
    ContactPointId
}

id_type! {
    /// Names an attempt of somebody to prove who they are. Whoever knows it may redeem its code.
    VerificationId
}

id_type! {
    /// Names what an approved verification allows.
    GrantId
}

id_type! {
    /// Names something by which a customer can prove who they are.
    AuthenticatorId
}

id_type! {
    /// Names a client of a partner's system.
    PartnerClientId
}

id_type! {
    /// Names the way of a code, or of notifications, to its customer.
    DeliveryId
}

id_type! {
    /// Names the erasure of a customer.
    ErasureId
}

id_type! {
    /// Names that somebody was handed all that is held on a customer.
    ExportId
}

id_type! {
    /// Names a case of the case service.
    CaseId
}

id_type! {
    /// Names something that happened, which a customer may be told of: the id of its event, or one of our own.
    HappeningId
}

id_type! {
    /// Names a happening as it is told at an address.
    NotificationId
}

id_type! {
    /// Names a record of a consent.
    ConsentId
}

id_type! {
    /// Names a business or a school.
    OrganisationId
}

id_type! {
    /// Names that a customer belongs to an organisation.
    MembershipId
}

id_type! {
    /// Names that somebody may act for a customer.
    DelegationId
}

id_type! {
    /// Names a repair of repair-logistics, or a plan of warranty.
    SubjectId
}

id_type! {
    /// Names a location that a partner's client may act for: a provider of repair-logistics.
    LocationId
}
