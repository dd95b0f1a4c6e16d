-- The audit trail: who looked at whom and who changed what. Ids, names of fields and codes; never what the fields hold, so that nothing
-- of it need be erased with a person.

create table audit_entries (
    number bigint generated always as identity primary key,
    recorded_at timestamptz not null,
    actor_kind text not null check (
        actor_kind in ('anonymous', 'customer', 'staff', 'partner', 'operator', 'service')
    ),
    -- As the actor's credentials name them.
    actor_id text not null check (length(actor_id) between 1 and 200),
    actor_organisation text check (length(actor_organisation) between 1 and 200),
    -- The service that acted in their name.
    actor_service text check (length(actor_service) between 1 and 200),
    action text not null check (action ~ '^[a-z][a-z_]{0,59}$'),
    outcome text not null check (outcome in ('done', 'refused')),
    -- No foreign keys: what is on record outlasts what it is about.
    customer_id uuid,
    case_id uuid,
    grant_id uuid,
    -- What else it was done to.
    subject_id uuid,
    -- Names of fields and codes alone.
    fields text[] not null check (
        cardinality(fields) <= 50 and array_to_string(fields, '', '?') ~ '^[a-z0-9_]*$'
    ),
    reason text check (reason ~ '^[a-z][a-z_]{0,59}$')
);

create index audit_entries_customer_idx on audit_entries (customer_id, number desc) where customer_id is not null;
create index audit_entries_case_idx on audit_entries (case_id, number desc) where case_id is not null;
create index audit_entries_actor_idx on audit_entries (actor_id, number desc);

-- The chain: an entry's place in it, and a hash over the hash before and all that the entry says. It is made in batches, apart from the
-- entries, so that nobody who writes an entry waits for somebody else who does.
create table audit_links (
    position bigint primary key check (position > 0),
    entry_number bigint not null constraint audit_links_entry_key unique references audit_entries (number),
    hash bytea not null check (length(hash) = 32)
);

-- The entries that have no place yet. An entry that stands in neither table was tampered with.
create table audit_unlinked (
    entry_number bigint primary key references audit_entries (number)
);

create function audit_await_link() returns trigger language plpgsql as $$
begin
    insert into audit_unlinked (entry_number) values (new.number);
    return null;
end
$$;

create trigger audit_entries_await_link after insert on audit_entries
for each row execute function audit_await_link();

-- Nothing is changed and nothing goes, whoever asks: the owner of the tables too.
create function audit_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail is append-only'
        using errcode = 'check_violation', table = tg_table_name, constraint = tg_table_name || '_append_only';
end
$$;

create trigger audit_entries_append_only before update or delete or truncate on audit_entries
for each statement execute function audit_refuse_change();
create trigger audit_links_append_only before update or delete or truncate on audit_links
for each statement execute function audit_refuse_change();
