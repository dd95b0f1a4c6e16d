-- What people wrote is sealed with the data key of the customer whose case it is (customer_keys).
--
-- The columns in the clear are those of the build before, which may go on beside this one for as long as an upgrade takes: it finds
-- `[sealed]` where this one has written, and what it writes itself this one reads, and seals within a minute. The next build but
-- one drops them.
--
-- An empty value stands where the customer was erased.
alter table repairs
    alter column problem set default '[sealed]',
    add column sealed_problem bytea constraint repairs_sealed_problem_length check (
        length(sealed_problem) = 0 or length(sealed_problem) between 42 and 40041
    ),
    -- A note in the clear beside it is a later one.
    add column sealed_note bytea constraint repairs_sealed_note_length check (
        length(sealed_note) = 0 or length(sealed_note) between 42 and 8041
    ),
    -- Either the one or the other. The build before writes `[erased]`.
    add constraint repairs_problem_sealed_or_clear check (sealed_problem is null or problem in ('[sealed]', '[erased]'));

-- What is still to be sealed.
create index repairs_clear_idx on repairs (id) where sealed_problem is null or note is not null;
