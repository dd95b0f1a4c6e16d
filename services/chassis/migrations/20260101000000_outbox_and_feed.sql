-- The outbox of a service, who reads it, and what the service itself has read of others.

-- Positions must be drawn one by one (cache 1): a session that held some in advance could give out a low one late.
create sequence outbox_positions as bigint cache 1 no cycle;

-- The next position of the feed. It takes a transaction id before it draws the position, in two statements so that no
-- planner can turn the order round. Whoever holds a position thus already stands in the list of running transactions;
-- the fence of the feed rests on that (see the module `feed` of support-chassis).
create function outbox_next_position() returns bigint
    language plpgsql volatile
as $$
begin
    perform pg_current_xact_id();
    return nextval('outbox_positions');
end
$$;

-- What happened, written in the transaction in which it happened. Rows are only ever inserted, and pruned from below.
create table outbox (
    position     bigint      primary key default outbox_next_position(),
    -- The transaction that wrote it: not read by the feed, but what one wants to know when the feed stands still.
    txid         xid8        not null default pg_current_xact_id(),
    -- The event's own id, the same in every delivery.
    event_id     uuid        not null,
    -- The full name of the message in `payload`.
    event_type   text        not null check (event_type <> ''),
    -- What it happened to.
    subject_id   uuid        not null,
    occurred_at  timestamptz not null,
    -- W3C traceparent of the call that caused it; empty for none.
    trace_parent text        not null default '' check (length(trace_parent) <= 128),
    -- Bounded, so that a batch of the feed is.
    payload      bytea       not null constraint outbox_payload_size check (octet_length(payload) <= 262144)
);

-- Rows are written in the order of the key and pruned from its beginning: pages need no room for updates, but
-- vacuum should come by the number of inserted rows, not by a share of a table that is emptied all the time.
alter table outbox set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

-- One row: how far the outbox has been pruned. It also is the lock that keeps pruning and registration apart.
create table feed_state (
    only_row     boolean primary key default true check (only_row),
    -- Everything up to here may be gone.
    pruned_up_to bigint  not null default 0 check (pruned_up_to >= 0)
);
insert into feed_state default values;

-- Who reads this service's feed. A row keeps everything above its position from being pruned; to retire a consumer for
-- good, delete its row.
create table feed_consumers (
    name          text        primary key check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
    -- Everything up to here is durable at the consumer's.
    position      bigint      not null check (position >= 0),
    registered_at timestamptz not null,
    -- When it last subscribed or acknowledged.
    seen_at       timestamptz not null
);

-- How far this service has applied the feeds of others. Written in the transaction of the effects.
create table feed_positions (
    source     text        primary key,
    position   bigint      not null check (position >= 0),
    updated_at timestamptz not null
);

-- Events of others that could not be applied and were set aside, so that the rest goes on. Each is a task for a person.
create table feed_parked (
    source       text        not null,
    position     bigint      not null,
    event_id     uuid        not null,
    event_type   text        not null,
    subject_id   uuid        not null,
    occurred_at  timestamptz not null,
    trace_parent text        not null,
    payload      bytea       not null,
    -- Why: an error's text, no person's data.
    reason       text        not null,
    parked_at    timestamptz not null,
    primary key (source, position)
);
