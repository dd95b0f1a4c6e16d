-- What was decided is not taken away either: nothing that a decision granted, and no claim on it, is left without its grounds.
create trigger coverage_decisions_kept before delete on coverage_decisions
    for each row execute function refuse_change_of_record('coverage_decisions_kept');
create trigger coverage_decisions_not_emptied before truncate on coverage_decisions
    for each statement execute function refuse_change_of_record('coverage_decisions_kept');
