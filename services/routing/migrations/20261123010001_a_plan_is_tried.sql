-- The plan that is, or was last, tried on live traffic: one at a time.
create table shadow (
    is_the_one boolean primary key default true constraint shadow_is_the_one check (is_the_one),
    -- A routing plan as JSON.
    content text not null,
    started_at timestamptz not null,
    ends_at timestamptz not null,
    -- The last task that was looked at.
    seen uuid not null,
    constraint shadow_ends_later check (ends_at >= started_at)
);

-- What it has found, by the rules that apply under the plan that holds and under the one that is tried.
create table shadow_findings (
    rules_live text not null,
    rules_tried text not null,
    tasks bigint not null,
    moved bigint not null,
    raised bigint not null,
    lowered bigint not null,
    fewer bigint not null,
    more bigint not null,
    nobody bigint not null,
    primary key (rules_live, rules_tried)
);
