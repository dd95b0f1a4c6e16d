//! What the tables themselves hold, whoever writes: every constraint, provoked.

use std::collections::BTreeSet;

use support_chassis::db::{DatabaseSettings, Db, DbError};

use crate::world::database;

/// An assigned case and a message in it, and an open case.
const ROWS: &str = "
    insert into cases (id, number, customer_id, state, channel, language, severity, subject, description,
        assigned_agent_id, open_time, update_time, version, timeline_length)
    values ('00000000-0000-7000-8000-000000000001', 1, gen_random_uuid(), 'assigned', 'chat', 'de', 'normal', 'x', '',
            gen_random_uuid(), '2026-01-01', '2026-01-01', 1, 2),
        ('00000000-0000-7000-8000-000000000002', 2, gen_random_uuid(), 'open', 'chat', 'de', 'normal', 'x', '',
            null, '2026-01-01', '2026-01-01', 1, 1);
    update cases set standard_basis = 'case/service-levels@1', first_response_due_time = '2026-01-02',
        resolve_due_time = '2026-01-03', reopen_within_us = 1, no_answer_after_us = 1, answer_first = false
    where number = 2;
    insert into timeline_entries (case_id, sequence, kind, source, subject_id, occur_time)
    values ('00000000-0000-7000-8000-000000000001', 1, 'case_opened', 'case', gen_random_uuid(), now()),
        ('00000000-0000-7000-8000-000000000001', 2, 'message_posted', 'case', gen_random_uuid(), now());
    insert into messages (id, case_id, sequence, author, author_id, channel, language, body, send_time)
    values ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001', 2, 'staff', 's', 'chat', 'de',
        'x', now());
    insert into playbook_marks (case_id, step, outcome, channel, actor_id, mark_time)
    values ('00000000-0000-7000-8000-000000000001', 'always/greet', 'done', 'chat', 's', now())";

/// What breaks which constraint.
const BROKEN: &[(&str, &str)] = &[
    (
        "cases_pkey",
        "insert into cases (id, number, customer_id, state, channel, language, severity, subject, description, open_time,
             update_time, version, timeline_length)
         select id, 3, customer_id, 'open', channel, language, severity, subject, description, open_time, update_time, 1, 1
         from cases where number = 1",
    ),
    ("cases_number_key", "update cases set number = 1 where number = 2"),
    ("cases_number_check", "update cases set number = 0 where number = 1"),
    ("cases_state_check", "update cases set state = 'lost' where number = 2"),
    ("cases_channel_check", "update cases set channel = 'fax'"),
    ("cases_language_check", "update cases set language = 'x'"),
    ("cases_product_line_check", "update cases set product_line = 'car'"),
    ("cases_severity_check", "update cases set severity = 'none'"),
    ("cases_model_check", "update cases set model = repeat('x', 61)"),
    ("cases_segment_check", "update cases set segment = 'nobility'"),
    ("cases_subject_check", "update cases set subject = ''"),
    ("cases_description_check", "update cases set description = repeat('x', 10001)"),
    ("cases_sealed_subject_check", "update cases set sealed_subject = 'x', sealed_description = '', subject = default"),
    (
        "cases_sealed_description_check",
        "update cases set sealed_subject = '', sealed_description = 'x', subject = default",
    ),
    ("cases_sealed_whole_check", "update cases set sealed_subject = '', subject = default"),
    ("cases_sealed_or_clear_check", "update cases set sealed_subject = '', sealed_description = ''"),
    ("cases_source_reference_check", "update cases set source_reference = ''"),
    ("cases_resolution_check", "update cases set state = 'resolved', resolution = 'x', resolve_time = now() where number = 2"),
    (
        "cases_close_reason_check",
        "update cases set state = 'closed', close_reason = 'x', close_time = now() where number = 2",
    ),
    ("cases_assigned_check", "update cases set assigned_agent_id = gen_random_uuid() where number = 2"),
    ("cases_assigned_check", "update cases set assigned_agent_id = null where number = 1"),
    ("cases_resolved_check", "update cases set state = 'resolved' where number = 2"),
    ("cases_resolved_check", "update cases set resolution = 'answered' where number = 2"),
    ("cases_closed_check", "update cases set state = 'closed' where number = 2"),
    ("cases_closed_check", "update cases set close_time = now() where number = 2"),
    (
        "cases_solved_check",
        "update cases set state = 'closed', close_reason = 'solved', close_time = now() where number = 2",
    ),
    ("cases_version_check", "update cases set version = 0"),
    ("cases_timeline_length_check", "update cases set timeline_length = 0"),
    ("cases_times_check", "update cases set update_time = '2025-12-31'"),
    ("cases_country_code_check", "update cases set country_code = 'de'"),
    ("cases_area_check", "update cases set area = 'weather'"),
    ("cases_first_response_time_check", "update cases set first_response_time = '2025-12-31'"),
    ("cases_silent_since_check", "update cases set silent_since = '2025-12-31'"),
    ("cases_stood_us_check", "update cases set stood_us = -1"),
    ("cases_standard_basis_check", "update cases set standard_basis = 'case/answers@1' where number = 2"),
    ("cases_promise_is_whole", "update cases set standard_basis = null where number = 2"),
    ("cases_promise_is_whole", "update cases set answer_first = true where number = 1"),
    ("cases_calendar_basis_check", "update cases set calendar_basis = 'localisation/hours@1' where number = 2"),
    (
        "cases_calendar_of_a_promise",
        "update cases set calendar_basis = 'localisation/region-profiles@1' where number = 1",
    ),
    ("cases_due_later_check", "update cases set first_response_due_time = open_time"),
    ("cases_due_later_check", "update cases set resolve_due_time = open_time"),
    ("cases_reopen_within_us_check", "update cases set reopen_within_us = 0 where number = 2"),
    ("cases_no_answer_after_us_check", "update cases set no_answer_after_us = 0 where number = 2"),
    ("cases_stated_language_check", "update cases set stated_language = 'x'"),
    (
        "cases_read_languages_check",
        "update cases set read_languages = array_fill('de'::text, array[21])",
    ),
    ("cases_detected_language_check", "update cases set detected_language = 'x'"),
    ("cases_language_origin_check", "update cases set language_origin = 'guessed'"),
    ("cases_marks_version_check", "update cases set marks_version = -1"),
    ("timeline_entries_pkey", "update timeline_entries set sequence = 1 where sequence = 2"),
    (
        "timeline_entries_case_id_fkey",
        "insert into timeline_entries (case_id, sequence, kind, source, subject_id, occur_time)
         values (gen_random_uuid(), 1, 'case_opened', 'case', gen_random_uuid(), now())",
    ),
    // A gap.
    (
        "timeline_entries_previous_fkey",
        "insert into timeline_entries (case_id, sequence, kind, source, subject_id, occur_time)
         values ('00000000-0000-7000-8000-000000000001', 4, 'case_closed', 'case', gen_random_uuid(), now())",
    ),
    // A gap made afterwards.
    ("timeline_entries_previous_fkey", "delete from timeline_entries where sequence = 1"),
    (
        "timeline_entries_sequence_check",
        "insert into timeline_entries (case_id, sequence, kind, source, subject_id, occur_time)
         values ('00000000-0000-7000-8000-000000000001', 0, 'case_closed', 'case', gen_random_uuid(), now())",
    ),
    ("timeline_entries_kind_check", "update timeline_entries set kind = 'x'"),
    ("timeline_entries_source_check", "update timeline_entries set source = 'x'"),
    ("timeline_entries_detail_check", "update timeline_entries set detail = 'Mrs Miller called'"),
    ("timeline_entries_actor_id_check", "update timeline_entries set actor_id = ''"),
    (
        "messages_pkey",
        "insert into timeline_entries (case_id, sequence, kind, source, subject_id, occur_time)
         values ('00000000-0000-7000-8000-000000000001', 3, 'message_posted', 'case', gen_random_uuid(), now());
         insert into messages select id, case_id, 3, author, author_id, channel, language, body, send_time from messages",
    ),
    (
        "messages_place_key",
        "insert into messages select gen_random_uuid(), case_id, sequence, author, author_id, channel, language, body,
             send_time from messages",
    ),
    ("messages_entry_fkey", "update messages set sequence = 9"),
    ("messages_author_check", "update messages set author = 'x'"),
    ("messages_author_id_check", "update messages set author_id = null"),
    ("messages_author_id_check", "update messages set author_id = ''"),
    ("messages_author_id_check", "update messages set author = 'system'"),
    ("messages_channel_check", "update messages set channel = 'fax'"),
    ("messages_language_check", "update messages set language = 'x'"),
    ("messages_body_check", "update messages set body = ''"),
    ("messages_sealed_body_check", "update messages set sealed_body = 'x', body = default"),
    ("messages_sealed_or_clear_check", "update messages set sealed_body = ''"),
    ("messages_text_is_whole", "update messages set text_key = 'case.closed'"),
    (
        "messages_text_version_check",
        "update messages set text_key = 'case.closed', text_locale = 'de', text_version = 0",
    ),
    ("playbook_marks_pkey", "insert into playbook_marks select * from playbook_marks"),
    ("playbook_marks_case_id_fkey", "update playbook_marks set case_id = gen_random_uuid()"),
    ("playbook_marks_step_check", "update playbook_marks set step = 'Greet'"),
    ("playbook_marks_outcome_check", "update playbook_marks set outcome = 'x'"),
    ("playbook_marks_channel_check", "update playbook_marks set channel = 'fax'"),
    ("playbook_marks_actor_id_check", "update playbook_marks set actor_id = ''"),
    ("playbook_marks_text_is_whole", "update playbook_marks set text_key = 'case.closed'"),
    (
        "playbook_marks_text_version_check",
        "update playbook_marks set text_key = 'case.closed', text_locale = 'de', text_version = 0",
    ),
];

#[tokio::test]
async fn every_constraint_holds() {
    let database = database().await;
    let db = Db::connect(&DatabaseSettings::small(database.url())).await.unwrap();
    sqlx::raw_sql(ROWS).execute(db.pool()).await.unwrap();
    for (constraint, statement) in BROKEN {
        let mut tx = db.begin().await.unwrap();
        let error = sqlx::raw_sql(*statement).execute(tx.conn()).await.expect_err(statement);
        assert_eq!(DbError::from(error).constraint(), Some(*constraint), "by {statement}");
    }
    let there: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
         where conrelid in ('cases'::regclass, 'timeline_entries'::regclass, 'messages'::regclass,
             'playbook_marks'::regclass)",
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    let broken: BTreeSet<_> = BROKEN.iter().map(|(constraint, _)| (*constraint).to_owned()).collect();
    assert_eq!(
        there.into_iter().collect::<BTreeSet<_>>(),
        broken,
        "each constraint is provoked"
    );
}
