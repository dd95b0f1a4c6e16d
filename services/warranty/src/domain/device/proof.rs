//! Proofs of purchase.
//!
//! ```text
//! submitted -> accepted | rejected | withdrawn
//! ```
//!
//! Two people see every one that counts: who reviews it neither submitted it nor has the case.

use support_chassis::{id_type, named};
use time::{Date, OffsetDateTime};

use super::{Actor, ActorKind, DeviceId, Evidence, Purchase};
use crate::domain::country::Country;

id_type! {
    /// Names a proof of purchase.
    ProofId
}

named! {
    /// Where a proof stands.
    ProofState {
        /// It waits for its review.
        Submitted = "submitted",
        /// It was accepted.
        Accepted = "accepted",
        /// It was rejected.
        Rejected = "rejected",
        /// It was withdrawn.
        Withdrawn = "withdrawn",
    }
}

named! {
    /// What kind of evidence it is.
    ProofKind {
        /// An invoice.
        Invoice = "invoice",
        /// A receipt of a till.
        Receipt = "receipt",
        /// The confirmation of an order, with its delivery.
        OrderConfirmation = "order_confirmation",
        /// A note of the seller about the handing over.
        DeliveryNote = "delivery_note",
        /// The seller's own record.
        SellerRecord = "seller_record",
        /// A gift receipt.
        GiftReceipt = "gift_receipt",
    }
}

named! {
    /// Why it is accepted or rejected.
    ReviewReason {
        /// It shows the sale of this device.
        ShowsSale = "shows_sale",
        /// The seller has confirmed it.
        ConfirmedBySeller = "confirmed_by_seller",
        /// It cannot be read.
        Illegible = "illegible",
        /// It shows another device.
        OtherDevice = "other_device",
        /// It does not show the day.
        NoDate = "no_date",
        /// It was changed or made up.
        NotGenuine = "not_genuine",
        /// It is no proof of a sale.
        NoProof = "no_proof",
    }
}

impl ReviewReason {
    /// Whether it accepts.
    #[must_use]
    pub fn accepts(self) -> bool {
        matches!(self, Self::ShowsSale | Self::ConfirmedBySeller)
    }
}

/// What is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProof {
    /// The device.
    pub device_id: DeviceId,
    /// What kind of evidence it is.
    pub kind: ProofKind,
    /// The day of purchase that it says.
    pub day: Date,
    /// Where it was sold.
    pub country: Country,
    /// Whether it was sold used.
    pub used: bool,
    /// Who sold it; none where it is not known.
    pub seller_reference: Option<String>,
    /// Where the document is stored.
    pub document_reference: String,
    /// The case it belongs to.
    pub case_id: Option<support_chassis::id::Id>,
    /// The member of staff whose case it is.
    pub case_agent: Option<String>,
}

/// A proof of purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its id.
    pub id: ProofId,
    /// The first of the units that replaced one another.
    pub origin: DeviceId,
    /// What was submitted.
    pub said: NewProof,
    /// Who submitted it.
    pub submitter: Actor,
    /// The submitting partner's organisation.
    pub submitter_organisation: Option<String>,
    /// When.
    pub submitted_at: OffsetDateTime,
    /// Where it stands.
    pub state: ProofState,
    /// Why it was accepted or rejected.
    pub reason: Option<ReviewReason>,
    /// Who reviewed it.
    pub reviewer: Option<Actor>,
    /// When it was reviewed or withdrawn.
    pub ended_at: Option<OffsetDateTime>,
}

/// Why a proof is not reviewed or withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofRefusal {
    /// It was before.
    State(ProofState),
    /// The reviewer submitted it, or it is their case.
    Involved,
    /// It is another's.
    NotYours,
}

impl Proof {
    /// What it makes of the purchase, once it is accepted.
    #[must_use]
    pub fn purchase(&self) -> Purchase {
        Purchase {
            day: self.said.day,
            country: self.said.country,
            used: self.said.used,
            evidence: Evidence::Proven,
        }
    }

    fn must_wait(&self) -> Result<(), ProofRefusal> {
        match self.state {
            ProofState::Submitted => Ok(()),
            ended => Err(ProofRefusal::State(ended)),
        }
    }
}

/// What becomes of the proof that `reviewer` reviews for `reason`.
///
/// # Errors
///
/// Why it is not reviewed.
pub fn review(proof: &Proof, reviewer: &Actor, reason: ReviewReason) -> Result<ProofState, ProofRefusal> {
    if proof.submitter.id == reviewer.id || proof.said.case_agent.as_deref() == Some(reviewer.id.as_str()) {
        return Err(ProofRefusal::Involved);
    }
    proof.must_wait()?;
    Ok(if reason.accepts() {
        ProofState::Accepted
    } else {
        ProofState::Rejected
    })
}

/// Whether `actor` may withdraw the proof: who submitted it, or staff.
///
/// # Errors
///
/// Why not.
pub fn can_withdraw(proof: &Proof, actor: &Actor) -> Result<(), ProofRefusal> {
    if actor.kind != ActorKind::Staff && proof.submitter != *actor {
        return Err(ProofRefusal::NotYours);
    }
    proof.must_wait()
}
