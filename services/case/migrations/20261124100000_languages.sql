-- In which language a case is held and why, which texts of the catalogues its customer was shown, and which steps of its
-- playbook are done.

alter table cases
    -- The language it was opened with; null where the case is older than this: then it is `language`.
    add column stated_language   text,
    -- What else its customer reads, as said when it was opened.
    add column read_languages    text[] not null default '{}',
    -- The language its customer last wrote for certain; null where nothing told.
    add column detected_language text,
    -- How it came by `language`.
    add column language_origin   text   not null default 'stated',
    -- Rises with every step of its playbook that is marked, or marked otherwise.
    add column marks_version     bigint not null default 0,
    add constraint cases_stated_language_check check (length(stated_language) between 2 and 35),
    add constraint cases_read_languages_check check (cardinality(read_languages) <= 20),
    add constraint cases_detected_language_check check (length(detected_language) between 2 and 35),
    add constraint cases_language_origin_check check (language_origin in ('stated', 'detected', 'staff')),
    add constraint cases_marks_version_check check (marks_version >= 0);

alter table timeline_entries
    drop constraint timeline_entries_kind_check,
    add constraint timeline_entries_kind_check check (kind in (
        'case_opened', 'message_posted', 'case_assigned', 'case_resolved', 'case_reopened', 'case_closed',
        'task_queued', 'task_completed', 'task_canceled', 'repair_submitted', 'repair_state_changed',
        'severity_changed', 'language_changed'));

alter table messages
    -- The text of the catalogues that the message is: its key, its locale and the version of that locale's catalogue. Null
    -- where it is none.
    add column text_key     text,
    add column text_locale  text,
    add column text_version bigint,
    add constraint messages_text_is_whole check (num_nulls(text_key, text_locale, text_version) in (0, 3)),
    add constraint messages_text_version_check check (text_version >= 1);

-- What became of the steps of a case's playbook: what is not here is still to be done.
create table playbook_marks (
    case_id      uuid        not null,
    -- `always/<name>` or `<purpose>/<name>`.
    step         text        not null,
    outcome      text        not null,
    channel      text        not null,
    -- The staff's subject.
    actor_id     text        not null,
    mark_time    timestamptz not null,
    -- Which words the customer was told, as in `messages`.
    text_key     text,
    text_locale  text,
    text_version bigint,

    constraint playbook_marks_pkey primary key (case_id, step),
    constraint playbook_marks_case_id_fkey foreign key (case_id) references cases (id),
    constraint playbook_marks_step_check check (step ~ '^[a-z][a-z0-9-]{0,39}/[a-z][a-z0-9-]{0,39}$'),
    constraint playbook_marks_outcome_check check (outcome in ('done', 'skipped')),
    constraint playbook_marks_channel_check check (channel in ('phone', 'email', 'chat', 'store', 'social', 'app')),
    constraint playbook_marks_actor_id_check check (actor_id <> ''),
    constraint playbook_marks_text_is_whole check (num_nulls(text_key, text_locale, text_version) in (0, 3)),
    constraint playbook_marks_text_version_check check (text_version >= 1)
);
