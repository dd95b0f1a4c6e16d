-- What warranty reserved for a repair, and what the customer pays for it.
alter table repairs
    -- The entitlement; null where nothing was reserved, and of repairs from before there were any.
    add column entitlement_id         uuid,
    -- Nothing, an amount, or a price that was not known when it was ordered; null of repairs from before prices were kept.
    add column customer_pays          text   constraint repairs_customer_pays_known check (
        customer_pays in ('nothing', 'amount', 'unknown')
    ),
    -- ISO 4217, and the currency's minor units, of the amount.
    add column customer_pays_currency text   constraint repairs_currency_form check (customer_pays_currency ~ '^[A-Z]{3}$'),
    add column customer_pays_minor    bigint constraint repairs_amount_not_negative check (customer_pays_minor >= 0),
    add constraint repairs_amount_whole check (
        (customer_pays_currency is not null) = (customer_pays is not distinct from 'amount')
        and (customer_pays_minor is not null) = (customer_pays is not distinct from 'amount')
    );

-- One entitlement is one repair's.
create unique index repairs_entitlement_key on repairs (entitlement_id) where entitlement_id is not null;
