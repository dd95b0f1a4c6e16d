-- An offer is written to four tables, and each reference that is checked row by row costs it about as much as the row. A task's
-- own row names its agent, under a reference; offers and entries of the history are written by the statement that writes
-- that row, and name the same task and agent. Agents are never deleted, and every later entry refers to the one before it.

alter table offers
    drop constraint offers_agent_id_fkey,
    drop constraint offers_task_id_fkey;

alter table task_history
    drop constraint task_history_agent_id_fkey,
    drop constraint task_history_task_id_fkey,
    -- Only the first entry refers to the task itself.
    add column first_of uuid generated always as (case when sequence = 1 then task_id end) stored
        constraint task_history_first_of_fkey references tasks;

-- An offer and its return change no value that an index of `tasks` holds, so that the row changes in its page and no index is
-- touched: who waits is found among what has not ended, and what an agent has offered by the offer.
drop index tasks_by_state;
drop index tasks_of_agent;
alter table tasks
    -- Who has, or had, taken it up.
    add column worked_by uuid generated always as (
        case when accept_time is not null or end_time is not null then agent_id end
    ) stored;
create index tasks_worked_by on tasks (worked_by, id) where worked_by is not null;
create index tasks_open on tasks (id) where end_time is null;
drop index tasks_held_back;
create index tasks_held_back on tasks (hold_until) where hold_until is not null;
alter table tasks set (fillfactor = 70);

-- The same of the versions of a plan, without a regular expression at each write.
alter table tasks drop constraint tasks_standard_basis_form,
    add constraint tasks_standard_basis_form check (standard_basis like '_%/routing-plan@_%');
alter table offers drop constraint offers_standard_basis_form,
    add constraint offers_standard_basis_form check (standard_basis like '_%/routing-plan@_%');
alter table task_history drop constraint task_history_standard_basis_form,
    add constraint task_history_standard_basis_form check (standard_basis like '_%/routing-plan@_%');
