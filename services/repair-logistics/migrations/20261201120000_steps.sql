-- The steps that were taken with repairs, and by whom. Written with the step, never changed.
create table repair_steps (
    repair_id  uuid        not null constraint repair_steps_repair_fkey references repairs (id),
    -- The repair's version after it.
    version    bigint      not null,
    state      text        not null constraint repair_steps_state_known check (
        state in ('submitted', 'received', 'diagnosed', 'in_repair', 'finished', 'returned', 'canceled')
    ),
    taken_at   timestamptz not null,
    actor_kind text        not null constraint repair_steps_actor_kind_known check (
        actor_kind in ('anonymous', 'customer', 'staff', 'partner', 'operator', 'service')
    ),
    -- As the actor's credentials name them.
    actor_id   text        not null constraint repair_steps_actor_given check (actor_id <> ''),
    -- The person who called through a partner's client, by the partner's own id.
    technician text        constraint repair_steps_technician_given check (technician <> ''),
    constraint repair_steps_technician_is_partners check (technician is null or actor_kind = 'partner'),
    constraint repair_steps_pkey primary key (repair_id, version)
);
