-- Who stood for a task when it was offered by a decision: written with the entry, and read where somebody asks why. A few bytes, packed
-- by the code (`store/shortlists.rs`), as every offer has one and nothing is ever looked for in it.

alter table task_history
    add column shortlist bytea
        constraint task_history_shortlist_of_decisions check (shortlist is null or relaxed_steps is not null)
        constraint task_history_shortlist_small check (octet_length(shortlist) between 1 and 200);
