-- Agents, tasks, offers and what happened to each task.
--
-- Locks are taken in one order: an agent's row, then the rows of the tasks it holds or is to hold. Whoever takes more
-- than one agent (the matcher, the timers) takes only rows that nobody else holds (skip locked) and so never waits with
-- something in hand.

create table agents (
    id uuid primary key,
    -- The subject of the staff tokens that the agent calls with.
    subject text not null constraint agents_subject_key unique,
    -- Personal: the name shown to customers.
    display_name text not null,
    site text not null,
    -- An IANA name.
    time_zone text not null,
    capacity integer not null constraint agents_capacity_in_range check (capacity between 1 and 100),
    -- The weight of the tasks that the agent holds, offers included. Changes in the transaction that changes the task.
    load integer not null default 0,
    presence text not null default 'offline' constraint agents_presence_known
        check (presence in ('available', 'break', 'after_contact_work', 'offline')),
    presence_since timestamptz not null,
    -- When the load last fell to nothing or the agent became available, whichever came later.
    idle_since timestamptz not null,
    created_at timestamptz not null,
    constraint agents_never_over_capacity check (load between 0 and capacity)
);

comment on column agents.display_name is 'personal';

-- The matcher asks for these alone.
create index agents_with_room on agents (idle_since, id) where presence = 'available' and load < capacity;

create table agent_languages (
    agent_id uuid not null references agents,
    -- A BCP 47 tag in its usual casing.
    language text not null,
    level smallint not null constraint agent_languages_level_in_range check (level between 1 and 5),
    primary key (agent_id, language)
);

create table agent_skills (
    agent_id uuid not null references agents,
    product_line text not null constraint agent_skills_product_line_known
        check (product_line in ('phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory')),
    level smallint not null constraint agent_skills_level_in_range check (level between 1 and 5),
    primary key (agent_id, product_line)
);

-- When an agent was last seen: a heartbeat, or an open stream of offers. Apart from `agents`, so that being seen waits
-- for no change of the agent's work, nor the other way about.
create table agent_sightings (
    agent_id uuid primary key references agents,
    seen_at timestamptz not null
) with (fillfactor = 70);

create table tasks (
    id uuid primary key,
    -- How many things have happened to it: the sequence of its last entry in task_history.
    version bigint not null,
    -- The event that asked for it, so that one opening of a case makes one task.
    source_event_id uuid not null constraint tasks_one_for_each_opening unique,
    -- Of the case service.
    case_id uuid not null,
    state text not null constraint tasks_state_known
        check (state in ('queued', 'offered', 'accepted', 'wrapping', 'completed', 'canceled')),
    channel text not null constraint tasks_channel_known
        check (channel in ('phone', 'email', 'chat', 'store', 'social', 'app')),
    language text not null,
    -- Null where no skill is needed.
    product_line text constraint tasks_product_line_known
        check (product_line in ('phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory')),
    priority smallint not null constraint tasks_priority_in_range check (priority between 0 and 9),
    weight integer not null constraint tasks_weight_positive check (weight > 0),
    -- Who has it, has it offered, or had it when it ended.
    agent_id uuid references agents,
    offer_count integer not null default 0 constraint tasks_offer_count_not_negative check (offer_count >= 0),
    -- Where its place in line counts from.
    queue_time timestamptz not null,
    accept_time timestamptz,
    end_time timestamptz,
    constraint tasks_held_by_somebody check (
        case state
            when 'queued' then agent_id is null
            when 'canceled' then true
            else agent_id is not null
        end
    ),
    constraint tasks_ended_at_their_end check ((state in ('completed', 'canceled')) = (end_time is not null)),
    constraint tasks_accepted_before_work check (accept_time is not null or state not in ('accepted', 'wrapping', 'completed'))
);

-- The line, need by need.
create index tasks_waiting on tasks (language, product_line, weight, priority desc, queue_time, id) where state = 'queued';
create index tasks_of_case on tasks (case_id);
create index tasks_of_agent on tasks (agent_id, id) where agent_id is not null;
create index tasks_by_state on tasks (state, id);

create table offers (
    id uuid primary key,
    task_id uuid not null references tasks,
    agent_id uuid not null references agents,
    offered_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    ended_as text constraint offers_end_known
        check (ended_as in ('accepted', 'rejected', 'timed_out', 'withdrawn', 'canceled')),
    constraint offers_expire_later check (expires_at > offered_at),
    constraint offers_end_has_a_kind check ((ended_at is null) = (ended_as is null))
);

create unique index offers_one_active_for_a_task on offers (task_id) where ended_at is null;
create index offers_active_of_agent on offers (agent_id) where ended_at is null;
create index offers_due on offers (expires_at) where ended_at is null;
-- Who let a task go by.
create index offers_let_go_by on offers (task_id, agent_id) where ended_as in ('rejected', 'timed_out');

-- What happened to each task: 1, 2, 3 and so on. Rows are never changed. An entry refers to the one before it, so there
-- can be no gap.
create table task_history (
    task_id uuid not null references tasks,
    sequence bigint not null constraint task_history_counts_from_one check (sequence >= 1),
    previous bigint generated always as (nullif(sequence - 1, 0)) stored,
    change text not null constraint task_history_change_known check (
        change in ('queued', 'offered', 'accepted', 'rejected', 'timed_out', 'withdrawn', 'completed', 'canceled')
    ),
    -- The agent concerned, and their load and capacity just after it.
    agent_id uuid references agents,
    agent_load integer,
    agent_capacity integer,
    occurred_at timestamptz not null,
    primary key (task_id, sequence),
    constraint task_history_without_gaps foreign key (task_id, previous) references task_history (task_id, sequence),
    constraint task_history_begins_with_queued check ((change = 'queued') = (sequence = 1)),
    constraint task_history_never_over_capacity check (agent_load between 0 and agent_capacity),
    constraint task_history_load_with_agent check ((agent_id is null) = (agent_load is null) and (agent_id is null) = (agent_capacity is null))
);

create unique index task_history_ends_once on task_history (task_id) where change in ('completed', 'canceled');
