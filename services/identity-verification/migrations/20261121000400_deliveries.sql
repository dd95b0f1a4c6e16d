-- Codes on their way. A delivery holds no text and no address: both are read, and the code is decrypted, when it is sent.

create table deliveries (
    id uuid primary key,
    verification_id uuid not null references verifications (id),
    state text not null check (state in ('pending', 'sent', 'dropped', 'failed')),
    -- Why it was dropped or has failed, in a word.
    reason text,
    -- How often sending was tried.
    attempts smallint not null default 0 check (attempts >= 0),
    -- How often localisation did not give the text.
    render_failures smallint not null default 0 check (render_failures >= 0),
    -- When to try (again); while a worker is at it, when its lease ends.
    due_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    constraint deliveries_ended_check check ((ended_at is null) = (state = 'pending'))
);

create index deliveries_due_idx on deliveries (due_at) where state = 'pending';
create index deliveries_verification_idx on deliveries (verification_id);

-- What a local system would have sent. Empty where messages are sent for real.
create table local_outbox_messages (
    id uuid primary key,
    -- At most one for each delivery, however often a worker is cut off.
    delivery_id uuid not null constraint local_outbox_messages_delivery_key unique,
    verification_id uuid not null,
    recipient text not null,
    subject text not null,
    body text not null,
    -- BCP 47.
    language text not null,
    sent_at timestamptz not null
);

create index local_outbox_messages_sent_idx on local_outbox_messages (sent_at desc, id desc);
create index local_outbox_messages_verification_idx on local_outbox_messages (verification_id);
