-- Why a task was offered to the agent whom it was offered to: null where that was before reasons were kept, and where no task was
-- offered.

alter table task_history
    -- By how many of the steps of its plan what is asked had to be relaxed.
    add column relaxed_steps smallint constraint task_history_relaxed_steps_not_negative check (relaxed_steps >= 0),
    -- How many agents with room fitted so far, the one who was chosen included.
    add column candidates integer constraint task_history_candidates_positive check (candidates > 0),
    -- Whether the agent had let the task go by before.
    add column asked_again boolean,
    add constraint task_history_reason_whole
        check ((relaxed_steps is null) = (candidates is null) and (relaxed_steps is null) = (asked_again is null)),
    add constraint task_history_reason_of_offers check (relaxed_steps is null or change = 'offered');
