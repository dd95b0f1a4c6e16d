-- Whether a device was sold used: the law may owe less for it.
alter table devices add column sold_used boolean not null default false;

-- What a decision was made from, beside the day and the damage, so that it can be made again: by the terms it names, to show
-- what they said, and by others, to see what those would change.
alter table coverage_decisions
    add column purchase_country_code text,
    add column purchase_date         date,
    add column product_line          text,
    -- What the catalogue named, in months.
    add column warranty_months       smallint,
    add column sold_used             boolean,
    -- The repairs free of charge that it had had: the day it was handed in and the day it was back, each at the same place.
    add column repairs_received      date[] not null default '{}',
    add column repairs_returned      date[] not null default '{}';

-- Of decisions that were made before: devices and products have not changed since. What was decided stays as it was.
alter table coverage_decisions disable trigger coverage_decisions_immutable;
update coverage_decisions
set purchase_country_code = devices.purchase_country_code,
    purchase_date = devices.purchase_date,
    product_line = products.product_line,
    warranty_months = products.limited_warranty_months,
    sold_used = devices.sold_used
from devices join products on products.id = devices.product_id
where devices.id = coverage_decisions.device_id;
alter table coverage_decisions enable trigger coverage_decisions_immutable;

alter table coverage_decisions
    alter column purchase_country_code set not null,
    alter column purchase_date set not null,
    alter column product_line set not null,
    alter column warranty_months set not null,
    alter column sold_used set not null,
    add constraint coverage_decisions_country_form check (purchase_country_code ~ '^[A-Z]{2}$'),
    add constraint coverage_decisions_sold_before check (purchase_date <= day),
    add constraint coverage_decisions_product_line_known check (
        product_line in ('phone', 'laptop', 'tablet', 'watch', 'audio', 'desktop', 'accessory')
    ),
    add constraint coverage_decisions_warranty_range check (warranty_months between 0 and 120),
    add constraint coverage_decisions_repairs_paired check (
        cardinality(repairs_received) = cardinality(repairs_returned)
        and array_position(repairs_received, null) is null and array_position(repairs_returned, null) is null
    ),
    drop constraint coverage_decisions_outcome_known,
    add constraint coverage_decisions_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'repair_warranty', 'out_of_warranty', 'refused')
    );

alter table coverage_decision_rules
    drop constraint coverage_decision_rules_outcome_known,
    add constraint coverage_decision_rules_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'repair_warranty', 'out_of_warranty', 'refused')
    );

-- The latest decisions of a country: what a change of its terms is tried on.
create index coverage_decisions_by_country on coverage_decisions (purchase_country_code, id);
