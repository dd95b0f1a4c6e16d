-- What is known of customers besides name and address.

-- What somebody needs to be helped says something of their health: sealed with the customer's data key, like a name.
create table accessibility_needs (
    customer_id uuid primary key references customers (id),
    sealed_needs bytea not null
);

-- What customers consented to, and no longer do. Each is a record of its own: nothing is changed.
create table consents (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    kind text not null check (kind in ('marketing', 'surveys', 'call_recording', 'diagnostics', 'training')),
    is_given boolean not null,
    recorded_at timestamptz not null,
    channel text not null check (channel in ('phone', 'email', 'chat', 'store', 'social', 'app')),
    -- The words they were asked with: localisation tells what they said.
    wording_key text not null check (length(wording_key) between 1 and 200),
    wording_locale text not null check (length(wording_locale) between 2 and 35),
    wording_version bigint not null check (wording_version > 0),
    actor_kind text not null check (actor_kind in ('customer', 'staff'))
);

create index consents_customer_idx on consents (customer_id, id desc);
create index consents_latest_idx on consents (customer_id, kind, id desc);

-- Businesses and schools.
create table organisations (
    id uuid primary key,
    kind text not null check (kind in ('business', 'education')),
    display_name text not null check (length(display_name) between 1 and 200),
    -- ISO 3166-1 alpha-2.
    country_code text not null check (country_code ~ '^[A-Z]{2}$'),
    created_at timestamptz not null
);

-- Who belongs to them, and did.
create table memberships (
    id uuid primary key,
    organisation_id uuid not null references organisations (id),
    customer_id uuid not null references customers (id),
    role text not null check (role in ('member', 'administrator', 'buyer', 'teacher', 'student')),
    started_at timestamptz not null,
    ended_at timestamptz check (ended_at >= started_at)
);

-- One at a time.
create unique index memberships_current_key on memberships (organisation_id, customer_id) where ended_at is null;
create index memberships_customer_idx on memberships (customer_id) where ended_at is null;
create index memberships_organisation_idx on memberships (organisation_id, id) where ended_at is null;
