-- An offer is written to four tables, and each reference that is checked row by row costs it about as much as the row. A task's
-- own row names its agent, under a reference; offers and entries of the history are written by the statement that writes
-- that row, and name the same agent. Agents are never deleted, and every later entry refers to the one before it.

alter table offers drop constraint offers_agent_id_fkey;

alter table task_history
    drop constraint task_history_agent_id_fkey,
    drop constraint task_history_task_id_fkey,
    -- Only the first entry refers to the task itself.
    add column first_of uuid generated always as (case when sequence = 1 then task_id end) stored
        constraint task_history_first_of_fkey references tasks;

-- Who waits, and who is at work; what has ended is found by its case, its agent or its id.
drop index tasks_by_state;
create index tasks_waiting on tasks (id) where state = 'queued';
