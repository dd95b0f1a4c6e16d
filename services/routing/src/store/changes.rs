//! Writes what happened to tasks: the tasks, the agents' books, the offers, the histories and the events that tell of it in one
//! statement.

use std::collections::HashMap;

use support_chassis::db::{DbError, Tx};
use support_chassis::outbox::{self, trace_parent};
use time::OffsetDateTime;
use uuid::Uuid;

use super::shortlists;
use crate::domain::{AgentId, Book, Changed, Offer, OfferEnd};

/// Writes changes of tasks, the offers made by them and the events of them, which stand in the feed in the order given. The rows of the
/// tasks and of their agents must be locked. Where an agent has several changes, the book after the last of them is written.
///
/// # Errors
///
/// [`DbError::Corrupt`] where a task is not at the version that the change stands on: nothing must be committed then.
// The keys are named twice, joined and by `any`: by the join alone, the planner reads the whole of a table of some ten thousand rows to
// find some hundred.
pub async fn write(tx: &mut Tx, changes: &[Changed], made: &[Offer], events: &[outbox::Entry]) -> Result<(), DbError> {
    if changes.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    let tasks = Tasks::of(changes);
    let books = books(changes);
    let ended = ended(changes);
    let written = sqlx::query!(
        r#"
        with task as (
            update tasks set version = given.version, state = given.state, agent_id = given.agent_id,
                offer_count = given.offer_count, accept_time = given.accept_time, end_time = given.end_time,
                standard_basis = given.standard_basis, weight = given.weight
            from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::integer[], $6::timestamptz[], $7::timestamptz[],
                    $24::text[], $30::integer[])
                as given (id, version, state, agent_id, offer_count, accept_time, end_time, standard_basis, weight)
            where tasks.id = given.id and tasks.version = given.version - 1 and tasks.id = any($1)
            returning tasks.id
        ), agent as (
            update agents set load = given.load, idle_since = given.idle_since, held = given.held
            from unnest($8::uuid[], $9::integer[], $10::timestamptz[], $31::bigint[]) as given (id, load, idle_since, held)
            where agents.id = given.id and agents.id = any($8)
            returning agents.id
        ), ended as (
            update offers set ended_as = given.ended_as, ended_at = given.ended_at
            from unnest($11::uuid[], $12::text[], $13::timestamptz[]) as given (task_id, ended_as, ended_at)
            where offers.task_id = given.task_id and offers.task_id = any($11) and offers.ended_at is null
            returning offers.id
        ), made as (
            insert into offers (id, task_id, agent_id, offered_at, expires_at, standard_basis)
            select * from unnest($14::uuid[], $15::uuid[], $16::uuid[], $17::timestamptz[], $18::timestamptz[], $25::text[])
            returning id
        ), entry as (
            insert into task_history (task_id, sequence, change, agent_id, agent_load, agent_capacity, occurred_at, standard_basis,
                relaxed_steps, candidates, asked_again, shortlist)
            select * from unnest($1::uuid[], $2::bigint[], $19::text[], $20::uuid[], $21::integer[], $22::integer[], $23::timestamptz[],
                $26::text[], $27::smallint[], $28::integer[], $29::boolean[], $32::bytea[])
            returning task_id
        ), told as (
            insert into outbox (position, event_id, event_type, subject_id, occurred_at, trace_parent, payload)
            select outbox_next_position(), event.event_id, event.event_type, event.subject_id, $37, $38, event.payload
            from (
                select * from unnest($33::uuid[], $34::text[], $35::uuid[], $36::bytea[])
                    with ordinality as given (event_id, event_type, subject_id, payload, place)
                order by place
            ) as event
        )
        select (select count(*) from task) as "tasks!", (select count(*) from agent) as "agents!",
            (select count(*) from ended) as "ended!", (select count(*) from made) + (select count(*) from entry) as "other!"
        "#,
        &tasks.ids,
        &tasks.versions,
        &tasks.states,
        &tasks.agents as &[Option<Uuid>],
        &tasks.offer_counts,
        &tasks.accept_times as &[Option<OffsetDateTime>],
        &tasks.end_times as &[Option<OffsetDateTime>],
        &books.iter().map(|book| book.agent.uuid()).collect::<Vec<_>>(),
        &books.iter().map(|book| book.load).collect::<Vec<_>>(),
        &books.iter().map(|book| book.idle_since).collect::<Vec<_>>(),
        &ended.iter().map(|(task, _, _)| *task).collect::<Vec<_>>(),
        &ended.iter().map(|(_, end, _)| end.as_str().to_owned()).collect::<Vec<_>>(),
        &ended.iter().map(|(_, _, at)| *at).collect::<Vec<_>>(),
        &made.iter().map(|offer| offer.id.uuid()).collect::<Vec<_>>(),
        &made.iter().map(|offer| offer.task.uuid()).collect::<Vec<_>>(),
        &made.iter().map(|offer| offer.agent.uuid()).collect::<Vec<_>>(),
        &made.iter().map(|offer| offer.offered_at).collect::<Vec<_>>(),
        &made.iter().map(|offer| offer.expires_at).collect::<Vec<_>>(),
        &tasks.changes,
        &tasks.concerned as &[Option<Uuid>],
        &tasks.loads as &[Option<i32>],
        &tasks.capacities as &[Option<i32>],
        &tasks.times,
        &tasks.bases as &[Option<String>],
        &made.iter().map(|offer| offer.basis.clone()).collect::<Vec<_>>() as &[Option<String>],
        &tasks.decided_by as &[Option<String>],
        &tasks.relaxed as &[Option<i16>],
        &tasks.candidates as &[Option<i32>],
        &tasks.asked_again as &[Option<bool>],
        &tasks.weights,
        &books.iter().map(|book| book.held.packed()).collect::<Vec<_>>(),
        &tasks.shortlists as &[Option<Vec<u8>>],
        &events.iter().map(|event| event.event_id(now).uuid()).collect::<Vec<_>>(),
        &events.iter().map(|event| event.event_type.clone()).collect::<Vec<_>>(),
        &events.iter().map(|event| event.subject.uuid()).collect::<Vec<_>>(),
        &events.iter().map(|event| event.payload.clone()).collect::<Vec<_>>(),
        now,
        trace_parent(),
    )
    .fetch_one(tx.conn())
    .await?;
    tx.mark_appended();
    all_written(&[
        (written.tasks, changes.len()),
        (written.agents, books.len()),
        (written.ended, ended.len()),
    ])
}

/// Whether as many rows were written as were to be.
fn all_written(counts: &[(i64, usize)]) -> Result<(), DbError> {
    let is_whole = counts
        .iter()
        .all(|(written, wanted)| usize::try_from(*written) == Ok(*wanted));
    is_whole.then_some(()).ok_or(DbError::Corrupt {
        table: "tasks",
        column: "version",
    })
}

/// Of which tasks the offer ended, how and when.
fn ended(changes: &[Changed]) -> Vec<(Uuid, OfferEnd, OffsetDateTime)> {
    let ended = changes.iter();
    ended
        .filter_map(|changed| Some((changed.task.id.uuid(), changed.offer_end?, changed.entry.at)))
        .collect()
}

/// The book of each agent after the last of the changes.
fn books(changes: &[Changed]) -> Vec<Book> {
    let books: HashMap<AgentId, Book> = changes
        .iter()
        .filter_map(|changed| changed.book)
        .map(|book| (book.agent, book))
        .collect();
    books.into_values().collect()
}

/// Columns, as `unnest` wants them.
struct Tasks {
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    states: Vec<String>,
    agents: Vec<Option<Uuid>>,
    offer_counts: Vec<i32>,
    accept_times: Vec<Option<OffsetDateTime>>,
    end_times: Vec<Option<OffsetDateTime>>,
    changes: Vec<String>,
    concerned: Vec<Option<Uuid>>,
    loads: Vec<Option<i32>>,
    capacities: Vec<Option<i32>>,
    times: Vec<OffsetDateTime>,
    bases: Vec<Option<String>>,
    decided_by: Vec<Option<String>>,
    relaxed: Vec<Option<i16>>,
    candidates: Vec<Option<i32>>,
    asked_again: Vec<Option<bool>>,
    weights: Vec<i32>,
    shortlists: Vec<Option<Vec<u8>>>,
}

impl Tasks {
    fn of(changes: &[Changed]) -> Self {
        let tasks = || changes.iter().map(|changed| &changed.task);
        let entries = || changes.iter().map(|changed| &changed.entry);
        let reasons = || changes.iter().map(|changed| changed.entry.reason);
        Self {
            ids: tasks().map(|task| task.id.uuid()).collect(),
            versions: tasks().map(|task| task.version).collect(),
            states: tasks().map(|task| task.state.as_str().to_owned()).collect(),
            agents: tasks().map(|task| task.agent.map(AgentId::uuid)).collect(),
            offer_counts: tasks().map(|task| task.offer_count).collect(),
            accept_times: tasks().map(|task| task.accept_time).collect(),
            end_times: tasks().map(|task| task.end_time).collect(),
            changes: entries().map(|entry| entry.change.as_str().to_owned()).collect(),
            concerned: entries()
                .map(|entry| entry.book.map(|(agent, _, _)| agent.uuid()))
                .collect(),
            loads: entries().map(|entry| entry.book.map(|(_, load, _)| load)).collect(),
            capacities: entries()
                .map(|entry| entry.book.map(|(_, _, capacity)| capacity))
                .collect(),
            times: entries().map(|entry| entry.at).collect(),
            bases: tasks().map(|task| task.basis.clone()).collect(),
            decided_by: entries().map(|entry| entry.basis.clone()).collect(),
            relaxed: reasons().map(|why| why.map(|why| why.relaxed_steps)).collect(),
            candidates: reasons().map(|why| why.map(|why| why.candidates)).collect(),
            asked_again: reasons().map(|why| why.map(|why| why.asked_again)).collect(),
            weights: tasks().map(|task| task.weight).collect(),
            shortlists: changes
                .iter()
                .map(|changed| changed.shortlist.as_ref().map(shortlists::packed))
                .collect(),
        }
    }
}
