-- What was decided, never changed once made: a decision is given again exactly as it was, whatever has become of the
-- terms since.
create table coverage_decisions (
    id                    uuid        primary key,
    device_id             uuid        not null constraint coverage_decisions_device_fkey references devices (id),
    -- The day for which it was decided.
    day                   date        not null,
    damage                text        not null constraint coverage_decisions_damage_known check (
        damage in ('none', 'accidental', 'liquid', 'unauthorised_change')
    ),
    outcome               text        not null constraint coverage_decisions_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'out_of_warranty', 'refused')
    ),
    -- The last day on which the rule that decided applies; null where no day ends it.
    covered_until         date        constraint coverage_decisions_until_not_past check (covered_until >= day),
    terms_version         text        not null constraint coverage_decisions_version_given check (terms_version <> ''),
    -- The partner's organisation that asked, who may read it again; null where no partner asked.
    asked_by_organisation text,
    decided_at            timestamptz not null
);

create index coverage_decisions_by_device on coverage_decisions (device_id, id);

-- The chain of a decision: every rule that was weighed, in the order of weighing.
create table coverage_decision_rules (
    decision_id uuid     not null constraint coverage_decision_rules_decision_fkey references coverage_decisions (id),
    -- 0 for the first.
    place       smallint not null constraint coverage_decision_rules_place_range check (place >= 0),
    rule_id     text     not null,
    outcome     text     not null constraint coverage_decision_rules_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'out_of_warranty', 'refused')
    ),
    applies     boolean  not null,
    decided     boolean  not null,
    -- The days on which it applies: null, null where it never would; an open end where no day ends it.
    from_day    date,
    until_day   date,
    source      text     not null,
    reason_key  text     not null,
    constraint coverage_decision_rules_pkey primary key (decision_id, place),
    constraint coverage_decision_rules_decided_applies check (applies or not decided),
    constraint coverage_decision_rules_period check (until_day >= from_day and (from_day is not null or until_day is null))
);

-- No more than one rule decides.
create unique index coverage_decision_rules_one_decides on coverage_decision_rules (decision_id) where decided;

create function refuse_change_of_decision() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'integrity_constraint_violation',
        constraint = 'coverage_decisions_immutable',
        message = 'a coverage decision is never changed';
end
$$;

create trigger coverage_decisions_immutable before update on coverage_decisions
    for each row execute function refuse_change_of_decision();
create trigger coverage_decision_rules_immutable before update on coverage_decision_rules
    for each row execute function refuse_change_of_decision();
