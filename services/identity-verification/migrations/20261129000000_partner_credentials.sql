-- How clients of partners' systems show who they are besides by one secret, what their tokens are bound to, and whether they
-- are suspended.

alter table partner_clients
    alter column secret_hash drop not null,
    -- The secret before the last, good until then: a partner changes theirs without a refused call.
    add column previous_secret_hash bytea,
    add column previous_secret_until timestamptz,
    -- Providers of repair-logistics; empty for the whole organisation.
    add column locations uuid[] not null default '{}',
    -- People call through it: each token names one.
    add column technician_required boolean not null default false,
    -- A JSON Web Key Set, or where one is published.
    add column jwks text,
    add column jwks_url text,
    -- SHA-256 of certificates, base64url.
    add column certificate_thumbprints text[] not null default '{}',
    add column certificate_names text[] not null default '{}',
    add column certificate_required boolean not null default false,
    add column suspended_at timestamptz,
    add column suspend_reason text,
    add constraint partner_clients_previous_secret_check check (
        (previous_secret_hash is null) = (previous_secret_until is null)
        and (previous_secret_hash is null or length(previous_secret_hash) = 32)
    ),
    add constraint partner_clients_keys_check check (jwks is null or jwks_url is null),
    add constraint partner_clients_suspended_check check ((suspended_at is null) = (suspend_reason is null));

create index partner_clients_age on partner_clients (created_at desc, id desc);
create index partner_clients_suspended on partner_clients (id) where suspended_at is not null;

-- What clients have signed and brought: nothing is believed twice. Kept until it would not be believed any more anyway.
create table partner_assertions (
    client_id uuid not null references partner_clients (id),
    -- SHA-256 of the `jti`.
    jti_hash bytea not null check (length(jti_hash) = 32),
    expires_at timestamptz not null,
    primary key (client_id, jti_hash)
);

create index partner_assertions_expiry on partner_assertions (expires_at);
