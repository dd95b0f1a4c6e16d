-- Under which service levels a case is, and what they came to for it.

alter table cases
    -- Where it is served, by the code of ISO 3166-1 alpha-2; null where it is not known.
    add column country_code            text,
    -- What it is about, beyond the product; null where nobody said.
    add column area                    text,
    -- When staff answered for the first time, on whatever channel.
    add column first_response_time     timestamptz,
    -- Since when staff's message is the last one; null where it is not the customer's turn to speak.
    add column silent_since            timestamptz,
    -- How long the case stood resolved before it was reopened, all told: the clock stood still. Microseconds.
    add column stood_us                bigint not null default 0,
    -- The versions of the service levels; null, with all that follows, where the case is older than they are.
    add column standard_basis          text,
    add column first_response_due_time timestamptz,
    -- Later with every time it is reopened.
    add column resolve_due_time        timestamptz,
    -- What is promised for later steps, in microseconds.
    add column reopen_within_us        bigint,
    add column no_answer_after_us      bigint,
    -- Whether staff must have said something before it is resolved.
    add column answer_first            boolean,
    add constraint cases_country_code_check check (country_code ~ '^[A-Z]{2}$'),
    add constraint cases_area_check check (area in ('device', 'account_security')),
    add constraint cases_first_response_time_check check (first_response_time >= open_time),
    add constraint cases_silent_since_check check (silent_since >= open_time),
    add constraint cases_stood_us_check check (stood_us >= 0),
    add constraint cases_standard_basis_check check (standard_basis ~ '^[a-z-]+/service-levels@[0-9]'),
    add constraint cases_promise_is_whole check (num_nulls(standard_basis, first_response_due_time, resolve_due_time,
        reopen_within_us, no_answer_after_us, answer_first) in (0, 6)),
    add constraint cases_due_later_check
        check (first_response_due_time > open_time and resolve_due_time > open_time),
    add constraint cases_reopen_within_us_check check (reopen_within_us > 0),
    add constraint cases_no_answer_after_us_check check (no_answer_after_us > 0);

alter table timeline_entries
    drop constraint timeline_entries_kind_check,
    add constraint timeline_entries_kind_check check (kind in (
        'case_opened', 'message_posted', 'case_assigned', 'case_resolved', 'case_reopened', 'case_closed',
        'task_queued', 'task_completed', 'task_canceled', 'repair_submitted', 'repair_state_changed',
        'severity_changed'));
