-- Who may act for a customer, and with whom of the staff a customer was verified.

-- That somebody may act for a customer. What was agreed is never changed: another delegation takes its place.
create table delegations (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    delegate_id uuid not null references customers (id),
    kind text not null check (kind in ('carer', 'administrator')),
    -- For what: purposes of verifications.
    purposes text[] not null check (
        cardinality(purposes) > 0
        and purposes <@ array['general_help', 'account_security', 'payment', 'repair_handover', 'plan_change']
    ),
    started_at timestamptz not null,
    -- When it ends by itself.
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text check (end_reason in ('revoked', 'replaced', 'expired', 'erased')),
    -- Who asked, and the grant of the customer's own that their consent stands on.
    asked_by text not null check (asked_by in ('customer', 'staff')),
    consent_grant_id uuid not null references grants (id),
    case_id uuid,
    standard_basis text not null,
    constraint delegations_self_check check (delegate_id <> customer_id),
    constraint delegations_time_check check (expires_at > started_at),
    constraint delegations_ended_check check (
        (ended_at is null) = (end_reason is null) and ended_at >= started_at
    ),
    constraint delegations_case_check check ((asked_by = 'staff') = (case_id is not null))
);

-- One at a time.
create unique index delegations_current_key on delegations (customer_id, delegate_id) where ended_at is null;
create index delegations_customer_idx on delegations (customer_id, id desc);
create index delegations_delegate_idx on delegations (delegate_id, id desc);
-- The timer looks for those whose time is over.
create index delegations_open_idx on delegations (expires_at) where ended_at is null;

alter table verifications
    -- The customer in whose name the person will act, as was said: whether they may is looked at when they are known.
    add column acts_for uuid,
    -- The member of staff who started it.
    add column agent text check (length(agent) between 1 and 200);

alter table grants
    -- Who was verified in the customer's place, and by what they may act.
    add column delegate_id uuid references customers (id),
    add column delegation_id uuid references delegations (id),
    -- The member of staff who verified them.
    add column agent text check (length(agent) between 1 and 200),
    add constraint grants_delegate_check check (
        (delegate_id is null) = (delegation_id is null) and delegate_id <> customer_id
    );

create index grants_delegate_idx on grants (delegate_id) where delegate_id is not null;
create index grants_delegation_idx on grants (delegation_id) where delegation_id is not null;
