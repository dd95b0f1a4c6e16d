-- An agent's capacity is shared out by channel: how much a contact takes, and which channels are held side by side.

alter table agents
    -- How much a contact takes, eight bits for each channel, lowest first: phone, email, chat, store, social, app. 0 where the
    -- agent does not answer it, 255 where it takes all of the capacity, else 1 to 100.
    add column shares bigint not null default 2207596544511
        constraint agents_shares_of_six_channels check (shares between 1 and 281474976710655),
    -- The pairs of channels that must not be held at once, a bit each, lowest first: phone with email, with chat and so on, then
    -- email with chat and so on.
    add column apart integer not null default 12895
        constraint agents_apart_of_fifteen_pairs check (apart between 0 and 32767),
    -- How many contacts are held, offers included, eight bits for each channel, as in `shares`. Changes with `load`.
    add column held bigint not null default 0
        constraint agents_held_of_six_channels check (held between 0 and 281474976710655);

-- Whoever holds something keeps what they were made with: a call took six, and everything was held side by side.
update agents set shares = 2203419017478, apart = 0;
update agents set held = taken.held
from (
    select agent_id, sum(1::bigint << case channel
        when 'phone' then 0 when 'email' then 8 when 'chat' then 16 when 'store' then 24 when 'social' then 32 else 40 end) as held
    from tasks where state in ('offered', 'accepted', 'wrapping') group by agent_id
) as taken
where agents.id = taken.agent_id;

alter table agents
    add constraint agents_hold_what_goes_together check (
            (apart >> 0 & 1 = 0 or held >> 0 & 255 = 0 or held >> 8 & 255 = 0) -- phone and email
        and (apart >> 1 & 1 = 0 or held >> 0 & 255 = 0 or held >> 16 & 255 = 0) -- phone and chat
        and (apart >> 2 & 1 = 0 or held >> 0 & 255 = 0 or held >> 24 & 255 = 0) -- phone and store
        and (apart >> 3 & 1 = 0 or held >> 0 & 255 = 0 or held >> 32 & 255 = 0) -- phone and social
        and (apart >> 4 & 1 = 0 or held >> 0 & 255 = 0 or held >> 40 & 255 = 0) -- phone and app
        and (apart >> 5 & 1 = 0 or held >> 8 & 255 = 0 or held >> 16 & 255 = 0) -- email and chat
        and (apart >> 6 & 1 = 0 or held >> 8 & 255 = 0 or held >> 24 & 255 = 0) -- email and store
        and (apart >> 7 & 1 = 0 or held >> 8 & 255 = 0 or held >> 32 & 255 = 0) -- email and social
        and (apart >> 8 & 1 = 0 or held >> 8 & 255 = 0 or held >> 40 & 255 = 0) -- email and app
        and (apart >> 9 & 1 = 0 or held >> 16 & 255 = 0 or held >> 24 & 255 = 0) -- chat and store
        and (apart >> 10 & 1 = 0 or held >> 16 & 255 = 0 or held >> 32 & 255 = 0) -- chat and social
        and (apart >> 11 & 1 = 0 or held >> 16 & 255 = 0 or held >> 40 & 255 = 0) -- chat and app
        and (apart >> 12 & 1 = 0 or held >> 24 & 255 = 0 or held >> 32 & 255 = 0) -- store and social
        and (apart >> 13 & 1 = 0 or held >> 24 & 255 = 0 or held >> 40 & 255 = 0) -- store and app
        and (apart >> 14 & 1 = 0 or held >> 32 & 255 = 0 or held >> 40 & 255 = 0) -- social and app
    );

-- How much a task takes is known when somebody has it.
alter table tasks
    drop constraint tasks_weight_positive,
    add constraint tasks_weight_not_negative check (weight >= 0),
    add constraint tasks_weight_of_who_has_it check (weight > 0 or state in ('queued', 'canceled'));
