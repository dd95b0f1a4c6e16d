-- A task that was passed on may have been given a queue by hand, instead of the one that the rules of the plan name.

alter table tasks
    add column queue text constraint tasks_queue_is_a_name check (queue ~ '^[a-z0-9]+([/_-][a-z0-9]+)*$' and length(queue) <= 60);
