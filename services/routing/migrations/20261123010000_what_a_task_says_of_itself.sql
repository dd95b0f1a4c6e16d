-- What a task says of itself, by which the routing plan finds what is asked for it.
alter table tasks
    add column severity text not null default 'normal' constraint tasks_severity_known
        check (severity in ('low', 'normal', 'high', 'critical')),
    add column area text constraint tasks_area_known check (area in ('device', 'account_security')),
    add column segment text constraint tasks_segment_known check (segment in ('consumer', 'business', 'education')),
    add column cause text not null default 'opened' constraint tasks_cause_known
        check (cause in ('opened', 'reopened', 'language_changed')),
    -- Empty where it is not known.
    add column model text not null default '',
    -- The best first.
    add column further_languages text[] not null default '{}',
    -- Who helped last with the case, when it was queued.
    add column last_agent_id uuid references agents,
    -- Who looks after the customer. Of the case, and maybe nobody here.
    add column account_manager_id uuid;
