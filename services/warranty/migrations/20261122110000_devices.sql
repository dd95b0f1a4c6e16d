-- The sum of Luhn over the decimal digits of a number, its last one the check digit: ISO/IEC 7812-1, annex B.
create function luhn_holds(digits text) returns boolean
    language sql immutable strict parallel safe
as $$
    select coalesce(sum(case
        when (length(digits) - place) % 2 = 0 then symbol::integer
        else symbol::integer * 2 - case when symbol::integer > 4 then 9 else 0 end
    end) % 10 = 0, false)
    from unnest(string_to_array(digits, null)) with ordinality as digit (symbol, place)
$$;

-- What refuses to change or delete what is history. Its argument is the constraint's name.
create function refuse_change_of_record() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'integrity_constraint_violation',
        constraint = tg_argv[0],
        message = 'history is added to and never changed';
end
$$;

alter table devices
    -- An organisation, as the operator names it; null where none has the device.
    add column owner_organisation text     constraint devices_organisation_form check (
        owner_organisation ~ '^[a-z0-9][a-z0-9-]{0,62}$'
    ),
    add column imei               text     constraint devices_imei_luhn check (imei ~ '^[0-9]{15}$' and luhn_holds(imei)),
    -- Of a second radio.
    add column imei2              text     constraint devices_imei2_luhn check (imei2 ~ '^[0-9]{15}$' and luhn_holds(imei2)),
    -- Without check digit.
    add column meid               text     constraint devices_meid_form check (meid ~ '^[0-9A-F]{14}$'),
    add column configuration      text     constraint devices_configuration_form check (
        configuration ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'
    ),
    -- Who sold it, as the maker names sellers.
    add column seller_reference   text     constraint devices_seller_form check (
        seller_reference ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'
    ),
    add column first_activated_on date,
    -- What is set now; how it came to be is in device_marks, whose trigger alone writes these.
    add column locks              text[]   not null default '{}' constraint devices_locks_known check (
        locks <@ array['lost', 'stolen', 'activation']
    ),
    add column flags              text[]   not null default '{}' constraint devices_flags_known check (
        flags <@ array['demo_unit', 'refurbished', 'seized', 'under_investigation', 'counterfeit']
    ),
    -- The first of the units that replaced one another, itself for the first; null while there is but one.
    add column origin_id          uuid     constraint devices_origin_fkey references devices (id),
    -- 0 for the first of them.
    add column chain_place        smallint constraint devices_place_range check (chain_place >= 0),
    -- When another unit came in its place.
    add column retired_at         timestamptz,
    add constraint devices_one_owner check (owner_customer_id is null or owner_organisation is null),
    add constraint devices_two_imeis check (imei2 is null or imei is not null and imei <> imei2),
    add constraint devices_chain_whole check ((origin_id is null) = (chain_place is null)),
    add constraint devices_first_is_origin check ((chain_place = 0) = (origin_id = id)),
    add constraint devices_retired_in_chain check (retired_at is null or origin_id is not null);

-- The units of a chain in their order. No two came in the place of one.
create unique index devices_by_chain on devices (origin_id, chain_place) where origin_id is not null;
create index devices_by_organisation on devices (owner_organisation, id) where owner_organisation is not null;

-- Every number that names a radio, once, whichever of a device's it is: 15 digits are an IMEI, 14 a MEID.
create table device_identifiers (
    value     text not null constraint device_identifiers_pkey primary key,
    device_id uuid not null constraint device_identifiers_device_fkey references devices (id) on delete cascade
);
create index device_identifiers_by_device on device_identifiers (device_id);

create function keep_device_identifiers() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        delete from device_identifiers where device_id = new.id;
    end if;
    insert into device_identifiers (value, device_id)
    select value, new.id from unnest(array[new.imei, new.imei2, new.meid]) as value where value is not null;
    return null;
end
$$;

create trigger devices_identifiers_added after insert on devices
    for each row when (num_nonnulls(new.imei, new.imei2, new.meid) > 0)
    execute function keep_device_identifiers();
create trigger devices_identifiers_changed after update of imei, imei2, meid on devices
    for each row when ((old.imei, old.imei2, old.meid) is distinct from (new.imei, new.imei2, new.meid))
    execute function keep_device_identifiers();

-- Who had a device from when on: a row at every change, both columns null where nobody has it.
create table device_owners (
    device_id     uuid        not null constraint device_owners_device_fkey references devices (id),
    -- 0 for the first.
    place         integer     not null constraint device_owners_place_range check (place >= 0),
    customer_id   uuid,
    organisation  text        constraint device_owners_organisation_form check (organisation ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    since         timestamptz not null,
    -- How they came by it.
    reason        text        not null constraint device_owners_reason_known check (reason in (
        'registered', 'imported', 'transferred', 'replaced', 'ownership_proven', 'inheritance', 'court_order',
        'registered_in_error', 'returned_to_seller'
    )),
    -- The transfer, or the unit that was replaced.
    reference     uuid,
    actor_kind    text        not null constraint device_owners_actor_known check (
        actor_kind in ('customer', 'staff', 'partner', 'operator', 'service', 'system')
    ),
    actor_id      text        not null,
    constraint device_owners_pkey primary key (device_id, place),
    constraint device_owners_one check (customer_id is null or organisation is null)
);
create trigger device_owners_append_only before update or delete on device_owners
    for each row execute function refuse_change_of_record('device_owners_append_only');

-- Of devices that were registered before.
insert into device_owners (device_id, place, customer_id, since, reason, actor_kind, actor_id)
select id, 0, owner_customer_id, registered_at, 'registered', 'system', 'warranty' from devices;

-- Locks and flags: a row at every change.
create table device_marks (
    id         uuid        primary key,
    device_id  uuid        not null constraint device_marks_device_fkey references devices (id),
    kind       text        not null constraint device_marks_kind_known check (kind in ('lock', 'flag')),
    mark       text        not null,
    -- Whether it was set, or lifted.
    is_set     boolean     not null,
    -- Why: of locks.
    reason     text        constraint device_marks_reason_known check (reason in (
        'owner_request', 'police_report', 'carrier_report', 'recovered', 'set_in_error', 'ownership_proven', 'court_order'
    )),
    -- What it stands on: of flags.
    reference  text        constraint device_marks_reference_form check (reference ~ '^[A-Za-z0-9][A-Za-z0-9./_-]{1,79}$'),
    actor_kind text        not null constraint device_marks_actor_known check (
        actor_kind in ('customer', 'staff', 'partner', 'operator', 'service', 'system')
    ),
    actor_id   text        not null,
    at         timestamptz not null,
    constraint device_marks_known check (
        kind = 'lock' and mark in ('lost', 'stolen', 'activation')
        or kind = 'flag' and mark in ('demo_unit', 'refurbished', 'seized', 'under_investigation', 'counterfeit')
    ),
    constraint device_marks_why check (
        (reason is not null) = (kind = 'lock') and (reference is not null) = (kind = 'flag')
    )
);
create index device_marks_by_device on device_marks (device_id, id);
create trigger device_marks_append_only before update or delete on device_marks
    for each row execute function refuse_change_of_record('device_marks_append_only');

-- The row of the device follows its history, and nothing is set twice or lifted that is not set.
create function apply_device_mark() returns trigger
    language plpgsql
as $$
begin
    if new.kind = 'lock' then
        update devices
        set locks = case when new.is_set then array_append(locks, new.mark) else array_remove(locks, new.mark) end
        where id = new.device_id and (new.mark = any (locks)) is distinct from new.is_set;
    else
        update devices
        set flags = case when new.is_set then array_append(flags, new.mark) else array_remove(flags, new.mark) end
        where id = new.device_id and (new.mark = any (flags)) is distinct from new.is_set;
    end if;
    if not found then
        raise exception using
            errcode = 'integrity_constraint_violation',
            constraint = 'device_marks_changes_state',
            message = 'a mark is set once, and lifted once it is set';
    end if;
    return null;
end
$$;
create trigger device_marks_applied after insert on device_marks
    for each row execute function apply_device_mark();

create function refuse_change_of_marks() returns trigger
    language plpgsql
as $$
begin
    if pg_trigger_depth() < 2 then
        raise exception using
            errcode = 'integrity_constraint_violation',
            constraint = 'devices_marks_by_history',
            message = 'locks and flags follow from device_marks';
    end if;
    return new;
end
$$;
create trigger devices_marks_by_history before update of locks, flags on devices
    for each row when ((old.locks, old.flags) is distinct from (new.locks, new.flags))
    execute function refuse_change_of_marks();
create trigger devices_marks_none_at_first before insert on devices
    for each row when (cardinality(new.locks) > 0 or cardinality(new.flags) > 0)
    execute function refuse_change_of_marks();

-- A device on its way from one to another.
create table device_transfers (
    id                uuid        primary key,
    device_id         uuid        not null constraint device_transfers_device_fkey references devices (id),
    from_customer_id  uuid,
    from_organisation text,
    -- To whom; all null where it is whoever has the code.
    to_customer_id    uuid,
    to_organisation   text,
    -- SHA-256 of the code.
    code_hash         bytea       constraint device_transfers_code_key unique
                                  constraint device_transfers_code_length check (length(code_hash) = 32),
    state             text        not null constraint device_transfers_state_known check (
        state in ('offered', 'accepted', 'declined', 'withdrawn', 'expired')
    ),
    offered_at        timestamptz not null,
    expires_at        timestamptz not null,
    ended_at          timestamptz,
    constraint device_transfers_from_one check (num_nonnulls(from_customer_id, from_organisation) = 1),
    -- The code of an offer is drawn after it was made, and forgotten with its end.
    constraint device_transfers_to_one check (num_nonnulls(to_customer_id, to_organisation, code_hash) <= 1),
    constraint device_transfers_code_while_open check (code_hash is null or state = 'offered'),
    constraint device_transfers_ended check ((ended_at is null) = (state = 'offered')),
    constraint device_transfers_days check (
        expires_at > offered_at and expires_at <= offered_at + interval '31 days'
    )
);
create unique index device_transfers_one_open on device_transfers (device_id) where state = 'offered';
create index device_transfers_overdue on device_transfers (expires_at) where state = 'offered';

-- What has ended stays as it is.
create function refuse_change_of_transfer() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'integrity_constraint_violation',
        constraint = 'device_transfers_ended_once',
        message = 'a transfer ends once';
end
$$;
create trigger device_transfers_ended_once before update on device_transfers
    for each row when (old.state <> 'offered') execute function refuse_change_of_transfer();

-- A unit that came in the place of another: neither twice.
create table device_replacements (
    id            uuid        primary key,
    old_device_id uuid        not null constraint device_replacements_old_key unique
                              constraint device_replacements_old_fkey references devices (id),
    new_device_id uuid        not null constraint device_replacements_new_key unique
                              constraint device_replacements_new_fkey references devices (id),
    -- When the old one was handed in, and when the new one was handed over.
    received_on   date        not null,
    replaced_on   date        not null,
    reason        text        not null constraint device_replacements_reason_known check (
        reason in ('repair', 'dead_on_arrival', 'recall', 'loss')
    ),
    repair_id     uuid,
    actor_kind    text        not null constraint device_replacements_actor_known check (
        actor_kind in ('customer', 'staff', 'partner', 'operator', 'service', 'system')
    ),
    actor_id      text        not null,
    at            timestamptz not null,
    constraint device_replacements_two check (old_device_id <> new_device_id),
    constraint device_replacements_in_order check (received_on <= replaced_on)
);
create trigger device_replacements_append_only before update or delete on device_replacements
    for each row execute function refuse_change_of_record('device_replacements_append_only');

-- Proofs of purchase. The document lies elsewhere.
create table purchase_proofs (
    id                    uuid        primary key,
    device_id             uuid        not null constraint purchase_proofs_device_fkey references devices (id),
    -- The first unit of those that replaced one another: one proof at a time for all of them.
    origin_id             uuid        not null constraint purchase_proofs_origin_fkey references devices (id),
    kind                  text        not null constraint purchase_proofs_kind_known check (kind in (
        'invoice', 'receipt', 'order_confirmation', 'delivery_note', 'seller_record', 'gift_receipt'
    )),
    purchase_date         date        not null,
    purchase_country_code text        not null constraint purchase_proofs_country_form check (
        purchase_country_code ~ '^[A-Z]{2}$'
    ),
    sold_used             boolean     not null,
    seller_reference      text        constraint purchase_proofs_seller_form check (
        seller_reference ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'
    ),
    document_reference    text        not null constraint purchase_proofs_document_form check (
        document_reference ~ '^[A-Za-z0-9][A-Za-z0-9:./_-]{7,199}$'
    ),
    case_id               uuid,
    -- The member of staff whose case it is.
    case_agent            text,
    submitter_kind        text        not null constraint purchase_proofs_submitter_known check (
        submitter_kind in ('customer', 'staff', 'partner')
    ),
    submitter_id          text        not null,
    -- The partner's.
    submitter_organisation text,
    submitted_at          timestamptz not null,
    state                 text        not null constraint purchase_proofs_state_known check (
        state in ('submitted', 'accepted', 'rejected', 'withdrawn')
    ),
    reason                text        constraint purchase_proofs_reason_known check (reason in (
        'shows_sale', 'confirmed_by_seller', 'illegible', 'other_device', 'no_date', 'not_genuine', 'no_proof'
    )),
    reviewer_kind         text        constraint purchase_proofs_reviewer_known check (reviewer_kind in ('staff', 'operator')),
    reviewer_id           text,
    ended_at              timestamptz,
    constraint purchase_proofs_ended check ((ended_at is null) = (state = 'submitted')),
    constraint purchase_proofs_reviewed check (
        (reason is not null) = (state in ('accepted', 'rejected'))
        and (reviewer_id is not null) = (reason is not null) and (reviewer_kind is not null) = (reason is not null)
    ),
    constraint purchase_proofs_reason_fits check (
        reason is null or (state = 'accepted') = (reason in ('shows_sale', 'confirmed_by_seller'))
    ),
    constraint purchase_proofs_four_eyes check (
        reviewer_id is null or reviewer_id <> submitter_id and reviewer_id is distinct from case_agent
    )
);
create unique index purchase_proofs_one_open on purchase_proofs (origin_id) where state = 'submitted';
create index purchase_proofs_by_device on purchase_proofs (device_id, id);
create index purchase_proofs_waiting on purchase_proofs (id) where state = 'submitted';

create function refuse_change_of_proof() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'integrity_constraint_violation',
        constraint = 'purchase_proofs_reviewed_once',
        message = 'a proof of purchase is reviewed once';
end
$$;
create trigger purchase_proofs_reviewed_once before update on purchase_proofs
    for each row when (old.state <> 'submitted') execute function refuse_change_of_proof();

-- What was taken for the purchase before, and since.
create table purchase_corrections (
    id                    uuid        primary key,
    device_id             uuid        not null constraint purchase_corrections_device_fkey references devices (id),
    -- The proof it stands on; null where it was an activation.
    proof_id              uuid        constraint purchase_corrections_proof_key unique
                                      constraint purchase_corrections_proof_fkey references purchase_proofs (id),
    date_before           date        not null,
    date_after            date        not null,
    country_before        text        not null,
    country_after         text        not null,
    sold_used_before      boolean     not null,
    sold_used_after       boolean     not null,
    evidence_before       text        not null constraint purchase_corrections_before_known check (
        evidence_before in ('estimated', 'declared', 'proven')
    ),
    evidence_after        text        not null constraint purchase_corrections_after_known check (
        evidence_after in ('estimated', 'declared', 'proven')
    ),
    -- How many decisions had been made from another purchase.
    decisions_affected    integer     not null constraint purchase_corrections_affected_range check (decisions_affected >= 0),
    actor_kind            text        not null constraint purchase_corrections_actor_known check (
        actor_kind in ('customer', 'staff', 'partner', 'operator', 'service', 'system')
    ),
    actor_id              text        not null,
    at                    timestamptz not null,
    -- Nothing but a proof proves.
    constraint purchase_corrections_proven check ((evidence_after = 'proven') = (proof_id is not null))
);
create index purchase_corrections_by_device on purchase_corrections (device_id, id);
create trigger purchase_corrections_append_only before update or delete on purchase_corrections
    for each row execute function refuse_change_of_record('purchase_corrections_append_only');
