-- Attempts of somebody to prove who they are.

create table verifications (
    id uuid primary key,
    -- Absent where nobody has the contact point: such a verification looks like any other and is never approved.
    customer_id uuid references customers (id),
    contact_point_id uuid references contact_points (id),
    -- By which way the code went, known or not.
    method text not null check (method in ('email_code', 'sms_code')),
    purpose text not null check (
        purpose in ('general_help', 'account_security', 'payment', 'repair_handover', 'plan_change')
    ),
    state text not null check (
        state in ('created', 'challenged', 'approved', 'denied', 'expired', 'max_attempts', 'canceled', 'blocked')
    ),
    -- A case of the case service; that service's ids are not ours to check.
    case_id uuid,
    -- The languages the code's message may be written in, BCP 47, best first.
    languages text[] not null check (cardinality(languages) <= 10),
    -- Keyed hash of the contact point, by which sends are counted: also that of one which nobody has.
    contact_key bytea not null check (length(contact_key) = 32),
    -- Keyed hash of the code, bound to this verification. Random where there is no code.
    code_mac bytea not null check (length(code_mac) = 32),
    -- The code, encrypted, so that it can be sent again; gone as soon as the verification has ended.
    sealed_code bytea,
    sends smallint not null check (sends between 0 and 5),
    checks smallint not null check (checks between 0 and 5),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint verifications_subject_check check ((customer_id is null) = (contact_point_id is null)),
    constraint verifications_approved_check check (state <> 'approved' or customer_id is not null),
    constraint verifications_time_check check (expires_at > created_at),
    constraint verifications_ended_check check ((ended_at is null) = (state in ('created', 'challenged'))),
    constraint verifications_sealed_check check (sealed_code is null or state in ('created', 'challenged'))
);

-- The timer looks for what nobody redeemed in time.
create index verifications_open_idx on verifications (expires_at) where state in ('created', 'challenged');

-- When codes went to a contact point lately. One row a contact point: its lock makes the count exact.
create table send_windows (
    contact_key bytea primary key check (length(contact_key) = 32),
    -- Oldest first; older than the window they are dropped.
    sent_at timestamptz[] not null,
    touched_at timestamptz not null
);

create index send_windows_touched_idx on send_windows (touched_at);
