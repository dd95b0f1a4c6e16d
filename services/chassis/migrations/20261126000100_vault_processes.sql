-- Every process of the service that has keys of personal data says here which, and whether all that is stored is up to them. Whoever
-- rotates keys waits for all of them: a key is put first only when every process can open what it wraps.
create table vault_processes (
    process_id uuid primary key,
    -- The names of the keys, the one in use first.
    keys text[] not null check (cardinality(keys) > 0),
    lookup_keys text[] not null check (cardinality(lookup_keys) > 0),
    -- How many records it found that it could not bring up to these keys, when it last looked through all with them, and when it began
    -- to look; null before it has.
    behind bigint check (behind >= 0),
    checked_at timestamptz,
    -- By the clock of the database, for processes have clocks of their own.
    seen_at timestamptz not null,
    constraint vault_processes_checked_check check (num_nulls(behind, checked_at) in (0, 2))
);
