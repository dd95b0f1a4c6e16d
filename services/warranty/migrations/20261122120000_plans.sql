-- What was quoted: a plan at a price that is held for a time. Kept, because it says what was agreed for the first term.
create table plan_quotes (
    id                     uuid        primary key,
    device_id              uuid        not null constraint plan_quotes_device_fkey references devices (id),
    -- The plan's key in the terms of plans.
    kind                   text        not null constraint plan_quotes_kind_form check (kind ~ '^[a-z][a-z0-9-]{0,39}$'),
    buyer                  text        not null constraint plan_quotes_buyer_known check (buyer in ('consumer', 'business')),
    -- What would be agreed, as the service's `Agreed` is written: never read by SQL.
    agreed                 jsonb       not null,
    -- Where the inspection is filed; null where the device was not inspected.
    inspection_reference   text,
    -- The partner's organisation that asked; null where none did.
    quoted_by_organisation text,
    quoted_at              timestamptz not null,
    -- Until when it holds.
    expires_at             timestamptz not null,
    constraint plan_quotes_holds_a_while check (expires_at > quoted_at)
);

create index plan_quotes_by_device on plan_quotes (device_id);

create table plans (
    id                   uuid        primary key,
    -- What was quoted is bought once.
    quote_id             uuid        not null constraint plans_quote_fkey references plan_quotes (id)
                                     constraint plans_quote_key unique,
    device_id            uuid        not null constraint plans_device_fkey references devices (id),
    -- Who has it; null where nobody is known. A customer of identity-verification, so there is nothing here to refer to.
    holder_customer_id   uuid,
    -- The partner's organisation that sold it, who may see it; null where none did.
    sold_by_organisation text,
    kind                 text        not null constraint plans_kind_form check (kind ~ '^[a-z][a-z0-9-]{0,39}$'),
    -- Where its device was bought, ISO 3166-1 alpha-2: its terms and its days are of that place.
    country_code         text        not null constraint plans_country_form check (country_code ~ '^[A-Z]{2}$'),
    -- In which it is paid, ISO 4217, for all its terms.
    currency_code        text        not null constraint plans_currency_form check (currency_code ~ '^[A-Z]{3}$'),
    state                text        not null constraint plans_state_known check (
        state in ('pending_payment', 'active', 'in_grace', 'lapsed', 'canceled', 'expired')
    ),
    -- Whether it renews by itself.
    renews               boolean     not null,
    enrolled_on          date        not null,
    enrolled_at          timestamptz not null,
    state_changed_at     timestamptz not null,
    -- Whether it was tried in vain to collect the first price.
    first_failed         boolean     not null default false,
    -- The next term where it is to be paid, as the service's `Renewal` is written.
    renewal              jsonb,
    -- The first day on which time brings something about; null where it never will.
    act_on               date,
    -- The last day on which it covered; null before it is over, and where it never did.
    ended_on             date,
    canceled_cause       text        constraint plans_cause_known check (canceled_cause in ('requested', 'not_transferable')),
    -- What is paid back, in minor units.
    refund_minor         bigint      constraint plans_refund_not_negative check (refund_minor >= 0),
    constraint plans_acts_while_it_lives check (
        (act_on is null) = (state in ('lapsed', 'canceled', 'expired'))
    ),
    constraint plans_canceled_says_why check (
        (state = 'canceled') = (canceled_cause is not null) and (canceled_cause is null) = (refund_minor is null)
    ),
    constraint plans_renewal_of_what_is_paid check (renewal is null or state in ('active', 'in_grace')),
    constraint plans_grace_waits_for_a_renewal check (state <> 'in_grace' or renewal is not null),
    constraint plans_ended_is_over check (ended_on is null or state in ('lapsed', 'canceled', 'expired'))
);

-- Never two plans of one kind live on a device.
create unique index plans_one_of_a_kind on plans (device_id, kind) where state in ('pending_payment', 'active', 'in_grace');
create index plans_by_device on plans (device_id, id);
create index plans_by_holder on plans (holder_customer_id, id) where holder_customer_id is not null;
create index plans_by_seller on plans (sold_by_organisation, id) where sold_by_organisation is not null;
-- What time brings about in a country, in the order of its days.
create index plans_to_act_on on plans (country_code, act_on, id) where act_on is not null;
-- What other terms would mean for the plans of a country.
create index plans_living_by_country on plans (country_code) where state in ('active', 'in_grace');

-- What was paid for plans, or could not be collected. Recorded once, never changed.
create table plan_payments (
    id            uuid        primary key,
    plan_id       uuid        not null constraint plan_payments_plan_fkey references plans (id),
    -- Where the payment was made it has this name.
    reference     text        not null constraint plan_payments_reference_key unique
                              constraint plan_payments_reference_form check (reference ~ '^[A-Za-z0-9._/-]{1,64}$'),
    outcome       text        not null constraint plan_payments_outcome_known check (outcome in ('paid', 'failed')),
    amount_minor  bigint      not null constraint plan_payments_amount_not_negative check (amount_minor >= 0),
    currency_code text        not null constraint plan_payments_currency_form check (currency_code ~ '^[A-Z]{3}$'),
    recorded_at   timestamptz not null,
    constraint plan_payments_of_plan_key unique (id, plan_id)
);

create index plan_payments_by_plan on plan_payments (plan_id);

-- The terms of plans that are paid. Each begins the day after the one before it ends: it refers to that day, which only one can,
-- so that there is neither a gap nor an overlap.
create table plan_periods (
    plan_id      uuid     not null constraint plan_periods_plan_fkey references plans (id),
    -- 1 for the first.
    number       smallint not null constraint plan_periods_number_range check (number >= 1),
    from_day     date     not null,
    until_day    date     not null,
    -- The last day of the term before; null for the first.
    follows_day  date,
    paid_on      date     not null,
    -- The payment that paid it, of this plan; each pays one term.
    payment_id   uuid     not null constraint plan_periods_payment_key unique,
    -- What is agreed, as the service's `Agreed` is written.
    agreed       jsonb    not null,
    constraint plan_periods_pkey primary key (plan_id, number),
    constraint plan_periods_until_key unique (plan_id, until_day),
    constraint plan_periods_follows_key unique (plan_id, follows_day),
    constraint plan_periods_follows_fkey foreign key (plan_id, follows_day) references plan_periods (plan_id, until_day),
    constraint plan_periods_payment_fkey foreign key (payment_id, plan_id) references plan_payments (id, plan_id),
    constraint plan_periods_order check (until_day >= from_day),
    constraint plan_periods_first_follows_none check ((number = 1) = (follows_day is null)),
    constraint plan_periods_no_gap check (from_day = follows_day + 1)
);

-- Where a plan was before it went to the device that replaced its own.
create table plan_moves (
    plan_id        uuid        not null constraint plan_moves_plan_fkey references plans (id),
    from_device_id uuid        not null constraint plan_moves_from_fkey references devices (id),
    to_device_id   uuid        not null constraint plan_moves_to_fkey references devices (id),
    -- The last day on which it covered the device it left.
    moved_on       date        not null,
    moved_at       timestamptz not null,
    constraint plan_moves_pkey primary key (plan_id, moved_at),
    constraint plan_moves_somewhere check (from_device_id <> to_device_id)
);

create index plan_moves_by_device on plan_moves (from_device_id);

create function refuse_change_of_plan_record() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'integrity_constraint_violation',
        constraint = tg_name,
        message = 'what was agreed and paid for a plan is never changed';
end
$$;

create trigger plan_quotes_immutable before update or delete on plan_quotes
    for each row execute function refuse_change_of_plan_record();
create trigger plan_payments_immutable before update or delete on plan_payments
    for each row execute function refuse_change_of_plan_record();
create trigger plan_periods_immutable before update or delete on plan_periods
    for each row execute function refuse_change_of_plan_record();
