-- The cases that this service has heard of, from the feed of case.
create table known_cases (
    case_id     uuid primary key,
    -- Whose concern it is: they see the repairs of it.
    customer_id uuid not null
);

-- One repair of one device.
create table repairs (
    id                   uuid        primary key,
    case_id              uuid        not null constraint repairs_case_fkey references known_cases (case_id),
    provider_id          uuid        not null constraint repairs_provider_fkey references providers (id),
    -- The provider's organisation, who sees and moves it; null for the maker's own places.
    organisation_id      text,
    -- A device of warranty.
    device_id            uuid        not null,
    serial_number        text        not null
                                     constraint repairs_serial_number_form check (serial_number ~ '^[A-HJ-NP-Z0-9]{8,20}$'),
    state                text        not null constraint repairs_state_known check (
        state in ('submitted', 'received', 'diagnosed', 'in_repair', 'finished', 'returned', 'canceled')
    ),
    -- What it came to; null until it is finished.
    outcome              text        constraint repairs_outcome_known check (
        outcome in ('repaired', 'repairable', 'end_of_life', 'unknown')
    ),
    -- What the customer says is wrong: a person's words.
    problem              text        not null constraint repairs_problem_length check (length(problem) between 1 and 10000),
    -- The language of `problem`, BCP 47.
    language             text        not null constraint repairs_language_length check (length(language) between 2 and 35),
    -- What the technician found; null until it is diagnosed.
    diagnosis_code       text        constraint repairs_diagnosis_form check (diagnosis_code ~ '^[A-Z0-9][A-Z0-9_-]{1,39}$'),
    -- What warranty decided when it was ordered. What is refused is not ordered.
    coverage_outcome     text        not null constraint repairs_coverage_outcome_known check (
        coverage_outcome in ('limited_warranty', 'statutory_right', 'out_of_warranty')
    ),
    coverage_decision_id uuid        not null,
    -- The partner's own reference; null for none.
    partner_reference    text        constraint repairs_partner_reference_length check (length(partner_reference) between 1 and 100),
    -- Rises with every change.
    version              bigint      not null constraint repairs_version_positive check (version > 0),
    submitted_at         timestamptz not null,
    updated_at           timestamptz not null,
    constraint repairs_outcome_when_finished check ((outcome is not null) = (state in ('finished', 'returned'))),
    constraint repairs_diagnosis_when_diagnosed check (
        (diagnosis_code is not null) = (state in ('diagnosed', 'in_repair', 'finished', 'returned'))
    ),
    -- Of the provider's organisation and no other. Not checked where it is null: `match simple`.
    constraint repairs_organisation_is_providers foreign key (provider_id, organisation_id)
        references providers (id, organisation_id)
);

-- A partner's reference names one repair of its organisation. The maker's own places are one organisation here.
create unique index repairs_partner_reference_key on repairs (coalesce(organisation_id, ''), partner_reference)
    where partner_reference is not null;

-- Lists, newest first: ids grow with time.
create index repairs_by_case on repairs (case_id, id);
create index repairs_by_organisation on repairs (organisation_id, id) where organisation_id is not null;
create index repairs_by_provider on repairs (provider_id);
create index repairs_by_device on repairs (device_id);
