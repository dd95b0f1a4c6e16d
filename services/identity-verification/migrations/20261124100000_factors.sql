-- Factors beyond codes that are sent: what customers bind, what verifications have proven, and how often somebody failed.

-- Something by which a customer can prove who they are. Codes to contact points need none: they are checked with the verification.
create table authenticators (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    method text not null check (method in ('totp', 'passkey', 'support_pin', 'push', 'recovery_code')),
    -- What the customer calls it; empty for what they do not name.
    display_name text not null check (length(display_name) <= 100),
    state text not null check (state in ('pending', 'active', 'locked', 'ended')),
    -- By method: the sealed secret of an app; the keyed hash of a PIN; the public key of a device; the static state of a passkey.
    -- Null for recovery codes, which have rows of their own, and for what is pending without one.
    secret bytea,
    -- Of a passkey: its credential id, and what changes with every use (its sign count). While it is pending: the ceremony.
    credential_id bytea,
    dynamic_state bytea,
    ceremony bytea,
    -- Of an app: the last step of 30 seconds whose code was used. None at or before it is good.
    last_step bigint,
    -- Consecutive failures. No more than 100 are ever counted: it is locked then at the latest (NIST SP 800-63B-4, 3.2.2).
    failures smallint not null default 0 check (failures between 0 and 100),
    created_at timestamptz not null,
    used_at timestamptz,
    -- Of PINs and of what is pending.
    expires_at timestamptz,
    ended_at timestamptz,
    constraint authenticators_ended_check check ((ended_at is null) = (state in ('pending', 'active'))),
    constraint authenticators_locked_check check (failures < 100 or state = 'locked'),
    constraint authenticators_secret_check check (
        case
            when state in ('locked', 'ended') then secret is null
            when method = 'recovery_code' then secret is null
            when method = 'passkey' then (secret is null) = (state = 'pending')
            else secret is not null
        end
    )
);

create index authenticators_customer_idx on authenticators (customer_id, method) where state in ('pending', 'active', 'locked');
-- No credential belongs to two customers, nor twice to one.
create unique index authenticators_credential_key on authenticators (credential_id) where state = 'active';
-- One PIN and one set of recovery codes at a time.
create unique index authenticators_single_key on authenticators (customer_id, method)
where state = 'active' and method in ('support_pin', 'recovery_code');

-- The ten of a set. A code is a keyed hash, bound to its customer.
create table recovery_codes (
    authenticator_id uuid not null references authenticators (id),
    ordinal smallint not null check (ordinal between 1 and 10),
    mac bytea not null check (length(mac) = 32),
    used_at timestamptz,
    primary key (authenticator_id, ordinal)
);

-- What a passkey must sign, or a device confirm, for a verification: one of each at a time.
create table factor_challenges (
    verification_id uuid not null references verifications (id),
    method text not null check (method in ('passkey', 'push')),
    -- Of a passkey: the ceremony.
    ceremony bytea,
    -- Of a push: the number that is shown where it was asked for, the device that answered, and what.
    number smallint check (number between 10 and 99),
    answer text check (answer in ('confirmed', 'refused')),
    authenticator_id uuid references authenticators (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (verification_id, method),
    constraint factor_challenges_shape_check check ((method = 'passkey') = (ceremony is not null) and (method = 'push') = (number is not null)),
    constraint factor_challenges_device_check check ((answer is null) = (authenticator_id is null))
);

alter table verifications
    -- What was proven, in the order of proof.
    add column proven text[] not null default '{}',
    -- What counts, and what it must come to.
    add column methods text[] not null default '{email_code,sms_code}',
    add column assurance smallint not null default 1 check (assurance between 1 and 3),
    -- The place of the rules it is answered by; none for the whole world.
    add column rules_country text,
    -- What counts in the customer's own country, and that country.
    add column own_methods text[],
    add column own_country text;
update verifications set proven = array[method] where state = 'approved';
update verifications
set own_methods = case when own_checks_limit > 0 then array['email_code', 'sms_code'] else '{}' end,
    own_country = customers.country_code
from customers where customers.id = verifications.customer_id;
alter table verifications
    alter column proven drop default,
    alter column methods drop default,
    alter column assurance drop default,
    add constraint verifications_proven_check check (
        proven <@ array['email_code', 'sms_code', 'totp', 'passkey', 'support_pin', 'push', 'recovery_code', 'document']
        and proven <@ methods and (state <> 'approved' or cardinality(proven) > 0)
    ),
    add constraint verifications_own_place_check check (num_nulls(customer_id, own_methods, own_country) in (0, 3));

-- How each proof came about, for whoever looks into it later. Never the number of a document.
create table proofs (
    verification_id uuid not null references verifications (id),
    method text not null,
    proven_at timestamptz not null,
    authenticator_id uuid references authenticators (id),
    -- Of a document: its kind, the store, and who saw it.
    document_type text check (document_type in ('passport', 'identity_card', 'driving_licence', 'residence_permit')),
    store_id text check (store_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    witness text check (length(witness) between 1 and 200),
    primary key (verification_id, method),
    constraint proofs_document_check check (
        case when method = 'document' then num_nulls(document_type, store_id, witness) = 0
             else num_nonnulls(document_type, store_id, witness) = 0 end
    )
);

-- Consecutive failures of one factor of one subject, whether anybody is that subject or not. The key is a keyed hash.
create table factor_failures (
    factor_key bytea primary key check (length(factor_key) = 32),
    failures smallint not null check (failures between 0 and 100),
    -- Until when nothing is looked at.
    waits_until timestamptz,
    touched_at timestamptz not null
);

create index factor_failures_touched_idx on factor_failures (touched_at);

alter table grants
    drop constraint grants_methods_check,
    add constraint grants_methods_check check (
        cardinality(methods) > 0
        and methods <@ array['email_code', 'sms_code', 'totp', 'passkey', 'support_pin', 'push', 'recovery_code', 'document']
    ),
    -- Until when an assurance above AAL1 lasts, for how long it may lie idle, and when its session was last renewed.
    add column assured_until timestamptz,
    add column idle_seconds integer check (idle_seconds > 0),
    add column renewed_at timestamptz,
    add constraint grants_assured_check check (
        num_nulls(assured_until, idle_seconds, renewed_at) = (case when assurance > 1 then 0 else 3 end)
    );

-- Who checks tokens offline asks for these again and again.
create index grants_revoked_idx on grants (revoked_at) where revoked_at is not null;
