-- Where a task is served, and by which versions of the routing plan it was decided about.

alter table tasks
    -- By the code of ISO 3166-1 alpha-2; null where it is not known.
    add column country_code text constraint tasks_country_code_form check (country_code ~ '^[A-Z]{2}$'),
    -- The versions of the last decision: queued, or since then offered; null where that was before there were any.
    add column standard_basis text constraint tasks_standard_basis_form check (standard_basis ~ '^[a-z-]+/routing-plan@[0-9]');

alter table offers
    add column standard_basis text constraint offers_standard_basis_form check (standard_basis ~ '^[a-z-]+/routing-plan@[0-9]');

alter table task_history
    add column standard_basis text constraint task_history_standard_basis_form check (standard_basis ~ '^[a-z-]+/routing-plan@[0-9]'),
    -- Only these are decided by the plan.
    add constraint task_history_standard_basis_where_decided check (standard_basis is null or change in ('queued', 'offered'));

-- The line is ordered by priorities that rise with waiting, which no index can hold; `tasks_by_state` finds who waits.
drop index tasks_waiting;
