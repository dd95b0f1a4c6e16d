//! What stands on record of who looked at whom and who changed what. How entries are chained says `audit::chain`.

mod chain;

use support_chassis::call::Call;
use support_chassis::named;
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::chain::{BEGINNING, Break, Fault, Link, Walk};
use super::grant::Grant;
use super::ids::{CaseId, CustomerId, GrantId};

named! {
    /// What somebody did.
    Action {
        /// A customer's data was shown unmasked, or that was refused.
        CustomerRevealed = "customer_revealed",
        /// Somebody looked whose a contact point is; without a customer where it is nobody's.
        CustomerLookedUp = "customer_looked_up",
        /// A customer was made.
        CustomerCreated = "customer_created",
        /// A contact point was added.
        ContactPointAdded = "contact_point_added",
        /// A contact point was removed.
        ContactPointRemoved = "contact_point_removed",
        /// A name or country of residence was set right.
        CustomerUpdated = "customer_updated",
        /// A contact point was verified for the first time.
        ContactPointVerified = "contact_point_verified",
        /// An authenticator was bound.
        AuthenticatorBound = "authenticator_bound",
        /// An authenticator ended.
        AuthenticatorEnded = "authenticator_ended",
        /// An authenticator was locked.
        AuthenticatorLocked = "authenticator_locked",
        /// A support PIN was made.
        SupportPinCreated = "support_pin_created",
        /// A grant was made.
        GrantIssued = "grant_issued",
        /// A grant was ended before its time.
        GrantRevoked = "grant_revoked",
        /// It was changed how a customer is told.
        ContactPreferencesChanged = "contact_preferences_changed",
        /// A customer was erased.
        CustomerErased = "customer_erased",
        /// All that is held on a customer was given out.
        CustomerExported = "customer_exported",
        /// It was changed which languages a customer reads.
        LanguagesChanged = "languages_changed",
        /// It was changed what a customer needs to be helped.
        AccessibilityChanged = "accessibility_changed",
        /// A consent was recorded, or its end.
        ConsentRecorded = "consent_recorded",
        /// An organisation was made.
        OrganisationCreated = "organisation_created",
        /// A customer became a member, or has another role.
        MembershipSet = "membership_set",
        /// A membership ended.
        MembershipEnded = "membership_ended",
        /// Somebody was allowed to act for a customer.
        DelegationCreated = "delegation_created",
        /// A delegation ended.
        DelegationEnded = "delegation_ended",
        /// Somebody wanted to act for a customer, and may not.
        DelegateRefused = "delegate_refused",
        /// A reviewer decided on what speaks against a verification.
        RiskReviewed = "risk_reviewed",
        /// A client of a partner was made.
        PartnerClientCreated = "partner_client_created",
        /// A client's secret was changed.
        PartnerSecretRotated = "partner_secret_rotated",
        /// It was changed by which keys or certificates a client is known.
        PartnerCredentialsChanged = "partner_credentials_changed",
        /// It was changed what a client may do, and for which locations.
        PartnerLocationsChanged = "partner_locations_changed",
        /// A client was suspended.
        PartnerClientSuspended = "partner_client_suspended",
        /// A client is no longer suspended.
        PartnerClientResumed = "partner_client_resumed",
        /// An erasure was asked for.
        ErasureRequested = "erasure_requested",
        /// An erasure was taken back.
        ErasureWithdrawn = "erasure_withdrawn",
        /// A grant was given into the hands of a member of staff, or that was refused.
        GrantGiven = "grant_given",
    }
}

named! {
    /// Why somebody must see a customer's data.
    Reason {
        /// To call or write to them.
        Contact = "contact",
        /// To send, hand over or collect a device.
        Delivery = "delivery",
        /// To set right what is wrong in their record.
        Correction = "correction",
        /// To settle a payment or a complaint.
        Dispute = "dispute",
        /// To see whether somebody is being defrauded.
        Fraud = "fraud",
        /// The law asks for it.
        Legal = "legal",
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The kind of caller.
    pub kind: String,
    /// Their id, as their credentials name them.
    pub id: String,
    /// Their organisation.
    pub organisation: Option<String>,
    /// The service that acted in their name.
    pub service: Option<String>,
}

impl Actor {
    /// Who calls; the service itself where nobody does.
    #[must_use]
    pub fn of(call: Option<&Call>) -> Self {
        let Some(call) = call else {
            return Self {
                kind: "service".to_owned(),
                id: crate::NAME.to_owned(),
                organisation: None,
                service: None,
            };
        };
        let caller = call.caller();
        Self {
            kind: caller.kind_name().to_owned(),
            // Whoever acts for a customer does it themselves.
            id: caller.person().to_owned(),
            organisation: caller.organisation.clone(),
            service: call.actor().map(str::to_owned),
        }
    }
}

/// What is to be put on record. Ids, names of fields and codes: never what the fields hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// What was done.
    pub action: Action,
    /// Whether it was refused.
    pub is_refused: bool,
    /// The customer it concerns.
    pub customer_id: Option<CustomerId>,
    /// The case.
    pub case_id: Option<CaseId>,
    /// The grant it stands on.
    pub grant_id: Option<GrantId>,
    /// What else it was done to.
    pub subject_id: Option<Uuid>,
    /// The fields that were looked at or changed.
    pub fields: Vec<&'static str>,
    /// Why.
    pub reason: Option<Reason>,
}

impl Deed {
    /// Something that was done, to a customer where there is one.
    #[must_use]
    pub fn new(action: Action, customer_id: impl Into<Option<CustomerId>>) -> Self {
        Self {
            action,
            is_refused: false,
            customer_id: customer_id.into(),
            case_id: None,
            grant_id: None,
            subject_id: None,
            fields: Vec::new(),
            reason: None,
        }
    }

    /// Something that was done to a grant.
    #[must_use]
    pub fn of_grant(action: Action, grant: &Grant) -> Self {
        Self {
            case_id: grant.case_id,
            grant_id: Some(grant.id),
            ..Self::new(action, grant.customer_id)
        }
    }
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The number.
    pub number: i64,
    /// When it was written.
    pub recorded_at: OffsetDateTime,
    /// Who.
    pub actor: Actor,
    /// What, by the name it is stored under: also of what this build does not know.
    pub action: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// The customer it concerns.
    pub customer_id: Option<Uuid>,
    /// The case.
    pub case_id: Option<Uuid>,
    /// The grant it stands on.
    pub grant_id: Option<Uuid>,
    /// What else it was done to.
    pub subject_id: Option<Uuid>,
    /// The fields.
    pub fields: Vec<String>,
    /// Why.
    pub reason: Option<String>,
}
