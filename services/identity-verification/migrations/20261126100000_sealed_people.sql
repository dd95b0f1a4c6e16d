-- Names and addresses are sealed, each with a data key of its customer (customer_keys). What stands here in the clear is sealed by the
-- service when it starts, before it serves; until then a row has either the one or the other.

alter table customers
    alter column given_name drop not null,
    alter column family_name drop not null,
    alter column display_name drop not null,
    add column sealed_given_name bytea,
    add column sealed_family_name bytea,
    add column sealed_display_name bytea,
    add constraint customers_sealed_check check (
        num_nulls(given_name, family_name, display_name) in (0, 3)
        and num_nulls(sealed_given_name, sealed_family_name, sealed_display_name) in (0, 3)
        and num_nonnulls(display_name, sealed_display_name) = 1
    );

create index customers_clear_idx on customers (id) where display_name is not null;

alter table contact_points
    alter column value drop not null,
    alter column comparable drop not null,
    add column sealed_value bytea,
    add constraint contact_points_sealed_check check (
        num_nulls(value, comparable) in (0, 2) and num_nonnulls(value, sealed_value) = 1
    );

create index contact_points_clear_idx on contact_points (customer_id) where value is not null;

-- What a contact point is found by: a keyed hash of its kind and of what it is compared by, one for each look-up key of the service. It is
-- made anew from the sealed values wherever it is missing. It must not stand in a backup: whoever has the look-up key could ask it
-- whether somebody who was erased had been a customer.
create table contact_lookups (
    contact_point_id uuid not null references contact_points (id) on delete cascade,
    -- The look-up key's name.
    key_id text not null check (length(key_id) between 1 and 32),
    hash bytea not null check (length(hash) = 32),
    primary key (contact_point_id, key_id),
    -- No two customers share a contact point, and no race makes them: all processes hash by every key that they have in common.
    constraint contact_lookups_hash_key unique (key_id, hash)
);
