//! What a customer may be told of, by which rule, and at which of their addresses.

use std::time::Duration;

use support_calendars::Quiet;
use support_chassis::named;

use super::contact::ContactKind;
use super::customer::{ContactPoint, Customer};
use super::ids::ContactPointId;

named! {
    /// What a customer may be told of. The rules of the standard know it by this name.
    Kind {
        /// A case was opened.
        CaseOpened = "case_opened",
        /// Staff said something in a case.
        CaseAnswered = "case_answered",
        /// A case was resolved.
        CaseResolved = "case_resolved",
        /// A resolved case was opened again.
        CaseReopened = "case_reopened",
        /// A case was closed because its customer did not answer.
        CaseClosed = "case_closed",
        /// The customer was called back as often as is tried, and not reached.
        CallbackGivenUp = "callback_given_up",
        /// A repair was ordered.
        RepairSubmitted = "repair_submitted",
        /// The device has come in.
        RepairReceived = "repair_received",
        /// What is wrong with it is known.
        RepairDiagnosed = "repair_diagnosed",
        /// Somebody works on it.
        RepairInRepair = "repair_in_repair",
        /// It works again, and is on its way back.
        RepairFinished = "repair_finished",
        /// It works again, and can be collected.
        RepairReadyForCollection = "repair_ready_for_collection",
        /// It could not be repaired.
        RepairNotRepaired = "repair_not_repaired",
        /// It is back with the customer.
        RepairReturned = "repair_returned",
        /// The order was taken back.
        RepairCanceled = "repair_canceled",
        /// A plan was bought.
        PlanEnrolled = "plan_enrolled",
        /// A plan was paid for the first time.
        PlanStarted = "plan_started",
        /// The next term of a plan is to be paid.
        PlanRenewalDue = "plan_renewal_due",
        /// The next term of a plan was paid.
        PlanRenewed = "plan_renewed",
        /// What was due for a plan could not be collected.
        PlanPaymentFailed = "plan_payment_failed",
        /// A plan ended.
        PlanEnded = "plan_ended",
        /// An address was added.
        ContactPointAdded = "contact_point_added",
        /// An address that was added has been verified.
        ContactPointVerified = "contact_point_verified",
        /// An address was removed.
        ContactPointRemoved = "contact_point_removed",
        /// A name or country of residence was set right.
        RecordChanged = "record_changed",
        /// Something more proves who the customer is.
        AuthenticatorBound = "authenticator_bound",
        /// Something no longer proves who the customer is.
        AuthenticatorEnded = "authenticator_ended",
        /// All that is held on the customer was handed out.
        DataExported = "data_exported",
        /// It was asked for that the customer be erased.
        ErasureRequested = "erasure_requested",
        /// Somebody was allowed to act for the customer.
        DelegateAdded = "delegate_added",
    }
}

/// Of what a happening is the latest state: of two that wait together, the later one says all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// How far a case is.
    Case,
    /// That an answer waits.
    Answer,
    /// How far a repair is.
    Repair,
    /// How a plan stands.
    Plan,
    /// Nothing: each is told.
    None,
}

impl Kind {
    /// Of what it is the latest state.
    #[must_use]
    pub fn track(self) -> Track {
        match self {
            Self::CaseOpened
            | Self::ContactPointAdded
            | Self::ContactPointVerified
            | Self::ContactPointRemoved
            | Self::RecordChanged
            | Self::AuthenticatorBound
            | Self::AuthenticatorEnded
            | Self::DataExported
            | Self::ErasureRequested
            | Self::DelegateAdded
            // That nobody calls any more is told, whatever comes after.
            | Self::CallbackGivenUp
            // What has to be paid too.
            | Self::PlanEnrolled
            | Self::PlanRenewalDue => Track::None,
            Self::CaseAnswered => Track::Answer,
            Self::CaseResolved | Self::CaseReopened | Self::CaseClosed => Track::Case,
            Self::RepairSubmitted
            | Self::RepairReceived
            | Self::RepairDiagnosed
            | Self::RepairInRepair
            | Self::RepairFinished
            | Self::RepairReadyForCollection
            | Self::RepairNotRepaired
            | Self::RepairReturned
            | Self::RepairCanceled => Track::Repair,
            Self::PlanStarted | Self::PlanRenewed | Self::PlanPaymentFailed | Self::PlanEnded => Track::Plan,
        }
    }
}

/// At which addresses something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The best one that was verified.
    Verified,
    /// The best one that proves who the customer is.
    Proven,
    /// All that prove who the customer is.
    Everywhere,
}

/// How a happening is told at a place, as the standard says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The version of the standard.
    pub basis: String,
    /// The kinds of address it is told at, the best first.
    pub channels: Vec<ContactKind>,
    /// At which addresses of these kinds.
    pub reach: Reach,
    /// Whether it is told in quiet hours.
    pub urgent: bool,
    /// Whether the customer may mute it.
    pub may_be_muted: bool,
    /// How long to wait for what else happens.
    pub wait: Duration,
    /// For how long it is worth telling.
    pub worth: Duration,
    /// When no telephone is to ring.
    pub quiet: Quiet,
    /// The messages of the catalogue that say it.
    pub keys: Keys,
}

/// The messages of the catalogue that say something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// An e-mail's subject.
    pub subject: String,
    /// What happened.
    pub text: String,
    /// What an e-mail says besides.
    pub more: Option<String>,
    /// An e-mail's beginning.
    pub greeting: String,
    /// An e-mail's end.
    pub closing: String,
}

/// How a customer wants to be told. Prints nothing: where somebody lives is theirs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The kind of address to be told at, where it counts.
    pub preferred: Option<ContactKind>,
    /// What they do not want to be told.
    pub muted: Vec<Kind>,
    /// Whether e-mails are plain text alone.
    pub plain_text_only: bool,
    /// Their time zone, IANA.
    pub time_zone: Option<String>,
}

impl std::fmt::Debug for Preferences {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Preferences").finish_non_exhaustive()
    }
}

/// Why something is told nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nowhere {
    /// The rules say so.
    NotTold,
    /// The customer says so.
    Muted,
    /// There is no address that counts.
    NoAddress,
    /// There is none but the changed one.
    NoOtherAddress,
    /// There are telephones alone, which nothing can be sent to here.
    NoSmsCarrier,
}

impl Nowhere {
    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotTold => "not_told",
            Self::Muted => "muted",
            Self::NoAddress => "no_address",
            Self::NoOtherAddress => "no_other_address",
            Self::NoSmsCarrier => "no_sms_carrier",
        }
    }
}

impl Rule {
    /// At which addresses of a customer it is told. `changed` is the address that it is about, which is not asked to
    /// vouch for itself, but hears of its own end; `reachable` says what messages can be sent to here.
    ///
    /// # Errors
    ///
    /// Where there is none: why.
    pub fn addresses<'c>(
        &self,
        kind: Kind,
        customer: &'c Customer,
        preferences: &Preferences,
        changed: Option<ContactPointId>,
        reachable: impl Fn(ContactKind) -> bool,
    ) -> Result<Vec<&'c ContactPoint>, Nowhere> {
        if self.channels.is_empty() {
            return Err(Nowhere::NotTold);
        }
        if self.may_be_muted && preferences.muted.contains(&kind) {
            return Err(Nowhere::Muted);
        }
        let counts = |point: &&ContactPoint| {
            let proven = match self.reach {
                Reach::Verified => point.verified_at.is_some(),
                Reach::Proven | Reach::Everywhere => point.proves_identity(),
            };
            proven
                && self.channels.contains(&point.contact.kind())
                && (Some(point.id) != changed || kind == Kind::ContactPointRemoved)
        };
        let counting: Vec<_> = customer.contact_points.iter().filter(counts).collect();
        let reached: Vec<_> = counting
            .iter()
            .copied()
            .filter(|point| reachable(point.contact.kind()))
            .collect();
        if reached.is_empty() {
            return Err(match (counting.is_empty(), changed) {
                (false, _) => Nowhere::NoSmsCarrier,
                (true, Some(_)) => Nowhere::NoOtherAddress,
                (true, None) => Nowhere::NoAddress,
            });
        }
        if self.reach == Reach::Everywhere {
            return Ok(reached);
        }
        let place = |point: &ContactPoint| self.channels.iter().position(|kind| *kind == point.contact.kind());
        // The first of the best: the order of the list is the customer's own.
        let best = reached.into_iter().min_by_key(|point| {
            (
                Some(point.contact.kind()) != preferences.preferred,
                place(point),
                point.verified_at.is_none(),
            )
        });
        Ok(best.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
