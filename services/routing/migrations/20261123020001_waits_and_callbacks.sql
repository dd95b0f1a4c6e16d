-- Whose a case is, so that its customer may ask how long they still wait; and who is called back instead of waiting.

create table case_customers (
    -- Of the case service.
    case_id uuid primary key,
    -- Of the identity service.
    customer_id uuid not null
);

alter table tasks
    -- As long as this is there, the task does not stand in line while it waits: a callback was asked for then, or is tried again
    -- then, when it is taken away.
    add column hold_until timestamptz;

create index tasks_held_back on tasks (hold_until) where hold_until is not null and state = 'queued';

-- The customer of a task is to be called, instead of the line being held. Where, is not here.
create table callbacks (
    task_id uuid primary key references tasks,
    earliest timestamptz,
    latest timestamptz,
    -- How often they were called and not reached.
    attempts integer not null default 0 constraint callbacks_attempts_not_negative check (attempts >= 0),
    requested_at timestamptz not null,
    constraint callbacks_latest_after_earliest check (latest > earliest)
);

alter table task_history
    drop constraint task_history_change_known,
    add constraint task_history_change_known check (
        change in (
            'queued', 'offered', 'accepted', 'rejected', 'timed_out', 'withdrawn', 'completed', 'canceled',
            'assigned', 'taken_over', 'pulled_back', 'contact_ended', 'transferred', 'joined', 'left', 'handed_over', 'lapsed',
            'callback_requested', 'callback_due', 'not_reached', 'given_up'
        )
    );

drop index task_history_ends_once;
create unique index task_history_ends_once on task_history (task_id) where change in ('completed', 'canceled', 'given_up');
