-- The models the maker sold. Rows are added and never changed: decisions stand on them.
create table products (
    id                      uuid        primary key,
    -- The maker's code of the model.
    model_code              text        not null constraint products_model_code_key unique
                                        constraint products_model_code_form check (model_code ~ '^[A-Z0-9][A-Z0-9-]{1,38}[A-Z0-9]$'),
    name                    text        not null constraint products_name_length check (length(name) between 1 and 100),
    product_line            text        not null constraint products_product_line_known check (
        product_line in ('phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory')
    ),
    -- What the maker gives by itself; 0 for nothing.
    limited_warranty_months smallint    not null
                                        constraint products_warranty_range check (limited_warranty_months between 0 and 120),
    -- The first day on which it was sold.
    release_date            date        not null,
    created_at              timestamptz not null
);

-- Lists of one line by model code.
create index products_by_line on products (product_line, model_code);

-- One product in somebody's hand.
create table devices (
    id                     uuid        primary key,
    product_id             uuid        not null constraint devices_product_fkey references products (id),
    serial_number          text        not null constraint devices_serial_number_key unique
                                       constraint devices_serial_number_form check (serial_number ~ '^[A-HJ-NP-Z0-9]{8,20}$'),
    -- A customer of identity-verification; null where nobody is known.
    owner_customer_id      uuid,
    -- Where it was sold, ISO 3166-1 alpha-2.
    purchase_country_code  text        not null
                                       constraint devices_country_form check (purchase_country_code ~ '^[A-Z]{2}$'),
    -- When it was handed to its first owner. Not before the product's release: checked when it is registered, and
    -- neither ever changes the other way.
    purchase_date          date        not null,
    -- How sure that day is.
    purchase_date_evidence text        not null constraint devices_evidence_known check (
        purchase_date_evidence in ('estimated', 'declared', 'proven')
    ),
    registered_at          timestamptz not null
);

-- Lists of an owner, newest first: ids grow with time.
create index devices_by_owner on devices (owner_customer_id, id) where owner_customer_id is not null;
create index devices_by_product on devices (product_id);
