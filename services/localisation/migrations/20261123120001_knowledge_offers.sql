-- A comparison with an outcome that nobody told is neither true nor false, and a check lets it pass.
alter table answer_offers
    drop constraint answer_offers_ended_by,
    add constraint answer_offers_ended_by check (ended_by is null or outcome is not distinct from 1);
