//! The rows that earlier services wrote.

/// What the first service wrote: a telephone and a watch, three decisions about the telephone, the chain of each.
pub(super) const FIRST: &str = "
insert into products values
    ('0198f2c4-0000-7250-8000-000000000001', 'PHN-12-128', 'Phone 12', 'phone', 12, '2020-01-15', '2026-01-01T00:00:00Z'),
    ('0198f2c4-0000-7250-8000-000000000002', 'WCH-3-41', 'Watch 3', 'watch', 24, '2021-09-01', '2026-01-01T00:00:00Z');
insert into devices values
    ('0198f2c4-0000-7250-8000-000000000011', '0198f2c4-0000-7250-8000-000000000001', 'AAAA0001',
     '0198f2c4-0000-7250-8000-0000000000aa', 'DE', '2024-02-29', 'proven', '2026-01-02T00:00:00Z'),
    ('0198f2c4-0000-7250-8000-000000000012', '0198f2c4-0000-7250-8000-000000000002', 'AAAA0002', null,
     'FR', '2025-06-30', 'estimated', '2026-01-02T00:00:00Z');
insert into coverage_decisions values
    ('0198f2c4-0000-7250-8000-000000000101', '0198f2c4-0000-7250-8000-000000000011', '2024-12-31', 'none',
     'limited_warranty', '2025-02-28', '1', null, '2026-01-03T00:00:00Z'),
    ('0198f2c4-0000-7250-8000-000000000102', '0198f2c4-0000-7250-8000-000000000011', '2026-01-03', 'liquid',
     'out_of_warranty', null, '1', 'asp-berlin', '2026-01-03T00:00:01Z'),
    ('0198f2c4-0000-7250-8000-000000000103', '0198f2c4-0000-7250-8000-000000000011', '2026-01-03', 'unauthorised_change',
     'refused', null, '1', null, '2026-01-03T00:00:02Z');
insert into coverage_decision_rules values
    ('0198f2c4-0000-7250-8000-000000000101', 0, 'limited-warranty', 'limited_warranty', true, true,
     '2024-02-29', '2025-02-28', 'maker', 'coverage.reason.within_period'),
    ('0198f2c4-0000-7250-8000-000000000101', 1, 'statutory-eu', 'statutory_right', true, false,
     '2024-02-29', '2026-02-28', 'Directive (EU) 2019/771', 'coverage.reason.within_period'),
    ('0198f2c4-0000-7250-8000-000000000101', 2, 'out-of-warranty', 'out_of_warranty', true, false,
     '2024-02-29', null, 'maker', 'coverage.reason.repair_at_price'),
    ('0198f2c4-0000-7250-8000-000000000102', 0, 'limited-warranty', 'limited_warranty', false, false,
     null, null, 'maker', 'coverage.reason.liquid_damage'),
    ('0198f2c4-0000-7250-8000-000000000102', 1, 'out-of-warranty', 'out_of_warranty', true, true,
     '2024-02-29', null, 'maker', 'coverage.reason.repair_at_price'),
    ('0198f2c4-0000-7250-8000-000000000103', 0, 'unauthorised', 'refused', true, true,
     '2024-02-29', null, 'maker', 'coverage.reason.unauthorised_change');
";

/// What the service wrote that knew of the standard, of used goods and of repairs.
pub(super) const SECOND: &str = "
insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date, purchase_date_evidence,
                     registered_at, sold_used) values
    ('0198f2c4-0000-7250-8000-000000000013', '0198f2c4-0000-7250-8000-000000000001', 'AAAA0003', 'US', '2025-01-10',
     'declared', '2026-02-02T00:00:00Z', true);
insert into coverage_decisions (id, device_id, day, damage, outcome, covered_until, terms_version, decided_at,
                                purchase_country_code, purchase_date, product_line, warranty_months, sold_used,
                                repairs_received, repairs_returned) values
    ('0198f2c4-0000-7250-8000-000000000104', '0198f2c4-0000-7250-8000-000000000013', '2026-02-20', 'none',
     'repair_warranty', '2026-05-11', 'warranty/coverage-terms@1!00000000', '2026-02-20T00:00:00Z',
     'US', '2025-01-10', 'phone', 12, true, '{2026-02-01,2025-03-01}', '{2026-02-10,2025-03-04}');
insert into coverage_decision_rules values
    ('0198f2c4-0000-7250-8000-000000000104', 0, 'limited-warranty', 'limited_warranty', false, false,
     '2025-01-10', '2026-01-09', 'maker', 'coverage.reason.period_over'),
    ('0198f2c4-0000-7250-8000-000000000104', 1, 'repair-warranty', 'repair_warranty', true, true,
     '2026-02-10', '2026-05-11', 'maker', 'coverage.reason.within_period');
";
