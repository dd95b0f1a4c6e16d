-- Verifications and grants keep what the standard said when they were started, and its name.

-- By what a verification is answered: the rules of the place that its caller is in, or says to be in.
alter table verifications
    -- As `<service>/<document>@<version>` with overlays; empty where there was no standard yet.
    add column standard_basis text not null default '',
    add column sends_limit smallint not null default 5,
    add column checks_limit smallint not null default 5,
    add column hourly_sends_limit smallint not null default 10;
alter table verifications
    alter column standard_basis drop default,
    alter column sends_limit drop default,
    alter column checks_limit drop default,
    alter column hourly_sends_limit drop default,
    add constraint verifications_limits_check check (sends <= sends_limit and checks <= checks_limit);

-- Within what it succeeds besides: the rules of its customer's own country, which are not shown, since they would tell that there is a
-- customer. Limits of 0 where these rules do not take the method for the purpose.
alter table verifications
    add column own_basis text,
    add column own_sends_limit smallint,
    add column own_checks_limit smallint,
    add column own_hourly_sends_limit smallint,
    add column own_expires_at timestamptz,
    -- How long a grant will last.
    add column grant_seconds integer;
update verifications
set own_basis = '', own_sends_limit = 5, own_checks_limit = 5, own_hourly_sends_limit = 10, own_expires_at = expires_at,
    grant_seconds = 1800
where customer_id is not null;
alter table verifications
    add constraint verifications_own_check check (
        num_nulls(
            customer_id, own_basis, own_sends_limit, own_checks_limit, own_hourly_sends_limit, own_expires_at, grant_seconds
        ) in (0, 7)
    ),
    -- Whatever the program does, nothing is approved beyond the limits.
    drop constraint verifications_approved_check,
    add constraint verifications_approved_check check (
        state <> 'approved'
        or customer_id is not null and checks <= own_checks_limit and ended_at < least(expires_at, own_expires_at)
    );

alter table grants
    -- What it was decided by; empty where there was no standard yet.
    add column standard_basis text not null default '';
alter table grants
    alter column standard_basis drop default;
