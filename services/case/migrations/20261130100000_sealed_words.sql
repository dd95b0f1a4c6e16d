-- What people wrote is sealed with the data key of the case's customer (customer_keys).
--
-- The columns in the clear are those of the build before, which may go on beside this one for as long as an upgrade takes: it finds
-- `[sealed]` where this one has written, and what it writes itself this one reads, and seals within a minute. The next build but
-- one drops them.
--
-- An empty value stands where the customer was erased.
alter table cases
    alter column subject set default '[sealed]',
    alter column description set default '',
    add column sealed_subject bytea constraint cases_sealed_subject_check check (
        length(sealed_subject) = 0 or length(sealed_subject) between 42 and 841
    ),
    add column sealed_description bytea constraint cases_sealed_description_check check (
        length(sealed_description) = 0 or length(sealed_description) between 41 and 40041
    ),
    add constraint cases_sealed_whole_check check (num_nulls(sealed_subject, sealed_description) in (0, 2)),
    -- Either the one or the other. The build before writes `[erased]`.
    add constraint cases_sealed_or_clear_check check (
        sealed_subject is null or subject in ('[sealed]', '[erased]') and description = ''
    );

alter table messages
    alter column body set default '[sealed]',
    add column sealed_body bytea constraint messages_sealed_body_check check (
        length(sealed_body) = 0 or length(sealed_body) between 42 and 80041
    ),
    add constraint messages_sealed_or_clear_check check (sealed_body is null or body in ('[sealed]', '[erased]'));

-- What is still to be sealed.
create index cases_clear_idx on cases (id) where sealed_subject is null;
create index messages_clear_idx on messages (id) where sealed_body is null;
