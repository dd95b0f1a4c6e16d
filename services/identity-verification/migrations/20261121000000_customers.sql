-- Customers and where they can be reached.

create table customers (
    id uuid primary key,
    given_name text not null check (length(given_name) <= 100),
    family_name text not null check (length(family_name) <= 100),
    -- How the person wants to be addressed in writing; never computed from the parts.
    display_name text not null check (length(display_name) between 1 and 200),
    -- BCP 47, best first.
    languages text[] not null check (cardinality(languages) between 1 and 10),
    -- ISO 3166-1 alpha-2.
    country_code text not null check (country_code ~ '^[A-Z]{2}$'),
    created_at timestamptz not null,
    -- Rises with every change of the record, its contact points included: the etag.
    version bigint not null default 1 check (version > 0)
);

create table contact_points (
    id uuid primary key,
    customer_id uuid not null references customers (id),
    -- The place in the customer's own list: it says which comes first.
    ordinal smallint not null check (ordinal between 1 and 10),
    kind text not null check (kind in ('email', 'phone')),
    -- As the customer writes it.
    value text not null check (length(value) between 3 and 254),
    -- What it is compared by: an e-mail address in lower case, a telephone number in E.164.
    comparable text not null,
    created_at timestamptz not null,
    -- When the customer last proved to hold it.
    verified_at timestamptz,
    constraint contact_points_customer_ordinal_key unique (customer_id, ordinal),
    -- No two customers share one, and no race makes them.
    constraint contact_points_comparable_key unique (kind, comparable),
    -- C collation: lower() must not depend on the language of the server.
    constraint contact_points_comparable_check check (
        case kind
            when 'email' then comparable = lower(value collate "C") and value like '%_@_%'
            when 'phone' then comparable = value and value ~ '^\+[1-9][0-9]{6,14}$'
        end
    )
);
