-- What warranty decides now goes further.
alter table repairs
    drop constraint repairs_coverage_outcome_known,
    add constraint repairs_coverage_outcome_known check (
        coverage_outcome in ('limited_warranty', 'statutory_right', 'repair_warranty', 'plan', 'service_program', 'goodwill',
                             'out_of_warranty')
    );
