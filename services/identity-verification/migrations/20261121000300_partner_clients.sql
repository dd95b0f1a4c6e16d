-- Clients of partners' systems (OAuth 2.0 client credentials).

create table partner_clients (
    id uuid primary key,
    organisation_id text not null check (organisation_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    display_name text not null check (length(display_name) between 1 and 200),
    scopes text[] not null check (cardinality(scopes) between 1 and 50),
    -- SHA-256. The secret is 256 random bits: there is nothing to guess, so a slow hash would slow only us.
    secret_hash bytea not null check (length(secret_hash) = 32),
    created_at timestamptz not null
);
