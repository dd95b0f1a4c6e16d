-- A decision is one row: what was known, what was asked and what was answered, each as JSON, so that whatever decisions come
-- to know, ask and say needs no change here. Beside them the columns that rows are found by.
alter table coverage_decisions
    -- All that was known of the device.
    add column facts       jsonb,
    -- What was asked.
    add column question    jsonb,
    -- What was answered, the chain of rules with it.
    add column answer      jsonb,
    -- SHA-256 of the answer as the service writes it; null of those that were made before it was kept.
    add column digest      bytea,
    -- The number of the engine that made it: an engine with another number may say the same otherwise. 0 of those before.
    add column engine      smallint,
    -- The versions of the prices and of the plans on offer that it went by; null where it went by none.
    add column prices_version text constraint coverage_decisions_prices_version_given check (prices_version <> ''),
    add column offers_version text constraint coverage_decisions_offers_version_given check (offers_version <> ''),
    -- Of a question on a fleet's stream: whose it was and its request id, hashed. Asked again, it gets this decision.
    add column item_key    uuid,
    -- SHA-256 of that question, so that another one under its request id is found out.
    add column item_digest bytea;

-- What decisions hold is put together anew; what was decided stays as it was.
alter table coverage_decisions disable trigger coverage_decisions_immutable;
update coverage_decisions
set facts = jsonb_build_object(
        'sale', jsonb_build_object(
            'day', coverage_decisions.purchase_date,
            'line', coverage_decisions.product_line,
            'warranty_months', coverage_decisions.warranty_months,
            'used', coverage_decisions.sold_used,
            'repairs', coalesce((
                select jsonb_agg(jsonb_build_object('received', repair.received, 'returned', repair.returned)
                                 order by repair.place)
                from unnest(repairs_received, repairs_returned) with ordinality as repair (received, returned, place)
            ), '[]')
        ),
        'unit', jsonb_build_object(
            'model_code', products.model_code,
            'serial_number', devices.serial_number,
            'price_group', '',
            'parts', '[]'::jsonb
        ),
        'plans', '[]'::jsonb,
        'used', jsonb_build_object('programs', '[]'::jsonb, 'goodwill_on', '[]'::jsonb),
        'bars', '[]'::jsonb
    ),
    question = jsonb_build_object(
        'day', coverage_decisions.day,
        'damage', damage,
        'place', coverage_decisions.purchase_country_code,
        'symptom', null,
        'component', null,
        'parts', '[]'::jsonb
    ),
    -- Nothing but repair at a price was ever paid for, and no price was known.
    answer = jsonb_build_object(
        'day', coverage_decisions.day,
        'damage', damage,
        'place', coverage_decisions.purchase_country_code,
        'outcome', outcome,
        'covered_until', covered_until,
        'pays', case outcome when 'out_of_warranty' then 'unknown' when 'refused' then 'no_repair' else 'nothing' end,
        'price', null,
        'uses', 'nothing',
        'incidents_left', null,
        'chain', coalesce((
            select jsonb_agg(jsonb_build_object(
                       'rule_id', rule_id, 'outcome', rule.outcome, 'applies', applies, 'decided', decided,
                       'from', from_day, 'until', until_day,
                       'pays', case rule.outcome when 'out_of_warranty' then 'unknown' when 'refused' then 'no_repair'
                               else 'nothing' end,
                       'uses', 'nothing', 'reason', reason_key, 'source', source
                   ) order by place)
            from coverage_decision_rules as rule
            where rule.decision_id = coverage_decisions.id
        ), '[]'),
        'terms_version', terms_version
    ),
    engine = 0
from devices join products on products.id = devices.product_id
where devices.id = coverage_decisions.device_id;
alter table coverage_decisions enable trigger coverage_decisions_immutable;

drop table coverage_decision_rules;

-- With the columns go the constraints on them.
alter table coverage_decisions
    drop column damage,
    drop column purchase_date,
    drop column product_line,
    drop column warranty_months,
    drop column sold_used,
    drop column repairs_received,
    drop column repairs_returned,
    alter column facts set not null,
    alter column question set not null,
    alter column answer set not null,
    alter column engine set not null,
    drop constraint if exists coverage_decisions_outcome_known,
    add constraint coverage_decisions_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'service_program', 'repair_warranty', 'plan', 'goodwill',
                    'out_of_warranty', 'refused')
    ),
    add constraint coverage_decisions_facts_object check (jsonb_typeof(facts) = 'object'),
    add constraint coverage_decisions_question_object check (jsonb_typeof(question) = 'object'),
    add constraint coverage_decisions_answer_object check (jsonb_typeof(answer) = 'object'),
    add constraint coverage_decisions_digest_length check (octet_length(digest) = 32),
    add constraint coverage_decisions_digest_given check (engine = 0 or digest is not null),
    add constraint coverage_decisions_item_digest_length check (octet_length(item_digest) = 32),
    add constraint coverage_decisions_item_whole check ((item_key is null) = (item_digest is null));

create unique index coverage_decisions_item_key on coverage_decisions (item_key) where item_key is not null;

-- The devices of a country, newest first: what a change of its rules is tried on.
create index devices_by_country on devices (purchase_country_code, id);
