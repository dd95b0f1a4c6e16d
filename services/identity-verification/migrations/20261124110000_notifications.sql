-- What customers are told without asking.

-- Something happened that a customer may be told of. It is written in the transaction that also stores the position in the feed it
-- came by, or that changed the record it is about: so it is there exactly once. Whom it concerns, where and when to tell it is found
-- out afterwards, which may take calls. No words and nobody's data.
create table happenings (
    -- The id of the event that told of it, or one of our own.
    id uuid primary key,
    kind text not null,
    -- What it is about, besides the customer.
    case_id uuid,
    -- The repair or the plan.
    subject_id uuid,
    -- The address that was changed.
    contact_point_id uuid references contact_points (id),
    -- Null until it is known.
    customer_id uuid,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    -- What the event said, in the terms of messages: an amount and a day.
    currency text check (currency ~ '^[A-Z]{3}$'),
    minor_units bigint,
    day date,
    -- What was asked for: the number of the case, who has the device, the message that names the plan.
    case_number text,
    place text,
    plan_name_key text,
    state text not null default 'new' check (state in ('new', 'decided')),
    attempts smallint not null default 0 check (attempts >= 0),
    -- When to decide it (again); while a worker is at it, when its lease ends.
    due_at timestamptz not null,
    constraint happenings_amount_check check (num_nulls(currency, minor_units) in (0, 2))
);

create index happenings_due_idx on happenings (due_at) where state = 'new';
create index happenings_case_idx on happenings (case_id, kind) where state = 'new';
create index happenings_recorded_idx on happenings (recorded_at);

-- A delivery carries a code, or what there is to tell at one address.
alter table deliveries
    alter column verification_id drop not null,
    add column contact_point_id uuid references contact_points (id),
    -- What its notifications are about: the case or the plan; null for the customer's own record. Those that come while it waits are added.
    add column about_id uuid,
    -- After this it is not worth telling.
    add column expires_at timestamptz,
    -- The messages that an e-mail begins and ends with.
    add column greeting_key text,
    add column closing_key text,
    -- The message that was its subject line; null for that of a code, and where there was none.
    add column subject_key text,
    add constraint deliveries_kind_check check (
        num_nonnulls(verification_id, contact_point_id) = 1
        and num_nonnulls(contact_point_id, expires_at, greeting_key, closing_key) in (0, 4)
    ),
    drop constraint deliveries_text_whole,
    add constraint deliveries_text_whole check (
        num_nulls(subject_locale, subject_version) in (0, 2)
        and num_nulls(body_locale, body_version) in (0, 2)
        and (verification_id is null or num_nulls(subject_locale, body_locale) in (0, 2))
    );

-- Codes are waited for, notifications are not: each is taken on by itself.
drop index deliveries_due_idx;
create index deliveries_due_idx on deliveries (due_at) where state = 'pending' and verification_id is not null;
create index deliveries_notice_due_idx on deliveries (due_at) where state = 'pending' and verification_id is null;
create index deliveries_waiting_idx on deliveries (contact_point_id, about_id) where state = 'pending' and verification_id is null;

-- A happening as it is told at an address: once, however often it is decided. Where it is told nowhere it says why.
create table notifications (
    id uuid primary key,
    happening_id uuid not null references happenings (id) on delete cascade,
    -- As of the happening, for lists.
    kind text not null,
    customer_id uuid,
    case_id uuid,
    subject_id uuid,
    occurred_at timestamptz not null,
    contact_point_id uuid references contact_points (id),
    delivery_id uuid references deliveries (id),
    -- The rules it was decided by.
    basis text not null,
    -- The messages it is told in.
    subject_key text,
    text_key text,
    more_key text,
    state text not null check (state in ('pending', 'sent', 'dropped', 'failed')),
    reason text,
    -- With the keys, what localisation finds the words by that were read.
    text_locale text,
    text_version bigint,
    more_locale text,
    more_version bigint,
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint notifications_once_key unique nulls not distinct (happening_id, contact_point_id),
    constraint notifications_ended_check check ((ended_at is null) = (state = 'pending')),
    constraint notifications_reason_check check ((reason is null) = (state in ('pending', 'sent'))),
    constraint notifications_way_check check (
        num_nonnulls(contact_point_id, delivery_id, subject_key, text_key) in (0, 4)
        and (contact_point_id is not null or state = 'dropped')
    ),
    constraint notifications_text_check check (
        num_nulls(text_locale, text_version) in (0, 2) and num_nulls(more_locale, more_version) in (0, 2)
        and (text_locale is null or state = 'sent')
    )
);

create index notifications_delivery_idx on notifications (delivery_id);
create index notifications_customer_idx on notifications (customer_id, occurred_at desc, id desc);
create index notifications_case_idx on notifications (case_id, occurred_at desc, id desc);

-- How customers want to be told; who said nothing has no row.
create table contact_preferences (
    customer_id uuid primary key references customers (id),
    preferred_kind text check (preferred_kind in ('email', 'phone')),
    -- The kinds of happenings that they do not want to be told.
    muted text[] not null default '{}' check (cardinality(muted) <= 40),
    plain_text_only boolean not null default false,
    -- IANA; null where it is not known.
    time_zone text check (length(time_zone) <= 40)
);

-- What a local system would have sent: notifications as well, and HTML.
alter table local_outbox_messages
    alter column verification_id drop not null,
    add column html text;
