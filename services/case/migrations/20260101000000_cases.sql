-- Cases, what is said in them, and their histories.

-- Drawn for each case; gaps are fine. Seven digits from the first case on, so that numbers read out on the phone are of
-- one length for the first nine million.
create sequence case_numbers as bigint start with 1000000 no cycle;

create table cases (
    id                uuid        not null,
    -- The number said on the phone is this with a check digit behind it (`C-10000008`); the service reckons it out.
    number            bigint      not null default nextval('case_numbers'),
    -- The customer, an id of identity-verification.
    customer_id       uuid        not null,
    state             text        not null,
    channel           text        not null,
    language          text        not null,
    -- Null where it is not known.
    product_line      text,
    -- A device, an id of warranty; null where none is known.
    device_id         uuid,
    severity          text        not null,
    -- Personal: the customer's words.
    subject           text        not null,
    -- Personal: the customer's words.
    description       text        not null,
    -- The agent who works on it, an id of routing.
    assigned_agent_id uuid,
    resolution        text,
    close_reason      text,
    -- A reference of the system it came from; null where none.
    source_reference  text,
    open_time         timestamptz not null,
    update_time       timestamptz not null,
    -- When it was last resolved; kept when it is opened again.
    resolve_time      timestamptz,
    close_time        timestamptz,
    -- Rises with every change of what stands above; the etag.
    version           bigint      not null,
    -- How many entries the history has. Under this row's lock, the next entry's place is one more.
    timeline_length   bigint      not null,

    constraint cases_pkey primary key (id),
    constraint cases_number_key unique (number),
    constraint cases_number_check check (number > 0),
    constraint cases_state_check check (state in ('open', 'assigned', 'resolved', 'closed')),
    constraint cases_channel_check check (channel in ('phone', 'email', 'chat', 'store', 'social', 'app')),
    constraint cases_language_check check (length(language) between 2 and 35),
    constraint cases_product_line_check
        check (product_line in ('phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory')),
    constraint cases_severity_check check (severity in ('low', 'normal', 'high', 'critical')),
    constraint cases_subject_check check (length(subject) between 1 and 200),
    constraint cases_description_check check (length(description) <= 10000),
    constraint cases_source_reference_check check (length(source_reference) between 1 and 100),
    constraint cases_resolution_check
        check (resolution in ('answered', 'fixed_remotely', 'repaired', 'replaced', 'not_possible')),
    constraint cases_close_reason_check check (close_reason in ('solved', 'withdrawn', 'duplicate', 'no_answer')),
    -- An agent stands on a case exactly while one works on it.
    constraint cases_assigned_check check ((state = 'assigned') = (assigned_agent_id is not null)),
    constraint cases_resolved_check check (case state
        when 'resolved' then resolution is not null and resolve_time is not null
        when 'closed' then resolution is null or resolve_time is not null
        else resolution is null
    end),
    constraint cases_closed_check
        check ((state = 'closed') = (close_reason is not null) and (state = 'closed') = (close_time is not null)),
    -- Solved is what was resolved.
    constraint cases_solved_check check (close_reason is distinct from 'solved' or resolution is not null),
    constraint cases_version_check check (version >= 1),
    constraint cases_timeline_length_check check (timeline_length >= 1),
    constraint cases_times_check
        check (update_time >= open_time and resolve_time >= open_time and close_time >= open_time)
)
-- Rows change a few times each, mostly in columns that no index holds: room on the page keeps those changes in it.
with (fillfactor = 80);

-- Newest first: all, one customer's, and those not over yet.
create index cases_open_time on cases (open_time desc, id desc);
create index cases_customer on cases (customer_id, open_time desc, id desc);
create index cases_live on cases (open_time desc, id desc) where state <> 'closed';
-- By the beginning of the reference. The operator class compares bytes, whatever the database's collation.
create index cases_source_reference on cases (source_reference text_pattern_ops) where source_reference is not null;

-- All that happened to a case in any service, numbered 1, 2, 3 within the case.
create table timeline_entries (
    case_id           uuid        not null,
    sequence          bigint      not null,
    -- The place before; null for the first. The foreign key on it leaves no way to write a history with a gap.
    previous_sequence bigint      generated always as (nullif(sequence - 1, 0)) stored,
    kind              text        not null,
    -- The service that told of it.
    source            text        not null,
    -- The case, message, task or repair it happened to.
    subject_id        uuid        not null,
    -- The name of an enum value of the source; null where the kind says all.
    detail            text,
    -- A customer's, staff's or agent's id; null for the system.
    actor_id          text,
    occur_time        timestamptz not null,

    constraint timeline_entries_pkey primary key (case_id, sequence),
    constraint timeline_entries_case_id_fkey foreign key (case_id) references cases (id),
    constraint timeline_entries_previous_fkey
        foreign key (case_id, previous_sequence) references timeline_entries (case_id, sequence),
    constraint timeline_entries_sequence_check check (sequence >= 1),
    constraint timeline_entries_kind_check check (kind in (
        'case_opened', 'message_posted', 'case_assigned', 'case_resolved', 'case_reopened', 'case_closed',
        'task_queued', 'task_completed', 'task_canceled', 'repair_submitted', 'repair_state_changed')),
    constraint timeline_entries_source_check check (source in ('case', 'routing', 'repair-logistics')),
    constraint timeline_entries_detail_check check (detail ~ '^[A-Z][A-Z0-9_]{0,99}$'),
    constraint timeline_entries_actor_id_check check (actor_id <> '')
);

-- What was said. A message stands at the place of its entry in the history, so that a page never misses one that was
-- written by a slower clock.
create table messages (
    id        uuid        not null,
    case_id   uuid        not null,
    sequence  bigint      not null,
    author    text        not null,
    -- The customer's id or the staff's subject; null for the system.
    author_id text,
    channel   text        not null,
    language  text        not null,
    -- Personal: what was said.
    body      text        not null,
    send_time timestamptz not null,

    constraint messages_pkey primary key (id),
    constraint messages_place_key unique (case_id, sequence),
    constraint messages_entry_fkey
        foreign key (case_id, sequence) references timeline_entries (case_id, sequence),
    constraint messages_author_check check (author in ('customer', 'staff', 'system')),
    constraint messages_author_id_check check ((author = 'system') = (author_id is null) and author_id <> ''),
    constraint messages_channel_check check (channel in ('phone', 'email', 'chat', 'store', 'social', 'app')),
    constraint messages_language_check check (length(language) between 2 and 35),
    constraint messages_body_check check (length(body) between 1 and 20000)
);
