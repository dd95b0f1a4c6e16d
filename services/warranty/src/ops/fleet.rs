//! Coverage of many devices at once.
//!
//! A batch is one transaction: what is known of all its devices is read by one statement for each table, every question is
//! decided by the same pure function as a single one, the decisions are stored by one statement, and one event tells of
//! them. Each question has its own answer and its own refusal.

use std::collections::{HashMap, HashSet};

use sqlx::types::Uuid;
use support_chassis::db::{Db, DbError, Tx};
use support_chassis::id::{Id, Ids};
use support_proto::support::warranty::v1::FleetCoverageDecided;

use super::Viewer;
use super::coverage::{AskCoverage, Made, explained, make, told};
use crate::domain::coverage::DecisionId;
use crate::error::Error;
use crate::standard::Rulebook;
use crate::store;
use crate::store::decisions::{ItemKey, Kept, NewRow};

/// How many questions are decided between two pauses: some hundred microseconds, in which nobody else has this thread.
const BETWEEN_PAUSES: usize = 32;

/// A question of a fleet.
#[derive(Debug, Clone)]
pub struct FleetQuestion {
    /// By what it is known when it comes again.
    pub item: ItemKey,
    /// The question.
    pub ask: AskCoverage,
}

/// Answers a batch of questions, in their order. One that was answered before gets the decision that was stored then.
///
/// Whatever ends it before its end leaves nothing of it behind.
///
/// # Errors
///
/// Where the database does not do what is asked; then nothing is answered, and all of it can be asked again.
pub async fn decide_batch(
    db: &Db,
    ids: &Ids,
    rules: &Rulebook,
    viewer: &Viewer,
    questions: &[FleetQuestion],
) -> Result<Vec<Result<Kept, Error>>, DbError> {
    let mut tx = db.begin().await?;
    let made = make_all(&mut tx, ids, rules, viewer, questions).await?;
    let rows = questions.iter().zip(&made).filter_map(|(question, made)| {
        let Made { kept, answer } = made.as_ref().ok()?;
        Some(NewRow {
            kept,
            answer,
            item: Some(question.item),
        })
    });
    let added = store::decisions::insert(&mut tx, rows.collect()).await?;
    let added: HashSet<DecisionId> = added.into_iter().collect();
    let mut answers: Vec<_> = made.into_iter().map(|made| made.map(|made| made.kept)).collect();
    tell(
        &mut tx,
        ids,
        answers.iter().flatten().filter(|kept| added.contains(&kept.id)),
    )
    .await?;
    if added.len() < questions.len() {
        let again: Vec<Uuid> = questions
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| answer.as_ref().map_or(true, |kept| !added.contains(&kept.id)))
            .map(|(question, _)| question.item.key)
            .collect();
        let before = store::decisions::of_items(&mut tx, &again).await?;
        answered_before(rules, questions, &mut answers, &added, before);
    }
    // What only repeats changed nothing.
    if added.is_empty() {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(answers)
}

async fn make_all(
    tx: &mut Tx,
    ids: &Ids,
    rules: &Rulebook,
    viewer: &Viewer,
    questions: &[FleetQuestion],
) -> Result<Vec<Result<Made, Error>>, DbError> {
    let serial_numbers: Vec<String> = questions
        .iter()
        .map(|question| question.ask.serial_number.clone())
        .collect();
    let mut known = store::facts::of_serial_numbers(tx, &serial_numbers).await?;
    let mut still: HashMap<&str, usize> = HashMap::with_capacity(questions.len());
    for serial_number in &serial_numbers {
        *still.entry(serial_number).or_default() += 1;
    }
    let now = tx.now();
    let mut answers = Vec::with_capacity(questions.len());
    for (number, question) in questions.iter().enumerate() {
        if number % BETWEEN_PAUSES == BETWEEN_PAUSES - 1 {
            tokio::task::yield_now().await;
        }
        let serial_number = question.ask.serial_number.as_str();
        // Most devices are asked about once: what is known of them is taken, not copied.
        let known = match still.get_mut(serial_number) {
            Some(more @ 2..) => {
                *more -= 1;
                known.get(serial_number).cloned()
            }
            _ => known.remove(serial_number),
        };
        let known = known
            .filter(|known| viewer.manages(&known.device))
            .ok_or(Error::DeviceNotFound);
        answers.push(known.and_then(|known| make(ids, rules, viewer, known, &question.ask, now)));
    }
    Ok(answers)
}

async fn tell(tx: &mut Tx, ids: &Ids, added: impl Iterator<Item = &Kept>) -> Result<(), DbError> {
    let batch: Id = ids.next();
    let event = FleetCoverageDecided {
        batch_id: batch.to_string(),
        decisions: added.map(told).collect(),
    };
    if event.decisions.is_empty() {
        return Ok(());
    }
    tx.append(batch, &event).await
}

/// Puts in place of what was not stored what was stored before.
fn answered_before(
    rules: &Rulebook,
    questions: &[FleetQuestion],
    answers: &mut [Result<Kept, Error>],
    added: &HashSet<DecisionId>,
    before: Vec<(ItemKey, Kept)>,
) {
    let before: HashMap<Uuid, ([u8; 32], Kept)> = before
        .into_iter()
        .map(|(item, kept)| (item.key, (item.digest, kept)))
        .collect();
    for (question, answer) in questions.iter().zip(answers) {
        if answer.as_ref().is_ok_and(|kept| added.contains(&kept.id)) {
            continue;
        }
        match before.get(&question.item.key) {
            Some((digest, kept)) if *digest == question.item.digest => {
                let mut kept = kept.clone();
                explained(rules, &mut kept);
                *answer = Ok(kept);
            }
            Some(_) => *answer = Err(Error::Database(DbError::RequestIdReused)),
            None => {}
        }
    }
}
