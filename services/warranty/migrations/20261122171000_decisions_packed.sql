-- Decisions are packed by the service, with a dictionary of what they are made of (store/decisions/packing.rs): a tenth of the
-- bytes to write, to keep and to copy to a replica, and no JSON for the database to take apart. What was stored before stays as
-- it is, and is read as it was.
alter table coverage_decisions
    -- The number of the dictionary that the row was packed with; null where it is not packed.
    add column packing       smallint constraint coverage_decisions_packing_range check (packing >= 1),
    -- Facts and question, packed.
    add column given_packed  bytea,
    -- The answer as it was sealed, packed.
    add column answer_packed bytea,
    -- Of the facts, what decisions are looked up by: another purchase than is known now.
    add column purchase_date date,
    add column sold_used     boolean,
    alter column facts drop not null,
    alter column question drop not null,
    alter column answer drop not null,
    -- What is packed is as small as it gets: to compress it again would cost time alone.
    alter column given_packed set storage external,
    alter column answer_packed set storage external,
    -- One or the other, and whole.
    add constraint coverage_decisions_packed_or_not check (
        case
            when packing is null
            then num_nulls(facts, question, answer) = 0 and num_nonnulls(given_packed, answer_packed) = 0
            else num_nonnulls(facts, question, answer) = 0
                 and num_nulls(given_packed, answer_packed, purchase_date, sold_used) = 0
        end
    );

-- That the device of a decision is there was looked up for every row, and the device's row locked and rewritten for it, which cost
-- as much as the decision's own. It is looked up once for all rows of a statement instead; and what was there stays, since a
-- device is not taken away and its id is not changed.
alter table coverage_decisions drop constraint coverage_decisions_device_fkey;
create function coverage_decisions_have_devices() returns trigger
    language plpgsql
as $$
begin
    if exists (select from added where not exists (select from devices where devices.id = added.device_id)) then
        raise exception using
            errcode = 'foreign_key_violation',
            constraint = 'coverage_decisions_device_fkey',
            message = 'a decision is about a device that is not there';
    end if;
    return null;
end
$$;
create trigger coverage_decisions_have_devices after insert on coverage_decisions
    referencing new table as added
    for each statement execute function coverage_decisions_have_devices();
create trigger devices_kept before delete on devices
    for each row execute function refuse_change_of_record('devices_kept');
create trigger devices_not_emptied before truncate on devices
    for each statement execute function refuse_change_of_record('devices_kept');
create trigger devices_keep_their_id before update of id on devices
    for each row when (old.id is distinct from new.id) execute function refuse_change_of_record('devices_kept');

-- The event of a batch names a hundred decisions and more: what is too long for a row is compressed by the faster way where the
-- server has it.
do $$
begin
    if exists (
        select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)
    ) then
        alter table outbox alter column payload set compression lz4;
    end if;
end
$$;
