//! Every constraint of the schema is provoked once: what the code never does, the database would not let it do.

use sqlx::Executor as _;
use support_chassis::db::DbError;
use support_routing::domain::{
    Area, Cause, Change, Channel, Departure, HandCause, OfferEnd, Presence, ProductLine, Segment, Severity, Share,
    Sharing, TaskState,
};

use crate::world::World;

#[path = "schema/people.rs"]
mod people;

const AGENT: &str = "'01900000-0000-7000-8000-000000000001'";
const TASK: &str = "'01900000-0000-7000-8000-0000000000aa'";

/// An agent with room for 6, and a task that waits, with the entry of its making.
async fn prepare(world: &World) {
    for statement in [
        format!(
            "insert into agents (id, subject, display_name, site, time_zone, capacity, presence_since, idle_since, created_at)
             values ({AGENT}, 'amy', 'Amy', 'Cork', 'Europe/Dublin', 6, now(), now(), now())"
        ),
        format!(
            "insert into tasks (id, version, source_event_id, case_id, state, channel, language, priority, weight, queue_time)
             values ({TASK}, 1, {TASK}, {TASK}, 'queued', 'chat', 'en', 5, 2, now())"
        ),
        format!("insert into task_history (task_id, sequence, change, occurred_at) values ({TASK}, 1, 'queued', now())"),
    ] {
        world.db.pool().execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
}

async fn broken(world: &World, statement: String) -> String {
    let error = world
        .db
        .pool()
        .execute(sqlx::AssertSqlSafe(statement.clone()))
        .await
        .expect_err(&statement);
    DbError::from(error)
        .constraint()
        .map_or_else(|| format!("none by {statement}"), str::to_owned)
}

#[tokio::test]
async fn a_reason_is_whole_and_of_an_offer() {
    let world = World::new().await;
    prepare(&world).await;
    let cases = [
        (
            "task_history_reason_of_offers",
            format!("update task_history set relaxed_steps = 0, candidates = 1, asked_again = false where task_id = {TASK}"),
        ),
        (
            "task_history_reason_whole",
            format!("insert into task_history (task_id, sequence, change, relaxed_steps, occurred_at)
                values ({TASK}, 2, 'offered', 0, now())"),
        ),
        (
            "task_history_relaxed_steps_not_negative",
            format!("insert into task_history (task_id, sequence, change, relaxed_steps, candidates, asked_again, occurred_at)
                values ({TASK}, 2, 'offered', -1, 1, false, now())"),
        ),
        (
            "task_history_candidates_positive",
            format!("insert into task_history (task_id, sequence, change, relaxed_steps, candidates, asked_again, occurred_at)
                values ({TASK}, 2, 'offered', 0, 0, false, now())"),
        ),
        (
            "task_history_shortlist_of_decisions",
            format!("update task_history set shortlist = '\\x01' where task_id = {TASK}"),
        ),
        (
            "task_history_shortlist_small",
            format!("insert into task_history (task_id, sequence, change, relaxed_steps, candidates, asked_again, shortlist, occurred_at)
                values ({TASK}, 2, 'offered', 0, 1, false, '', now())"),
        ),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
}

#[tokio::test]
async fn every_constraint_holds() {
    let world = World::new().await;
    prepare(&world).await;
    let agents = |set: &str| format!("update agents set {set} where id = {AGENT}");
    let tasks = |set: &str| format!("update tasks set {set} where id = {TASK}");
    let offer = |values: &str| {
        format!(
            "insert into offers (id, task_id, agent_id, offered_at, expires_at, ended_at, ended_as) values {values}"
        )
    };
    let entry = |values: &str| {
        format!(
            "insert into task_history (task_id, sequence, change, agent_id, agent_load, agent_capacity, occurred_at)
             values ({TASK}, {values}, now())"
        )
    };
    let cases = [
        ("agents_capacity_in_range", agents("capacity = 0")),
        ("agents_presence_known", agents("presence = 'asleep'")),
        ("agents_never_over_capacity", agents("load = 7")),
        ("agents_never_over_capacity", agents("load = -1")),
        (
            "agents_subject_key",
            format!(
                "insert into agents (id, subject, display_name, site, time_zone, capacity, presence_since, idle_since, created_at)
                 values ({TASK}, 'amy', 'A', 'B', 'C', 1, now(), now(), now())"
            ),
        ),
        ("agent_languages_level_in_range", format!("insert into agent_languages values ({AGENT}, 'en', 6)")),
        ("agent_languages_agent_id_fkey", format!("insert into agent_languages values ({TASK}, 'en', 5)")),
        ("agent_skills_level_in_range", format!("insert into agent_skills values ({AGENT}, 'phone', 0)")),
        ("agent_skills_product_line_known", format!("insert into agent_skills values ({AGENT}, 'boat', 1)")),
        ("agent_skills_agent_id_fkey", format!("insert into agent_skills values ({TASK}, 'phone', 1)")),
        ("agent_sightings_agent_id_fkey", format!("insert into agent_sightings values ({TASK}, now())")),
        ("tasks_state_known", tasks(&format!("state = 'lost', agent_id = {AGENT}"))),
        ("tasks_channel_known", tasks("channel = 'pigeon'")),
        ("tasks_product_line_known", tasks("product_line = 'boat'")),
        ("tasks_priority_in_range", tasks("priority = 10")),
        ("tasks_weight_not_negative", tasks("weight = -1")),
        ("tasks_offer_count_not_negative", tasks("offer_count = -1")),
        ("tasks_held_by_somebody", tasks("state = 'offered'")),
        ("tasks_held_by_somebody", tasks(&format!("agent_id = {AGENT}"))),
        ("tasks_ended_at_their_end", tasks("end_time = now()")),
        ("tasks_ended_at_their_end", tasks("state = 'canceled'")),
        ("tasks_accepted_before_work", tasks(&format!("state = 'accepted', agent_id = {AGENT}"))),
        ("tasks_country_code_form", tasks("country_code = 'de'")),
        ("tasks_standard_basis_form", tasks("standard_basis = 'routing/routing-plan'")),
        ("tasks_agent_id_fkey", tasks(&format!("state = 'offered', agent_id = {TASK}"))),
        (
            "tasks_one_for_each_opening",
            format!(
                "insert into tasks (id, version, source_event_id, case_id, state, channel, language, priority, weight, queue_time)
                 values ({AGENT}, 1, {TASK}, {TASK}, 'queued', 'chat', 'en', 5, 2, now())"
            ),
        ),
        ("offers_expire_later", offer(&format!("({AGENT}, {TASK}, {AGENT}, now(), now(), null, null)"))),
        ("offers_end_known", offer(&format!("({AGENT}, {TASK}, {AGENT}, now(), 'infinity', now(), 'eaten')"))),
        ("offers_end_has_a_kind", offer(&format!("({AGENT}, {TASK}, {AGENT}, now(), 'infinity', now(), null)"))),
        (
            "offers_one_active_for_a_task",
            offer(&format!(
                "({AGENT}, {TASK}, {AGENT}, now(), 'infinity', null, null), ({TASK}, {TASK}, {AGENT}, now(), 'infinity', null, null)"
            )),
        ),
        (
            "offers_standard_basis_form",
            format!("insert into offers (id, task_id, agent_id, offered_at, expires_at, standard_basis)
                values ({AGENT}, {TASK}, {AGENT}, now(), 'infinity', '')"),
        ),
        (
            "task_history_standard_basis_form",
            format!("update task_history set standard_basis = 'x' where task_id = {TASK}"),
        ),
        (
            "task_history_standard_basis_where_decided",
            format!("insert into task_history (task_id, sequence, change, occurred_at, standard_basis)
                values ({TASK}, 2, 'canceled', now(), 'routing/routing-plan@1')"),
        ),
        ("tasks_queue_is_a_name", format!("update tasks set queue = 'Two words' where id = {TASK}")),
        ("task_history_counts_from_one", entry("0, 'offered', null, null, null")),
        ("task_history_without_gaps", entry("3, 'offered', null, null, null")),
        ("task_history_change_known", entry("2, 'lost', null, null, null")),
        ("task_history_begins_with_queued", entry("2, 'queued', null, null, null")),
        ("task_history_never_over_capacity", entry(&format!("2, 'offered', {AGENT}, 7, 6"))),
        ("task_history_load_with_agent", entry(&format!("2, 'offered', {AGENT}, null, null"))),
        ("task_history_pkey", entry("1, 'queued', null, null, null")),
        ("task_history_first_of_fkey", entry("1, 'queued', null, null, null").replace(TASK, AGENT)),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
    world
        .db
        .pool()
        .execute(sqlx::AssertSqlSafe(entry("2, 'canceled', null, null, null")))
        .await
        .unwrap();
    assert_eq!(
        broken(&world, entry("3, 'completed', null, null, null")).await,
        "task_history_ends_once"
    );
}

/// Whatever the code does: contacts by two channels that the agent does not hold side by side are never held so.
#[tokio::test]
async fn what_does_not_mix_is_not_held_together() {
    let world = World::new().await;
    prepare(&world).await;
    for (constraint, set) in [
        ("agents_shares_of_six_channels", "shares = 0"),
        ("agents_apart_of_fifteen_pairs", "apart = 32768"),
        ("agents_held_of_six_channels", "held = -1"),
    ] {
        let statement = format!("update agents set {set} where id = {AGENT}");
        assert_eq!(broken(&world, statement).await, constraint);
    }
    let nothing = format!("update tasks set state = 'offered', agent_id = {AGENT}, weight = 0 where id = {TASK}");
    assert_eq!(broken(&world, nothing).await, "tasks_weight_of_who_has_it");
    for (first, one) in Channel::ALL.iter().enumerate() {
        for (second, other) in Channel::ALL.iter().enumerate().skip(first + 1) {
            for together in [&[][..], &[(*one, *other)]] {
                let sharing = Sharing::new(&[(*one, Share::Units(1)), (*other, Share::Units(1))], together);
                let held = 1_i64 << (8 * first) | 1_i64 << (8 * second);
                let statement = format!(
                    "update agents set held = {held}, shares = {}, apart = {} where id = {AGENT}",
                    sharing.packed_shares(),
                    sharing.packed_apart()
                );
                if sharing.mix(*one, *other) {
                    world.db.pool().execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
                } else {
                    assert_eq!(
                        broken(&world, statement).await,
                        "agents_hold_what_goes_together",
                        "{one} and {other}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_done_by_hand_is_of_a_task_and_an_agent() {
    let world = World::new().await;
    prepare(&world).await;
    let cases = [
        (
            "task_hands_cause_known",
            format!("insert into task_hands (task_id, sequence, actor, cause) values ({TASK}, 1, 'lead', 'mood')"),
        ),
        (
            "task_hands_of_an_entry",
            format!("insert into task_hands (task_id, sequence, actor) values ({TASK}, 2, 'lead')"),
        ),
        (
            "agent_presences_known",
            format!("insert into agent_presences values ({AGENT}, now(), 'asleep')"),
        ),
        (
            "agent_presences_agent_id_fkey",
            format!("insert into agent_presences values ({TASK}, now(), 'offline')"),
        ),
        (
            "callbacks_attempts_not_negative",
            format!("insert into callbacks values ({TASK}, null, null, -1, now())"),
        ),
        (
            "callbacks_latest_after_earliest",
            format!("insert into callbacks values ({TASK}, now(), now(), 0, now())"),
        ),
        (
            "callbacks_task_id_fkey",
            format!("insert into callbacks values ({AGENT}, null, null, 0, now())"),
        ),
        (
            "case_customers_pkey",
            format!("insert into case_customers values ({TASK}, {TASK}), ({TASK}, {AGENT})"),
        ),
        (
            "task_participants_weight_positive",
            format!("insert into task_participants values ({TASK}, {AGENT}, 0, now())"),
        ),
        (
            "task_participants_agent_id_fkey",
            format!("insert into task_participants values ({TASK}, {TASK}, 1, now())"),
        ),
        (
            "task_participants_task_id_fkey",
            format!("insert into task_participants values ({AGENT}, {AGENT}, 1, now())"),
        ),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
}

#[tokio::test]
async fn what_a_task_says_of_itself_has_its_form() {
    let world = World::new().await;
    prepare(&world).await;
    let tasks = |set: &str| format!("update tasks set {set} where id = {TASK}");
    let cases = [
        ("tasks_severity_known", tasks("severity = 'dire'")),
        ("tasks_area_known", tasks("area = 'weather'")),
        ("tasks_segment_known", tasks("segment = 'rich'")),
        ("tasks_cause_known", tasks("cause = 'whim'")),
        ("tasks_last_agent_id_fkey", tasks(&format!("last_agent_id = {TASK}"))),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
}

#[tokio::test]
async fn one_plan_at_a_time_is_tried() {
    let world = World::new().await;
    let shadow = |is_the_one: bool, from: &str, to: &str| {
        let values = format!("{is_the_one}, '{{}}', {from}, {to}, {TASK}");
        format!("insert into shadow (is_the_one, content, started_at, ends_at, seen) values ({values})")
    };
    let cases = [
        ("shadow_is_the_one", shadow(false, "now()", "now()")),
        (
            "shadow_ends_later",
            shadow(true, "now()", "now() - interval '1 second'"),
        ),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
}

/// A constraint that is added is provoked here, too.
#[tokio::test]
async fn no_constraint_is_left_out() {
    let world = World::new().await;
    let constraints = sqlx::query!(
        r#"select conname::text as "name!", conrelid::regclass::text as "table_name!" from pg_constraint
         where contype in ('c', 'f', 'u', 'x') and connamespace = 'public'::regnamespace order by 1"#
    );
    let constraints = constraints.fetch_all(world.db.pool()).await.unwrap();
    let is_ours = |table: &str| {
        let made = format!("create table {table} (");
        support_routing::MIGRATOR
            .iter()
            .any(|migration| migration.sql.as_str().contains(&made))
    };
    let provoked = [include_str!("schema.rs"), include_str!("schema/people.rs")];
    let (mut all, mut left_out) = (0, Vec::new());
    for constraint in constraints.iter().filter(|constraint| is_ours(&constraint.table_name)) {
        all += 1;
        let named = format!("\"{}\"", constraint.name);
        if !provoked.iter().any(|file| file.contains(&named)) {
            left_out.push(&constraint.name);
        }
    }
    assert!(all > 60, "only {all} were found");
    assert!(left_out.is_empty(), "{left_out:?}");
}

fn sorted<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<String> {
    let mut words: Vec<_> = all.iter().map(|value| word(*value).to_owned()).collect();
    words.sort();
    words
}

/// The words of the schema and those of the domain are the same.
#[tokio::test]
async fn the_schema_knows_every_word() {
    let world = World::new().await;
    let checks = sqlx::query!(
        r#"select conname::text as "name!", pg_get_constraintdef(oid) as "definition!" from pg_constraint where contype = 'c'"#
    )
    .fetch_all(world.db.pool())
    .await
    .unwrap();
    let words = |constraint: &str| {
        let check = checks.iter().find(|check| check.name == constraint).unwrap();
        let mut words: Vec<_> = check
            .definition
            .split('\'')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        words.sort();
        words
    };
    assert_eq!(words("agents_presence_known"), sorted(Presence::ALL, Presence::as_str));
    assert_eq!(words("agent_presences_known"), sorted(Presence::ALL, Presence::as_str));
    assert_eq!(
        words("agent_skills_product_line_known"),
        sorted(ProductLine::ALL, ProductLine::as_str)
    );
    assert_eq!(
        words("tasks_product_line_known"),
        sorted(ProductLine::ALL, ProductLine::as_str)
    );
    assert_eq!(words("tasks_channel_known"), sorted(Channel::ALL, Channel::as_str));
    assert_eq!(words("tasks_severity_known"), sorted(Severity::ALL, Severity::as_str));
    assert_eq!(words("tasks_area_known"), sorted(Area::ALL, Area::as_str));
    assert_eq!(words("tasks_segment_known"), sorted(Segment::ALL, Segment::as_str));
    assert_eq!(words("tasks_cause_known"), sorted(Cause::ALL, Cause::as_str));
    assert_eq!(words("tasks_state_known"), sorted(TaskState::ALL, TaskState::as_str));
    assert_eq!(words("offers_end_known"), sorted(OfferEnd::ALL, OfferEnd::as_str));
    assert_eq!(
        words("shift_exceptions_kind_known"),
        sorted(Departure::ALL, Departure::as_str)
    );
    assert_eq!(words("task_history_change_known"), sorted(Change::ALL, Change::as_str));
    assert_eq!(
        words("task_hands_cause_known"),
        sorted(HandCause::ALL, HandCause::as_str)
    );
}
