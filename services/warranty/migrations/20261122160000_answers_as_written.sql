-- The answer of a decision is written once, as it was sealed, and read whole: nothing is looked up inside of it. As jsonb it was
-- taken apart and put together anew for every row, which cost more than deciding and all else of storing it.
alter table coverage_decisions
    drop constraint coverage_decisions_answer_object,
    alter column answer type json using answer::json,
    add constraint coverage_decisions_answer_object check (json_typeof(answer) = 'object');

-- What is too long for a row is compressed, by the faster way where the server has it.
do $$
begin
    if exists (
        select from pg_settings where name = 'default_toast_compression' and 'lz4' = any (enumvals)
    ) then
        alter table coverage_decisions alter column answer set compression lz4;
        alter table coverage_decisions alter column facts set compression lz4;
    end if;
end
$$;
