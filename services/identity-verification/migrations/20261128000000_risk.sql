-- What speaks against a verification besides its proofs.

-- What was noticed about a verification and what it came to: one row each, whether its contact point has an owner or not.
create table risk_assessments (
    verification_id uuid primary key references verifications (id),
    -- What was noticed, in the order it was: the signal, its weight, how much of it, and when.
    signals text[] not null,
    weights smallint[] not null,
    measures integer[] not null,
    found_at timestamptz[] not null,
    score integer not null check (score >= 0),
    outcome text not null check (outcome in ('none', 'raised', 'blocked', 'denied')),
    -- The rules it was weighed by last.
    standard_basis text not null,
    assessed_at timestamptz not null,
    -- The member of staff who started the verification; absent where it was none.
    started_by text check (length(started_by) between 1 and 200),
    -- Keyed hash of what binds the front end that it was started on to its device.
    device_key bytea check (length(device_key) = 32),
    -- Keyed hash of the number without its last four digits, and of its calling code; absent where it is no telephone.
    prefix_key bytea check (length(prefix_key) = 32),
    country_key bytea check (length(country_key) = 32),
    constraint risk_assessments_findings_check check (
        cardinality(weights) = cardinality(signals) and cardinality(measures) = cardinality(signals)
        and cardinality(found_at) = cardinality(signals)
        and signals <@ array[
            'contact_changed', 'number_ported', 'number_voip', 'number_premium', 'sim_swapped', 'impossible_travel',
            'new_device', 'device_switched', 'many_subjects', 'many_cases', 'number_pumped'
        ]
    ),
    constraint risk_assessments_number_check check ((prefix_key is null) = (country_key is null))
);

-- Reviewers look at what came to something.
create index risk_assessments_outcome_idx on risk_assessments (assessed_at desc, verification_id desc) where outcome <> 'none';

-- What reviewers decided. Never changed.
create table risk_reviews (
    id uuid primary key,
    verification_id uuid not null references verifications (id),
    decision text not null check (decision in ('cleared', 'denied')),
    ground text not null check (
        ground in ('seen_in_person', 'called_back', 'explained', 'signal_wrong', 'impersonation', 'not_asked_for')
    ),
    reviewer text not null check (length(reviewer) between 1 and 200),
    reviewed_at timestamptz not null,
    -- Of a clearance: keyed hash of the contact point it holds for, and until when.
    contact_key bytea check (length(contact_key) = 32),
    expires_at timestamptz,
    constraint risk_reviews_clearance_check check (
        num_nulls(contact_key, expires_at) = (case when decision = 'cleared' then 0 else 2 end)
    )
);

create index risk_reviews_verification_idx on risk_reviews (verification_id, reviewed_at);
create index risk_reviews_clearance_idx on risk_reviews (contact_key, expires_at) where contact_key is not null;

create function risk_reviews_stand() returns trigger language plpgsql as $$
begin
    raise exception 'what a reviewer decided is not changed' using errcode = 'integrity_constraint_violation',
        constraint = 'risk_reviews_stand';
end
$$;

create trigger risk_reviews_stand before update or delete or truncate on risk_reviews
for each statement execute function risk_reviews_stand();

-- Of whom, and for which cases, a source has started verifications lately. Keyed hashes. No source has more rows than its limit
-- lets be noticed.
create table source_uses (
    source_key bytea not null check (length(source_key) = 32),
    used_key bytea not null check (length(used_key) = 32),
    seen_at timestamptz not null,
    primary key (source_key, used_key)
);

create index source_uses_seen_idx on source_uses (seen_at);

-- The devices that customers were verified on, by keyed hash: the last ones of each.
create table customer_devices (
    customer_id uuid not null references customers (id),
    device_key bytea not null check (length(device_key) = 32),
    seen_at timestamptz not null,
    primary key (customer_id, device_key)
);

-- Where customers were verified last, to the full degree.
create table customer_places (
    customer_id uuid primary key references customers (id),
    latitude smallint not null check (latitude between -90 and 90),
    longitude smallint not null check (longitude between -180 and 180),
    seen_at timestamptz not null
);

-- What is known of telephone numbers: from the provider that was asked, and from reports. By keyed hash.
create table number_reports (
    contact_key bytea primary key check (length(contact_key) = 32),
    line text check (line in ('voip', 'premium')),
    ported_at timestamptz,
    sim_swapped_at timestamptz,
    -- When a provider was asked last.
    asked_at timestamptz,
    touched_at timestamptz not null
);

create index number_reports_touched_idx on number_reports (touched_at);

-- How many codes went to numbers of a prefix or a calling code in an hour of the clock, and how many came back.
create table send_counts (
    counted_key bytea not null check (length(counted_key) = 32),
    hour timestamptz not null,
    sent integer not null check (sent >= 0),
    approved integer not null check (approved >= 0),
    primary key (counted_key, hour)
);

create index send_counts_hour_idx on send_counts (hour);
