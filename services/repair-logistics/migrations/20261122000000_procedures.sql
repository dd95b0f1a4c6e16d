-- What the procedures ask for and promise.
alter table repairs
    -- What was said of the last step that was taken with a note: a person's words.
    add column note               text        constraint repairs_note_length check (length(note) between 1 and 2000),
    -- When the device came in; null before, and of repairs that came in before this was written down.
    add column received_at        timestamptz,
    -- When the next step is due; null before the device is there and once it is back.
    add column step_due_at        timestamptz,
    -- When the device is due back; null before it is there.
    add column return_due_at      timestamptz,
    -- The procedures that the last step was taken by; null of repairs from before there were any.
    add column procedures_version text        constraint repairs_procedures_given check (procedures_version <> ''),
    add constraint repairs_step_due_under_way check (
        step_due_at is null or state in ('received', 'diagnosed', 'in_repair', 'finished')
    ),
    add constraint repairs_return_due_once_received check (return_due_at is null or received_at is not null),
    drop constraint repairs_coverage_outcome_known,
    add constraint repairs_coverage_outcome_known check (
        coverage_outcome in ('limited_warranty', 'statutory_right', 'repair_warranty', 'out_of_warranty')
    );
