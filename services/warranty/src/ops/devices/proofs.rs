//! Proofs of purchase.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::{ProofEnded, ProofSubmitted, ReviewReason as WireReason};
use time::OffsetDateTime;

use super::purchases::correct;
use super::{check_day, locked};
use crate::domain::device::{
    Actor, ActorKind, DeviceId, Known, NewProof, Proof, ProofId, ProofRefusal, ProofState, ReviewReason, can_withdraw,
    check_purchase, review,
};
use crate::domain::zone;
use crate::error::Error;
use crate::ops::Viewer;
use crate::store::devices::{Registered, proofs, purchases, replacements};
use crate::{store, wire};

impl From<ProofRefusal> for Error {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::State(_) => Self::ProofState,
            ProofRefusal::Involved => Self::ReviewerInvolved,
            ProofRefusal::NotYours => Self::ProofNotFound,
        }
    }
}

/// Submits a proof for review.
pub async fn submit_proof(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    said: NewProof,
) -> Result<Proof, Error> {
    if said.case_agent.is_some() && actor.kind != ActorKind::Staff {
        return Err(Violation::new("case_agent_id", "is said by staff alone").into());
    }
    let registered = locked(tx, viewer, said.device_id).await?;
    if registered.device.retired_at.is_some() {
        return Err(Error::DeviceRetired);
    }
    let now = tx.now();
    check_against_chain(tx, &registered, &said, now).await?;
    let proof = Proof {
        id: ids.next(),
        origin: registered.device.origin(),
        submitter: actor.clone(),
        submitter_organisation: match viewer {
            Viewer::Partner(organisation) => Some(organisation.clone()),
            Viewer::Customer(_) | Viewer::Insider | Viewer::Stranger => None,
        },
        submitted_at: now,
        state: ProofState::Submitted,
        reason: None,
        reviewer: None,
        ended_at: None,
        said,
    };
    proofs::insert(tx, &proof).await?;
    let event = ProofSubmitted {
        device_id: proof.said.device_id.to_string(),
        proof_id: proof.id.to_string(),
    };
    tx.append(proof.said.device_id, &event).await?;
    Ok(proof)
}

/// What the proof says is held against the first unit: it is the one that was sold.
async fn check_against_chain(
    tx: &mut Tx,
    registered: &Registered,
    said: &NewProof,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let origin = registered.device.origin();
    let first = if origin == registered.device.id {
        registered.clone()
    } else {
        store::devices::get(tx, origin).await?.ok_or(Error::DeviceNotFound)?
    };
    let today = zone::latest_day(now, said.country);
    check_day(&first.product, said.day, today)?;
    let known = Known {
        released: first.product.release_date,
        activated: first.device.first_activated_on,
        handed_in: replacements::handed_in_on(tx, origin).await?,
        today,
    };
    Ok(check_purchase(&known, said.day, said.used)?)
}

/// Accepts or rejects a proof; gives it, and how many decisions were made from another purchase.
pub async fn review_proof(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    id: ProofId,
    reason: ReviewReason,
) -> Result<(Proof, i32), Error> {
    let origin = proof(tx, viewer, actor, id).await?.origin;
    // The devices before the proof, as where it is submitted.
    purchases::lock_chain(tx, origin).await?;
    let mut proof = proofs::lock(tx, id).await?.ok_or(Error::ProofNotFound)?;
    let state = review(&proof, actor, reason)?;
    let mut affected = 0;
    if state == ProofState::Accepted {
        let registered = store::devices::get(tx, proof.said.device_id)
            .await?
            .ok_or(Error::DeviceNotFound)?;
        let now = tx.now();
        check_against_chain(tx, &registered, &proof.said, now).await?;
        let seller = proof.said.seller_reference.as_deref();
        let purchase = proof.purchase();
        affected = correct(tx, ids, actor, &registered.device, purchase, Some(id), seller).await?;
    }
    finish(tx, &mut proof, state, Some((reason, actor))).await?;
    Ok((proof, affected))
}

/// Withdraws a proof that waits.
pub async fn withdraw_proof(tx: &mut Tx, (viewer, actor): (&Viewer, &Actor), id: ProofId) -> Result<Proof, Error> {
    proof(tx, viewer, actor, id).await?;
    let mut proof = proofs::lock(tx, id).await?.ok_or(Error::ProofNotFound)?;
    can_withdraw(&proof, actor)?;
    finish(tx, &mut proof, ProofState::Withdrawn, None).await?;
    Ok(proof)
}

async fn finish(
    tx: &mut Tx,
    proof: &mut Proof,
    state: ProofState,
    review: Option<(ReviewReason, &Actor)>,
) -> Result<(), Error> {
    let now = tx.now();
    proofs::end(tx, proof.id, state, review, now).await?;
    proof.state = state;
    proof.reason = review.map(|(reason, _)| reason);
    proof.reviewer = review.map(|(_, reviewer)| reviewer.clone());
    proof.ended_at = Some(now);
    let event = ProofEnded {
        device_id: proof.said.device_id.to_string(),
        proof_id: proof.id.to_string(),
        state: wire::devices::proof_state(state).into(),
        reason: proof
            .reason
            .map_or(WireReason::Unspecified, wire::devices::review_reason)
            .into(),
    };
    Ok(tx.append(proof.said.device_id, &event).await?)
}

/// The proof with this id: for who submitted it and for those who see everything.
pub async fn proof(connection: &mut PgConnection, viewer: &Viewer, actor: &Actor, id: ProofId) -> Result<Proof, Error> {
    proofs::get(connection, id)
        .await?
        .filter(|proof| match viewer {
            Viewer::Insider => true,
            Viewer::Customer(_) => proof.submitter == *actor,
            Viewer::Partner(organisation) => proof.submitter_organisation.as_ref() == Some(organisation),
            Viewer::Stranger => false,
        })
        .ok_or(Error::ProofNotFound)
}

/// The proofs of a device, or those that wait for their review, the oldest first, and the token of the next page.
pub async fn list_proofs(
    connection: &mut PgConnection,
    device_id: Option<DeviceId>,
    page: &Page<ProofId>,
) -> Result<(Vec<Proof>, String), Error> {
    let proofs = match device_id {
        Some(device_id) => proofs::list_of_device(connection, device_id, page.after, page.limit()).await?,
        None => proofs::list_waiting(connection, page.after, page.limit()).await?,
    };
    Ok(page.cut(proofs, |last| last.id))
}
