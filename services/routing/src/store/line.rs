//! What the matcher looks at: the line of waiting tasks and the agents with room.

use std::collections::HashMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::read;
use crate::domain::{AgentId, Book, Candidate, Country, Plan, Priorities, Refusal, TaskId, Waiting};

/// Tasks of one country and the plan that holds for them.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// The country; none for tasks of which none is known.
    pub country: Option<Country>,
    /// The plan.
    pub plan: Plan,
}

/// The countries of the tasks that wait.
pub async fn countries(connection: &mut PgConnection) -> Result<Vec<Option<Country>>, DbError> {
    sqlx::query_scalar!("select distinct country_code from tasks where state = 'queued' order by country_code")
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(|code| code.map(|code| read(&code, "tasks", "country_code")).transpose())
        .collect()
}

/// The first `limit` of the tasks that wait `now` with the same need, in their order in line, with those who let them go by
/// and until when those are to be left alone. Only tasks for which one of `plans` holds.
pub async fn waiting(
    connection: &mut PgConnection,
    limit: i64,
    plans: &[Ruled],
    now: OffsetDateTime,
) -> Result<Vec<Waiting>, DbError> {
    let stages = Stages::of(plans, now);
    let rows = sqlx::query!(
        r#"select id as "id!: TaskId", version as "version!", language as "language!", product_line,
             weight as "weight!", priority as "priority!", queue_time as "queue_time!", offer_count as "offer_count!",
             plan_number as "plan_number!"
         from (
             select tasks.*, stage.plan_number, row_number() over (
                 -- Which order the needs come in does not matter; that of bytes is quick.
                 partition by stage.number, language collate "C", product_line collate "C", weight
                 order by greatest(priority, least(stage.ageing_limit, priority + waited / stage.ageing_step)) desc,
                     queue_time, id
             ) as place
             from tasks
             join unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::smallint[])
                 with ordinality
                 as stage (country_code, plan_number, queued_after, queued_until, ageing_step, ageing_limit, number)
                 on stage.country_code = coalesce(tasks.country_code, '')
                     and queue_time > stage.queued_after and queue_time <= stage.queued_until
             cross join lateral (
                 -- In floating point, which is exact enough for microseconds in three centuries, and quick.
                 select greatest(0, round(date_part('epoch', $8::timestamptz - queue_time) * 1000000))::bigint as waited
             ) as time
             where state = 'queued'
         ) as line
         where place <= $1"#,
        limit,
        &stages.countries,
        &stages.plans,
        &stages.queued_after,
        &stages.queued_until,
        &stages.ageing_steps,
        &stages.ageing_limits,
        now,
    )
    .fetch_all(&mut *connection)
    .await?;
    let offered_before: Vec<Uuid> = rows
        .iter()
        .filter(|row| row.offer_count > 0)
        .map(|row| row.id.uuid())
        .collect();
    let mut refusals = refusals(connection, &offered_before).await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = || DbError::Corrupt {
                table: "tasks",
                column: "country_code",
            };
            let number = usize::try_from(row.plan_number).map_err(|_| corrupt())?;
            let plan = &plans.get(number).ok_or_else(corrupt)?.plan;
            let language = read(&row.language, "tasks", "language")?;
            let line = row
                .product_line
                .map(|line| read(&line, "tasks", "product_line"))
                .transpose()?;
            let refusals = refusals.remove(&row.id).unwrap_or_default();
            Ok(Waiting {
                task: row.id,
                version: row.version,
                needs: plan.needs(&language, line, row.weight, row.queue_time, now),
                priority: plan.priorities.aged(row.priority, now - row.queue_time),
                queue_time: row.queue_time,
                refusals: refusals
                    .into_iter()
                    .map(|(agent, last)| Refusal {
                        agent,
                        until: last + plan.refusal_delay,
                    })
                    .collect(),
                plan: number,
            })
        })
        .collect()
}

/// Which steps of its plan a task has reached, by when it was queued: a row for each plan and stretch of time, as columns.
#[derive(Default)]
struct Stages {
    countries: Vec<String>,
    plans: Vec<i64>,
    queued_after: Vec<OffsetDateTime>,
    queued_until: Vec<OffsetDateTime>,
    ageing_steps: Vec<i64>,
    ageing_limits: Vec<i16>,
}

/// Earlier than any task was queued.
const EARLIEST: OffsetDateTime = time::macros::datetime!(0001-01-01 00:00 UTC);
/// Later than any task was queued.
const LATEST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);

impl Stages {
    fn of(plans: &[Ruled], now: OffsetDateTime) -> Self {
        let mut stages = Self::default();
        for (number, Ruled { country, plan }) in (0_i64..).zip(plans) {
            // From those just queued back to those that have waited the longest.
            let mut until = LATEST;
            let reached = plan.steps.iter().map(|step| now - step.after);
            for after in reached.chain([EARLIEST]) {
                if after < until {
                    stages.add(*country, number, &plan.priorities, (after, until));
                    until = after;
                }
            }
        }
        stages
    }

    fn add(
        &mut self,
        country: Option<Country>,
        plan: i64,
        priorities: &Priorities,
        (after, until): (OffsetDateTime, OffsetDateTime),
    ) {
        self.countries
            .push(country.map(|country| country.to_string()).unwrap_or_default());
        self.plans.push(plan);
        self.queued_after.push(after);
        self.queued_until.push(until);
        self.ageing_steps.push(microseconds(priorities.ageing_step));
        self.ageing_limits.push(priorities.ageing_limit);
    }
}

/// As the database counts. The plan allows no length that would not fit.
fn microseconds(length: Duration) -> i64 {
    i64::try_from(length.whole_microseconds()).unwrap_or(i64::MAX)
}

/// Who let the tasks go by, and when they last did.
async fn refusals(
    connection: &mut PgConnection,
    tasks: &[Uuid],
) -> Result<HashMap<TaskId, Vec<(AgentId, OffsetDateTime)>>, DbError> {
    let mut refusals: HashMap<TaskId, Vec<_>> = HashMap::new();
    if tasks.is_empty() {
        return Ok(refusals);
    }
    let rows = sqlx::query!(
        r#"select task_id as "task_id: TaskId", agent_id as "agent_id: AgentId", max(ended_at) as "last!" from offers
         where task_id = any($1) and ended_as in ('rejected', 'timed_out') group by task_id, agent_id"#,
        tasks,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        refusals.entry(row.task_id).or_default().push((row.agent_id, row.last));
    }
    Ok(refusals)
}

/// The available agents who have room.
pub async fn candidates(connection: &mut PgConnection) -> Result<Vec<Candidate>, DbError> {
    sqlx::query!(
        r#"select a.id as "id: AgentId", a.capacity, a.load, a.idle_since,
             array(select l.language from agent_languages l where l.agent_id = a.id order by l.language) as "languages!",
             array(select l.level from agent_languages l where l.agent_id = a.id order by l.language) as "language_levels!",
             array(select s.product_line from agent_skills s where s.agent_id = a.id order by s.product_line) as "skills!",
             array(select s.level from agent_skills s where s.agent_id = a.id order by s.product_line) as "skill_levels!"
         from agents a where a.presence = 'available' and a.load < a.capacity"#,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Candidate {
            book: Book {
                agent: row.id,
                capacity: row.capacity,
                load: row.load,
                idle_since: row.idle_since,
            },
            languages: row
                .languages
                .iter()
                .zip(row.language_levels)
                .map(|(language, level)| Ok((read(language, "agent_languages", "language")?, level)))
                .collect::<Result<_, DbError>>()?,
            skills: row
                .skills
                .iter()
                .zip(row.skill_levels)
                .map(|(line, level)| Ok((read(line, "agent_skills", "product_line")?, level)))
                .collect::<Result<_, DbError>>()?,
        })
    })
    .collect()
}
