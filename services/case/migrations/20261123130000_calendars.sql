-- By which calendar the times of a case were reckoned.

alter table cases
    -- The versions of the profile of its country; null where its times go by the clock alone.
    add column calendar_basis text,
    add constraint cases_calendar_basis_check check (calendar_basis ~ '^[a-z-]+/region-profiles@[0-9]'),
    add constraint cases_calendar_of_a_promise check (calendar_basis is null or standard_basis is not null);
