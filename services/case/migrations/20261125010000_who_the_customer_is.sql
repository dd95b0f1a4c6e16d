-- What routing goes by, beyond what a case is about.
alter table cases
    -- By its name in the catalogue; empty where it is not known.
    add column model text not null default '' constraint cases_model_check check (length(model) <= 60),
    -- Null where it is not known.
    add column segment text constraint cases_segment_check check (segment in ('consumer', 'business', 'education')),
    -- An agent of routing; null where nobody looks after the customer.
    add column account_manager_id uuid;
