//! Decisions that are written.

use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;
use support_chassis::id::Id;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::report::{Figure, Report, real};
use crate::world::World;

/// As the keeper writes: so many transactions at once, of so many rows.
const WIDTH: usize = 4;
const BATCH: usize = 250;

/// All that waits is offered: decided, guarded, written, told in the outbox and committed. Beside it, in the same run, what the
/// database does at the most with as many rows in as many commits.
pub(crate) async fn measure(world: &World, is_quick: bool, report: &mut Report) {
    let (agents, tasks) = if is_quick { (20_000, 10_000) } else { (100_000, 60_000) };
    world.fill_agents(agents).await;
    world.fill_tasks(tasks).await;
    world.settle().await;
    let keeper = world.keeper();
    let mut connection = world.db.read().await.unwrap();
    let begun = Instant::now();
    let mut mind = keeper.read_all(&mut connection).await.unwrap();
    report.add(Figure::of(
        "takeover_read_ms",
        "ms",
        begun.elapsed().as_secs_f64() * 1e3,
    ));
    report.note(format!("read at a takeover: {agents} agents, {tasks} tasks"));
    let bare_before = bare(world, tasks).await;
    world.settle().await;
    let begun = Instant::now();
    keeper.offer_all(&mut connection, &mut mind).await.unwrap();
    let took = begun.elapsed();
    let offers: i64 = sqlx::query_scalar("select count(*) from offers where ended_at is null")
        .fetch_one(world.db.pool())
        .await
        .unwrap();
    let offers = usize::try_from(offers).unwrap();
    assert!(offers > tasks * 9 / 10, "{offers} of {tasks} were offered");
    world.settle().await;
    let bare_after = bare(world, tasks).await;
    world.settle().await;
    let same = same_rows(world, tasks).await;
    drop((connection, mind));
    take_over(world, report).await;
    let bare = bare_before.max(bare_after);
    report.note(format!(
        "bare inserts before and after: {bare_before:.0}/s and {bare_after:.0}/s, {BATCH} rows a commit, {WIDTH} at once"
    ));
    let rate = real(offers) / took.as_secs_f64();
    let limit = bare.min(20_000.0);
    report.add(
        Figure::of("durable_assignments_per_second", "/s", rate).against("20000, or bare inserts if fewer", limit),
    );
    report.add(Figure::of("bare_inserts_per_second", "/s", bare));
    report.add(
        Figure::of("durable_assignments_of_bare_writes", "/s", rate)
            .against("the same five rows, without guard, constraints and indexes", same),
    );
}

/// Of two who may decide one is cut off; a task that comes just then is offered by the other, who asks for the seat every second
/// and reads everybody first.
async fn take_over(world: &World, report: &mut Report) {
    let mut times = Vec::new();
    let mut keepers = JoinSet::new();
    let deciding = world.keeper();
    deciding.round().await.unwrap();
    for _ in 0..2 {
        let keeper = world.keeper();
        keepers.spawn(async move {
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            loop {
                seconds.tick().await;
                // Whoever is cut off fails, and begins anew.
                let _ = keeper.round().await;
            }
        });
    }
    for _ in 0..5 {
        let cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted";
        sqlx::query(AssertSqlSafe(cut)).execute(world.db.pool()).await.unwrap();
        let begun = Instant::now();
        let task = world.open("en").await;
        while world.is_waiting(task).await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.push(begun.elapsed());
    }
    keepers.abort_all();
    drop(deciding);
    let longest = times.iter().max().unwrap().as_secs_f64() * 1e3;
    report.add(Figure::of("takeover_longest_ms", "ms", longest).against("at most", 3_000.0));
}

/// One row for each assignment, of the size of an offer, with nothing but a primary key.
async fn bare(world: &World, rows: usize) -> f64 {
    world
        .run(
            "drop table if exists bare;
             create table bare (id uuid primary key, task_id uuid, agent_id uuid, offered_at timestamptz,
                 expires_at timestamptz, basis text)",
        )
        .await;
    let statement = "insert into bare select id, id, id, now(), now(), 'shipped/routing-plan@0' from unnest($1::uuid[]) as given (id)";
    many(world, rows, statement).await
}

/// The five rows that an assignment writes, as the same statement would write them if nothing had to be looked at.
async fn same_rows(world: &World, rows: usize) -> f64 {
    world
        .run(&format!(
            "drop table if exists bare, bare_history, bare_outbox, bare_tasks, bare_agents;
             create table bare (id uuid primary key, task_id uuid, agent_id uuid, offered_at timestamptz,
                 expires_at timestamptz, basis text);
             create table bare_history (task_id uuid, sequence bigint, change text, agent_id uuid, at timestamptz, basis text,
                 primary key (task_id, sequence));
             create table bare_outbox (position bigint generated always as identity primary key, subject uuid, kind text, payload bytea);
             create table bare_tasks (id uuid primary key, state text, agent_id uuid, version bigint, filler text);
             create table bare_agents (id uuid primary key, load integer, filler text);
             insert into bare_tasks select gen_random_uuid(), 'queued', null, 1, repeat('x', 100) from generate_series(1, {rows});
             insert into bare_agents select id, 0, repeat('x', 100) from bare_tasks;
             analyze bare_tasks, bare_agents"
        ))
        .await;
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from bare_tasks")
        .fetch_all(world.db.pool())
        .await
        .unwrap();
    let statement = "with task as (
             update bare_tasks set state = 'offered', agent_id = given.id, version = 2 from unnest($1::uuid[]) as given (id)
             where bare_tasks.id = given.id
         ), agent as (
             update bare_agents set load = 6 from unnest($1::uuid[]) as given (id) where bare_agents.id = given.id
         ), offer as (
             insert into bare select id, id, id, now(), now(), 'shipped/routing-plan@0' from unnest($1::uuid[]) as given (id)
         ), entry as (
             insert into bare_history select id, 2, 'offered', id, now(), 'shipped/routing-plan@0' from unnest($1::uuid[]) as given (id)
         )
         insert into bare_outbox (subject, kind, payload)
         select id, 'support.routing.v1.TaskOffered', convert_to(repeat('x', 120), 'UTF8') from unnest($1::uuid[]) as given (id)";
    let took = run_batches(world, ids, statement).await;
    real(rows) / took.as_secs_f64()
}

async fn many(world: &World, rows: usize, statement: &'static str) -> f64 {
    let ids: Vec<Uuid> = (0..rows).map(|_| world.ids.next::<Id>().uuid()).collect();
    let took = run_batches(world, ids, statement).await;
    real(rows) / took.as_secs_f64()
}

async fn run_batches(world: &World, ids: Vec<Uuid>, statement: &'static str) -> Duration {
    let mut hands = JoinSet::new();
    let share = ids.len().div_ceil(WIDTH);
    let begun = Instant::now();
    for share in ids.chunks(share) {
        let mut connection = world.connection().await;
        let share = share.to_vec();
        hands.spawn(async move {
            for batch in share.chunks(BATCH) {
                sqlx::query(AssertSqlSafe(statement))
                    .bind(batch)
                    .execute(&mut connection)
                    .await
                    .unwrap();
            }
        });
    }
    hands.join_all().await;
    begun.elapsed()
}
