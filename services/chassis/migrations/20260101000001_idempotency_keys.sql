-- The answers of changes, by the request id the caller gave. Written in the transaction of the change, so that an answer
-- is stored if and only if its effect took place.
create table idempotency_keys (
    -- Whose request ids these are: kind and subject of the caller, and who acts for it.
    caller       text        not null,
    -- The method's path.
    method       text        not null,
    request_id   uuid        not null,
    -- SHA-256 of the encoded request.
    request_hash bytea       not null check (length(request_hash) = 32),
    -- The encoded answer.
    response     bytea       not null,
    created_at   timestamptz not null,
    constraint idempotency_keys_pkey primary key (caller, method, request_id)
);

-- For pruning by age.
create index idempotency_keys_created_at on idempotency_keys (created_at);
