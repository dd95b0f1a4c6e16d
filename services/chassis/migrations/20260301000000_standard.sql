-- The standard. Publications, withdrawals and tenures are records: each is written once, by the region that its id says,
-- and never changed. They reach the other regions by the feed. What holds on a day is computed from the set of them.

-- Refuses to change what is a record.
create function standard_record_stays() returns trigger
    language plpgsql
as $$
begin
    raise exception 'records of % are never changed or deleted', tg_table_name using errcode = 'restrict_violation';
end
$$;

-- The versions of documents and of overlays.
create table standard_publications (
    id             uuid        primary key,
    -- The region that published it; its id says so too.
    region         text        not null check (region ~ '^[a-z]{2}$'),
    -- `<service>/<name>`. Another region's service may know documents that this build does not.
    document       text        not null check (document ~ '^[a-z][a-z-]{0,39}/[a-z][a-z0-9-]{0,39}$'),
    place          text        not null check (place ~ '^(global|group/[a-z][a-z0-9-]{0,39}|country/[A-Z]{2}|site/[a-z][a-z0-9-]{0,39})$'),
    version        bigint      not null check (version > 0),
    effective_from date        not null,
    published_at   timestamptz not null,
    -- `<kind>:<subject>`, or `shipped`.
    author         text        not null check (author <> ''),
    -- Null where the document asks for nobody.
    approver       text        check (approver <> ''),
    reason         text        not null check (length(reason) between 1 and 2000),
    -- Canonical JSON: the document, or the merge patch of an overlay.
    content        text        not null check (octet_length(content) between 2 and 196608),
    digest         text        not null constraint standard_publications_digest
                                   check (digest = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    -- The tenure of the authority under which a global version was published; null for the one that the deployment begins
    -- with, and for overlays.
    tenure_id      uuid        check (tenure_id is null or place = 'global'),
    -- Two regions may come to the same number when both believe to hold the authority; one region may not.
    constraint standard_publications_version unique (document, place, version, region)
);
create trigger standard_publications_stay before update or delete on standard_publications
    for each row execute function standard_record_stays();
create trigger standard_publications_stay_all before truncate on standard_publications
    for each statement execute function standard_record_stays();

-- Publications that stop holding. What is withdrawn may be another region's, and arrive later than this: no foreign key.
create table standard_withdrawals (
    id             uuid        primary key,
    region         text        not null check (region ~ '^[a-z]{2}$'),
    publication_id uuid        not null,
    from_day       date        not null,
    withdrawn_at   timestamptz not null,
    author         text        not null check (author <> ''),
    approver       text        check (approver <> ''),
    reason         text        not null check (length(reason) between 1 and 2000)
);
create trigger standard_withdrawals_stay before update or delete on standard_withdrawals
    for each row execute function standard_record_stays();
create trigger standard_withdrawals_stay_all before truncate on standard_withdrawals
    for each statement execute function standard_record_stays();

-- Who came to hold the authority, and when.
create table standard_tenures (
    id             uuid        primary key,
    -- The region that wrote it: the holder that gave the authority away, or the region that took it.
    recorded_by    text        not null check (recorded_by ~ '^[a-z]{2}$'),
    number         bigint      not null check (number > 0),
    -- The region that holds it.
    region         text        not null check (region ~ '^[a-z]{2}$'),
    taken          boolean     not null,
    -- The last global version of each document that whoever wrote this knew.
    last_versions  jsonb       not null check (jsonb_typeof(last_versions) = 'object'),
    moved_at       timestamptz not null,
    author         text        not null check (author <> ''),
    reason         text        not null check (length(reason) between 1 and 2000),
    constraint standard_tenures_number unique (number, recorded_by),
    -- A region takes the authority for itself alone, and gives it to another alone.
    constraint standard_tenures_taken check (taken = (region = recorded_by))
);
create trigger standard_tenures_stay before update or delete on standard_tenures
    for each row execute function standard_record_stays();
create trigger standard_tenures_stay_all before truncate on standard_tenures
    for each statement execute function standard_record_stays();

-- Versions and withdrawals that are being prepared, here and nowhere else.
create table standard_drafts (
    id             uuid        primary key,
    document       text        not null check (document ~ '^[a-z][a-z-]{0,39}/[a-z][a-z0-9-]{0,39}$'),
    place          text        not null check (place ~ '^(global|group/[a-z][a-z0-9-]{0,39}|country/[A-Z]{2}|site/[a-z][a-z0-9-]{0,39})$'),
    state          text        not null check (state in ('open', 'approved', 'published', 'discarded')),
    content        text        check (octet_length(content) between 2 and 196608),
    withdraws      uuid,
    effective_from date,
    reason         text        not null check (length(reason) between 1 and 2000),
    author         text        not null check (author <> ''),
    approver       text        check (approver <> ''),
    -- What it was published as; of a withdrawal what was withdrawn.
    publication_id uuid        references standard_publications (id),
    revision       bigint      not null check (revision > 0),
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    constraint standard_drafts_one_intent check ((content is null) <> (withdraws is null)),
    constraint standard_drafts_approver check (approver <> author),
    constraint standard_drafts_approved check (state <> 'approved' or approver is not null),
    constraint standard_drafts_published check ((state = 'published') = (publication_id is not null))
);
create index standard_drafts_newest on standard_drafts (created_at desc, id desc);

-- The regions that this one follows, and when each was last heard of. Written every few seconds at most, so that the age
-- of what is known survives a restart.
create table standard_regions (
    region        text        primary key check (region ~ '^[a-z]{2}$'),
    last_heard_at timestamptz not null
);
