-- More kinds of damage, and more that may be owed for it.
alter table coverage_decisions
    drop constraint coverage_decisions_damage_known,
    add constraint coverage_decisions_damage_known check (
        damage in ('none', 'accidental', 'liquid', 'unauthorised_change', 'wear', 'cosmetic', 'loss', 'theft')
    ),
    drop constraint coverage_decisions_outcome_known,
    add constraint coverage_decisions_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'service_program', 'repair_warranty', 'plan', 'goodwill',
                    'out_of_warranty', 'refused')
    );

alter table coverage_decision_rules
    drop constraint coverage_decision_rules_outcome_known,
    add constraint coverage_decision_rules_outcome_known check (
        outcome in ('limited_warranty', 'statutory_right', 'service_program', 'repair_warranty', 'plan', 'goodwill',
                    'out_of_warranty', 'refused')
    );
