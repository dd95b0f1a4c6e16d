-- What customers call their authenticators, and what a local system keeps in place of a mailbox, is sealed with the data key of the
-- customer (customer_keys).
--
-- The columns in the clear are those of the build before, which may go on beside this one for as long as an upgrade takes: it finds
-- nothing where this one has written, and what it writes itself this one reads, and seals within a minute. The next build but one
-- drops them.
alter table authenticators
    alter column display_name set default '',
    -- Null where it has no name.
    add column sealed_display_name bytea constraint authenticators_sealed_name_check check (
        length(sealed_display_name) between 42 and 441
    ),
    -- Either the one or the other.
    add constraint authenticators_sealed_or_clear_check check (sealed_display_name is null or display_name = '');

-- What is still to be sealed.
create index authenticators_clear_idx on authenticators (id) where display_name <> '';

alter table local_outbox_messages
    alter column recipient set default '',
    alter column subject set default '',
    alter column body set default '',
    -- Whom it is to: nothing is sent to an address that is nobody's. Null where it is in the clear.
    add column customer_id uuid references customers (id),
    -- Address, subject line and texts.
    add column sealed_content bytea constraint local_outbox_messages_content_check check (length(sealed_content) > 41),
    -- What it is found by: a keyed hash of its address for each of these look-up keys.
    add column lookup_keys text[] not null default '{}',
    add column lookup_hashes bytea[] not null default '{}',
    add constraint local_outbox_messages_lookups_check check (
        cardinality(lookup_keys) = cardinality(lookup_hashes)
        and (cardinality(lookup_keys) = 0) = (sealed_content is null)
    ),
    add constraint local_outbox_messages_sealed_check check (
        (customer_id is null) = (sealed_content is null)
        and (sealed_content is null or recipient = '' and subject = '' and body = '' and html is null)
    );

create index local_outbox_messages_customer_idx on local_outbox_messages (customer_id);
create index local_outbox_messages_clear_idx on local_outbox_messages (id) where sealed_content is null;
