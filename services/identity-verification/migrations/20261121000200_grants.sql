-- What approved verifications allow.

create table grants (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    -- A code is good for one grant.
    verification_id uuid not null constraint grants_verification_key unique references verifications (id),
    -- Authenticator assurance level after NIST SP 800-63B-4.
    assurance smallint not null check (assurance between 1 and 3),
    methods text[] not null check (
        cardinality(methods) > 0 and methods <@ array['email_code', 'sms_code']
    ),
    purpose text not null check (
        purpose in ('general_help', 'account_security', 'payment', 'repair_handover', 'plan_change')
    ),
    case_id uuid,
    granted_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint grants_time_check check (expires_at > granted_at),
    constraint grants_revoked_check check (revoked_at >= granted_at)
);

-- A customer's grants, newest first.
create index grants_customer_idx on grants (customer_id, granted_at desc, id desc);
