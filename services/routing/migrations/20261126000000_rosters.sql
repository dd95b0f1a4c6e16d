-- When agents are planned to be at work.

-- A week that repeats from a day on, on a clock where the agent is.
create table shift_patterns (
    agent_id uuid not null references agents,
    from_day date not null,
    -- `mon-fri 09:00-13:00 14:00-18:00, sat 10:00-14:00`; empty for never.
    hours text not null constraint shift_patterns_hours_form check (hours = '' or hours ~
        '^[a-z]{3,5}(-[a-z]{3})?( [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})+(, [a-z]{3,5}(-[a-z]{3})?( [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})+)*$'),
    primary key (agent_id, from_day)
);

-- Days that depart from it.
create table shift_exceptions (
    agent_id uuid not null references agents,
    day date not null,
    kind text not null constraint shift_exceptions_kind_known check (kind in ('off', 'extra', 'changed')),
    -- `09:00-13:00 14:00-18:00`.
    hours text not null constraint shift_exceptions_hours_form
        check (hours = '' or hours ~ '^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}( [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})*$'),
    primary key (agent_id, day),
    constraint shift_exceptions_hours_of_who_works check ((kind = 'off') = (hours = ''))
);

-- Of who has gone: the end of the shift in which they went, or after which; null where none was planned. What they hold in writing goes
-- back into line then.
alter table agents
    add column shift_end timestamptz,
    add constraint agents_shift_end_of_who_has_gone check (shift_end is null or presence = 'offline');

-- Who is planned at a site.
create index agents_of_site on agents (site, id) where deactivated_at is null;
