//! Who agents are, what they learn, and when they are planned to be at work.

use sqlx::Executor as _;

use super::{AGENT, TASK, broken, prepare};
use crate::world::World;

#[tokio::test]
async fn what_is_known_of_agents_has_its_form() {
    let world = World::new().await;
    prepare(&world).await;
    let agents = |set: &str| format!("update agents set {set} where id = {AGENT}");
    let into = |table: &str, values: &str| format!("insert into {table} values ({values})");
    let course = |values: &str| into("courses", values);
    let certified = |values: &str| {
        format!(
            "insert into agent_certifications (agent_id, certification, granted_at, expires_at, warned_days) values ({AGENT}, {values})"
        )
    };
    world
        .db
        .pool()
        .execute(sqlx::AssertSqlSafe(course("'battery', 'Battery', 'cert/battery', 365")))
        .await
        .unwrap();
    let cases = [
        ("agents_region_form", agents("region = 'EU'")),
        ("agents_version_counts", agents("version = 0")),
        (
            "agents_gone_are_offline",
            agents("presence = 'break', deactivated_at = now()"),
        ),
        (
            "agent_abilities_skill_form",
            into("agent_abilities", &format!("{AGENT}, 'product/phone', 3")),
        ),
        (
            "agent_abilities_skill_form",
            into("agent_abilities", &format!("{AGENT}, 'Area', 3")),
        ),
        (
            "agent_abilities_level_in_range",
            into("agent_abilities", &format!("{AGENT}, 'area/safety', 6")),
        ),
        (
            "agent_abilities_agent_id_fkey",
            into("agent_abilities", &format!("{TASK}, 'area/safety', 3")),
        ),
        (
            "agent_certifications_certification_form",
            certified("'battery', now(), null, null"),
        ),
        (
            "agent_certifications_warned_days_positive",
            certified("'cert/battery', now(), null, 0"),
        ),
        (
            "agent_certifications_expire_later",
            certified("'cert/battery', now(), now(), null"),
        ),
        (
            "agent_certifications_agent_id_fkey",
            certified("'cert/battery', now(), null, null").replace(AGENT, TASK),
        ),
        ("courses_name_form", course("'Battery', 'Battery', 'cert/battery', 0")),
        ("courses_certification_form", course("'tools', 'Tools', 'tools', 0")),
        (
            "courses_valid_days_in_range",
            course("'tools', 'Tools', 'cert/tools', -1"),
        ),
        ("courses_pkey", course("'battery', 'Battery', 'cert/battery', 0")),
        (
            "enrolments_agent_id_fkey",
            into("enrolments", &format!("{TASK}, 'battery', now()")),
        ),
        (
            "enrolments_course_fkey",
            into("enrolments", &format!("{AGENT}, 'tools', now()")),
        ),
        (
            "attempts_of_who_takes_part",
            into("attempts", &format!("{AGENT}, 'battery', now(), true")),
        ),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
}

#[tokio::test]
async fn what_is_planned_has_its_form() {
    let world = World::new().await;
    prepare(&world).await;
    let agents = |set: &str| format!("update agents set {set} where id = {AGENT}");
    let into = |table: &str, values: &str| format!("insert into {table} values ({values})");
    let cases = [
        (
            "agents_shift_end_of_who_has_gone",
            agents("presence = 'break', shift_end = now()"),
        ),
        (
            "shift_patterns_agent_id_fkey",
            into("shift_patterns", &format!("{TASK}, '2026-03-02', ''")),
        ),
        (
            "shift_patterns_hours_form",
            into("shift_patterns", &format!("{AGENT}, '2026-03-02', '09:00-17:00'")),
        ),
        (
            "shift_exceptions_agent_id_fkey",
            into("shift_exceptions", &format!("{TASK}, '2026-03-02', 'off', ''")),
        ),
        (
            "shift_exceptions_kind_known",
            into(
                "shift_exceptions",
                &format!("{AGENT}, '2026-03-02', 'ill', '09:00-17:00'"),
            ),
        ),
        (
            "shift_exceptions_hours_form",
            into(
                "shift_exceptions",
                &format!("{AGENT}, '2026-03-02', 'extra', 'mon 09:00-17:00'"),
            ),
        ),
        (
            "shift_exceptions_hours_of_who_works",
            into(
                "shift_exceptions",
                &format!("{AGENT}, '2026-03-02', 'off', '09:00-17:00'"),
            ),
        ),
        (
            "shift_exceptions_hours_of_who_works",
            into("shift_exceptions", &format!("{AGENT}, '2026-03-02', 'changed', ''")),
        ),
    ];
    for (constraint, statement) in cases {
        assert_eq!(broken(&world, statement).await, constraint);
    }
    // What the calls let in is let in here: all spellings of hours.
    for hours in [
        "",
        "daily 00:00-24:00",
        "mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00",
        "sun-thu 09:00-17:00, fri 09:00-12:00",
    ] {
        let statement =
            format!("insert into shift_patterns values ({AGENT}, '2026-03-02', '{hours}') on conflict do nothing");
        world.db.pool().execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
}
