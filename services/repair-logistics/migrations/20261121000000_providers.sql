-- Those who repair. Rows are added and never changed.
create table providers (
    id              uuid        primary key,
    -- A short code that people use.
    code            text        not null constraint providers_code_key unique
                                constraint providers_code_form check (code ~ '^[A-Z0-9][A-Z0-9-]{1,28}[A-Z0-9]$'),
    -- The name on the door.
    name            text        not null constraint providers_name_length check (length(name) between 1 and 200),
    kind            text        not null constraint providers_kind_known check (kind in ('own_store', 'depot', 'partner')),
    -- The partner's organisation; the maker's own places have none.
    organisation_id text        constraint providers_organisation_form check (organisation_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    -- Where it is, ISO 3166-1 alpha-2.
    country_code    text        not null constraint providers_country_form check (country_code ~ '^[A-Z]{2}$'),
    -- The product lines it repairs.
    product_lines   text[]      not null constraint providers_product_lines_known check (
        cardinality(product_lines) between 1 and 20
        and product_lines <@ array['phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory']
    ),
    created_at      timestamptz not null,
    constraint providers_partner_has_organisation check ((kind = 'partner') = (organisation_id is not null)),
    -- What repairs refer to, so that a repair's organisation is its provider's.
    constraint providers_id_organisation_key unique (id, organisation_id)
);

create index providers_by_country on providers (country_code, code);
create index providers_by_organisation on providers (organisation_id, code) where organisation_id is not null;
