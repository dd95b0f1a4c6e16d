-- The erasure of customers, and who was handed all that is held on one.

create table erasures (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    state text not null check (state in ('requested', 'withdrawn', 'running', 'completed')),
    reason text not null constraint erasures_reason_check check (
        reason in ('customer_wish', 'purpose_over', 'legal_order', 'mistaken_record')
    ),
    -- A case of the case service.
    case_id uuid,
    -- The subject of staff, or the customer's id.
    requested_by text not null check (requested_by <> ''),
    requested_at timestamptz not null,
    -- Who approved it or took it back.
    decided_by text check (decided_by <> ''),
    decided_at timestamptz constraint erasures_decided_at_check check (decided_at >= requested_at),
    completed_at timestamptz constraint erasures_completed_at_check check (completed_at >= decided_at),
    constraint erasures_decided_check check (num_nulls(decided_by, decided_at) = case when state = 'requested' then 2 else 0 end),
    constraint erasures_completed_check check ((completed_at is not null) = (state = 'completed')),
    -- Nothing brings a customer back: whatever the program does, two persons want it.
    constraint erasures_two_persons_check check (state not in ('running', 'completed') or decided_by <> requested_by)
);

-- A customer is erased once.
create unique index erasures_customer_key on erasures (customer_id) where state <> 'withdrawn';
-- Newest first.
create index erasures_requested_idx on erasures (requested_at desc, id desc);
create index erasures_state_idx on erasures (state, requested_at desc, id desc);
create index erasures_of_customer_idx on erasures (customer_id, requested_at desc, id desc);

-- Every service that must erase, from the moment it is approved.
create table erasure_services (
    erasure_id uuid not null references erasures (id),
    service text not null check (service ~ '^[a-z][a-z0-9-]{0,62}$'),
    -- When it said that it has.
    erased_at timestamptz,
    -- How many records it changed or removed.
    records bigint check (records >= 0),
    primary key (erasure_id, service),
    constraint erasure_services_erased_check check (num_nulls(erased_at, records) in (0, 2))
);

-- Who was handed all that is held on a customer, when and why. Written before it is handed out.
create table personal_exports (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    reason text not null constraint personal_exports_reason_check check (
        reason in ('customer_wish', 'purpose_over', 'legal_order', 'mistaken_record')
    ),
    case_id uuid,
    -- The subject of staff, or the customer's id.
    exported_by text not null check (exported_by <> ''),
    exported_at timestamptz not null
);

create index personal_exports_customer_idx on personal_exports (customer_id, exported_at desc);
