-- What is used up of what a device is owed: one row a use, from the reservation on. Rows are never removed.
create table claims (
    id                    uuid        primary key,
    -- What was repaired.
    device_id             uuid        not null constraint claims_device_fkey references devices (id),
    -- The decision that grants it; null of repairs that were ordered before entitlements were reserved.
    decision_id           uuid,
    outcome               text        not null constraint claims_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'repair_warranty', 'plan', 'service_program', 'goodwill')
    ),
    state                 text        not null constraint claims_state_known check (
        state in ('reserved', 'committed', 'released', 'expired')
    ),
    -- The plan it uses; null where it uses none.
    plan_id               uuid,
    -- The service program or the rule of goodwill; null where it uses none.
    rule_id               text        constraint claims_rule_length check (length(rule_id) between 1 and 100),
    -- The first and the last day of the 12 months of the plan in which it counts; null where it uses no plan.
    period_from           date,
    period_until          date,
    -- Where a number of uses is shared, whose they are (the plan's, or the unit's: the first device of those that replaced each
    -- other), which of them (`incidents/3` for those of the plan's fourth year, `program/...`, `goodwill/...`), how many there
    -- are, and which one this is. Null where uses are not counted.
    holder_id             uuid,
    pool                  text        constraint claims_pool_length check (length(pool) between 1 and 120),
    slots                 smallint    constraint claims_slots_positive check (slots > 0),
    slot                  smallint    constraint claims_slot_in_pool check (slot >= 0 and slot < slots),
    -- Used though nothing was left, or though another uses what the decision grants.
    over_limit            boolean     not null default false,
    -- The day by which it counts.
    day                   date        not null,
    -- What is repaired; empty for the whole device.
    components            text[]      not null default '{}',
    -- What the caller calls it.
    reference             text        constraint claims_reference_length check (length(reference) between 1 and 100),
    -- The repair of repair-logistics it belongs to.
    repair_id             uuid        constraint claims_repair_key unique,
    -- The partner's organisation that asked for the decision; null where none did.
    asked_by_organisation text,
    reserved_at           timestamptz not null,
    -- When the reservation is over; null where it belongs to a repair, and once it is none.
    expires_at            timestamptz,
    -- When it was used, given back or over; null while it is reserved.
    ended_at              timestamptz,
    -- The days on which the device was handed in and was back, as far as they are known.
    received_on           date,
    returned_on           date,
    constraint claims_plan_named check ((outcome = 'plan') = (plan_id is not null)),
    constraint claims_rule_named check ((outcome in ('service_program', 'goodwill')) = (rule_id is not null)),
    constraint claims_period_of_plan check (
        (period_from is not null) = (outcome = 'plan') and (period_until is not null) = (outcome = 'plan')
        and period_until >= period_from
    ),
    constraint claims_pool_whole check (
        (pool is null) = (holder_id is null) and (pool is null) = (slots is null) and (slot is null or pool is not null)
    ),
    -- Whoever lives and draws on a pool has a place in it, or is over the limit and has none; whoever has ended has none.
    constraint claims_slot_while_live check (
        (slot is not null) = (pool is not null and not over_limit and state in ('reserved', 'committed'))
    ),
    constraint claims_over_limit_lives check (not over_limit or state in ('reserved', 'committed')),
    constraint claims_expires_while_reserved check (expires_at is null or state = 'reserved'),
    constraint claims_held_by_something check (state <> 'reserved' or expires_at is not null or repair_id is not null),
    constraint claims_end_when_ended check ((ended_at is null) = (state = 'reserved')),
    constraint claims_days_in_order check (returned_on is null or (received_on is not null and received_on <= returned_on))
);

-- The last use of a pool is never taken twice.
create unique index claims_slot_key on claims (holder_id, pool, slot) where slot is not null;
-- What a decision grants is used once.
create unique index claims_decision_key on claims (decision_id) where state in ('reserved', 'committed') and not over_limit;
-- What a device has used, newest first: ids grow with time.
create index claims_by_device on claims (device_id, id);
create index claims_by_plan on claims (plan_id) where plan_id is not null;
create index claims_by_pool on claims (holder_id, pool) where pool is not null;
-- What expires next.
create index claims_due on claims (expires_at) where expires_at is not null;
