-- The data keys of customers, by which every personal field of theirs is sealed in this database (see the module vault).
--
-- Dump this table apart from all others and keep its dumps for a short time only: whoever is erased here is then erased from
-- the long-lived backups of the other tables too, which hold nothing but what no key opens any more.
create table customer_keys (
    customer_id uuid primary key,
    -- The name of the service's key that the data key is wrapped by. Both are null once the customer is erased.
    wrapped_by text check (length(wrapped_by) between 1 and 32),
    wrapped bytea check (length(wrapped) = 73),
    created_at timestamptz not null,
    -- When it was last wrapped.
    wrapped_at timestamptz not null,
    -- The row outlives the key: an id never gets a second one, so that nothing is sealed for somebody who is gone.
    erased_at timestamptz,
    constraint customer_keys_erased_check check (num_nulls(wrapped_by, wrapped) = case when erased_at is null then 0 else 2 end)
);

-- A rotation looks for what is still wrapped by another key.
create index customer_keys_wrapped_by_idx on customer_keys (wrapped_by) where wrapped_by is not null;

-- Answers may repeat what is personal: a service that has keys stores them, with the request's hash, sealed under one of them.
alter table idempotency_keys
    alter column request_hash drop not null,
    -- The name of the key; null where the answer is in the clear.
    add column sealed_by text check (length(sealed_by) between 1 and 32),
    add constraint idempotency_keys_sealed_check check ((sealed_by is null) = (request_hash is not null));
