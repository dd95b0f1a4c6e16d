-- What else is known of an agent, what they have been certified for, and that they left.

alter table agents
    -- Personal: the address or the asset key of the picture shown to customers.
    add column picture text not null default '',
    -- Where the agent works, if not in this region.
    add column region text constraint agents_region_form check (region ~ '^[a-z]{2}$'),
    add column team text not null default '',
    -- How often what is known of the agent was changed.
    add column version bigint not null default 1 constraint agents_version_counts check (version >= 1),
    add column deactivated_at timestamptz,
    -- Who left is not at work.
    add constraint agents_gone_are_offline check (deactivated_at is null or presence = 'offline');

comment on column agents.picture is 'personal';

-- What an agent knows beyond product lines.
create table agent_abilities (
    agent_id uuid not null references agents,
    skill text not null constraint agent_abilities_skill_form
        check (skill ~ '^[a-z0-9]+([-_/][a-z0-9]+)*$' and skill not like 'product/%'),
    level smallint not null constraint agent_abilities_level_in_range check (level between 1 and 5),
    primary key (agent_id, skill)
);

create table agent_certifications (
    agent_id uuid not null references agents,
    certification text not null constraint agent_certifications_certification_form
        check (certification ~ '^cert/[a-z0-9]+([-_/][a-z0-9]+)*$'),
    granted_at timestamptz not null,
    -- Null where it does not end.
    expires_at timestamptz,
    -- For the warning that was told last: so many days ahead; null where none was.
    warned_days integer constraint agent_certifications_warned_days_positive check (warned_days > 0),
    -- Whether its end was told.
    is_end_told boolean not null default false,
    primary key (agent_id, certification),
    constraint agent_certifications_expire_later check (expires_at > granted_at)
);

create index agent_certifications_ending on agent_certifications (expires_at, agent_id) where expires_at is not null and not is_end_told;
